"""A stop on what is held: its trigger, its limit, and the way out of a short."""

from decimal import Decimal

import pytest

from agents.intent.model import HeldPosition, MessageKind
from riskgate.contracts.orders import OrderType, Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say

LONG = (HeldPosition(instrument=ref("INFY"), quantity=Decimal(10), last=Decimal(1488)),)
SHORT = (HeldPosition(instrument=ref("TCS"), quantity=Decimal(-5), last=Decimal(3310)),)


@pytest.mark.parametrize(
    "said",
    [
        "put a stop on my infy, trigger 1450, limit 1446.5",
        "sl on infy trigger 1450 limit 1446.5",
        "put a stop on my infy at 1450, limit 1446.5",
        "stop loss on infy at 1450 with limit 1446.5",
        "my infy needs a stop, trigger price 1450 and limit price 1446.5",
        "infy ka sl lagao 1450 trigger 1446.5 limit",
    ],
)
def test_a_stop_with_a_trigger_and_a_limit_keeps_both(said: str) -> None:
    (trade,) = say(said, holdings=LONG).trades
    assert (trade.side, trade.order_type) == (Side.SELL, OrderType.SL)
    assert (trade.trigger_price, trade.limit_price) == (Decimal(1450), Decimal("1446.5"))


def test_a_stop_with_a_limit_alone_asks_for_its_trigger() -> None:
    parsed = say("put a stop on my infy limit 1446.5", holdings=LONG)
    (trade,) = parsed.trades
    assert parsed.missing == ("trigger_price",)
    assert (trade.trigger_price, trade.limit_price) == (None, Decimal("1446.5"))


def test_a_stop_and_another_trigger_are_no_one_price() -> None:
    parsed = say("sl 1450 trigger 1452 on my infy", holdings=LONG)
    assert parsed.kind is MessageKind.CHAT
    assert codes(parsed) == ["CONTRADICTORY"]


@pytest.mark.parametrize(
    "said",
    [
        "tcs short ka sl lagao trigger 3400 limit 3405",
        "put a stop on my tcs short, trigger 3400 limit 3405",
    ],
)
def test_the_stop_of_a_short_buys_it_back(said: str) -> None:
    parsed = say(said, positions=SHORT)
    (trade,) = parsed.trades
    assert parsed.missing == ()
    assert (trade.side, trade.order_type) == (Side.BUY, OrderType.SL)
    assert (trade.trigger_price, trade.limit_price) == (Decimal(3400), Decimal(3405))


def test_the_stop_of_a_short_that_is_held_long_asks_for_the_side() -> None:
    parsed = say("infy short ka sl 1500 lagao", holdings=LONG)
    (trade,) = parsed.trades
    assert "side" in parsed.missing
    assert (trade.side, trade.trigger_price) == (None, None)


def test_a_new_short_is_no_stop_for_what_is_held_long() -> None:
    parsed = say("short infy sl 1500", holdings=LONG)
    (trade,) = parsed.trades
    assert parsed.missing == ("size",)
    assert (trade.side, trade.trigger_price) == (Side.SELL, None)


def test_a_stop_that_is_said_to_trail_is_no_fixed_one() -> None:
    parsed = say("buy 10 infy stop loss 2 percent trailing")
    (trade,) = parsed.trades
    assert trade.stop_loss is None
    assert trade.trailing_stop is not None
    assert trade.trailing_stop.value == 2
    assert codes(parsed) == ["NOT_AVAILABLE"]


def test_a_stop_at_a_price_that_is_said_to_trail_is_asked_about() -> None:
    parsed = say("buy 10 infy sl 1450 trailing")
    assert parsed.kind is MessageKind.CHAT
    assert codes(parsed) == ["CONTRADICTORY"]


@pytest.mark.parametrize(
    "said",
    [
        "put a 5% stop on infy",
        "put 20 points sl on infy",
        "infy ka sl lagao 2%",
        "stop loss of 5% on my infy holding",
        "protect my infy with a 3% stop",
    ],
)
def test_a_stop_some_way_below_what_is_held_asks_for_its_trigger_and_sells_nothing_now(
    said: str,
) -> None:
    parsed = say(said, holdings=LONG)
    (trade,) = parsed.trades
    assert (trade.side, trade.order_type) == (Side.SELL, OrderType.SL_M)
    assert parsed.missing == ("trigger_price",)


@pytest.mark.parametrize("said", ["infy ka sl lagao 1400", "infy sl trigger 1400"])
def test_the_number_of_a_stop_that_is_placed_is_its_trigger(said: str) -> None:
    parsed = say(said, holdings=LONG)
    (trade,) = parsed.trades
    assert (trade.side, trade.order_type) == (Side.SELL, OrderType.SL_M)
    assert (trade.trigger_price, parsed.missing) == (Decimal(1400), ())


@pytest.mark.parametrize("said", ["infy ka sl lagao 10 shares", "infy ka sl lagao 10 shares 1400"])
def test_a_number_that_counts_shares_is_no_price_of_a_stop(said: str) -> None:
    parsed = say(said, holdings=LONG)
    assert parsed.trades[0].trigger_price is None
    assert parsed.missing
