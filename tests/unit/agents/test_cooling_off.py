"""Words of haste are asked about once; a yes plans the trade, a setting ends the question."""

from dataclasses import replace
from typing import Any

import pytest
from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.intent.model import COOLING, Draft, MessageKind, ParseContext, ParsedMessage, TradeDraft
from agents.nodes.ask import ask
from agents.nodes.guarding import chosen_orders
from agents.nodes.parse import parse
from riskgate.contracts.orders import Side
from riskgate.contracts.traces import TurnOutcome
from tests.builders import UI, sizing
from tests.fakes.turn import FakeSystem, RecordedEvents, a_context
from tests.unit.intent.talk import say
from tests.unit.riskgate.builders import NOW, a_ref

DRAFT = TradeDraft(
    side=Side.BUY,
    symbols=(a_ref(),),
    sizing=sizing("quantity", 10),
    provenance={"side": UI, "symbols": UI, "sizing": UI},
)
HASTY = ParsedMessage(kind=MessageKind.TRADE, trades=(DRAFT,), cooling_off="all in")


def at_work(context: TurnContext) -> Runtime[TurnContext]:
    return Runtime(context=context)


async def read(context: TurnContext) -> dict[str, Any]:
    return dict(await parse({"message": "words"}, at_work(context)))


async def test_words_of_haste_are_asked_about_with_the_words_themselves() -> None:
    state = await read(a_context(FakeSystem(parsed=HASTY)))
    assert state["path"] == "ask"
    assert "'all in'" in state["question"]
    assert state["parsed"]["missing"] == [COOLING]
    events = RecordedEvents()
    state["message"] = "buy 10 INFY, all in"
    asked = await ask(state, at_work(a_context(FakeSystem(), events=events)))  # type: ignore[arg-type]
    assert (asked["outcome"], asked["error_code"]) == (TurnOutcome.NEEDS_INPUT, "COOLING_OFF")
    assert events.cards[0].fields["choices"] == ["yes", "never mind"]
    kept = Draft.model_validate(asked["draft"])
    assert (kept.trade, kept.missing) == (DRAFT, (COOLING,))


async def test_a_setting_turns_the_question_off() -> None:
    context = a_context(FakeSystem(parsed=HASTY))
    context = replace(context, defaults=replace(context.defaults, cooling_off=False))
    assert (await read(context))["path"] == "plan"


async def test_what_was_confirmed_is_not_asked_again() -> None:
    draft = Draft(trade=DRAFT, missing=(COOLING,), message="buy 10 INFY, all in")
    context = a_context(FakeSystem(parsed=HASTY), parse_context=ParseContext(now=NOW, draft=draft))
    assert (await read(context))["path"] == "plan"


@pytest.mark.parametrize("answer", ["yes", "ok, go ahead", "haan"])
def test_a_plain_yes_takes_the_trade_as_it_was(answer: str) -> None:
    draft = Draft(trade=DRAFT, missing=(COOLING,), message="buy 10 INFY, all in")
    parsed = say(answer, draft=draft)
    assert (parsed.trades, parsed.missing, parsed.cooling_off) == ((DRAFT,), (), None)


@pytest.mark.parametrize("answer", ["hmm", "20", "no", "never mind", "yes but later"])
def test_anything_else_confirms_nothing(answer: str) -> None:
    draft = Draft(trade=DRAFT, missing=(COOLING,), message="buy 10 INFY, all in")
    assert say(answer, draft=draft).trades == ()


async def test_a_cancel_of_alerts_cancels_no_order() -> None:
    alerts = ParsedMessage(kind=MessageKind.CANCEL, alerts=True, cancel_all=True)
    state = await read(a_context(FakeSystem(parsed=alerts)))
    assert (state["path"], state["error_code"]) == ("stop", "NOT_AVAILABLE")
    assert chosen_orders(a_context(FakeSystem()).parse_context, alerts) == ()


async def test_research_is_understood_and_not_available_yet() -> None:
    research = ParsedMessage(kind=MessageKind.RESEARCH)
    state = await read(a_context(FakeSystem(parsed=research)))
    assert (state["outcome"], state["error_code"]) == (TurnOutcome.NOT_EXECUTED, "NOT_AVAILABLE")
