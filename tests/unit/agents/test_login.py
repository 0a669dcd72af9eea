"""A turn that needs a login says so on a card, and never has the link."""

import pytest
from langgraph.runtime import Runtime

from agents.intent.model import MessageKind, ParsedMessage, QueryTopic
from agents.nodes.answer import OWN_RECORDS, answer
from agents.nodes.gather import gather
from agents.nodes.login import LOG_OUT, LOGIN_NEEDED, NO_LOGIN
from agents.nodes.parse import parse
from agents.state import TurnState
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.traces import TurnOutcome
from tests.fakes.turn import FakeSystem, RecordedEvents, a_context, a_view
from tests.unit.riskgate.builders import a_ledger, a_snapshot
from tools.ports import BrokerLogin

EXPIRED = BrokerLogin(
    state="EXPIRED",
    is_active=False,
    headline="The login at Kite is over.",
    advice="Log in again.",
)
ACTIVE = BrokerLogin(state="ACTIVE", is_active=True, headline="Logged in at Kite.")
TRADE: TurnState = {
    "message": "buy 10 infy",
    "parsed": {"kind": "trade", "trades": [{"symbols": []}]},
}


def asking(topic: QueryTopic) -> TurnState:
    parsed = ParsedMessage(kind=MessageKind.QUERY, topic=topic)
    return {"message": "words", "parsed": parsed.model_dump(mode="json")}


async def test_a_trade_without_a_login_is_denied_with_a_card_that_leads_to_it() -> None:
    system = FakeSystem(account=a_view(None, a_ledger(), "down"), signed_in=EXPIRED)
    events = RecordedEvents()
    found = await gather(TRADE, Runtime(context=a_context(system, events=events)))

    assert (found["path"], found["outcome"], found["error_code"]) == (
        "stop",
        TurnOutcome.DENIED,
        LOGIN_NEEDED,
    )
    assert found["explanations"] == [EXPIRED.headline, EXPIRED.advice, "Nothing was sent."]
    (card,) = events.cards
    assert (card.kind, card.status, card.title) == (
        CardKind.CONNECT,
        CardStatus.INFO,
        "Log in at Kite",
    )
    assert card.fields == {
        "state": "EXPIRED",
        "headline": EXPIRED.headline,
        "advice": EXPIRED.advice,
        "hindrances": [],
    }


@pytest.mark.parametrize("login", [None, ACTIVE])
async def test_a_broker_that_is_down_for_another_reason_is_not_called_a_login(
    login: BrokerLogin | None,
) -> None:
    system = FakeSystem(account=a_view(None, a_ledger(), "down"), signed_in=login)
    events = RecordedEvents()
    found = await gather(TRADE, Runtime(context=a_context(system, events=events)))
    assert (found["error_code"], events.cards) == ("BROKER_UNAVAILABLE", [])


async def test_positions_without_a_login_show_the_ledger_and_the_card() -> None:
    system = FakeSystem(account=a_view(None, a_ledger(), "The login is over."), signed_in=EXPIRED)
    events = RecordedEvents()
    found = await answer(
        asking(QueryTopic.POSITIONS), Runtime(context=a_context(system, events=events))
    )
    assert [card.kind for card in events.cards] == [CardKind.CONNECT, CardKind.INSIGHT]
    assert found["explanations"][0] == "The login is over."


@pytest.mark.parametrize("topic", [QueryTopic.ORDERS, QueryTopic.TRADES])
async def test_orders_without_a_login_say_first_that_they_may_be_behind(topic: QueryTopic) -> None:
    events = RecordedEvents()
    context = a_context(FakeSystem(signed_in=EXPIRED), events=events)
    found = await answer(asking(topic), Runtime(context=context))
    assert [card.kind for card in events.cards] == [CardKind.CONNECT, CardKind.INSIGHT]
    assert found["explanations"][0] == f"{EXPIRED.headline} {OWN_RECORDS}"
    assert events.cards[1].fields["warning"] == found["explanations"][0]


@pytest.mark.parametrize("login", [None, ACTIVE])
async def test_orders_of_an_account_that_needs_no_login_carry_no_warning(
    login: BrokerLogin | None,
) -> None:
    context = a_context(FakeSystem(signed_in=login))
    found = await answer(asking(QueryTopic.ORDERS), Runtime(context=context))
    assert found["explanations"] == ["No order is open."]


async def test_with_the_book_at_hand_nobody_asks_about_the_login() -> None:
    system = FakeSystem(account=a_view(a_snapshot(), a_ledger()))
    await answer(asking(QueryTopic.POSITIONS), Runtime(context=a_context(system)))
    assert "login" not in system.asked


@pytest.mark.parametrize(
    ("login", "kind", "said"),
    [
        (EXPIRED, CardKind.CONNECT, [EXPIRED.headline, EXPIRED.advice]),
        (ACTIVE, CardKind.CONNECT, [ACTIVE.headline, LOG_OUT]),
        (None, CardKind.INSIGHT, [NO_LOGIN]),
    ],
)
async def test_who_asks_about_the_login_is_told_how_it_stands(
    login: BrokerLogin | None, kind: CardKind, said: list[str]
) -> None:
    system, events = FakeSystem(signed_in=login), RecordedEvents()
    found = await answer(
        asking(QueryTopic.CONNECTION), Runtime(context=a_context(system, events=events))
    )
    assert [card.kind for card in events.cards] == [kind]
    assert found["explanations"] == said


@pytest.mark.parametrize(
    ("message", "kind", "path"),
    [
        ("is kite connected?", MessageKind.CHAT, "answer"),
        ("when does my login expire?", MessageKind.QUERY, "answer"),
        ("is kite a bird?", MessageKind.CHAT, "stop"),
        ("login", MessageKind.REFUSE, "stop"),
    ],
)
async def test_words_about_the_login_are_a_question_where_the_parser_heard_small_talk(
    message: str, kind: MessageKind, path: str
) -> None:
    system = FakeSystem(parsed=ParsedMessage(kind=kind))
    found = await parse({"message": message}, Runtime(context=a_context(system)))
    assert found["path"] == path
