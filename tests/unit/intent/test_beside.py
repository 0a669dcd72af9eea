"""Words that mean another thing beside others: positions, tickets, what is got or removed."""

from decimal import Decimal

import pytest

from agents.intent.model import HeldPosition, MessageKind
from riskgate.contracts.intents import SizingMethod
from riskgate.contracts.orders import Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import say

HELD = (HeldPosition(instrument=ref("INFY"), quantity=Decimal(40)),)


@pytest.mark.parametrize(
    ("said", "side", "size"),
    [
        ("lighten the infy long by 5", Side.SELL, 5),
        ("when infy breaks above 1500 get 10", Side.BUY, 10),
        ("b 5 infy", Side.BUY, 5),
        ("load up 30 infy", Side.BUY, 30),
        ("sell infy till only 30 shares are left", Side.SELL, 10),
    ],
)
def test_the_side_and_the_size_are_read(said: str, side: Side, size: int) -> None:
    (trade,) = say(said, holdings=HELD).trades
    assert (trade.side, trade.symbols) == (side, (ref("INFY"),))
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(size)


def test_removing_a_name_from_the_portfolio_leaves_it() -> None:
    (trade,) = say("portfolio se infy hata do", holdings=HELD).trades
    assert trade.side is Side.SELL
    assert trade.sizing is not None
    assert (trade.sizing.method, trade.sizing.value) == (SizingMethod.FRACTION, Decimal(1))


def test_a_list_of_tickets_has_a_letter_before_each() -> None:
    first, second = say("b 5 infy, s 6 tcs").trades
    assert (first.side, second.side) == (Side.BUY, Side.SELL)


def test_the_day_that_ends_a_ticket_is_its_validity() -> None:
    (trade,) = say("BUY 50 INFY LMT 1480 CNC DAY").trades
    assert trade.validity == "DAY"


@pytest.mark.parametrize(
    "said",
    [
        "trim my infy short by 30",
        "get 10",
        "when infy crosses 1500 get the price",
        "remove infy from my watchlist",
        "don't remove infy from my portfolio",
        "buy 10 infy what a day",
    ],
)
def test_look_alikes_are_no_trade(said: str) -> None:
    assert say(said, holdings=HELD).kind is not MessageKind.TRADE


def test_the_one_number_before_limit_counts_what_it_stands_behind() -> None:
    parsed = say("buy infy 10 limit")
    (trade,) = parsed.trades
    assert trade.sizing is not None
    assert (trade.sizing.value, trade.limit_price) == (Decimal(10), None)
    assert parsed.missing == ("limit_price",)
    (priced,) = say("buy 10 infy 1480 limit").trades
    assert priced.limit_price == Decimal(1480)


def test_what_may_be_done_then_is_no_part_of_a_watch() -> None:
    said = "ping me when infy goes under 1400, i may buy more then"
    assert say(said).kind is MessageKind.MONITOR
    assert say("ping me when infy goes under 1400 and buy 10").kind is MessageKind.CHAT


def test_both_stands_for_the_names_with_the_size_of_each() -> None:
    first, second = say("10 infy and 5 tcs, sell both at market").trades
    assert first.sizing is not None
    assert second.sizing is not None
    assert (first.symbols, first.sizing.value) == ((ref("INFY"),), Decimal(10))
    assert (second.symbols, second.sizing.value) == ((ref("TCS"),), Decimal(5))
    (like,) = say("buy both infy and tcs, 10 each").trades
    assert like.symbols == (ref("INFY"), ref("TCS"))


@pytest.mark.parametrize("said", ["infy 1500 jaye to bech dena", "infy 5000 ka le lo"])
def test_a_level_and_a_sum_are_no_number_of_shares(said: str) -> None:
    parsed = say(said, holdings=HELD)
    assert parsed.trades[0].sizing is None
    assert parsed.missing == ("size",)


@pytest.mark.parametrize(
    "said",
    [
        "infy 10 lo 1480 pe sl 1450",
        "infy 10 lo 1480 par sl 1450 par",
        "buy 10 infy 1480 pe sl 1450",
    ],
)
def test_a_price_that_stands_before_a_stop_is_not_the_stops(said: str) -> None:
    (trade,) = say(said).trades
    assert trade.limit_price == Decimal(1480)
    assert trade.stop_loss is not None
    assert trade.stop_loss.value == Decimal(1450)


@pytest.mark.parametrize(
    "said", ["Buy INFY CMP 1488 TGT 1600 SL 1440", "buy infy cmp 1488", "buy infy 1488 mkt sl 1440"]
)
def test_the_price_of_now_is_no_number_of_shares(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].sizing is None
    assert "size" in parsed.missing


@pytest.mark.parametrize(
    "said",
    [
        "sell stop order 10 infy 1400",
        "sell stop order for 10 shares of infy at 1400",
        "sell sl-m order 10 infy 1400",
        "stop sell order 10 infy, trigger 1400",
    ],
)
def test_the_number_before_the_name_of_a_stop_order_is_its_size(said: str) -> None:
    (trade,) = say(said).trades
    assert trade.sizing is not None
    assert (trade.side, trade.sizing.value) == (Side.SELL, Decimal(10))
    assert (trade.order_type, trade.trigger_price) == ("SL-M", Decimal(1400))


@pytest.mark.parametrize(
    "said",
    [
        "sell stop order 1400 infy 10",
        "sell 1400 stop order infy 10",
        "sell 1400 stop order 10 infy",
        "sell stop order 10 1400 infy",
    ],
)
def test_two_numbers_of_a_stop_order_that_may_be_either_are_asked_about(said: str) -> None:
    assert say(said).kind is MessageKind.CHAT


def test_shares_behind_a_stop_are_the_size_and_not_its_price() -> None:
    (trade,) = say("put infy sl 10 shares at 1400", holdings=HELD).trades
    assert trade.sizing is not None
    assert (trade.sizing.value, trade.trigger_price) == (Decimal(10), Decimal(1400))


def test_a_size_by_risk_is_of_a_new_trade_whose_side_is_asked() -> None:
    parsed = say("risk 1% on infy, sl 1450", holdings=HELD)
    assert (parsed.trades[0].side, parsed.missing) == (None, ("side",))
