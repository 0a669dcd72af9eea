"""Orders as people say them, and the words each field came from."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from agents.intent.model import HeldPosition, MessageKind, SaidValidity
from riskgate.contracts.instruments import Currency, Exchange
from riskgate.contracts.intents import (
    Comparison,
    Offset,
    OffsetKind,
    ProvenanceSource,
    SizingMethod,
    TimeWindow,
)
from riskgate.contracts.orders import OrderType, Product, Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say

INFY = ref("INFY")
TCS = ref("TCS")


def test_an_order_is_read_with_the_words_of_every_field() -> None:
    message = "Buy 10 INFY at market, cnc"
    (trade,) = say(message).trades
    assert trade.side is Side.BUY
    assert trade.symbols == (INFY,)
    assert trade.sizing is not None
    assert (trade.sizing.method, trade.sizing.value) == (SizingMethod.QUANTITY, Decimal(10))
    assert trade.order_type is OrderType.MARKET
    assert trade.product is Product.CNC
    words = {name: source.text for name, source in trade.provenance.items()}
    assert words == {
        "side": "Buy",
        "symbols": "INFY",
        "sizing": "10",
        "order_type": "at market",
        "product": "cnc",
    }
    for source in trade.provenance.values():
        assert message[source.start : source.end] == source.text


@pytest.mark.parametrize(
    ("said", "method", "value"),
    [
        ("buy 1,50,000 infy", SizingMethod.QUANTITY, "150000"),
        ("buy 150,000 infy", SizingMethod.QUANTITY, "150000"),
        ("buy 5 lakh shares of infy", SizingMethod.QUANTITY, "500000"),
        ("buy two hundred fifty infy", SizingMethod.QUANTITY, "250"),
        ("buy a dozen infy", SizingMethod.QUANTITY, "12"),
        ("buy 10l&t", SizingMethod.QUANTITY, "10"),
        ("buy 2 lots of NIFTY26MARFUT", SizingMethod.LOTS, "2"),
        ("buy 2.5L worth of infy", SizingMethod.NOTIONAL, "250000"),
        ("buy 50k of infy", SizingMethod.NOTIONAL, "50000"),
        ("buy ₹5,000 of infy", SizingMethod.NOTIONAL, "5000"),
        ("buy 3 crore worth of infy", SizingMethod.NOTIONAL, "30000000"),
        ("sell half my infy", SizingMethod.FRACTION, "0.5"),
        ("sell 3/4 of infy", SizingMethod.FRACTION, "0.75"),
        ("sell all infy", SizingMethod.FRACTION, "1"),
        ("exit infy", SizingMethod.FRACTION, "1"),
        ("buy infy for 5% of my capital", SizingMethod.EQUITY_PCT, "5"),
        ("buy infy risk 1% sl 1400", SizingMethod.RISK_PCT, "1"),
        ("buy infy risk 2000 rupees sl 1400", SizingMethod.RISK_AMOUNT, "2000"),
    ],
)
def test_sizes(said: str, method: SizingMethod, value: str) -> None:
    parsed = say(said)
    sizing = parsed.trades[0].sizing
    assert sizing is not None
    assert (sizing.method, sizing.value) == (method, Decimal(value))
    assert parsed.missing == ()


@pytest.mark.parametrize(
    "said",
    [
        "buy 10k infy",
        "buy some infy",
        "buy infy",
        "buy half infy",
        "buy 10 infy and tcs",
        "buy around 50 infy",
        "exit infy 1480",
    ],
)
def test_an_unclear_size_is_asked_for(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].sizing is None
    assert parsed.missing == ("size",)


@pytest.mark.parametrize(
    ("said", "order_type", "limit", "trigger"),
    [
        ("buy 10 infy at 1,480/-", OrderType.LIMIT, "1480", None),
        ("buy 10 infy not above 1480", OrderType.LIMIT, "1480", None),
        ("buy 10 infy 1480 limit", OrderType.LIMIT, "1480", None),
        ("sell 10 infy sl-m trigger 1400", OrderType.SL_M, None, "1400"),
        ("sell 10 infy sl limit trigger 1400 at 1395", OrderType.SL, "1395", "1400"),
    ],
)
def test_order_types(
    said: str, order_type: OrderType, limit: str | None, trigger: str | None
) -> None:
    (trade,) = say(said).trades
    assert trade.order_type is order_type
    assert trade.limit_price == (Decimal(limit) if limit else None)
    assert trade.trigger_price == (Decimal(trigger) if trigger else None)


@pytest.mark.parametrize(
    "said",
    [
        "buy infy 10 limit 1480",
        "buy infy 10 limit at 1480",
        "buy infy 10 near 1480",
        "buy infy 10 not above 1480",
        "buy infy 10 at 1480 limit",
        "limit 1480 buy infy 10",
    ],
)
def test_a_word_for_a_price_takes_the_number_after_it_and_not_the_size(said: str) -> None:
    (trade,) = say(said).trades
    assert trade.limit_price == Decimal(1480)
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(10)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("limit order buy 10 infy", "limit_price"),
        ("sl-m sell 10 infy", "trigger_price"),
        ("buy 10 infy with a stop loss", "stop_loss"),
        ("buy infy risk 1%", "stop_loss"),
        ("trade 10 infy", "side"),
        ("buy 10", "symbol"),
        ("buy 10 infy if the mood is good", "condition"),
        ("sell infy down to 300", "size"),
    ],
)
def test_what_was_not_said_is_asked_for(said: str, missing: str) -> None:
    parsed = say(said)
    assert parsed.kind is MessageKind.TRADE
    assert parsed.missing == (missing,)


@pytest.mark.parametrize(
    ("said", "stop", "target"),
    [
        ("sl 1450 target 1550", (OffsetKind.PRICE, "1450"), (OffsetKind.PRICE, "1550")),
        ("sl 2% tgt 4%", (OffsetKind.PCT, "2"), (OffsetKind.PCT, "4")),
        ("sl 20 points tp 50 pts", (OffsetKind.POINTS, "20"), (OffsetKind.POINTS, "50")),
    ],
)
def test_stops_and_targets(
    said: str, stop: tuple[OffsetKind, str], target: tuple[OffsetKind, str]
) -> None:
    (trade,) = say(f"buy 10 infy {said}").trades
    assert trade.stop_loss == Offset(kind=stop[0], value=Decimal(stop[1]))
    assert trade.target == Offset(kind=target[0], value=Decimal(target[1]))


def test_a_price_condition_on_the_order_s_own_or_another_instrument() -> None:
    (own,) = say("buy 10 infy if it goes above 1500").trades
    assert [(rule.instrument, rule.comparison, rule.price) for rule in own.entry_rules] == [
        (INFY, Comparison.GT, Decimal(1500))
    ]
    (other,) = say("buy 10 infy at 1460 only if nifty is below 24400").trades
    assert other.symbols == (INFY,)
    assert other.entry_rules[0].instrument == ref("NIFTY 50")
    assert other.entry_rules[0].comparison is Comparison.LT


def test_a_time_window_is_today_in_the_market_s_own_time() -> None:
    (trade,) = say("buy 10 infy between 10:30 and 2 pm").trades
    assert trade.time_window is not None
    assert trade.time_window.start == datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
    assert trade.time_window.end == datetime(2026, 3, 10, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("at 3:15", "2026-03-10T09:45Z", None),
        ("at 03:15", "2026-03-10T09:45Z", None),
        ("after 2:30", "2026-03-10T09:00Z", None),
        ("before 1:30", None, "2026-03-10T08:00Z"),
        ("between 11:30 and 1:45", "2026-03-10T06:00Z", "2026-03-10T08:15Z"),
        ("at 9:30", "2026-03-10T04:00Z", None),
        ("at 3:15 am", "2026-03-09T21:45Z", None),
        ("at 15:15", "2026-03-10T09:45Z", None),
    ],
)
def test_a_clock_without_its_half_is_of_the_day_s_trade(
    said: str, start: str | None, end: str | None
) -> None:
    (trade,) = say(f"sell 10 infy {said}").trades
    assert trade.time_window == TimeWindow.model_validate({"start": start, "end": end})


def test_a_clock_without_a_known_zone_is_a_problem() -> None:
    parsed = say("buy 10 coke after 11 am", currency=Currency.USD)
    assert codes(parsed) == ["TIME_UNCLEAR"]


def test_validity_life_time_and_slippage() -> None:
    (trade,) = say("buy 10 infy at 1480 ioc order max slippage 0.5%").trades
    assert (trade.validity, trade.max_slippage_pct) == (SaidValidity.IOC, Decimal("0.5"))
    (timed,) = say("buy 10 infy at 1480 for 2 hours").trades
    assert timed.ttl_minutes == 120
    assert codes(say("buy 10 infy at 1480 for 999 hours")) == ["SETTING_INVALID"]


def test_a_shared_name_is_asked_about_and_never_picked() -> None:
    parsed = say("buy 10 hdfc")
    assert parsed.trades[0].symbols == ()
    assert parsed.ambiguous == (ref("HDFCBANK"), ref("HDFCLIFE"))
    assert codes(parsed) == ["SYMBOL_AMBIGUOUS"]


def test_the_longest_name_wins() -> None:
    assert say("buy 10 hdfc life").trades[0].symbols == (ref("HDFCLIFE"),)
    assert say("buy 10 bajaj auto").trades[0].symbols == (ref("BAJAJ-AUTO"),)


@pytest.mark.parametrize(
    "said", ["buy 1 lot nifty", "buy nifty 24500 1 lot", "buy 1 lot nifty call"]
)
def test_an_index_without_a_contract_is_asked_about(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].symbols == ()
    assert parsed.missing == ("symbol",)


def test_an_exchange_said_is_the_exchange_meant() -> None:
    assert say("buy 10 NYSE:INFY").trades[0].symbols == (ref("INFY", Exchange.NYSE),)
    assert codes(say("buy 10 infy on bse")) == ["SYMBOL_UNKNOWN"]


@pytest.mark.parametrize("said", ["buy 10 foobar", "buy 10 INFY-BE"])
def test_an_unknown_name_is_said_back(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].symbols == ()
    assert codes(parsed) == ["SYMBOL_UNKNOWN"]


def test_a_particle_is_no_ticker_unless_it_is_written_as_one() -> None:
    assert say("buy 10 ko").trades[0].symbols == ()
    assert say("buy 10 KO").trades[0].symbols == (ref("KO", Exchange.NYSE),)


def held(symbol: str, quantity: int, product: Product = Product.MIS) -> HeldPosition:
    return HeldPosition(instrument=ref(symbol), quantity=Decimal(quantity), product=product)


def test_an_exit_takes_the_side_that_leaves_the_position() -> None:
    assert say("exit infy").trades[0].side is Side.SELL
    assert say("cover infy", positions=(held("INFY", -5),)).trades[0].side is Side.BUY


def test_an_exit_of_long_and_short_at_once_asks_for_the_side() -> None:
    parsed = say("exit infy", positions=(held("INFY", -5),), holdings=(held("INFY", 10),))
    assert parsed.trades[0].side is None
    assert parsed.missing == ("side",)


def test_selling_a_book_that_holds_a_short_asks_for_the_side() -> None:
    parsed = say("sell all my positions", positions=(held("INFY", -5),))
    assert "side" in parsed.missing


def test_leaving_everything_names_each_side_apart() -> None:
    parsed = say("square off everything", positions=(held("INFY", 10), held("TCS", -5)))
    assert [(trade.side, trade.symbols) for trade in parsed.trades] == [
        (Side.SELL, (INFY,)),
        (Side.BUY, (TCS,)),
    ]
    assert codes(parsed) == ["ONE_ORDER_AT_A_TIME"]


def test_words_that_narrow_everything_and_are_unknown_stop_it() -> None:
    parsed = say("exit all my boring positions", positions=(held("INFY", 10),))
    assert parsed.kind is MessageKind.CHAT
    assert codes(parsed) == ["NOT_UNDERSTOOD"]


def test_what_is_in_loss_is_asked_for_where_no_price_is_known() -> None:
    parsed = say("exit all my losing positions", positions=(held("INFY", 10),))
    assert parsed.trades[0].symbols == ()
    assert "symbol" in parsed.missing


def test_what_is_in_loss_is_what_its_prices_say() -> None:
    rows = (
        held("INFY", 10).model_copy(update={"average": Decimal(5), "last": Decimal(4)}),
        held("TCS", -5).model_copy(update={"average": Decimal(5), "last": Decimal(4)}),
    )
    (trade,) = say("exit all my losing positions", positions=rows).trades
    assert trade.symbols == (INFY,)


def test_only_an_exit_or_my_lets_holdings_decide_a_name() -> None:
    assert say("exit hdfc", holdings=(held("HDFCLIFE", 5),)).trades[0].symbols == (ref("HDFCLIFE"),)
    assert say("buy 5 hdfc", holdings=(held("HDFCLIFE", 5),)).trades[0].symbols == ()


def test_a_stop_on_what_is_held_leaves_it() -> None:
    (trade,) = say("place a stop at 1400 on my infy", holdings=(held("INFY", 10),)).trades
    assert (trade.side, trade.order_type) == (Side.SELL, OrderType.SL_M)
    assert trade.trigger_price == Decimal(1400)
    assert trade.stop_loss is None


def test_a_pronoun_means_the_instrument_in_focus() -> None:
    assert say("sell 10 of it", focus=INFY).trades[0].symbols == (INFY,)
    assert say("sell 10 of it").missing == ("symbol",)


def test_unlike_orders_are_shown_but_not_sent_together() -> None:
    parsed = say("buy 10 infy and sell 5 tcs at market")
    assert [(trade.side, trade.symbols) for trade in parsed.trades] == [
        (Side.BUY, (INFY,)),
        (Side.SELL, (TCS,)),
    ]
    assert codes(parsed) == ["ONE_ORDER_AT_A_TIME"]


def test_the_same_order_in_each_of_several_instruments_is_one() -> None:
    (trade,) = say("buy 10 each of infy, tcs").trades
    assert trade.symbols == (INFY, TCS)


@pytest.mark.parametrize(
    "words", ["buy 10 at market", "buy 10 shares", "sell half", "short 5 mis", "sell 5 at 1500 cnc"]
)
def test_one_order_that_names_nothing_is_for_what_was_chosen_in_the_page(words: str) -> None:
    parsed = say(words, focus=INFY)
    assert [trade.symbols for trade in parsed.trades] == [(INFY,)]
    assert parsed.trades[0].provenance["symbols"].source is ProvenanceSource.UI
    assert parsed.missing == ()
    assert say(words).missing == ("symbol",)


@pytest.mark.parametrize(
    "words",
    [
        "exit", "sell all", "sell everything", "buy 10 foobar at market", "should i buy 10?",
        "buy 10 at market and sell 5 at market", "buy 10 of that green company",
    ],
)  # fmt: skip
def test_the_page_fills_no_gap_where_the_words_mean_something_else(words: str) -> None:
    parsed = say(words, focus=INFY)
    assert all(INFY not in trade.symbols for trade in parsed.trades)


@pytest.mark.parametrize("words", ["cancel it", "cancel that", "cancel it please", "cancel"])
def test_cancel_it_means_the_order_just_told_of(words: str) -> None:
    assert say(words, told=("ord_1",)).order_ids == ("ord_1",)
    assert say(words).order_ids == ()


@pytest.mark.parametrize("words", ["never mind", "dont cancel it", "should i cancel it?"])
def test_words_that_ask_for_no_cancel_leave_the_order_just_told_of(words: str) -> None:
    assert say(words, told=("ord_1",)).kind is MessageKind.CHAT
