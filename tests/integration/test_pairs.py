"""Stop and target as a pair at a broker that takes pairs: one closes, never both, never twice."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from adapters.brokers.paper.client import PaperBroker
from adapters.brokers.paper.settings import PaperSettings
from adapters.errors import OrderRejected, OutcomeUnknown
from app.clock import RandomIds
from app.identity.principal import OWNER_TENANT
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence import orders
from app.persistence.location import DatabaseLocation
from app.persistence.orders import OrderRecord
from app.protection.service import Kept
from app.settings import BrokerName, Settings
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import BrokerOrder, OrderType, Side
from tests.fakes.brokers import Crash, FragileBroker, OneBroker
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, TCS
from tests.fakes.market import ScriptedMarket
from tests.fakes.paper_store import MemoryPaperStore
from tests.integration.checker import check
from tests.integration.conftest import Desk, open_desk
from tests.integration.driving import MOCK_ACCOUNT, approve, propose, reconcile, rows, say, trade

TARGETED = "buy 10 INFY at market, mis, stop loss 980, target 1030"
AS_PAIR = "resting at the broker as a pair; one cancels the other"
DEEP = 100_000


@dataclass(frozen=True, kw_only=True)
class PaperWorld:
    """A paper broker whose market and replies the test holds in its hand."""

    clock: FakeClock
    market: ScriptedMarket
    broker: FragileBroker
    desk: Desk

    def price(self, last: int, *, size: int = DEEP) -> None:
        """Show a new price a second later, with as much on both sides of it."""
        self.clock.advance(seconds=1)
        self.market.show(INFY, bids=[(str(last), size)], asks=[(str(last), size)], last=str(last))

    async def keep(self) -> Kept:
        protector = self.desk.container.services.protection.protector
        return await protector.keep(OWNER_TENANT, MOCK_ACCOUNT)

    async def exits(self) -> list[BrokerOrder]:
        """Every sell order at the broker, oldest first."""
        seen = await self.broker.get_orders(MOCK_ACCOUNT)
        return [order for order in seen if order.side is Side.SELL]

    async def resting(self) -> list[BrokerOrder]:
        return [order for order in await self.exits() if order.open_quantity]

    async def held(self) -> int:
        snapshot = await self.broker.get_snapshot(MOCK_ACCOUNT)
        return int(sum((p.quantity for p in snapshot.positions), Decimal(0)))

    async def open_exits(self) -> list[tuple[OrderType, int]]:
        return [(order.order_type, int(order.open_quantity)) for order in await self.resting()]

    async def shown(self) -> list[dict[str, Any]]:
        async with self.desk.client() as client:
            found: list[dict[str, Any]] = (await client.get("/api/v1/protections")).json()["rows"]
        return found


@asynccontextmanager
async def open_world(
    settings: Settings, location: DatabaseLocation, **paper: Any
) -> AsyncIterator[PaperWorld]:
    clock = FakeClock()
    market = ScriptedMarket(clock)
    inner = PaperBroker(
        market=market,
        store=MemoryPaperStore(),
        clock=clock,
        ids=RandomIds(),
        instruments=Directory(load_master()),
        settings=PaperSettings(opening_cash={Currency.INR: Decimal(1_000_000)}, **paper),
    )
    broker = FragileBroker(inner)
    for ref, price in ((INFY, "1000"), (TCS, "2000")):
        market.show(ref, bids=[(price, DEEP)], asks=[(price, DEEP)], last=price)
    mocked = settings.model_copy(update={"broker": BrokerName.MOCK})
    async with open_desk(
        mocked, location, clock=clock, market=market, brokers=OneBroker(broker)
    ) as desk:
        yield PaperWorld(clock=clock, market=market, broker=broker, desk=desk)
    check(location)


def exceptions(location: DatabaseLocation) -> list[str]:
    return [row["kind"] for row in rows(location, "SELECT kind FROM exceptions ORDER BY opened_at")]


def our_exits(location: DatabaseLocation) -> list[tuple[str, str, int]]:
    """Our own records of the protective orders: what they are, how they stand, what filled."""
    found = rows(
        location,
        "SELECT o.terms, o.state, o.filled_quantity FROM orders o JOIN protective_plans p"
        " USING (tenant_id, plan_id) ORDER BY p.generation, o.slice",
    )
    return [(r["terms"]["order_type"], r["state"], int(r["filled_quantity"])) for r in found]


async def test_a_filled_entry_gets_a_stop_and_a_target_that_rest_as_a_pair(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            answer = await say(client, TARGETED)
            await approve(client, answer["cards"][-1]["id"])
        stop, target = await world.resting()
        (row,) = await world.shown()
        again = await world.keep()
        async with world.desk.client() as client:
            compared = await reconcile(client)

    assert "as a pair of day orders; one cancels the other" in str(answer["cards"][-1])
    assert (stop.order_type, target.order_type) == (OrderType.SL, OrderType.LIMIT)
    assert (stop.trigger_price, target.limit_price) == (Decimal(980), Decimal(1030))
    assert stop.quantity == target.quantity == 10
    assert [row["stop"]["state"], row["target"]["state"]] == [AS_PAIR, AS_PAIR]
    assert [row["stop"]["quantity"], row["target"]["quantity"]] == ["10", "10"]
    assert (again.placed, again.cancelled, again.troubles) == (0, 0, ())
    assert exceptions(location) == [], compared


async def test_the_target_closes_the_position_and_the_stop_ends_without_an_alarm(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        world.price(1031)
        done = await world.keep()
        world.price(970)
        later = await world.keep()
        left, open_orders = await world.held(), await world.open_exits()

    assert our_exits(location) == [("SL", "CANCELLED", 0), ("LIMIT", "FILLED", 10)]
    assert (left, open_orders) == (0, [])
    assert (done.placed, done.cancelled, done.troubles) == (0, 0, ())
    assert (later.placed, later.watching) == (0, False)
    assert exceptions(location) == []


async def test_the_stop_closes_the_position_and_the_target_ends(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        world.price(979)
        await world.keep()
        world.price(1040)
        later = await world.keep()
        left, open_orders = await world.held(), await world.open_exits()

    assert our_exits(location) == [("SL", "FILLED", 10), ("LIMIT", "CANCELLED", 0)]
    assert (left, open_orders, later.watching) == (0, [], False)
    assert exceptions(location) == []


async def test_a_gap_through_the_stops_limit_takes_both_back_and_leaves(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        world.price(940)
        await world.keep()
        left, open_orders = await world.held(), await world.open_exits()

    assert (left, open_orders) == (0, [])
    assert exceptions(location) == []


async def test_a_part_filled_at_the_target_is_off_the_stop_and_reconciles(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        world.price(1031, size=4)
        kept = await world.keep()
        resting = await world.open_exits()
        (row,) = await world.shown()
        async with world.desk.client() as client:
            await reconcile(client)
        told = exceptions(location)
        world.price(975)
        await world.keep()
        left = await world.held()

    assert (kept.placed, kept.cancelled, told) == (0, 0, [])
    assert resting == [(OrderType.SL, 6), (OrderType.LIMIT, 6)]
    assert [row["stop"]["quantity"], row["target"]["quantity"]] == ["6", "6"]
    assert our_exits(location) == [("SL", "CANCELLED", 6), ("LIMIT", "CANCELLED", 4)]
    assert left == 0
    assert exceptions(location) == []


async def test_the_pairs_follow_an_entry_that_fills_in_parts(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            card = await propose(client, "buy 10 INFY at 1000, mis, stop loss 980, target 1030")
            world.price(1000, size=4)
            await approve(client, card)
        first = await world.open_exits()
        world.price(1000)
        await world.keep()
        then = await world.open_exits()
        world.price(1031)
        await world.keep()
        left = await world.held()

    pair_of_4, pair_of_6 = (
        [(OrderType.SL, 4), (OrderType.LIMIT, 4)],
        [
            (OrderType.SL, 6),
            (OrderType.LIMIT, 6),
        ],
    )
    assert first == pair_of_4
    assert then == pair_of_4 + pair_of_6
    assert left == 0
    assert exceptions(location) == []


async def test_a_pair_whose_reply_was_lost_is_found_by_both_tags_and_never_sent_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:

        async def the_reply_is_lost() -> None:
            if len(world.broker.placed) == 3:
                raise OutcomeUnknown("the connection ended")

        world.broker.after_order = the_reply_is_lost
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        for _ in range(3):
            world.clock.advance(seconds=20)
            await world.keep()
        resting = await world.resting()
        sent = list(world.broker.placed)

    assert [o.order_type for o in resting] == [OrderType.SL, OrderType.LIMIT]
    assert len(sent) == len(set(sent)) == 3
    assert [state for _, state, _ in our_exits(location)] == ["OPEN", "OPEN"]


async def test_a_pair_lost_on_its_way_stays_unknown_and_nothing_is_sent_on_doubt(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:

        async def it_is_lost() -> None:
            if len(world.broker.placed) == 3:
                raise OutcomeUnknown("the connection ended")

        world.broker.before_order = it_is_lost
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        for _ in range(3):
            world.clock.advance(seconds=60)
            await world.keep()
        (row,) = await world.shown()
        sent = len(world.broker.placed)

    assert (sent, [state for _, state, _ in our_exits(location)]) == (3, ["UNKNOWN", "UNKNOWN"])
    assert row["stop"]["state"] == "on its way to the broker"
    assert row["target"]["state"] == "on its way to the broker"


async def test_a_pair_that_the_broker_refuses_gives_way_to_a_stop_alone(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:

        async def refused() -> None:
            if len(world.broker.placed) == 3:
                raise OrderRejected("RMS: no pairs for you today")

        world.broker.before_order = refused
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        told = exceptions(location)
        world.clock.advance(seconds=31)
        await world.keep()
        (stop,) = await world.resting()
        (row,) = await world.shown()
        world.price(1031)
        await world.keep()
        left = await world.held()

    assert told == ["PROTECTION_REFUSED"]
    assert our_exits(location)[:2] == [("SL", "REJECTED", 0), ("LIMIT", "REJECTED", 0)]
    assert stop.order_type is OrderType.SL
    assert row["stop"]["state"] == "resting at the broker"
    assert row["target"]["state"] == "held by SigmaTrader, works only while the server runs"
    assert left == 0


async def test_a_persons_exit_takes_both_back_and_the_rest_gets_a_new_pair(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
            world.clock.advance(seconds=60)
            done = await trade(client, "sell 6 INFY at market, mis")
        world.clock.advance(seconds=60)
        await world.keep()
        resting = await world.open_exits()
        left = await world.held()

    assert done["outcome"] == "EXECUTED", done["message"]
    assert left == 4
    assert resting == [(OrderType.SL, 4), (OrderType.LIMIT, 4)]
    assert exceptions(location) == []


async def test_a_pair_at_rest_does_not_keep_an_exit_or_another_trade_from_being_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
            world.clock.advance(seconds=60)
            other = await trade(client, "buy 5 TCS at market, mis")
            world.clock.advance(seconds=60)
            out = await trade(client, "sell 10 INFY at market, mis")
        world.clock.advance(seconds=60)
        await world.keep()
        judged = rows(
            location,
            "SELECT d.gate_input FROM risk_decisions d JOIN plans p USING (tenant_id, plan_id)"
            " WHERE p.body->'legs'->0->'instrument'->'ref'->>'tradingsymbol' = 'TCS'",
        )
        resting, snapshot = await world.resting(), await world.broker.get_snapshot(MOCK_ACCOUNT)

    assert (other["outcome"], out["outcome"]) == ("EXECUTED", "EXECUTED")
    assert resting == []
    assert [(p.instrument, int(p.quantity)) for p in snapshot.positions] == [(TCS, 5)]
    for each in judged:
        open_ = [o for o in each["gate_input"]["broker"]["orders"] if o["side"] == "SELL"]
        assert [o["order_type"] for o in open_] == ["SL"]
    assert judged


async def test_a_stop_of_a_pair_cancelled_by_somebody_is_told_and_not_put_back(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        stop, _ = await world.resting()
        await world.broker.cancel_order(MOCK_ACCOUNT, stop.broker_order_id)
        world.clock.advance(seconds=60)
        kept = await world.keep()
        (target,) = await world.resting()
        (row,) = await world.shown()

    assert (kept.placed, kept.cancelled, kept.troubles) == (0, 0, ("STOP_CANCELLED",))
    assert target.order_type is OrderType.LIMIT
    assert [row["stop"]["state"], row["target"]["state"]] == ["not placed", "resting at the broker"]


async def test_a_panic_cancels_both_and_closes_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, TARGETED)
            world.clock.advance(seconds=60)
            body = {"reason": "enough", "account_id": MOCK_ACCOUNT}
            report = (await client.post("/api/v1/panic", json=body)).json()
        left, open_orders = await world.held(), await world.open_exits()

    assert (report["flat"], len(report["cancelled"]), report["not_cancelled"]) == (True, 2, [])
    assert (left, open_orders) == (0, [])


async def test_a_stop_without_a_target_and_a_card_of_before_are_sent_as_they_were_said(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        async with world.desk.client() as client:
            await trade(client, "buy 10 INFY at market, mis, stop loss 980")
        (stop,) = await world.resting()
        (row,) = await world.shown()

    assert (stop.order_type, row["target"]) == (OrderType.SL, None)
    assert row["stop"]["state"] == "resting at the broker"


async def test_half_of_a_pair_is_never_sent_when_the_other_was_taken_back(
    settings: Settings, location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(settings, location) as world:
        engine = world.desk.container.engine
        execute = engine.execute

        async def after_its_target_is_taken_back(
            tenant_id: str, plan_id: str, *, follow: bool = True
        ) -> list[OrderRecord]:
            async with world.desk.container.database.tenant(tenant_id) as session:
                known = await orders.plan_orders(session, plan_id)
            if plan_id.startswith("prt_") and len(our_exits(location)) == 2:
                await engine.cancel(tenant_id, known[1].intent.order_id, by="a person")
            return await execute(tenant_id, plan_id, follow=follow)

        monkeypatch.setattr(engine, "execute", after_its_target_is_taken_back)
        async with world.desk.client() as client:
            await trade(client, TARGETED)
        at_first, sent = our_exits(location), len(world.broker.placed)
        world.clock.advance(seconds=31)
        await world.keep()
        then = await world.open_exits()

    assert at_first == [("SL", "NOT_SENT", 0), ("LIMIT", "CANCELLED", 0)]
    assert sent == 1
    assert then == [(OrderType.SL, 10), (OrderType.LIMIT, 10)]


async def test_a_server_that_died_in_the_call_finds_both_of_the_pair_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:

        async def the_process_ends() -> None:
            if len(world.broker.placed) == 3:
                raise Crash

        async with world.desk.client() as client:
            card = await propose(client, TARGETED)
            world.broker.after_order = the_process_ends
            with contextlib.suppress(Crash):
                await approve(client, card)
        in_the_call = [state for _, state, _ in our_exits(location)]
        world.clock.advance(seconds=6)
        await world.desk.container.engine.recover(OWNER_TENANT, alone=True)
        kept = await world.keep()
        then, sent = await world.open_exits(), len(world.broker.placed)

    assert in_the_call == ["SENDING", "SENDING"]
    assert (kept.placed, sent) == (0, 3)
    assert then == [(OrderType.SL, 10), (OrderType.LIMIT, 10)]
    assert [state for _, state, _ in our_exits(location)] == ["OPEN", "OPEN"]
