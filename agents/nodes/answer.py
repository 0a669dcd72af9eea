"""Answer a question about the account or the market with an insight card."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from langgraph.runtime import Runtime

from agents.context import TurnContext
from agents.insights.account import account_insight
from agents.insights.brief import Desk, brief_insight, hours_row, hours_sentence
from agents.insights.day import day_insight
from agents.insights.decisions import (
    NO_MATCH,
    NONE_YET,
    about_trades,
    decision_insight,
    expired_since,
    here_first,
    log_insight,
    meant,
)
from agents.insights.halt import halt_insight
from agents.insights.held import TITLES as PARTS
from agents.insights.held import part_insight
from agents.insights.insight import Cited, Insight, plain
from agents.insights.market import context_insight, quotes_insight
from agents.insights.orders import exceptions_insight, fills_insight, orders_insight
from agents.insights.risk import risk_insight
from agents.insights.stops import stops_insight
from agents.intent.model import ParsedMessage, QueryDetail, QueryTopic
from agents.intent.what_if import what_if_of
from agents.nodes.files import file_answer, not_used
from agents.nodes.login import NO_LOGIN, login_card, login_sentences, needed_login
from agents.nodes.step import step
from agents.nodes.what_if import weigh
from agents.state import TurnState
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.traces import TurnOutcome
from tools.offers import PAGE_MAX, PageAsked
from tools.ports import AccountView, MarketUnavailable
from tools.read.get_gains import get_gains
from tools.read.get_market_context import get_market_context
from tools.read.get_market_hours import get_market_hours
from tools.read.get_quotes import get_quotes
from tools.read.get_standing import get_standing
from tools.read.list_decisions import list_decisions
from tools.read.list_exceptions import list_exceptions
from tools.read.list_fills import list_fills
from tools.read.list_orders import list_orders
from tools.read.list_stops import list_stops
from tools.read.view_account import view_account
from tools.read.view_login import view_login

HELP: Final = (
    "Say what you want in your own words: 'buy 10 INFY at market, cnc', 'sell half my TCS', "
    "'buy 50000 worth of SBIN, stop 2%', 'price of RELIANCE', 'positions', 'orders', 'funds', "
    "'pnl', 'limits', 'show my losers', 'where are my stops', 'morning brief', 'trend of INFY', "
    "'why was it refused'. While a card waits: 'make it 20', 'at 1480 instead', 'never mind'."
)
# What is not answered in the conversation yet, and where it is found instead.
ELSEWHERE: Final = {
    QueryTopic.PLAN: "Plans that wait are on their cards, and in 'sigmatrader plan'.",
    QueryTopic.ALERTS: "Alerts are not available yet.",
    QueryTopic.JOBS: "There are no jobs yet.",
    QueryTopic.PLAYBOOKS: "There are no playbooks yet.",
}
# What could be meant of an attached file, too.
OF_THE_ACCOUNT: Final = frozenset(
    {
        QueryTopic.PORTFOLIO,
        QueryTopic.POSITIONS,
        QueryTopic.HOLDINGS,
        QueryTopic.ORDERS,
        QueryTopic.TRADES,
        QueryTopic.MARGIN,
        QueryTopic.PNL,
        QueryTopic.RISK,
    }
)
OWN_RECORDS: Final = (
    "These are our own records and may be behind: what was filled, cancelled or placed at the "
    "broker since is not in them."
)
NO_PRICES: Final = "The source of prices does not answer now. Nothing was sent; ask again soon."
PRICES_AFTER_LOGIN: Final = "Prices come from the broker, so there are none before you log in."
WHICH_PRICE: Final = "Which instrument's price? For example: price of INFY."
WHICH_TREND: Final = "Which instrument? For example: trend of INFY."


async def answer(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Read what the question is about and show it."""
    context = runtime.context
    parsed = ParsedMessage.model_validate(state["parsed"])
    with step(context, "answer"):
        if parsed.topic is QueryTopic.CONNECTION:
            said, inputs, code = await _connection(context), dict[str, object](), None
        else:
            insight = await _or_why_not(context, parsed, state["message"])
            source = await not_used(context) if _is_of_the_account(parsed) else None
            context.events.card(await context.cards.show(context.caller, insight.content()))
            said = [*([] if source is None else [source]), *insight.said]
            inputs, code = dict(insight.inputs), insight.code
    return {
        "inputs_used": inputs,
        "outcome": TurnOutcome.ANSWERED,
        "error_code": code,
        "explanations": said,
    }


def _is_of_the_account(parsed: ParsedMessage) -> bool:
    return parsed.topic in OF_THE_ACCOUNT and parsed.detail is not QueryDetail.HALT


async def _or_why_not(context: TurnContext, parsed: ParsedMessage, message: str) -> Insight:
    """Answer, or say that there are no prices and put the login before the person."""
    try:
        return await _insight(context, parsed, message)
    except MarketUnavailable:
        login = await needed_login(context)
        said = NO_PRICES if login is None else f"{login.headline} {PRICES_AFTER_LOGIN}"
        return plain("Price", said)


async def _insight(context: TurnContext, parsed: ParsedMessage, message: str) -> Insight:
    topic, symbols = parsed.topic or QueryTopic.HELP, parsed.symbols
    if topic is QueryTopic.FILE:
        return await file_answer(context, parsed.file)
    match topic:
        case QueryTopic.HELP:
            return plain("What I can do", HELP)
        case QueryTopic.QUOTE:
            return await _quotes(context, symbols)
        case QueryTopic.HISTORY:
            return await _context(context, symbols)
        case QueryTopic.ORDERS if parsed.detail is QueryDetail.STOPS:
            return await _stops(context, symbols)
        case QueryTopic.ORDERS:
            return await _orders(context)
        case QueryTopic.TRADES:
            return await _trades(context)
        case QueryTopic.EXCEPTIONS:
            return await _exceptions(context)
        case QueryTopic.DECISION:
            return await _decision(context, parsed, message)
        case QueryTopic.INSTRUMENT:
            return await _hours(context)
        case _ if topic in ELSEWHERE:
            return plain(topic.value.capitalize(), ELSEWHERE[topic])
        case _:
            return await _account(context, topic, parsed.detail)


async def _quotes(context: TurnContext, symbols: Sequence[InstrumentRef]) -> Insight:
    if not symbols:
        return plain("Price", WHICH_PRICE)
    return quotes_insight(symbols, await get_quotes(context.toolbox, context.quotes, symbols))


async def _context(context: TurnContext, symbols: Sequence[InstrumentRef]) -> Insight:
    if not symbols:
        return plain("Market context", WHICH_TREND)
    found = [await get_market_context(context.toolbox, context.insights, ref) for ref in symbols]
    return context_insight(found)


async def _orders(context: TurnContext) -> Insight:
    orders = await list_orders(context.toolbox, context.accounts, context.caller)
    return orders_insight(orders, await _behind(context))


async def _stops(context: TurnContext, symbols: Sequence[InstrumentRef]) -> Insight:
    view = await view_account(context.toolbox, context.accounts, context.caller)
    kept = await list_stops(context.toolbox, context.insights, context.caller)
    meant = [fact for fact in kept if not symbols or fact.instrument in symbols]
    refs = list(dict.fromkeys(fact.instrument for fact in meant))
    quotes = await get_quotes(context.toolbox, context.quotes, refs) if refs else ()
    return stops_insight(view, meant, symbols, quotes)


async def _trades(context: TurnContext) -> Insight:
    fills = await list_fills(context.toolbox, context.insights, context.caller)
    orders = await list_orders(context.toolbox, context.accounts, context.caller)
    return fills_insight(fills, orders, await _behind(context))


async def _behind(context: TurnContext) -> str | None:
    login = await needed_login(context)
    return None if login is None else f"{login.headline} {OWN_RECORDS}"


async def _exceptions(context: TurnContext) -> Insight:
    return exceptions_insight(
        await list_exceptions(context.toolbox, context.records, context.caller)
    )


async def _connection(context: TurnContext) -> list[str]:
    login = await view_login(context.toolbox, context.accounts, context.caller, probe=True)
    content = plain("Connection", NO_LOGIN).content() if login is None else login_card(login)
    context.events.card(await context.cards.show(context.caller, content))
    return [NO_LOGIN] if login is None else login_sentences(login)


async def _decision(context: TurnContext, parsed: ParsedMessage, message: str) -> Insight:
    newest = PageAsked(limit=PAGE_MAX)
    traces = await list_decisions(context.toolbox, context.records, context.caller, newest)
    found = about_trades(traces, context.caller)
    asked = None
    if parsed.detail is QueryDetail.WHAT_IF:
        asked = what_if_of(message, context.directory, context.parse_context)
    if asked is not None:
        return await weigh(context, asked, here_first(found, context.caller.thread_id))
    if parsed.detail is QueryDetail.LOG or not found:
        return log_insight(found) if found else plain("Decisions", NONE_YET)
    trace = meant(found, parsed, context.caller.thread_id)
    if trace is None:
        return plain("Why", NO_MATCH)
    sent = bool(trace.orders_submitted)
    fills = await list_fills(context.toolbox, context.insights, context.caller) if sent else ()
    answer = decision_insight(trace, fills, for_user=context.caller.user_id)
    since = expired_since(found, trace) if parsed.detail is QueryDetail.WHY_NOT else None
    return answer if since is None else replace(answer, said=(since, *answer.said))


async def _hours(context: TurnContext) -> Insight:
    hours = await get_market_hours(context.toolbox, context.insights, context.caller)
    return Insight(
        title="Market hours",
        fields={"hours": hours_row(hours)},
        said=(hours_sentence(hours),),
        cited=(Cited(kind="calendar", id=f"calendar-{hours.exchange}"),),
    )


async def _account(context: TurnContext, topic: QueryTopic, detail: QueryDetail | None) -> Insight:
    view = await view_account(context.toolbox, context.accounts, context.caller)
    if view.snapshot is None:
        await needed_login(context)
    if topic is QueryTopic.PORTFOLIO and detail is QueryDetail.BRIEF:
        return await _brief(context, view)
    if topic is QueryTopic.RISK:
        standing = await get_standing(context.toolbox, context.insights, context.caller, view)
        risk = risk_insight(view, standing)
        return halt_insight(risk) if detail is QueryDetail.HALT else risk
    if detail is not None and detail in PARTS:
        return part_insight(view, topic, detail, context.directory.get)
    if topic is QueryTopic.PNL:
        gains = await get_gains(context.toolbox, context.insights, context.caller, view)
        return day_insight(view, gains, context.directory.get)
    return account_insight(view, topic, context.directory.get)


async def _brief(context: TurnContext, view: AccountView) -> Insight:
    toolbox, caller = context.toolbox, context.caller
    desk = Desk(
        view=view,
        standing=await get_standing(toolbox, context.insights, caller, view),
        orders=await list_orders(toolbox, context.accounts, caller),
        stops=await list_stops(toolbox, context.insights, caller),
        exceptions=await list_exceptions(toolbox, context.records, caller),
        login=await view_login(toolbox, context.accounts, caller, probe=False),
        hours=await get_market_hours(toolbox, context.insights, caller),
    )
    return brief_insight(desk, context.directory.get)
