"""Numbers without a word beside them: what tells size and price is read, the rest is asked."""

from decimal import Decimal

import pytest

from agents.intent.model import Draft, HeldPosition, MessageKind, ParsedMessage
from riskgate.contracts.intents import SizingMethod
from riskgate.contracts.orders import OrderType
from tests.unit.intent.talk import say, unfinished

ASKED = ("size", "limit_price")


def read(parsed: ParsedMessage) -> tuple[object, object]:
    """Return size and limit price of the only order read."""
    (trade,) = parsed.trades
    return (None if trade.sizing is None else trade.sizing.value, trade.limit_price)


@pytest.mark.parametrize(
    ("said", "size", "price"),
    [
        ("buy infy 10 limit 1480", 10, 1480),
        ("buy infy 10 @1480", 10, 1480),
        ("buy infy @1480 10 qty", 10, 1480),
        ("buy infy 1480 limit 10 qty", 10, 1480),
        ("buy infy qty 10 limit 1480", 10, 1480),
        ("buy 1000 infy limit 8", 1000, 8),
        ("buy infy 1480 ka limit 10 share", 10, 1480),
        ("buy 10 infy 1480 limit", 10, 1480),
        ("limit 1480 infy 10 buy", 10, 1480),
        ("buy infy 5000 limit 8.35", 5000, Decimal("8.35")),
    ],
)
def test_what_the_words_tell_is_read_exactly(said: str, size: int, price: Decimal) -> None:
    parsed = say(said)
    assert parsed.missing == ()
    assert read(parsed) == (size, price)


@pytest.mark.parametrize(
    ("said", "offers"),
    [
        ("buy infy 1480 limit 10", ("1480 at limit 10", "10 at limit 1480")),
        ("buy 10 limit 1480 infy", ("10 at limit 1480", "1480 at limit 10")),
        ("buy limit 10 1480 infy", ("1480 at limit 10", "10 at limit 1480")),
        ("buy infy 10 1480", ("10 at limit 1480", "1480 at limit 10")),
        ("sell 10 infy 1480", ("10 at limit 1480", "1480 at limit 10")),
        ("buy infy 10 1480.5", ("10 at limit 1480.5",)),
        ("buy infy 10 1480 sl 1450", ("10 at limit 1480", "1480 at limit 10")),
    ],
)
def test_two_numbers_that_nothing_tells_apart_are_asked_about(
    said: str, offers: tuple[str, ...]
) -> None:
    parsed = say(said)
    assert parsed.kind is MessageKind.TRADE
    assert read(parsed) == (None, None)
    assert parsed.missing == ASKED
    assert parsed.offers == offers


def test_an_offered_reading_completes_the_order_with_the_words_of_both_turns() -> None:
    asked = unfinished("buy infy 1480 limit 10")
    parsed = say("10 at limit 1480", draft=asked)
    assert parsed.missing == ()
    assert read(parsed) == (10, 1480)
    assert parsed.trades[0].order_type is OrderType.LIMIT
    assert parsed.trades[0].provenance["sizing"].text == "10"
    assert parsed.trades[0].provenance["side"].text == "buy"


def test_with_only_the_size_said_the_price_is_still_asked_for() -> None:
    parsed = say("10 shares", draft=unfinished("buy infy 1480 limit 10"))
    assert parsed.missing == ("limit_price",)
    parsed = say("at market", draft=unfinished("buy infy 2 lots 1480"))
    assert parsed.missing == ()


def test_a_number_beside_a_counted_size_is_offered_as_the_price() -> None:
    parsed = say("buy infy 10 qty 1480")
    assert read(parsed) == (10, None)
    assert (parsed.missing, parsed.offers) == (("limit_price",), ("limit 1480",))


@pytest.mark.parametrize(
    ("said", "offers"),
    [
        ("get me some infosys shares, about ten of them", ("10",)),
        ("buy about 10 infy", ("10",)),
        ("buy around 10 infy", ("10",)),
        ("buy at least 10 infy", ("10",)),
        ("buy up to 10 infy", ("10",)),
        ("buy 10ish infy", ("10",)),
        ("buy 10 or so infy", ("10",)),
        ("buy 10-15 infy", ("10", "15")),
        ("buy 10 to 15 shares of infy", ("10", "15")),
        ("buy between 10 and 15 infy", ("10", "15")),
        ("buy a few infy", ()),
        ("kuch infy le lo", ()),
        ("buy 10k infy", ("10k shares", "10k worth")),
    ],
)
def test_a_vague_size_is_asked_for_with_the_number_offered(
    said: str, offers: tuple[str, ...]
) -> None:
    parsed = say(said)
    assert parsed.trades[0].sizing is None
    assert parsed.missing == ("size",)
    assert parsed.offers == offers


@pytest.mark.parametrize("answer", ["10", "10k shares", "10k worth"])
def test_every_offer_is_understood_as_an_answer(answer: str) -> None:
    draft: Draft = unfinished("buy 10k infy")
    parsed = say(answer, draft=draft)
    assert parsed.missing == ()
    sizing = parsed.trades[0].sizing
    assert sizing is not None
    worth = answer.endswith("worth")
    assert sizing.method is (SizingMethod.NOTIONAL if worth else SizingMethod.QUANTITY)


def test_about_a_price_is_still_a_limit() -> None:
    assert read(say("buy 10 infy around 1480")) == (10, 1480)
    assert read(say("buy 10 infy not above 1480")) == (10, 1480)


@pytest.mark.parametrize(
    ("said", "missing", "offers"),
    [
        ("buy infy for 10000", ("size",), ("10000 shares", "10000 worth")),
        ("top up infy with 5000", ("size",), ("5000 shares", "5000 worth")),
        ("infy me 25000 lagao", ("side", "size"), ("25000 shares", "25000 worth")),
        ("buy 10 infy for 1480", ("limit_price",), ("limit 1480",)),
        ("buy 10 infy between 1470 and 1480", ("limit_price",), ("limit 1470", "limit 1480")),
        ("buy infy 1480 sl 1450 tgt 1520", ASKED, ("limit 1480",)),
        ("buy 10.000 infy", ("size",), ("10", "10000")),
    ],
)
def test_a_number_that_may_be_money_a_price_or_thousands_is_asked_about(
    said: str, missing: tuple[str, ...], offers: tuple[str, ...]
) -> None:
    parsed = say(said)
    assert (parsed.missing, parsed.offers) == (missing, offers)


@pytest.mark.parametrize(
    "said",
    [
        "place a buy order for 10 infy",
        "buy 10 infy for the day",
        "buy 10 infy with sl 1450",
        "buy 10 infy in mis",
        "buy 10 infy with a 15 point stop",
    ],
)
def test_small_words_before_what_is_counted_or_named_leave_the_size(said: str) -> None:
    assert read(say(said))[0] == 10


@pytest.mark.parametrize("said", ["buy 10 tcs 3300 pe", "sell tcs 3300 pe"])
def test_in_english_a_price_before_pe_may_be_a_put_and_is_no_order(said: str) -> None:
    parsed = say(said)
    assert parsed.kind is MessageKind.CHAT
    assert [problem.code for problem in parsed.problems] == ["CONTRADICTORY"]


def test_in_hinglish_it_is_the_price() -> None:
    assert read(say("infy 1480 pe 10 share lelo")) == (10, 1480)


@pytest.mark.parametrize(("said", "side"), [("long", "BUY"), ("short", "SELL")])
def test_a_new_trade_with_a_stop_is_no_stop_for_what_is_held(said: str, side: str) -> None:
    infy = say("buy 1 infy").trades[0].symbols[0]
    held = (HeldPosition(instrument=infy, quantity=Decimal(40)),)
    (trade,) = say(f"{said} 10 infy sl 1450", holdings=held).trades
    assert (trade.side, trade.trigger_price) == (side, None)
    assert trade.stop_loss is not None


@pytest.mark.parametrize("said", ["buy 10 infy, not at market", "buy 10 infy, not intraday"])
def test_what_is_refused_and_not_replaced_is_left_to_no_default(said: str) -> None:
    assert say(said).kind is MessageKind.CHAT


def test_a_size_with_stop_and_target_and_no_verb_asks_for_the_side() -> None:
    infy = say("buy 1 infy").trades[0].symbols[0]
    held = (HeldPosition(instrument=infy, quantity=Decimal(40)),)
    parsed = say("bo infy 10 sl 20 tgt 40", holdings=held)
    assert (parsed.trades[0].side, parsed.missing) == (None, ("side",))
    parsed = say("place sl 1450 for 10 infy", holdings=held)
    assert parsed.trades[0].side == "SELL"
    assert parsed.trades[0].trigger_price == 1450


def test_put_begins_a_clause_as_a_verb_and_is_an_option_elsewhere() -> None:
    (trade,) = say("buy 10 shares infy and put sl at 1450").trades
    assert trade.stop_loss is not None
    assert trade.symbols == say("buy 1 infy").trades[0].symbols
    first, second = say("buy 10 infy, put 20 in tcs").trades
    assert [ref.tradingsymbol for ref in (*first.symbols, *second.symbols)] == ["INFY", "TCS"]


@pytest.mark.parametrize(
    "said",
    ["buy das bees infy", "buy ten fifteen infy", "buy one fifty infy", "buy ten-fifteen infy"],
)
def test_two_numbers_in_words_are_never_added_up(said: str) -> None:
    parsed = say(said)
    assert parsed.trades[0].sizing is None
    assert "size" in parsed.missing
