"""Answers to a question complete the draft; a new order replaces it; "no" drops it."""

from decimal import Decimal

import pytest

from agents.intent.model import Draft, HeldPosition, MessageKind
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Comparison, SizingMethod
from riskgate.contracts.orders import OrderType, Product, Side
from tests.unit.intent.fake_directory import ref
from tests.unit.intent.talk import codes, say, unfinished


def test_a_number_answers_how_many_and_points_into_the_new_message() -> None:
    parsed = say(" 10 ", draft=unfinished("buy infy"))
    (trade,) = parsed.trades
    assert parsed.missing == ()
    assert trade.side is Side.BUY
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(10)
    assert (trade.provenance["sizing"].start, trade.provenance["sizing"].end) == (1, 3)
    assert trade.provenance["symbols"].text == "infy"


@pytest.mark.parametrize(
    ("answer", "symbol"),
    [
        ("hdfc life", "HDFCLIFE"),
        ("HDFCBANK", "HDFCBANK"),
        ("the first one", "HDFCBANK"),
        ("second", "HDFCLIFE"),
        ("life", "HDFCLIFE"),
        ("the bank", "HDFCBANK"),
    ],
)
def test_a_choice_is_made_by_name_place_or_a_word_of_the_name(answer: str, symbol: str) -> None:
    parsed = say(answer, draft=unfinished("buy 10 hdfc"))
    assert parsed.trades[0].symbols == (ref(symbol),)
    assert parsed.missing == ()


@pytest.mark.parametrize("answer", ["2", "the fifth one", "hdfc", "gold"])
def test_a_choice_that_is_not_clear_picks_nothing(answer: str) -> None:
    parsed = say(answer, draft=unfinished("buy 10 hdfc"))
    assert all(trade.symbols == () for trade in parsed.trades)


def test_a_number_answers_the_one_price_that_is_lacking() -> None:
    (limit,) = say("1480", draft=unfinished("limit order buy 10 infy")).trades
    assert limit.limit_price == Decimal(1480)
    (trigger,) = say("1405", draft=unfinished("sl order sell 10 infy at 1400")).trades
    assert (trigger.order_type, trigger.trigger_price) == (OrderType.SL, Decimal(1405))
    (stop,) = say("1400", draft=unfinished("buy 10 infy with a stop loss")).trades
    assert stop.stop_loss is not None
    assert stop.stop_loss.value == Decimal(1400)


def test_a_number_that_may_answer_two_questions_answers_neither() -> None:
    draft = unfinished("limit order buy infy")
    assert draft.missing == ("size", "limit_price")
    assert say("1480", draft=draft).kind is MessageKind.CHAT
    (trade,) = say("10 at 1480", draft=draft).trades
    assert trade.limit_price == Decimal(1480)
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal(10)


def test_one_answer_may_say_several_things() -> None:
    (trade,) = say("20 cnc at 1480", draft=unfinished("buy infy")).trades
    assert (trade.product, trade.order_type) == (Product.CNC, OrderType.LIMIT)


def test_money_answers_how_much() -> None:
    (trade,) = say("₹50,000", draft=unfinished("buy infy")).trades
    assert trade.sizing is not None
    assert trade.sizing.method is SizingMethod.NOTIONAL


def test_all_and_half_answer_only_how_much_to_leave() -> None:
    (trade,) = say("half", draft=unfinished("sell infy")).trades
    assert trade.sizing is not None
    assert trade.sizing.value == Decimal("0.5")
    assert say("half", draft=unfinished("buy infy")).kind is MessageKind.CHAT


def test_a_condition_is_answered_for_the_draft_s_own_instrument() -> None:
    draft = unfinished("buy 10 infy if rsi is low")
    parsed = say("if price is above 1500", draft=draft)
    assert parsed.missing == ()
    rule = parsed.trades[0].entry_rules[0]
    assert (rule.instrument, rule.comparison) == (ref("INFY"), Comparison.GT)


def test_a_value_nobody_can_trade_leaves_the_question_open() -> None:
    parsed = say("0", draft=unfinished("buy infy"))
    assert codes(parsed) == ["QUANTITY_INVALID"]
    assert parsed.missing == ("size",)


def test_a_full_order_replaces_the_draft() -> None:
    (trade,) = say("sell 5 tcs", draft=unfinished("buy infy")).trades
    assert (trade.side, trade.symbols) == (Side.SELL, (ref("TCS"),))
    assert trade.provenance["side"].start == 0


def test_another_instrument_without_a_side_is_no_answer() -> None:
    assert say("tcs 5", draft=unfinished("buy infy")).kind is MessageKind.CHAT


@pytest.mark.parametrize("answer", ["no", "never mind", "cancel that", "forget it", "cancel"])
def test_the_draft_is_dropped(answer: str) -> None:
    parsed = say(answer, draft=unfinished("buy infy"))
    assert parsed.kind is MessageKind.CHAT
    assert parsed.drops_draft


def test_approval_words_and_questions_leave_the_draft_alone() -> None:
    draft = unfinished("buy infy")
    assert say("yes, go ahead", draft=draft).trades == ()
    assert not say("yes, go ahead", draft=draft).drops_draft
    assert say("price of infy", draft=draft).kind is MessageKind.QUERY


def held(instrument: InstrumentRef) -> HeldPosition:
    return HeldPosition(instrument=instrument, quantity=Decimal(-5))


def test_an_exit_learns_its_side_with_its_instrument() -> None:
    positions = (held(ref("HDFCBANK")), held(ref("HDFCLIFE")))
    asked = say("exit hdfc", positions=positions)
    draft = Draft(
        trade=asked.trades[0],
        missing=asked.missing,
        ambiguous=asked.ambiguous,
        message="exit hdfc",
    )
    (trade,) = say("life", draft=draft, positions=positions).trades
    assert trade.side is Side.BUY
