"""A trade whose card waits is changed by words, and only by words that are about it."""

from decimal import Decimal

import pytest

from agents.intent.model import Draft, HeldPosition, MessageKind, ParsedMessage, TradeDraft
from riskgate.contracts.orders import OrderType, Product, Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say


def waiting(message: str) -> Draft:
    (trade,) = say(message).trades
    return Draft(trade=trade, missing=(), message=message, card_id="card-1")


MARKET = waiting("buy 10 infy at market, cnc")
GUARDED = waiting("buy 10 infy at 1480, cnc, sl 1450")


def quantity(trade: TradeDraft) -> Decimal | None:
    return None if trade.sizing is None else trade.sizing.value


@pytest.mark.parametrize(
    ("said", "size", "order_type", "price", "product"),
    [
        ("make it 20", 20, "MARKET", None, "CNC"),
        ("change quantity to 5", 5, "MARKET", None, "CNC"),
        ("20 instead of 10", 20, "MARKET", None, "CNC"),
        ("make it 20 not 10", 20, "MARKET", None, "CNC"),
        ("no, 20", 20, "MARKET", None, "CNC"),
        ("at 1480 instead", 10, "LIMIT", 1480, "CNC"),
        ("make it a limit at 1480", 10, "LIMIT", 1480, "CNC"),
        ("raise the price to 1490", 10, "LIMIT", 1490, "CNC"),
        ("intraday instead of delivery", 10, "MARKET", None, "MIS"),
        ("make it 20 and at 1480", 20, "LIMIT", 1480, "CNC"),
        ("double it", 20, "MARKET", None, "CNC"),
        ("change price to 1480 and qty to 25", 25, "LIMIT", 1480, "CNC"),
    ],
)
def test_a_change_keeps_the_rest_and_names_the_words_of_both_turns(
    said: str, size: int, order_type: str, price: int | None, product: str
) -> None:
    parsed = say(said, draft=MARKET)
    (trade,) = parsed.trades
    assert parsed.amends_draft
    assert parsed.missing == ()
    assert quantity(trade) == size
    assert trade.limit_price == price
    assert (trade.order_type, trade.product) == (OrderType(order_type), Product(product))
    assert (trade.side, trade.symbols) == (Side.BUY, (ref("INFY"),))
    for source in trade.provenance.values():
        words = (said, MARKET.message)
        assert any(text[source.start : source.end] == source.text for text in words)


@pytest.mark.parametrize("said", ["no sl", "remove the stop", "drop the stop", "sl hata do"])
def test_a_stop_is_taken_off_an_unsent_trade(said: str) -> None:
    (trade,) = say(said, draft=GUARDED).trades
    assert trade.stop_loss is None
    assert trade.limit_price == 1480
    assert "stop_loss" not in trade.provenance


@pytest.mark.parametrize(
    ("said", "symbol"), [("tcs instead of infy", "TCS"), ("make it tcs", "TCS")]
)
def test_the_instrument_is_changed_only_where_it_is_said_to_be(said: str, symbol: str) -> None:
    (trade,) = say(said, draft=MARKET).trades
    assert trade.symbols == (ref(symbol),)
    assert quantity(trade) == 10


@pytest.mark.parametrize("said", ["make it about 20", "make it 10k", "1480 limit 20"])
def test_an_unclear_size_is_asked_for_and_the_old_one_is_not_kept(said: str) -> None:
    parsed = say(said, draft=MARKET)
    assert "size" in parsed.missing
    assert parsed.offers
    assert quantity(parsed.trades[0]) is None


@pytest.mark.parametrize(
    "said",
    [
        "square off all positions",
        "exit everything",
        "sell all",
        "sell 5",
        "buy 20",
        "buy 5 tcs",
        "exit tcs",
        "cancel all orders",
        "show my orders",
        "price of infy",
        "lower the limit by 5",
        "increase quantity by 10",
        "5 more",
        "yes",
        "what if i make it 20",
        "hmm 10 is too many",
    ],
)
def test_what_is_not_about_the_trade_changes_nothing_of_it(said: str) -> None:
    held = (HeldPosition(instrument=ref("TCS"), quantity=Decimal(40)),)
    parsed = say(said, draft=MARKET, positions=held)
    assert not parsed.amends_draft
    assert all(_own(parsed, trade) for trade in parsed.trades)


def _own(parsed: ParsedMessage, trade: TradeDraft) -> bool:
    """Say whether nothing of a trade is the draft's."""
    assert parsed.kind is MessageKind.TRADE
    return trade.product is None and trade.symbols != MARKET.trade.symbols


@pytest.mark.parametrize("said", ["never mind", "cancel it", "no", "drop it"])
def test_a_no_drops_it(said: str) -> None:
    assert say(said, draft=MARKET).drops_draft


@pytest.mark.parametrize("said", ["down to 5", "reduce it to 5", "cut to 5", "keep 5", "to 5"])
def test_a_smaller_purchase_stays_a_purchase(said: str) -> None:
    parsed = say(said, draft=MARKET)
    (trade,) = parsed.trades
    assert (trade.side, trade.symbols, quantity(trade)) == (Side.BUY, (ref("INFY"),), Decimal(5))


@pytest.mark.parametrize("said", ["down to 5", "keep 5"])
def test_how_many_of_a_sale_go_or_stay_is_not_guessed(said: str) -> None:
    parsed = say(said, draft=waiting("sell 10 infy at market, cnc"))
    assert not parsed.amends_draft


@pytest.mark.parametrize("said", ["add 10", "make it 20?", "no wait sell?"])
def test_what_may_be_more_or_a_question_changes_no_card(said: str) -> None:
    assert not say(said, draft=MARKET).amends_draft


def test_a_side_turns_round_only_by_its_own_word() -> None:
    parsed = say("sell instead", draft=MARKET)
    assert [trade.side for trade in parsed.trades] == [Side.SELL]


@pytest.mark.parametrize("said", ["go ahead and buy it", "buy it", "please buy it now"])
def test_repeating_what_a_draft_does_neither_approves_it_nor_makes_another(said: str) -> None:
    assert say(said, draft=MARKET).kind is MessageKind.CHAT


def test_selling_it_after_a_draft_to_buy_is_no_repetition() -> None:
    assert say("sell it", draft=MARKET).kind is MessageKind.TRADE


@pytest.mark.parametrize(
    "said", ["and tcs", "yes and tcs too", "tcs bhi", "also tcs", "maybe 20", "perhaps 20"]
)
def test_what_may_be_a_change_or_not_is_asked_about(said: str) -> None:
    parsed = say(said, draft=MARKET)
    assert (parsed.kind, parsed.trades) == (MessageKind.CHAT, ())
    assert codes(parsed) == ["CHANGE_UNCLEAR"]


@pytest.mark.parametrize("said", ["tcs instead", "make it tcs", "same for tcs"])
def test_a_name_that_plainly_takes_the_place_changes_the_order(said: str) -> None:
    (trade,) = say(said, draft=MARKET).trades
    assert trade.symbols == (ref("TCS"),)


@pytest.mark.parametrize("said", ["20 👎", "20 🤔", "👎"])
def test_a_picture_that_doubts_changes_nothing(said: str) -> None:
    parsed = say(said, draft=MARKET)
    assert (parsed.trades, codes(parsed)) == ((), ["CHANGE_UNCLEAR"])


def test_a_whole_order_beside_the_one_that_waits_is_its_own() -> None:
    parsed = say("and sell 5 tcs", draft=MARKET)
    assert not parsed.amends_draft
    assert (parsed.trades[0].side, parsed.trades[0].symbols) == (Side.SELL, (ref("TCS"),))


@pytest.mark.parametrize(
    "said", ["do it on bse instead", "on bse instead", "make it bse", "bse pe karo"]
)
def test_another_exchange_keeps_the_rest(said: str) -> None:
    parsed = say(said, draft=MARKET)
    (trade,) = parsed.trades
    assert parsed.amends_draft
    assert str(trade.symbols[0]) == "BSE:INFY"
    assert quantity(trade) == 10
