"""A home belongs to one broker: no server and no command works on it with another."""

import pytest

from app.bootstrap import build, require_shared_broker
from app.errors import SettingsInvalid
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from tests.integration.conftest import open_desk
from tests.integration.driving import trade


async def test_a_server_does_not_start_on_the_accounts_of_another_broker(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(settings, location) as desk, desk.client() as client:
        await trade(client)
    mocked = settings.model_copy(update={"broker": BrokerName.MOCK})
    with pytest.raises(SettingsInvalid, match=r"at paper, not at mock.*SIGMATRADER_HOME"):
        async with open_desk(mocked, location, owner_key=desk.owner_key):
            raise AssertionError("it started")


async def test_a_command_that_asks_the_broker_refuses_in_a_shell_that_names_another(
    settings: Settings, location: DatabaseLocation
) -> None:
    mocked = settings.model_copy(update={"broker": BrokerName.MOCK})
    async with open_desk(mocked, location):
        pass
    container = build(settings, location)
    await container.database.open()
    try:
        with pytest.raises(SettingsInvalid, match="at mock, not at paper"):
            await container.require_own_broker()
    finally:
        await container.database.close()


def test_a_broker_inside_the_server_is_not_asked_from_another_process(settings: Settings) -> None:
    inside = settings.model_copy(update={"broker": BrokerName.MOCK})
    outside = inside.model_copy(update={"mock_url": "http://127.0.0.1:9"})
    with pytest.raises(SettingsInvalid, match="SIGMATRADER_MOCK_URL"):
        require_shared_broker(inside)
    require_shared_broker(outside)
    require_shared_broker(settings)
