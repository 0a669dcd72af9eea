"""Between card and approval the world moves on, and what is true then decides."""

import asyncio
from decimal import Decimal

import httpx
import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.policy import ExposureLimits, Limits, Policy
from tests.fakes.instruments import INFY, NIFTY_FUT
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import (
    approve,
    mock_of,
    orders_of,
    propose,
    set_policy,
    trade,
)


async def status_of(client: httpx.AsyncClient, card: str) -> str:
    return str((await client.get(f"/api/v1/cards/{card}")).json()["card"]["status"])


async def test_a_price_that_ran_away_voids_the_card(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.price(1011)
        reply = (await approve(client, card)).json()
        orders = await orders_of(client)

    assert (reply["error_code"], reply["card"]["status"], orders) == ("PRICE_MOVED", "VOID", [])
    check(location, bench.mock)


@pytest.mark.parametrize("price", [1010, 900])
async def test_a_price_at_the_allowance_or_better_is_taken(
    settings: Settings, location: DatabaseLocation, price: int
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.price(price)
        reply = (await approve(client, card)).json()

    assert (reply["outcome"], reply["orders"][0]["average_price"]) == ("EXECUTED", str(price))
    check(location, bench.mock)


async def test_an_instrument_whose_quote_is_gone_voids_the_card(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.market.hide(INFY)
        reply = (await approve(client, card)).json()

    assert (reply["error_code"], reply["card"]["status"]) == ("PRICE_MOVED", "VOID")
    assert bench.broker.placed == []
    check(location, bench.mock)


async def test_a_quote_grown_old_is_denied_at_approval(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        bench.market.show(
            INFY, bids=[("1000", 99)], asks=[("1000", 99)], last="1000", as_of=bench.clock.now()
        )
        bench.clock.advance(seconds=11)
        reply = (await approve(client, card)).json()

    assert (reply["error_code"], reply["card"]["status"]) == ("RISK_DENY", "VOID")
    assert "QUOTE_STALE" in reply["message"]
    assert bench.broker.placed == []
    check(location, bench.mock)


@pytest.mark.parametrize("level", ["HALTED", "REDUCE_ONLY"])
async def test_a_kill_switch_pulled_before_the_approval_sends_nothing(
    mock_desk: Desk, location: DatabaseLocation, level: str
) -> None:
    async with mock_desk.client() as client:
        card = await propose(client)
        pulled = await client.post("/api/v1/kill-switch", json={"level": level, "reason": "test"})
        reply = (await approve(client, card)).json()
        orders = await orders_of(client)

    assert pulled.status_code == 200
    assert (reply["outcome"], reply["error_code"]) == ("NOT_EXECUTED", "RISK_DENY")
    assert f"KILL_SWITCH_{level}" in reply["message"]
    assert orders == []
    check(location, mock_of(mock_desk))


async def test_reduce_only_lets_a_sale_of_what_is_held_pass(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        await trade(client)
        await client.post("/api/v1/kill-switch", json={"level": "REDUCE_ONLY", "reason": "test"})
        reply = await trade(client, "sell 10 INFY at market, cnc")

    assert reply["outcome"] == "EXECUTED", reply["message"]
    check(location, mock_of(mock_desk))


@pytest.mark.parametrize("level", ["HALTED", "REDUCE_ONLY"])
async def test_a_kill_switch_pulled_after_the_approval_stops_the_send(
    settings: Settings, location: DatabaseLocation, level: str
) -> None:
    """The plan has two slices; the switch is pulled while the first one is at the broker."""
    bench = a_bench()
    bench.price(100, NIFTY_FUT)
    async with bench.desk(settings, location) as desk, desk.client() as client:

        async def pull() -> None:
            bench.clock.advance(seconds=1)
            await client.post("/api/v1/kill-switch", json={"level": level, "reason": "test"})

        bench.broker.after_order = pull
        reply = await trade(client, "buy 30 lots NIFTY26MARFUT at market, nrml")

    assert [order["state"] for order in reply["orders"]] == ["FILLED", "EXPIRED"]
    assert f"kill switch is {level}" in reply["orders"][1]["reason"]
    assert reply["outcome"] == "PARTIALLY_EXECUTED"
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


@pytest.mark.parametrize("part", ["broker", "market"])
async def test_what_is_down_at_approval_leaves_the_card_for_later(
    settings: Settings, location: DatabaseLocation, part: str
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client)
        if part == "broker":
            bench.mock.go_down()
        else:
            bench.market.go_down()
        down = await approve(client, card)
        pending, none = await status_of(client, card), await orders_of(client)
        bench.mock.come_up()
        bench.market.come_up()
        done = (await approve(client, card)).json()

    code = {"broker": "BROKER_UNAVAILABLE", "market": "MARKET_DATA_UNAVAILABLE"}[part]
    assert (down.status_code, down.json()["code"]) == (503, code)
    assert (pending, none) == ("PENDING", [])
    assert done["outcome"] == "EXECUTED", done["message"]
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_two_plans_that_fit_only_alone_are_not_both_approved(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        # Equity is 1 million, so 10 % of it fits one order of 60 at 1000 but not two.
        cap = Policy(limits=Limits(exposure=ExposureLimits(max_position_pct=Decimal("0.1"))))
        await set_policy(desk, location, cap)
        cards = [await propose(client, "buy 60 INFY at market, cnc") for _ in range(8)]
        replies = await asyncio.gather(*(approve(client, card) for card in cards))
        outcomes = sorted(reply.json().get("outcome", reply.text) for reply in replies)
        orders = await orders_of(client)

    assert outcomes == ["EXECUTED"] + ["NOT_EXECUTED"] * 7
    assert [order["filled_quantity"] for order in orders] == ["60"]
    check(location, bench.mock)


async def test_an_order_filled_after_the_book_was_read_still_counts(
    settings: Settings, location: DatabaseLocation
) -> None:
    """The second approval reads the book, then the first is sent and filled, then it is judged."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        cap = Policy(limits=Limits(exposure=ExposureLimits(max_position_pct=Decimal("0.1"))))
        await set_policy(desk, location, cap)
        first = await propose(client, "buy 60 INFY at market, cnc")
        second = await propose(client, "buy 60 INFY at market, cnc")
        again = False

        async def approve_the_first() -> None:
            nonlocal again
            if not again:
                again = True
                bench.clock.advance(seconds=1)
                assert (await approve(client, first)).json()["outcome"] == "EXECUTED"

        bench.broker.after_snapshot = approve_the_first
        reply = (await approve(client, second)).json()

    assert (reply["outcome"], reply["error_code"]) == ("NOT_EXECUTED", "RISK_DENY")
    assert len(bench.broker.placed) == 1
    check(location, bench.mock)


async def test_approvals_of_different_instruments_at_once_all_pass(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        cards = [
            await propose(client, f"buy {quantity} {symbol} at market, cnc")
            for quantity, symbol in ((10, "INFY"), (10, "TCS"), (11, "INFY"), (11, "TCS"))
        ]
        replies = await asyncio.gather(*(approve(client, card) for card in cards))

    assert [reply.json()["outcome"] for reply in replies] == ["EXECUTED"] * 4
    assert len(bench.broker.placed) == 4
    check(location, bench.mock)
