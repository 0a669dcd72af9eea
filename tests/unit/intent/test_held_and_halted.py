"""Questions that need no symbol: parts of what is held, stops, and how trading is stopped."""

import pytest

from agents.intent.model import (
    HeldPosition,
    MessageKind,
    OpenOrder,
    QueryDetail,
    QueryTopic,
)
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Side
from tests.unit.intent.talk import say


@pytest.mark.parametrize(
    ("said", "topic", "detail"),
    [
        ("show my losing holdings", QueryTopic.HOLDINGS, QueryDetail.LOSERS),
        ("winners", QueryTopic.POSITIONS, QueryDetail.WINNERS),
        ("show my winners", QueryTopic.POSITIONS, QueryDetail.WINNERS),
        ("my biggest position", QueryTopic.POSITIONS, QueryDetail.LARGEST),
        ("smallest holding", QueryTopic.HOLDINGS, QueryDetail.SMALLEST),
        ("which of my stocks are down today", QueryTopic.HOLDINGS, QueryDetail.DOWN_TODAY),
        ("which of my holdings are in profit?", QueryTopic.HOLDINGS, QueryDetail.WINNERS),
        ("konse share loss me hai", QueryTopic.HOLDINGS, QueryDetail.LOSERS),
        ("what's my worst stock", QueryTopic.HOLDINGS, QueryDetail.LOSERS),
        ("where is my stop on tcs", QueryTopic.ORDERS, QueryDetail.STOPS),
        ("what are my stops", QueryTopic.ORDERS, QueryDetail.STOPS),
        ("show my protections", QueryTopic.ORDERS, QueryDetail.STOPS),
        ("which positions have no stop", QueryTopic.ORDERS, QueryDetail.STOPS),
        ("tcs ka stop loss kahan hai", QueryTopic.ORDERS, QueryDetail.STOPS),
        ("aaj ka brief do", QueryTopic.PORTFOLIO, QueryDetail.BRIEF),
        ("subah ka brief", QueryTopic.PORTFOLIO, QueryDetail.BRIEF),
        ("mera P&L kya hai", QueryTopic.PNL, None),
        ("kitna paisa bacha hai", QueryTopic.MARGIN, None),
        ("mere orders dikhao", QueryTopic.ORDERS, None),
    ],
)
def test_a_question_about_the_book_is_read(
    said: str, topic: QueryTopic, detail: QueryDetail | None
) -> None:
    parsed = say(said)
    assert (parsed.kind, parsed.topic, parsed.detail) == (MessageKind.QUERY, topic, detail)
    assert parsed.missing == ()


@pytest.mark.parametrize(
    "said",
    [
        "best stocks to buy",
        "should i sell my losers",
        "how does a stop loss work",
        "where should i put my stop on tcs",
        "why was my stop hit",
        "my friend says my losing holdings are trash",
        "if my biggest position falls what happens",
    ],
)
def test_what_asks_for_advice_or_tells_a_story_is_no_part_of_the_book(said: str) -> None:
    parsed = say(said)
    parts = {*QueryDetail} - {QueryDetail.WHY, QueryDetail.WHY_NOT, QueryDetail.LOG}
    assert parsed.detail not in parts
    assert parsed.kind is not MessageKind.TRADE


def test_leaving_the_losers_is_still_an_order() -> None:
    held = (HeldPosition(instrument=_ref("TCS"), quantity=10, average=100, last=90),)
    for said in ("exit all my losing holdings", "dump every holding of mine that's in the red"):
        parsed = say(said, holdings=held)
        assert parsed.kind is MessageKind.TRADE
        assert parsed.trades[0].symbols == (_ref("TCS"),)


@pytest.mark.parametrize(
    "said",
    [
        "halt trading",
        "stop all trading now",
        "pause trading please",
        "sab band karo",
        "sab kuch band kar do",
        "trading band karo abhi",
        "kill switch on karo",
        "turn on the kill switch",
        "emergency stop",
        "stop everything!",
    ],
)
def test_words_that_stop_trading_ask_how_and_close_nothing(said: str) -> None:
    held = (HeldPosition(instrument=_ref("TCS"), quantity=10),)
    parsed = say(said, holdings=held, positions=held)
    assert (parsed.kind, parsed.topic) == (MessageKind.QUERY, QueryTopic.RISK)
    assert parsed.detail is QueryDetail.HALT
    assert parsed.trades == ()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("disable the kill switch", MessageKind.REFUSE),
        ("is the kill switch on?", MessageKind.QUERY),
        ("don't stop trading", MessageKind.CHAT),
    ],
)
def test_what_only_speaks_of_the_switch_is_read_as_before(said: str, kind: MessageKind) -> None:
    parsed = say(said)
    assert parsed.kind is kind
    assert parsed.detail is not QueryDetail.HALT


@pytest.mark.parametrize(
    "said",
    [
        "move stop of tcs to 2%",
        "move my stop on tcs to 3250",
        "trail my stop on tcs",
        "tighten my stop on tcs",
        "change my target on tcs to 3600",
        "remove the target on tcs",
    ],
)
def test_moving_a_stop_is_a_change_and_never_an_order(said: str) -> None:
    held = (HeldPosition(instrument=_ref("TCS"), quantity=10),)
    parsed = say(said, positions=held)
    assert (parsed.kind, parsed.detail) == (MessageKind.MODIFY, QueryDetail.STOPS)
    assert parsed.symbols == (_ref("TCS"),)


@pytest.mark.parametrize(
    "said", ["remove the stop on tcs", "cancel my stop on tcs", "tcs ka sl hata do"]
)
def test_taking_a_stop_off_means_the_stop_and_no_other_order(said: str) -> None:
    resting = OpenOrder(order_id="ord-1", instrument=_ref("TCS"), side=Side.SELL)
    parsed = say(said, open_orders=(resting,))
    assert (parsed.kind, parsed.symbols) == (MessageKind.CANCEL, (_ref("TCS"),))
    assert parsed.stops_only


def test_placing_a_stop_is_an_order_as_before() -> None:
    held = (HeldPosition(instrument=_ref("TCS"), quantity=10),)
    parsed = say("put a stop on tcs at 3250", positions=held)
    assert parsed.kind is MessageKind.TRADE
    assert parsed.trades[0].trigger_price == 3250


def _ref(symbol: str) -> InstrumentRef:
    return InstrumentRef.model_validate({"exchange": "NSE", "tradingsymbol": symbol})


def test_a_cancel_of_one_side_of_a_name_leaves_its_other_orders() -> None:
    parsed = say("cancel my tcs sell orders")
    assert (parsed.symbols, parsed.side) == ((_ref("TCS"),), Side.SELL)


def test_a_cancel_beside_another_request_cancels_not_everything() -> None:
    parsed = say("cancel buy orders and sell everything")
    assert (parsed.cancel_all, parsed.trades) == (False, ())
