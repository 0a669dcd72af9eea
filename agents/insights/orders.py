"""Orders, fills and exceptions of the account."""

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import Cited, Insight, Json
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.insights import FillFact
from riskgate.contracts.orders import OrderState
from riskgate.contracts.traces import SubmittedOrder
from tools.ports import StoredException

DONE_SHOWN: Final = 5
NO_EXCEPTIONS: Final = "There are no open exceptions."
NO_FILLS: Final = "Nothing has filled since the day began."


def orders_insight(orders: Sequence[SubmittedOrder], warning: str | None = None) -> Insight:
    """Answer with our newest orders and what became of them, as far as our records know."""
    said = [warning] if warning else []
    return Insight(
        title="Orders",
        fields={"warning": warning, "orders": [order_row(order) for order in orders]},
        said=(*said, *orders_sentences(orders)),
        cited=tuple(cited_order(order) for order in orders),
    )


def fills_insight(
    fills: Sequence[FillFact], orders: Sequence[SubmittedOrder], warning: str | None = None
) -> Insight:
    """Answer with the day's fills, each with the order that it is of."""
    ours = {order.broker_order_id: order for order in orders if order.broker_order_id}
    cited = [cited_fill(fill) for fill in fills]
    cited += [
        cited_order(ours[fill.broker_order_id]) for fill in fills if fill.broker_order_id in ours
    ]
    said = [warning] if warning else []
    return Insight(
        title="Trades",
        fields={
            "warning": warning,
            "fills": [_fill_row(fill, ours.get(fill.broker_order_id)) for fill in fills],
        },
        said=(*said, *map(_fill_sentence, fills[:DONE_SHOWN])) if fills else (*said, NO_FILLS),
        cited=tuple(cited),
    )


def exceptions_insight(found: Sequence[StoredException]) -> Insight:
    """Answer with what a person should look at."""
    return Insight(
        title="Exceptions",
        fields={"exceptions": [exception_row(each) for each in found]},
        said=tuple(each.message for each in found) or (NO_EXCEPTIONS,),
        cited=tuple(map(cited_exception, found)),
    )


def exception_row(each: StoredException) -> Json:
    """Return an exception as cards carry it."""
    return {
        "exception_id": each.exception_id,
        "kind": each.kind,
        "severity": each.severity,
        "message": each.message,
        "opened_at": time_text(each.opened_at),
        "evidence": [each.exception_id],
    }


def cited_exception(each: StoredException) -> Cited:
    """Cite an exception, by when it was seen last."""
    return Cited(kind="exception", id=each.exception_id, as_of=each.last_seen_at)


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


def order_sentence(order: SubmittedOrder) -> str:
    """Say how one order stands."""
    currency = figures.currency_of(order.instrument)
    what = f"{order.side} {figures.count(order.quantity, currency)} {order.instrument}"
    if order.limit_price is not None:
        what += f" limit {figures.price(order.limit_price, currency)}"
    if order.trigger_price is not None:
        what += f" trigger {figures.price(order.trigger_price, currency)}"
    average = order.average_price
    at = "" if average is None else f" at {figures.price(average, currency)}"
    filled = figures.count(order.filled_quantity, currency)
    why = f" ({order.reason})" if order.reason else ""
    match order.state:
        case OrderState.FILLED:
            return f"{what}: filled{at}."
        case OrderState.ACKED | OrderState.OPEN | OrderState.PARTIALLY_FILLED:
            return f"{what}: open, {filled} filled so far{at}."
        case OrderState.UNKNOWN | OrderState.SENDING:
            return (
                f"{what}: it is not known whether the broker has it{why}. It is not sent again;"
                " look at the exceptions."
            )
        case _:
            return f"{what}: {order.state.value.replace('_', ' ').lower()}{why}."


def order_row(order: SubmittedOrder, fills: Sequence[FillFact] = ()) -> JsonValue:
    """Return an order as cards carry it, with those of the fills that are its own."""
    own = [fill.trade_id for fill in fills if fill.broker_order_id == order.broker_order_id]
    return {**order.model_dump(mode="json"), "evidence": [order.order_id, *own]}


def cited_order(order: SubmittedOrder) -> Cited:
    """Cite an order by our id, with the tag and the id that the broker knows it by."""
    at_broker = {"broker_order_id": order.broker_order_id} if order.broker_order_id else {}
    return Cited(kind="order", id=order.order_id, of={"tag": order.tag, **at_broker})


def cited_fill(fill: FillFact) -> Cited:
    """Cite a fill by the broker's own trade id."""
    return Cited(
        kind="fill",
        id=fill.trade_id,
        as_of=fill.traded_at,
        of={"broker_order_id": fill.broker_order_id},
    )


def _fill_row(fill: FillFact, order: SubmittedOrder | None) -> JsonValue:
    of_order = [] if order is None else [order.order_id]
    return {
        "side": fill.side.value,
        "instrument": str(fill.instrument),
        "product": fill.product.value,
        "quantity": decimal_text(fill.quantity),
        "price": decimal_text(fill.price),
        "traded_at": time_text(fill.traded_at),
        "evidence": [fill.trade_id, *of_order],
    }


def _fill_sentence(fill: FillFact) -> str:
    currency = figures.currency_of(fill.instrument)
    quantity, price = figures.count(fill.quantity, currency), figures.price(fill.price, currency)
    return f"{fill.side} {quantity} {fill.instrument} at {price}."
