"""What people lost on Kite between the plan and its orders, each once against this desk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.kite_mcp.client import KiteBroker
from app.clock import RandomIds
from app.identity.principal import OWNER_TENANT
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from tests.fakes.brokers import FragileBroker, OneBroker
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, NIFTY_FUT
from tests.fakes.kite_upstream import KiteUpstream
from tests.fakes.market import ScriptedMarket
from tests.integration.checker import check
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import MOCK_ACCOUNT, approve, orders_of, propose, rows, say, trade

MIS = "buy 10 INFY at market, mis"
# 3,900 at a freeze quantity of 1,800 and lots of 65: 1,755 + 1,755 + 390.
SLICED = "buy 60 lots of NIFTY26MARFUT at market, nrml"


@dataclass(frozen=True, kw_only=True)
class KiteDesk:
    """A desk at Kite's recorded server, in paper mode so that no arming is needed."""

    clock: FakeClock
    market: ScriptedMarket
    kite: KiteUpstream
    desk: Desk

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The arguments of every `place_order`, as they went over the wire."""
        return [arguments for name, arguments in self.kite.calls if name == "place_order"]

    @property
    def taken(self) -> list[tuple[str, int]]:
        """Every order that Kite ever took: its tag and its quantity."""
        return [(order.form["tag"], order.quantity) for order in self.kite.oms.orders]

    def show(self, bid: str, ask: str, last: str, size: int = 10_000) -> None:
        self.market.show(INFY, bids=[(bid, size)], asks=[(ask, size)], last=last)

    async def refresh(self) -> None:
        await self.desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)


@asynccontextmanager
async def open_kite(settings: Settings, location: DatabaseLocation) -> AsyncIterator[KiteDesk]:
    clock = FakeClock()
    market = ScriptedMarket(clock)
    listed = Directory(load_master())
    kite = KiteUpstream(market=market, clock=clock)
    broker = FragileBroker(
        KiteBroker(
            account_id=MOCK_ACCOUNT,
            tools=kite,
            clock=clock,
            ids=RandomIds(),
            instruments=listed,
        )
    )
    market.show(NIFTY_FUT, bids=[("9.9", 10_000)], asks=[("10", 10_000)], last="10")
    chosen = settings.model_copy(update={"broker": BrokerName.MOCK})
    async with open_desk(
        chosen, location, clock=clock, market=market, brokers=OneBroker(broker)
    ) as desk:
        made = KiteDesk(clock=clock, market=market, kite=kite, desk=desk)
        made.show("999.90", "1000.10", "1000")
        yield made
    check(location)


async def test_squaring_off_near_the_close_is_not_refused_for_want_of_market_protection(
    settings: Settings, location: DatabaseLocation
) -> None:
    """zerodha/pykiteconnect#242, #225: MARKET and SL-M were rejected without the parameter."""
    async with open_kite(settings, location) as world, world.desk.client() as client:
        await trade(client, f"{MIS}, stop loss 980")
        world.clock.advance(seconds=61)
        done = await trade(client, "exit infy mis")

    kinds = [(order["transaction_type"], order["order_type"]) for order in world.sent]
    assert kinds == [("BUY", "LIMIT"), ("SELL", "SL"), ("SELL", "LIMIT")]
    assert [order["price"] for order in world.sent] == [1005.1, 970.2, 995.0]
    assert all("market_protection" not in order for order in world.sent)
    assert (done["outcome"], done["orders"][0]["filled_quantity"]) == ("EXECUTED", "10")


async def test_an_approval_does_not_freeze_the_price_it_is_looked_at_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    """vercel/eve#758: what was approved went out at a price that was gone."""
    async with open_kite(settings, location) as world, world.desk.client() as client:
        card = await propose(client, MIS)
        world.show("1008", "1008.10", "1008")
        reply = (await approve(client, card)).json()
        again = (await say(client, MIS))["cards"][-1]

    assert (reply["error_code"], world.sent) == ("PRICE_MOVED", [])
    assert again["fields"]["legs"][0]["limit_price"] == "1013.1"


async def test_every_slice_has_a_tag_of_its_own_so_none_can_be_missing_from_the_answer(
    settings: Settings, location: DatabaseLocation
) -> None:
    """zerodha/javakiteconnect#55: autoslice told of nine children and ten were executed."""
    async with open_kite(settings, location) as world, world.desk.client() as client:
        answer = await say(client, SLICED)
        (leg,) = answer["cards"][-1]["fields"]["legs"]
        done = (await approve(client, answer["cards"][-1]["id"])).json()

    assert leg["slices"] == ["1755", "1755", "390"]
    assert [order["quantity"] for order in world.sent] == [1755, 1755, 390]
    assert {order["price"] for order in world.sent} == {float(leg["limit_price"])}
    assert all("autoslice" not in order for order in world.sent)
    assert [order["tag"] for order in done["orders"]] == [tag for tag, _ in world.taken]
    assert len({tag for tag, _ in world.taken}) == 3
    assert sum(Decimal(order["filled_quantity"]) for order in done["orders"]) == 3900


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_slice_whose_answer_was_lost_is_found_by_its_tag_and_never_becomes_a_ghost(
    settings: Settings, location: DatabaseLocation, lost: int
) -> None:
    """The order is at Kite and nobody was told: it must not be sent again, nor forgotten."""
    async with open_kite(settings, location) as world, world.desk.client() as client:
        card = await propose(client, SLICED)
        for _ in range(lost):
            world.kite.pass_next()
        world.kite.lose_next_reply()
        await approve(client, card)
        for _ in range(3):
            world.clock.advance(seconds=31)
            await world.refresh()
            await world.desk.container.engine.execute(OWNER_TENANT, _plan_of(location))
        known = await orders_of(client)

    assert [quantity for _, quantity in world.taken] == [1755, 1755, 390]
    assert {order["tag"] for order in known} == {tag for tag, _ in world.taken}
    assert {order["state"] for order in known} == {"FILLED"}


async def test_a_slice_that_kite_refuses_stops_the_rest_and_the_answer_names_both(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_kite(settings, location) as world, world.desk.client() as client:
        card = await propose(client, SLICED)
        world.kite.pass_next()
        world.kite.refuse_next("Insufficient funds")
        done = (await approve(client, card)).json()

    assert done["outcome"] == "PARTIALLY_EXECUTED"
    assert [order["state"] for order in done["orders"]] == ["FILLED", "REJECTED", "NOT_SENT"]
    assert "BASKET_STOPPED" in done["orders"][2]["reason"]
    assert len(world.taken) == 2


async def test_more_slices_than_zerodha_lets_through_in_a_second_are_not_planned(
    settings: Settings, location: DatabaseLocation
) -> None:
    """Ten slices at most: 10 * 1,755."""
    async with open_kite(settings, location) as world, world.desk.client() as client:
        answer = await say(client, "buy 280 lots of NIFTY26MARFUT at market, nrml")

    assert answer["error_code"] == "QUANTITY_TOO_LARGE"
    assert "Ask for at most 17550." in answer["message"]
    assert world.sent == []


def _plan_of(location: DatabaseLocation) -> str:
    (plan,) = rows(location, "SELECT plan_id FROM plans")
    return str(plan["plan_id"])
