"""Answer a question about the account or the market with an insight card."""

from collections.abc import Sequence
from decimal import Decimal

from langgraph.runtime import Runtime
from pydantic import JsonValue

from agents.context import TurnContext
from agents.intent.model import ParsedMessage, QueryTopic
from agents.nodes.execute import order_sentence
from agents.nodes.gather import inputs_used
from agents.nodes.login import NO_LOGIN, login_card, login_sentences, needed_login
from agents.nodes.step import step
from agents.state import TurnState
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.cards import CardKind
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Position, Quote
from riskgate.contracts.traces import SubmittedOrder, TurnOutcome
from tools.ports import AccountView, CardContent
from tools.read.get_quotes import get_quotes
from tools.read.list_exceptions import list_exceptions
from tools.read.list_orders import list_orders
from tools.read.view_account import view_account
from tools.read.view_login import view_login

HELP = (
    "Say what you want in your own words: 'buy 10 INFY at market, cnc', 'sell half my TCS', "
    "'buy 50000 worth of SBIN, stop 2%', 'price of RELIANCE', 'positions', 'orders', 'funds'."
)

DONE_SHOWN = 5
# What is not answered in the conversation yet, and where it is found instead.
ELSEWHERE = {
    QueryTopic.HISTORY: "Past prices are not shown here yet; 'price of INFY' gives the last one.",
    QueryTopic.RISK: "Limits and the kill switch are on the risk page, and in 'sigmatrader risk'.",
    QueryTopic.PLAN: "Plans that wait are on their cards, and in 'sigmatrader plan'.",
    QueryTopic.DECISION: "Each decision is told with its reasons by 'sigmatrader decision'.",
    QueryTopic.ALERTS: "Alerts are not available yet.",
    QueryTopic.JOBS: "There are no jobs yet.",
    QueryTopic.INSTRUMENT: "Details of an instrument are not shown here yet.",
    QueryTopic.PLAYBOOKS: "There are no playbooks yet.",
}


async def answer(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Read what the question is about and show it."""
    context = runtime.context
    parsed = ParsedMessage.model_validate(state["parsed"])
    topic = parsed.topic or QueryTopic.HELP
    with step(context, "answer"):
        content, said, inputs = await _content(context, topic, parsed.symbols)
        context.events.card(await context.cards.show(context.caller, content))
    return {
        "inputs_used": inputs,
        "outcome": TurnOutcome.ANSWERED,
        "error_code": None,
        "explanations": said,
    }


async def _content(
    context: TurnContext, topic: QueryTopic, symbols: Sequence[InstrumentRef]
) -> tuple[CardContent, list[str], dict[str, object]]:
    match topic:
        case QueryTopic.HELP:
            return _insight("What I can do", {"help": HELP}), [HELP], {}
        case QueryTopic.QUOTE:
            return await _quotes(context, symbols)
        case QueryTopic.ORDERS | QueryTopic.TRADES:
            return await _orders(context)
        case QueryTopic.EXCEPTIONS:
            return await _exceptions(context)
        case QueryTopic.CONNECTION:
            return await _connection(context)
        case _ if topic in ELSEWHERE:
            return (
                _insight(topic.value.capitalize(), {"help": ELSEWHERE[topic]}),
                [ELSEWHERE[topic]],
                {},
            )
        case _:
            return await _account(context, topic)


async def _quotes(
    context: TurnContext, symbols: Sequence[InstrumentRef]
) -> tuple[CardContent, list[str], dict[str, object]]:
    if not symbols:
        text = "Which instrument's price? For example: price of INFY."
        return _insight("Price", {"help": text}), [text], {}
    quotes = await get_quotes(context.toolbox, context.quotes, symbols)
    rows: list[JsonValue] = [_quote_row(quote) for quote in quotes]
    said = [_quote_sentence(quote) for quote in quotes]
    found = {quote.instrument for quote in quotes}
    said += [f"There is no usable price for {ref} now." for ref in symbols if ref not in found]
    times = {str(quote.instrument): time_text(quote.as_of) for quote in quotes}
    return _insight("Price", {"quotes": rows}), said, {"quotes": times}


async def _orders(context: TurnContext) -> tuple[CardContent, list[str], dict[str, object]]:
    orders = await list_orders(context.toolbox, context.accounts, context.caller)
    rows: list[JsonValue] = [order.model_dump(mode="json") for order in orders]
    return _insight("Orders", {"orders": rows}), orders_sentences(orders), {}


def orders_sentences(orders: Sequence[SubmittedOrder]) -> list[str]:
    """Say every open order, then the newest of those that are done."""
    pending = [order for order in orders if not order.state.final]
    done = [order for order in orders if order.state.final]
    said = [order_sentence(order) for order in pending] or ["No order is open."]
    if done:
        shown = " ".join(order_sentence(order) for order in done[:DONE_SHOWN])
        more = len(done) - DONE_SHOWN
        said.append(f"Done: {shown}" + (f" And {more} more." if more > 0 else ""))
    return said


async def _exceptions(context: TurnContext) -> tuple[CardContent, list[str], dict[str, object]]:
    found = await list_exceptions(context.toolbox, context.accounts, context.caller)
    rows: list[JsonValue] = [dict(item) for item in found]
    said = [item["message"] for item in found] or ["There are no open exceptions."]
    return _insight("Exceptions", {"exceptions": rows}), said, {}


async def _connection(
    context: TurnContext,
) -> tuple[CardContent, list[str], dict[str, object]]:
    login = await view_login(context.toolbox, context.accounts, context.caller, probe=True)
    if login is None:
        return _insight("Connection", {"help": NO_LOGIN}), [NO_LOGIN], {}
    return login_card(login), login_sentences(login), {}


async def _account(
    context: TurnContext, topic: QueryTopic
) -> tuple[CardContent, list[str], dict[str, object]]:
    view = await view_account(context.toolbox, context.accounts, context.caller)
    if view.snapshot is None:
        await needed_login(context)
        positions: tuple[Position, ...] = view.ledger.expected_positions
    elif topic is QueryTopic.HOLDINGS:
        delivered = tuple(item for item in view.snapshot.positions if item.product == "CNC")
        positions = (*view.snapshot.holdings, *delivered)
    else:
        positions = (*view.snapshot.positions, *view.snapshot.holdings)
    prices = _last_prices(view)
    rows: list[JsonValue] = [_position_row(item, prices) for item in positions if item.quantity]
    fields: dict[str, JsonValue] = {
        "positions": rows,
        "margins": _margins_row(view),
        "warning": view.warning,
    }
    said = [view.warning] if view.warning else []
    said += _account_sentences(view, topic, positions)
    return _insight(topic.value.capitalize(), fields), said, dict(inputs_used(view))


def _insight(title: str, fields: dict[str, JsonValue]) -> CardContent:
    return CardContent(kind=CardKind.INSIGHT, title=title, fields=fields)


def _last_prices(view: AccountView) -> dict[InstrumentRef, Decimal]:
    quotes = view.snapshot.quotes if view.snapshot else ()
    return {quote.instrument: quote.last for quote in quotes}


def _position_row(item: Position, prices: dict[InstrumentRef, Decimal]) -> dict[str, JsonValue]:
    last = prices.get(item.instrument)
    gain = None if last is None else (last - item.average_price) * item.quantity
    return {
        "instrument": str(item.instrument),
        "product": item.product.value,
        "quantity": decimal_text(item.quantity),
        "average_price": decimal_text(item.average_price),
        "last": None if last is None else decimal_text(last),
        "unrealised_pnl": None if gain is None else decimal_text(gain),
    }


def _margins_row(view: AccountView) -> JsonValue:
    if view.snapshot is None or view.snapshot.margins is None:
        return None
    return view.snapshot.margins.model_dump(mode="json")


def _account_sentences(
    view: AccountView, topic: QueryTopic, positions: Sequence[Position]
) -> list[str]:
    margins = view.snapshot.margins if view.snapshot else None
    money = (
        "The broker gave no margins."
        if margins is None
        else f"Equity {decimal_text(margins.equity)} {margins.currency},"
        f" available {decimal_text(margins.available)}."
    )
    if topic is QueryTopic.MARGIN:
        return [money]
    held = [
        f"{item.instrument} {item.product} {decimal_text(item.quantity)}"
        f" at {decimal_text(item.average_price)}"
        for item in positions
        if item.quantity
    ]
    return [f"{'; '.join(held)}." if held else "There are no positions.", *_gain(view), money]


def _gain(view: AccountView) -> list[str]:
    """Say the unrealised gain over what is held, where everything held has a price."""
    if view.snapshot is None:
        return []
    prices = _last_prices(view)
    held = [item for item in (*view.snapshot.positions, *view.snapshot.holdings) if item.quantity]
    if not held or any(item.instrument not in prices for item in held):
        return []
    gain = sum(
        ((prices[item.instrument] - item.average_price) * item.quantity for item in held),
        Decimal(0),
    )
    return [f"Unrealised P&L {decimal_text(gain)}."]


def _quote_row(quote: Quote) -> dict[str, JsonValue]:
    return {
        "instrument": str(quote.instrument),
        "last": decimal_text(quote.last),
        "bid": None if quote.bid is None else decimal_text(quote.bid),
        "ask": None if quote.ask is None else decimal_text(quote.ask),
        "source": quote.source.value,
        "as_of": time_text(quote.as_of),
        "market_time": time_text(quote.market_time),
    }


def _quote_sentence(quote: Quote) -> str:
    kind = "" if quote.source == "BROKER" else f" ({quote.source.value.lower()} price)"
    return f"{quote.instrument} {decimal_text(quote.last)}{kind}."
