"""Stops in words: where they are, and taking one off is asked about before it is done."""

from decimal import Decimal

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import Bench
from tests.integration.driving import rows, say, trade
from tests.integration.test_protection import STOPPED, TARGETED, at_broker, open_bench


async def test_stops_are_told_with_price_distance_and_holder(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        await trade(client, TARGETED)
        asked = await say(client, "where is my stop on INFY")
        other = await say(client, "what are my stops")
        elsewhere = await say(client, "show my stops on TCS")

    (row,) = asked["cards"][0]["fields"]["stops"]
    assert (row["stop_price"], row["target_price"], row["stop_rests"]) == ("980", "1030", True)
    away = (Decimal(980) - Decimal(row["last"])) * 100 / Decimal(row["last"])
    assert Decimal(row["stop_distance_pct"]) == away.quantize(Decimal("0.01"))
    assert "at the broker for 10 since" in asked["message"]
    assert "watched by SigmaTrader" in asked["message"] or row["target_rests"]
    assert other["cards"][0]["fields"]["stops"] == [row]
    assert elsewhere["cards"][0]["fields"]["stops"] == []


async def test_the_stop_of_an_order_that_has_not_filled_is_told(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        sent = await trade(client, "buy 10 INFY at 990, cnc, stop loss 980")
        asked = await say(client, "where is my stop")
        brief = await say(client, "morning brief")
        await say(client, "cancel all orders")
        gone = await say(client, "where is my stop")

    (row,) = asked["cards"][0]["fields"]["stops"]
    assert (row["stop_price"], row["stop_rests"], row["status"]) == ("980", False, "WAITING")
    assert "placed once the order fills" in asked["message"]
    assert (
        "1 open order, 0 kept stops and targets (1 more once their orders fill)"
        in (brief["message"])
    )
    assert "The stop of NSE:INFY at ₹980.00 is placed once the order fills" in sent["message"]
    assert gone["cards"][0]["fields"]["stops"] == []


async def test_a_position_without_a_stop_is_named(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (_bench, desk), desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        asked = await say(client, "which positions have no stop")

    assert asked["cards"][0]["fields"]["unprotected"] == ["NSE:INFY"]
    assert "Held without a stop at the broker: NSE:INFY." in asked["message"]


async def test_cancelling_everything_asks_first_where_a_position_loses_its_stop(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        asked = await say(client, "cancel all orders")
        kept = await resting(bench)
        thread = asked["thread_id"]
        aside = await say(client, "what are my stops", thread_id=thread)
        done = await say(client, "yes", thread_id=thread)
        gone = await resting(bench)

    assert (asked["outcome"], asked["error_code"]) == ("NEEDS_INPUT", "STOPS_TAKEN_OFF")
    assert "NSE:INFY" in asked["message"]
    assert aside["outcome"] == "ANSWERED"
    assert (kept, gone) == (1, 0)
    assert done["outcome"] == "EXECUTED"


async def test_a_no_leaves_the_stop_where_it_is(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        asked = await say(client, "remove the stop on INFY")
        dropped = await say(client, "never mind", thread_id=asked["thread_id"])
        later = await say(client, "yes", thread_id=asked["thread_id"])
        left = await resting(bench)

    assert asked["error_code"] == "STOPS_TAKEN_OFF"
    assert (dropped["outcome"], later["outcome"], left) == ("ANSWERED", "ANSWERED", 1)


async def test_a_stop_is_not_moved_by_words_and_stays(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        moved = await say(client, "move my stop on INFY to 990")
        left = await at_broker(bench)

    assert (moved["outcome"], moved["error_code"]) == ("NOT_EXECUTED", "NOT_AVAILABLE")
    assert [order.trigger_price for order in left] == [Decimal(980)]


async def test_words_that_stop_trading_sell_and_cancel_nothing(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_bench(settings, location) as (bench, desk), desk.client() as client:
        await trade(client, STOPPED)
        told = await say(client, "sab band karo")
        left = await resting(bench)

    assert told["outcome"] == "ANSWERED"
    assert "sigmatrader kill on" in told["message"]
    assert left == 1
    assert len(rows(location, "SELECT order_id FROM orders")) == 2


async def resting(bench: Bench) -> int:
    return len(await at_broker(bench))
