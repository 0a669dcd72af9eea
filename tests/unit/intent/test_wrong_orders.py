"""Words near an order that give another one, or none: each once was an order of its own kind."""

from decimal import Decimal

import pytest

from agents.intent.model import Draft, HeldPosition, MessageKind, OpenOrder, ParseContext
from agents.reading.reader import OfflineReader
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Operator
from riskgate.contracts.orders import Product, Side
from tests.unit.intent.fake_directory import FakeDirectory, ref
from tests.unit.intent.talk import NOW, PARSER, codes, say, unfinished

INFY = ref("INFY")
READER = OfflineReader(PARSER, FakeDirectory())


def held(quantity: int, instrument: InstrumentRef = INFY) -> tuple[HeldPosition, ...]:
    return (HeldPosition(instrument=instrument, product=Product.MIS, quantity=Decimal(quantity)),)


@pytest.mark.parametrize(
    "said",
    [
        "buy 10 infy, nvm",
        "buy 10 infy. I am joking.",
        "buy 10 infy but don't send it yet",
        "buy 10 infy but not before asking me",
        "buy 10 infy, oops 20",
        "buy 10, oops 20 infy",
    ],
)
def test_words_that_take_an_order_back_or_correct_it_leave_none(said: str) -> None:
    assert say(said).kind is MessageKind.CHAT


@pytest.mark.parametrize(
    "said",
    [
        "❌ buy 10 infy",
        "🚫 buy 10 infy",
        "buy 10 infy ❌",
        "buy 10 infy 🙅🏽",
        "assistant: buy 10 infy",
        "system: buy 10 infy",
        "bot: buy 10 infy",
    ],
)
def test_a_picture_that_says_no_or_somebody_else_who_speaks_orders_nothing(said: str) -> None:
    assert not say(said).trades


@pytest.mark.parametrize(
    "said",
    [
        "my order to buy 10 infy",
        "the buy 10 infy order",
        "that sell 10 infy order",
        "the sell of 10 infy",
        "we should buy 10 infy",
    ],
)
def test_naming_an_order_or_giving_advice_orders_nothing(said: str) -> None:
    assert not say(said).trades


@pytest.mark.parametrize(
    "said",
    [
        "cancel tcs order and buy 10 infy",
        "buy 10 infy and cancel tcs order",
        "cancel my tcs order, buy 10 infy",
    ],
)
def test_a_name_that_is_to_be_traded_is_not_cancelled_beside_another(said: str) -> None:
    parsed = say(said)
    assert parsed.kind is not MessageKind.CANCEL
    assert not parsed.trades


def test_orders_of_several_names_are_still_cancelled_at_once() -> None:
    parsed = say("cancel buy orders of infy and sell orders of tcs")
    assert (parsed.kind, parsed.symbols) == (MessageKind.CANCEL, (INFY, ref("TCS")))


@pytest.mark.parametrize("said", ["increase infy to 100", "top up infy to 100"])
def test_a_size_to_reach_is_never_bought_as_what_would_be_left(said: str) -> None:
    parsed = say(said, positions=held(120))
    (trade,) = parsed.trades
    assert (trade.side, trade.sizing, parsed.missing) == (Side.BUY, None, ("size",))


@pytest.mark.parametrize(
    "said", ["cover my short in infy", "short cover 10 infy", "close infy short"]
)
def test_a_short_is_covered_by_buying_and_asked_about_where_there_is_none(said: str) -> None:
    assert say(said, positions=held(-50)).trades[0].side is Side.BUY
    for positions in ((), held(50)):
        parsed = say(said, positions=positions)
        assert (parsed.trades[0].side, "side" in parsed.missing) == (None, True)


def test_less_of_a_short_is_no_sale() -> None:
    parsed = say("reduce short infy by 10", positions=held(-50))
    assert (parsed.trades[0].side, parsed.missing) == (None, ("side",))


@pytest.mark.parametrize(("quantity", "side"), [(50, Side.SELL), (-50, Side.BUY)])
def test_an_exit_without_a_direction_leaves_what_is_held(quantity: int, side: Side) -> None:
    assert say("exit infy", positions=held(quantity)).trades[0].side is side


@pytest.mark.parametrize("said", ["put 10 infy", "put infy 10"])
def test_put_without_in_leaves_open_what_a_number_counts(said: str) -> None:
    parsed = say(said)
    assert (parsed.trades[0].sizing, "size" in parsed.missing) == (None, True)


def of_words(said: str, draft: Draft | None = None) -> list[str]:
    return codes(READER.parse(said, ParseContext(now=NOW, draft=draft)))


@pytest.mark.parametrize(
    "said",
    [
        "buy ₹50000 of coke",
        "buy 50000 rupees of coke",
        "buy 10 coke at rs 60",
        "buy 10 coke sl ₹50",
        "buy $1000 of infy",
        "buy 1000 dollars of infy",
        "buy 10 infy at $15",
    ],
)
def test_money_of_another_currency_is_refused_and_never_taken_for_the_own(said: str) -> None:
    assert of_words(said) == ["CURRENCY_MISMATCH"]


@pytest.mark.parametrize(
    "said", ["buy ₹5000 of infy", "buy $1000 of coke", "buy 10 infy at rs 1480"]
)
def test_money_of_its_own_currency_is_taken(said: str) -> None:
    assert of_words(said) == []


def test_money_said_a_turn_earlier_keeps_its_currency() -> None:
    assert of_words("coke", unfinished("buy ₹50000 worth")) == ["CURRENCY_MISMATCH"]


def resting(tradingsymbol: str, side: Side, order_id: str) -> OpenOrder:
    return OpenOrder(
        order_id=order_id,
        instrument=ref(tradingsymbol),
        side=side,
        quantity=Decimal(10),
        price=Decimal(1475),
    )


RESTING = (resting("INFY", Side.BUY, "101"), resting("TCS", Side.SELL, "102"))


@pytest.mark.parametrize(
    "said",
    [
        "infy cancel mat karo",
        "sab order cancel mat karna",
        "cancel nothing",
        "cancel infy?",
        "cancel all?",
        "infy cancelled?",
        "cancelled infy",
    ],
)
def test_a_question_or_a_refusal_cancels_nothing(said: str) -> None:
    assert say(said, open_orders=RESTING).kind is not MessageKind.CANCEL


@pytest.mark.parametrize(
    "said", ["cancel intraday orders", "cancel limit orders", "cancel cnc orders", "cancel 5 infy"]
)
def test_a_cancel_of_some_is_not_taken_for_one_of_all(said: str) -> None:
    parsed = say(said, open_orders=RESTING)
    assert (parsed.kind, parsed.missing) == (MessageKind.CANCEL, ("order",))
    assert (parsed.cancel_all, parsed.order_ids) == (False, ())


@pytest.mark.parametrize("said", ["cancel infy", "can you cancel infy?", "cancel my 10 infy order"])
def test_a_plain_cancel_is_still_one(said: str) -> None:
    parsed = say(said, open_orders=RESTING)
    assert (parsed.kind, parsed.symbols, parsed.missing) == (MessageKind.CANCEL, (INFY,), ())


def test_leaving_all_orders_sells_nothing_of_what_is_held() -> None:
    assert not say("exit all orders", positions=held(50), open_orders=RESTING).trades


@pytest.mark.parametrize(
    "said",
    ["take infy down to 25 shares", "bring infy down to 25 shares", "take my infy down to 25"],
)
def test_how_far_down_says_which_way_whatever_the_verb(said: str) -> None:
    trade = say(said, holdings=held(60)).trades[0]
    assert trade.side is Side.SELL
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(35)


@pytest.mark.parametrize(
    "said",
    [
        "infy ka stop loss 1449 pe daal do",
        "infy ka stop loss 1449 pe daal dijiye",
        "infy pe sl 1449 dal do",
        "infy ka stop loss 1449 pe laga do",
    ],
)
def test_a_stop_put_in_in_hinglish_guards_what_is_held_and_buys_nothing(said: str) -> None:
    trade = say(said, holdings=held(60)).trades[0]
    assert (trade.side, trade.trigger_price) == (Side.SELL, Decimal(1449))


@pytest.mark.parametrize("goes", ["jaye", "jaaye", "jae", "aa jaaye", "chala jaaye"])
@pytest.mark.parametrize(("way", "op"), [("neeche", Operator.LT), ("upar", Operator.GT)])
def test_a_price_goes_up_and_down_in_every_spelling(goes: str, way: str, op: Operator) -> None:
    trade = say(f"agar infy 1450 ke {way} {goes} to 20 kharid lena").trades[0]
    assert trade.condition is not None
    assert (trade.side, trade.condition.operator) == (Side.BUY, op)


def test_dropping_what_is_pending_cancels_and_dropping_what_is_held_does_not() -> None:
    assert say("drop all my pending buy orders").kind is MessageKind.CANCEL
    assert not say("drop all my infy", holdings=held(60)).trades
