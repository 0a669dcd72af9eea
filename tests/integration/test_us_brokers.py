"""A desk on a US broker: its accounts, whose they are, and that fills seen outlive a restart."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from adapters.errors import BrokerUnavailable
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from riskgate.contracts.instruments import Currency
from tests.conformance.us_listing import in_new_york
from tests.fakes.alpaca_server import AlpacaServer
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY
from tests.fakes.loopback import LoopbackServer
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import an_order
from tests.fakes.tradier_server import TradierServer
from tests.integration.conftest import open_desk

BROKERS = [BrokerName.ALPACA, BrokerName.TRADIER]
NUMBER = "VA00000001"


class Street:
    """Both stand-ins, and the market and clock behind them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.market = ScriptedMarket(self.clock)
        self.alpaca = AlpacaServer(self.market, self.clock, {"PKOWN": "secret"})
        self.tradier = TradierServer(self.market, self.clock, "token")

    @property
    def servers(self) -> tuple[LoopbackServer, ...]:
        return (self.alpaca, self.tradier)

    def chosen(self, settings: Settings, broker: BrokerName) -> Settings:
        """Return settings that choose a broker."""
        return settings.model_copy(
            update={
                "broker": broker,
                "alpaca_key_id": SecretStr("PKOWN"),
                "alpaca_secret_key": SecretStr("secret"),
                "alpaca_url": self.alpaca.url,
                "tradier_token": SecretStr("token"),
                "tradier_account": NUMBER,
                "tradier_url": self.tradier.url,
            }
        )


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    street = Street()
    for server in street.servers:
        await server.start()
    street.market.show(INFY, bids=[("17.90", 500)], asks=[("18.10", 500)], last="18.00")
    yield street
    for server in street.servers:
        await server.stop()


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_new_desk_has_one_account_in_dollars_that_reaches_the_broker(
    broker: BrokerName, street: Street, settings: Settings, location: DatabaseLocation
) -> None:
    chosen = street.chosen(settings, broker)
    async with open_desk(chosen, location, clock=street.clock) as desk:
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            (account,) = await accounts.list_accounts(session)
        assert (account.account_id, account.currency, account.is_default) == (
            f"{broker}-usd",
            Currency.USD,
            True,
        )
        mine = desk.container.brokers.for_account(OWNER_TENANT, account.account_id)
        snapshot = await mine.get_snapshot(account.account_id)
        assert snapshot.margins is not None
        assert snapshot.margins.equity == Decimal(100_000)


@pytest.mark.parametrize("broker", BROKERS)
async def test_another_tenant_never_reaches_the_owners_account(
    broker: BrokerName, street: Street, settings: Settings, location: DatabaseLocation
) -> None:
    chosen = street.chosen(settings, broker)
    async with open_desk(chosen, location, clock=street.clock) as desk:
        theirs = desk.container.brokers.for_account("tenant-2", f"{broker}-usd")
        with pytest.raises(BrokerUnavailable, match="nothing was asked"):
            await theirs.get_snapshot(f"{broker}-usd")
    assert [server.requests for server in street.servers] == [[], []]


async def test_fills_seen_at_tradier_outlive_a_restart(
    street: Street, settings: Settings, location: DatabaseLocation
) -> None:
    account = "tradier-usd"
    chosen = street.chosen(settings, BrokerName.TRADIER)
    order = an_order(instrument=in_new_york("INFY"), account_id=account)
    async with open_desk(chosen, location, clock=street.clock) as desk:
        broker = desk.container.brokers.for_account(OWNER_TENANT, account)
        street.tradier.desk.fill_next_only(4)
        ack = await broker.place_order(order)
        first = await broker.get_trades(account)
    await street.tradier.desk.fill_more(NUMBER, ack.broker_order_id, Decimal(6))
    async with open_desk(chosen, location, clock=street.clock) as desk:
        broker = desk.container.brokers.for_account(OWNER_TENANT, account)
        after = await broker.get_trades(account)
    assert [trade.quantity for trade in after] == [Decimal(4), Decimal(6)]
    assert after[0] == first[0]
