"""At a broker that takes limits and stop-limits alone, every order is one or is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.base import decimal_text
from riskgate.contracts.orders import ExecutionMode, OrderIntent, OrderType, Side
from riskgate.policy import DEFAULT_POLICY
from tests.fakes.brokers import LimitsOnlyBroker
from tests.fakes.instruments import INFY
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    as_owner,
    counts,
    orders_of,
    propose,
    rows,
    say,
    set_policy,
    trade,
)
from tests.integration.planning import codes_of, executed, planned, validated
from tests.unit.riskgate.builders import changed

BUY = "buy 10 INFY at market, mis"
STOPPED = f"{BUY}, stop loss 980, target 1030"


@dataclass(frozen=True, kw_only=True)
class LimitsWorld:
    bench: Bench
    broker: LimitsOnlyBroker
    desk: Desk

    @property
    def terms(self) -> list[tuple[str, str, str, str | None]]:
        """What was sent, in order: side, type, limit and trigger."""
        return [_terms(order) for order in self.broker.sent]

    async def keep(self) -> None:
        await self.desk.container.services.protection.protector.keep(OWNER_TENANT, MOCK_ACCOUNT)

    async def held(self) -> Decimal:
        snapshot = await self.bench.mock.get_snapshot(MOCK_ACCOUNT)
        return sum((p.quantity for p in snapshot.positions), Decimal(0))


def _terms(order: OrderIntent) -> tuple[str, str, str, str | None]:
    trigger = None if order.trigger_price is None else decimal_text(order.trigger_price)
    return (
        order.side.value,
        order.order_type.value,
        decimal_text(order.limit_price or Decimal(0)),
        trigger,
    )


def spread(bench: Bench, bid: str, ask: str, last: str) -> None:
    bench.market.show(INFY, bids=[(bid, 100_000)], asks=[(ask, 100_000)], last=last)


@asynccontextmanager
async def open_world(
    settings: Settings,
    location: DatabaseLocation,
    mode: ExecutionMode = ExecutionMode.PAPER,
) -> AsyncIterator[LimitsWorld]:
    """A desk at 999.90 to 1000.10; whatever its broker does not take must never reach it."""
    bench = a_bench(mode)
    broker = LimitsOnlyBroker(bench.mock, mode=mode)
    bench = Bench(clock=bench.clock, market=bench.market, mock=bench.mock, broker=broker)
    spread(bench, "999.90", "1000.10", "1000")
    async with bench.desk(settings, location) as desk:
        yield LimitsWorld(bench=bench, broker=broker, desk=desk)
    assert broker.refused == []
    check(location, bench.mock)


async def test_a_market_order_fills_as_a_limit_and_the_card_said_so(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        answer = await say(client, BUY)
        card = answer["cards"][-1]
        done = (await approve(client, card["id"])).json()

    fields, source = card["fields"], card["provenance"]
    assert (fields["order_type"], fields["legs"][0]["limit_price"]) == ("LIMIT", "1005.1")
    assert (fields["validity"], fields["legs"][0]["reference_price"]) == ("DAY", "1000.1")
    assert any(
        "sent as a limit order at 1005.10, 0.5 % beyond the ask" in n for n in fields["notes"]
    )
    assert (source["order_type"]["source"], source["order_type"]["text"]) == (
        "user_span",
        "at market",
    )
    assert source["limit_price"]["source"] == "policy_default"
    assert "market protection" in source["limit_price"]["text"]
    assert world.terms == [("BUY", "LIMIT", "1005.1", None)]
    # The mock broker fills at the touch: the limit is how far it may go, not what is paid.
    assert (done["outcome"], done["orders"][0]["average_price"]) == ("EXECUTED", "1000.1")


async def test_a_stop_market_order_goes_out_as_a_stop_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        done = await trade(client, "buy 10 INFY sl-m trigger 1050, mis")

    assert world.terms == [("BUY", "SL", "1055.2", "1050")]
    assert done["orders"][0]["state"] == "OPEN"


@pytest.mark.parametrize(
    "words", ["exit infy mis", "sell all my INFY mis", "sell half my infy mis at market"]
)
async def test_an_exit_leaves_by_a_limit(
    settings: Settings, location: DatabaseLocation, words: str
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        await trade(client, BUY)
        world.bench.clock.advance(seconds=61)
        await trade(client, words)
        left = await world.held()

    assert world.terms[1:] == [("SELL", "LIMIT", "995", None)]
    assert left == (5 if "half" in words else 0)


async def test_the_stop_said_with_an_entry_rests_as_a_stop_limit_and_its_target_leaves_by_a_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        await trade(client, STOPPED)
        stops = world.terms[1:]
        world.bench.clock.advance(seconds=5)
        world.bench.price(1030)
        for _ in range(3):
            await world.keep()
        left = await world.held()

    assert stops == [("SELL", "SL", "970.2", "980")]
    assert [terms[:2] for terms in world.terms[2:]] == [("SELL", "LIMIT")]
    assert left == 0


async def test_a_panic_and_a_drain_send_nothing_else(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        await trade(client, STOPPED)
        body = {"state": "DRAINING", "reason": "day over", "account_id": MOCK_ACCOUNT}
        await client.post("/api/v1/running-state", json=body)
        await world.keep()
        world.bench.clock.advance(seconds=60)
        why = {"reason": "the market breaks", "account_id": MOCK_ACCOUNT}
        report = (await client.post("/api/v1/panic", json=why)).json()
        left = await world.held()

    assert (report["flat"], int(left)) == (True, 0), report
    assert {terms[1] for terms in world.terms} == {"LIMIT", "SL"}


async def test_validating_and_executing_a_plan_by_http_keep_to_the_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        plan, card = await planned(client, BUY)
        report = await validated(client, plan)
        dry = await executed(client, plan)
        await approve(client, card)
        done = await executed(client, plan, "PAPER")

    assert "ORDER_TYPE_UNAVAILABLE" not in codes_of(report)
    assert report["paper_run"]["fills"][0]["expected_price"] == "1000.1"
    assert (dry["execution"]["status"], done["execution"]["status"]) == ("SUCCESS", "SUCCESS")
    assert world.terms == [("BUY", "LIMIT", "1005.1", None)]


async def test_a_plan_of_before_fails_its_validation_and_is_never_sent(
    settings: Settings, location: DatabaseLocation
) -> None:
    """The plan was made while the broker still took market orders."""
    async with open_world(settings, location) as world, world.desk.client() as client:
        world.broker.takes = frozenset(OrderType)
        plan, card = await planned(client, BUY)
        world.broker.takes = frozenset({OrderType.LIMIT, OrderType.SL})
        report = await validated(client, plan)
        await approve(client, card)
        (order,) = await orders_of(client)

    assert (report["status"], "ORDER_TYPE_UNAVAILABLE" in codes_of(report)) == ("FAIL", True)
    assert order["state"] == "NOT_SENT"
    assert order["reason"] == "ORDER_TYPE_UNAVAILABLE: the broker takes no order of the type MARKET"
    assert world.broker.sent == []


# At approval the prices are fresh, and the limit is still the one on the card


async def test_a_touch_inside_the_limit_is_taken_at_that_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        card = await propose(client, BUY)
        spread(world.bench, "1004.90", "1005.10", "1005")
        done = (await approve(client, card)).json()

    assert world.terms == [("BUY", "LIMIT", "1005.1", None)]
    assert done["orders"][0]["average_price"] == "1005.1"


async def test_a_touch_that_passed_the_limit_voids_the_card(
    settings: Settings, location: DatabaseLocation
) -> None:
    """It was to fill at once; a limit left behind would only rest."""
    async with open_world(settings, location) as world, world.desk.client() as client:
        card = await propose(client, BUY)
        spread(world.bench, "1005.10", "1005.20", "1005.10")
        reply = (await approve(client, card)).json()

    assert (reply["error_code"], reply["card"]["status"]) == ("PRICE_MOVED", "VOID")
    assert "NSE:INFY is at 1005.2 now, beyond the order's limit of 1005.1" in reply["message"]
    assert counts(location)["orders"] == 0
    assert world.broker.sent == []


async def test_what_a_thin_book_leaves_rests_at_the_limit_as_the_card_said(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        plan, _card = await planned(client, BUY)
        world.bench.market.show(
            INFY, bids=[("999.90", 9)], asks=[("1000.10", 4), ("1006", 50)], last="1000"
        )
        report = await validated(client, plan)

    (fill,) = report["paper_run"]["fills"]
    assert (fill["expected_quantity"], fill["note"]) == ("4", "the rest would wait at its limit")


# Refused, with the reason and what to do


async def refused(client: httpx.AsyncClient, words: str = BUY) -> dict[str, Any]:
    answer = await say(client, words)
    assert answer["plan_id"] is None
    return answer


@pytest.mark.parametrize(
    ("book", "code"),
    [
        ({"bids": [("999.90", 9)], "last": "1000"}, "TOUCH_MISSING"),
        ({"asks": [("1030", 9)], "last": "1000"}, "PROTECTION_OUTSIDE_COLLAR"),
    ],
)
async def test_a_market_order_without_a_reachable_price_is_refused(
    settings: Settings, location: DatabaseLocation, book: dict[str, Any], code: str
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        world.bench.market.show(INFY, **book)
        answer = await refused(client)

    assert answer["error_code"] == code
    assert "Give a limit price" in answer["message"]
    assert counts(location)["orders"] == 0


async def test_a_circuit_caps_what_a_live_desk_plans(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with (
        open_world(settings, location, ExecutionMode.LIVE) as world,
        world.desk.client() as client,
    ):
        world.bench.market.go_live("900", "1002")
        spread(world.bench, "999.90", "1000.10", "1000")
        card = (await say(client, BUY))["cards"][-1]
        world.bench.market.go_live("900", "1000")
        spread(world.bench, "999.90", "1000.10", "1000")
        world.bench.clock.advance(seconds=61)
        answer = await say(client, BUY)

    assert (card["fields"]["mode"], card["fields"]["legs"][0]["limit_price"]) == ("DRY_RUN", "1002")
    assert answer["error_code"] == "PROTECTION_OUTSIDE_CIRCUIT"


async def test_what_the_policy_says_of_market_orders_caps_the_limit_too(
    settings: Settings, location: DatabaseLocation
) -> None:
    order = changed(DEFAULT_POLICY.limits.order, market_protection_pct=Decimal("0.001"))
    policy = changed(DEFAULT_POLICY, limits=changed(DEFAULT_POLICY.limits, order=order))
    async with open_world(settings, location) as world, world.desk.client() as client:
        await set_policy(world.desk, location, policy)
        await trade(client, BUY)

    assert world.terms == [("BUY", "LIMIT", "1001", None)]


async def test_without_a_policy_nothing_is_given_a_limit(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        as_owner(location, "UPDATE policies SET body = body || '{\"changed\": 1}'")
        answer = await say(client, BUY)

    assert answer["error_code"] == "POLICY_MISSING"
    assert counts(location)["plans"] == 0


async def test_the_trace_of_a_protected_order_replays_to_the_byte(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world, world.desk.client() as client:
        answer = await say(client, BUY)
        path = f"/api/v1/decisions/{answer['decision_id']}/replay"
        report = (await client.post(path)).json()
    (trace,) = rows(location, "SELECT body FROM decision_traces")

    assert report["equal"], report
    inputs = trace["body"]["replay"][0]["inputs"]
    assert (inputs["order_types"], inputs["intent"]["order_type"]) == (["LIMIT", "SL"], "MARKET")
    assert inputs["collars"] == [
        {"instrument": {"exchange": "NSE", "tradingsymbol": "INFY"}, "share": "0.02"}
    ]
    assert Side(inputs["intent"]["side"]) is Side.BUY
