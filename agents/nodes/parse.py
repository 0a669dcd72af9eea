"""Read the message."""

from dataclasses import replace

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.intent.connection import is_about_login
from agents.intent.files import FILE_ORDER, about_file, asked, figure_asked
from agents.intent.model import (
    CONFIRMABLE,
    COOLING,
    REPEAT,
    UNGUARDED,
    Draft,
    FileQuestion,
    FileWish,
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryDetail,
    QueryTopic,
)
from agents.intent.pages import page_topic
from agents.intent.what_if import what_if_of
from agents.nodes.guarding import chosen_orders, guard_question, guards_among
from agents.nodes.near_price import price_not_size, size_or_price_question
from agents.nodes.step import step
from agents.reading.looks import Looker
from agents.reading.reader import MEANING, Understood
from agents.state import TurnState, refused
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.traces import TurnOutcome
from tools.ports import EarlierRequest
from tools.propose.withdraw_card import withdraw_card
from tools.read.find_repeat import find_repeat

CHAT_HELP = (
    "I did not read an order or a question about your account in that. "
    "Try 'buy 10 INFY at market, cnc', 'price of TCS', 'positions' or 'orders'. "
    "A waiting card is decided by its buttons, never by words. "
    "To stop trading: 'Pause, drain, stop' in the side panel, or 'sigmatrader kill on'."
)
REFUSAL = (
    "I cannot do that: limits, approvals, the kill switch and credentials are changed by people, "
    "not in chat. To stop trading use 'Pause, drain, stop' in the side panel, "
    "'sigmatrader kill on' or POST /api/v1/kill-switch."
)
FILE_REFUSAL = (
    "I cannot do that: nothing is ordered, changed or approved by what stands in a file. A file "
    "may be anybody's words, so each order must be in your own."
)
FILE_REMEDY = (
    "Say each one yourself, for example 'buy 10 INFY at market, cnc'. To look into the file: "
    "'show the file', 'rows where symbol is INFY', 'compare this with my positions'."
)
KEEPS_DRAFT = frozenset({MessageKind.CHAT, MessageKind.QUERY})
NO_ALERTS = "Alerts are not available yet, so there is none to cancel. No order was cancelled."
DROPPED = "Dropped; nothing was planned, sent or cancelled."
CARD_WAITS = (
    "A card waits, and words approve nothing: it is approved or rejected by its buttons, in the "
    "terminal after '/cards'. 'make it 20' changes it, 'never mind' takes it back."
)
NOTHING_OPEN = (
    "No order placed here is open, so there is nothing to cancel. 'orders' shows the day's."
)
WITHDRAWN = "The card was withdrawn; nothing was sent."
STOP_STAYS = (
    "Stops and targets that are kept cannot be moved or made to trail yet, so nothing was changed: "
    "what rests at the broker rests there. To replace one: 'cancel my TCS stop' takes it off "
    "(asked about first), then 'put a stop on TCS at 3250' makes a card for a new one. Between the "
    "two the position has none. 'show my stops' tells where they are."
)
NOT_YET = {
    MessageKind.RESEARCH: "Research, backtests and models are not available yet.",
    MessageKind.MODIFY: "Changing orders is not available yet; cancel the order and ask again.",
    MessageKind.MONITOR: "Watches are not available yet.",
}


async def parse(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Decide what kind of message this is and where the turn goes."""
    context = runtime.context
    draft = context.parse_context.draft
    with step(context, "parse"):
        understood = await _read(context, state["message"])
        parsed = understood.parsed
        if context.caller.relay is not None:
            parsed = relayed(parsed)
        doubted = await price_not_size(context, parsed)
        withdrawal = await _withdrawn(context, parsed, state["message"])
    decided = _decide(parsed, context.parse_context) if withdrawal is None else withdrawal
    if doubted is not parsed:
        parsed = doubted
        decided = {"path": "ask", "question": size_or_price_question(doubted)}
    if understood.question is not None:
        decided["question"] = understood.question
    if understood.wants_more and decided["path"] in {"ask", "stop"}:
        decided["path"], decided["wants_more"] = "ask", True
    decided["reading"] = {"by": understood.by, "notes": list(understood.notes)}
    if parsed.amends_draft and draft is not None:
        decided["supersedes"] = draft.card_id
    if draft is not None and _stays(draft, parsed):
        decided["draft"] = draft.model_dump(mode="json")
    if not _confirmed(draft):
        parsed = await _asked_first(context, state["message"], parsed, decided)
    decided["kind"] = parsed.kind.value
    decided["parsed"] = parsed.model_dump(mode="json")
    return decided


async def _asked_first(
    context: TurnContext, message: str, parsed: ParsedMessage, decided: TurnState
) -> ParsedMessage:
    """Turn what is asked about once before it is done into that question."""
    name, question = None, ""
    if decided["path"] == "cancel":
        orders = chosen_orders(context.parse_context, parsed)
        guards = guards_among(context.parse_context, orders)
        if guards:
            name, question = UNGUARDED, guard_question(guards)
            decided["cancels"] = list(orders)
    elif decided["path"] == "plan" and _is_hasty(context, parsed):
        name, question = COOLING, cooling_question(parsed.cooling_off or "")
    elif decided["path"] == "plan":
        earlier = await find_repeat(context.toolbox, context.proposer, context.caller, message)
        if earlier is not None:
            passed_on = context.caller.relay is not None
            name, question = REPEAT, repeat_question(earlier, passed_on=passed_on)
    if name is None:
        return parsed
    decided["path"], decided["question"] = "ask", question
    return parsed.model_copy(update={"missing": (name,)})


def _stays(draft: Draft, parsed: ParsedMessage) -> bool:
    """Say whether an unfinished request waits on; one on a card does until it is changed."""
    if parsed.drops_draft:
        return False
    return parsed.kind in KEEPS_DRAFT or draft.card_id is not None


async def _withdrawn(context: TurnContext, parsed: ParsedMessage, message: str) -> TurnState | None:
    """Take back the card of a trade that the person said no to; None where there is none."""
    draft = context.parse_context.draft
    if not parsed.drops_draft or draft is None or draft.card_id is None:
        return None
    refusal = await withdraw_card(
        context.toolbox, context.withdrawer, context.caller, draft.card_id, because=message
    )
    if refusal is not None:
        return refused(TurnOutcome.NOT_EXECUTED, refusal.code, refusal.message, refusal.remedy)
    return _said(WITHDRAWN)


async def _read(context: TurnContext, message: str) -> Understood:
    said = context.parse_context
    if (
        context.caller.relay is not None
        and said.draft
        and ({MEANING, COOLING, UNGUARDED} & {*said.draft.missing} or said.draft.card_id)
    ):
        # A program cannot say yes to how a person's words were read, to their haste or to leaving
        # a position without its stop, and changes no card of theirs.
        said = said.model_copy(update={"draft": None})
    file = about_file(message, said)
    if file is not None:
        return Understood(parsed=file)
    understood = await context.reader.read(message, said, context.model, _looker(context))
    parsed = understood.parsed
    if parsed.kind is MessageKind.CHAT and not parsed.drops_draft and said.files:
        file = _of_the_file(message, said, parsed)
        if file is not None:
            return replace(understood, parsed=file, question=None)
    orders_nothing = parsed.kind in {MessageKind.CHAT, MessageKind.QUERY}
    if orders_nothing and not parsed.symbols and is_about_login(message):
        about = parsed.model_copy(
            update={"kind": MessageKind.QUERY, "topic": QueryTopic.CONNECTION}
        )
        return replace(understood, parsed=about)
    if orders_nothing:
        other = _looked_at(context, message, parsed) or _weighed(context, said, message)
        if other is not None:
            return replace(understood, parsed=other, question=None, wants_more=False)
    return understood


def _looked_at(context: TurnContext, message: str, parsed: ParsedMessage) -> ParsedMessage | None:
    """Return the question that words about the page itself ask, where nothing else is meant."""
    found = page_topic(message, context.page) if parsed.kind is MessageKind.CHAT else None
    if found is None:
        return None
    topic, detail = found
    focus = context.parse_context.focus_symbol
    return ParsedMessage(
        kind=MessageKind.QUERY,
        topic=topic,
        detail=detail,
        symbols=() if focus is None else (focus,),
    )


def _weighed(context: TurnContext, said: ParseContext, message: str) -> ParsedMessage | None:
    """Return the question whether a trade would pass, where the message asks it."""
    if what_if_of(message, context.directory, said) is None:
        return None
    return ParsedMessage(
        kind=MessageKind.QUERY, topic=QueryTopic.DECISION, detail=QueryDetail.WHAT_IF
    )


def _of_the_file(message: str, said: ParseContext, parsed: ParsedMessage) -> ParsedMessage | None:
    """Return what words that mean nothing else may ask of a file: a figure, or to see one that
    was attached to them."""
    figure = figure_asked(message)
    if figure is not None or not said.files_named_now or parsed.problems:
        return figure
    return asked(FileQuestion(wish=FileWish.SHOW))


def _decide(parsed: ParsedMessage, said: ParseContext) -> TurnState:
    if parsed.drops_draft:
        return _said(DROPPED)
    if parsed.kind is MessageKind.TRADE and parsed.ambiguous and len(parsed.trades) == 1:
        return {"path": "ask"}
    if parsed.problems:
        problem = parsed.problems[0]
        return refused(TurnOutcome.NEEDS_INPUT, problem.code, problem.message, problem.remedy)
    match parsed.kind:
        case MessageKind.TRADE:
            unclear = bool(parsed.missing or parsed.ambiguous or len(parsed.trades) != 1)
            return {"path": "ask" if unclear else "plan"}
        case MessageKind.QUERY:
            return {"path": "answer"}
        case MessageKind.CANCEL:
            return _cancelling(parsed, said)
        case MessageKind.CHAT:
            return _said(_help(said))
        case MessageKind.REFUSE if parsed.reason == FILE_ORDER:
            return refused(TurnOutcome.DENIED, "FILE_NOT_AN_ORDER", FILE_REFUSAL, FILE_REMEDY)
        case MessageKind.REFUSE:
            return refused(TurnOutcome.DENIED, "REQUEST_REFUSED", REFUSAL)
        case MessageKind.MODIFY if _of_a_stop(parsed):
            return refused(TurnOutcome.NOT_EXECUTED, "NOT_AVAILABLE", STOP_STAYS)
        case _:
            return refused(TurnOutcome.NOT_EXECUTED, "NOT_AVAILABLE", NOT_YET[parsed.kind])


def _cancelling(parsed: ParsedMessage, said: ParseContext) -> TurnState:
    if parsed.alerts:
        return refused(TurnOutcome.NOT_EXECUTED, "NOT_AVAILABLE", NO_ALERTS)
    if parsed.missing and not said.open_orders:
        return refused(TurnOutcome.NOT_EXECUTED, "NO_OPEN_ORDER", NOTHING_OPEN)
    return {"path": "ask" if parsed.missing else "cancel"}


def _help(said: ParseContext) -> str:
    waits = said.draft is not None and said.draft.card_id is not None
    return CARD_WAITS if waits else CHAT_HELP


def _of_a_stop(parsed: ParsedMessage) -> bool:
    moved = parsed.changes is not None and parsed.changes.trigger_price is not None
    return moved or parsed.detail is QueryDetail.STOPS


def relayed(parsed: ParsedMessage) -> ParsedMessage:
    """Return what was read as words that a program passed on, not as the person's own."""
    trades = tuple(
        trade.model_copy(
            update={"provenance": {name: _passed_on(one) for name, one in trade.provenance.items()}}
        )
        for trade in parsed.trades
    )
    return parsed.model_copy(update={"trades": trades})


def _passed_on(source: Provenance) -> Provenance:
    if source.source is not ProvenanceSource.USER_SPAN:
        return source
    return source.model_copy(update={"source": ProvenanceSource.CLIENT_SPAN})


def repeat_question(earlier: EarlierRequest, *, passed_on: bool = False) -> str:
    """Ask whether the same words mean a second order; a program cannot say yes to that."""
    became = "was approved" if earlier.approved else "still waits for your approval"
    how = (
        "It is not asked for a second time; wait, or say it otherwise."
        if passed_on
        else "Say 'yes' to ask for it a second time, or 'never mind'."
    )
    return (
        f"You asked for the same {earlier.seconds_ago} seconds ago ({earlier.title}), and it"
        f" {became}. {how}"
    )


def _looker(context: TurnContext) -> Looker:
    return Looker(
        caller=context.caller,
        toolbox=context.toolbox,
        directory=context.directory,
        quotes=context.quotes,
        accounts=context.accounts,
        files=context.files,
        file_ids=context.parse_context.files if context.parse_context.files_named_now else (),
    )


def _confirmed(draft: Draft | None) -> bool:
    return draft is not None and bool(CONFIRMABLE & {*draft.missing})


def _is_hasty(context: TurnContext, parsed: ParsedMessage) -> bool:
    return context.defaults.cooling_off and parsed.cooling_off is not None


def cooling_question(words: str) -> str:
    """Ask once whether a trade said in haste, in anger or with everything is meant."""
    return (
        f"You said '{words}'. Trades made in haste or to win something back are the ones most"
        " often regretted. Say 'yes' to see the plan all the same, or 'never mind'."
    )


def _said(text: str) -> TurnState:
    return {
        "path": "stop",
        "outcome": TurnOutcome.ANSWERED,
        "error_code": None,
        "explanations": [text],
    }
