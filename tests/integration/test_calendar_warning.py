"""The server says in time that a calendar ends, and is ready all the same."""

from datetime import UTC, datetime

import pytest

from app.main import create_app
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.fakes.clock import FakeClock
from tests.integration.conftest import open_desk

NOVEMBER = datetime(2026, 11, 19, 6, tzinfo=UTC)
MARCH = datetime(2026, 3, 11, 6, tzinfo=UTC)


@pytest.mark.parametrize(("now", "warned"), [(NOVEMBER, 1), (MARCH, 0)])
async def test_readyz_warns_and_is_ready(
    settings: Settings, location: DatabaseLocation, now: datetime, warned: int
) -> None:
    async with open_desk(settings, location, clock=FakeClock(now)) as desk, desk.client() as client:
        ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["ok"]) == (200, True)
    assert len(ready.json()["warnings"]) == warned
    assert all("docs/howto/calendars.md" in text for text in ready.json()["warnings"])


@pytest.mark.parametrize(("now", "warned"), [(NOVEMBER, ["XBOM"]), (MARCH, [])])
async def test_the_start_warns_after_it_has_said_the_key(
    settings: Settings,
    location: DatabaseLocation,
    now: datetime,
    warned: list[str],
) -> None:
    said: list[str] = []
    app = create_app(
        settings,
        location,
        on_ready=lambda _key: said.append("key"),
        on_warning=said.append,
        clock=FakeClock(now),
    )
    async with app.router.lifespan_context(app):
        pass
    assert said[0] == "key"
    assert [text.split()[2] for text in said[1:]] == warned
