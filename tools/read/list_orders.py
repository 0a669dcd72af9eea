"""List our orders."""

from collections.abc import Sequence

from riskgate.contracts.base import Identifier, Number, UtcTime
from riskgate.contracts.orders import OrderState, OrderTerms
from riskgate.contracts.traces import SubmittedOrder
from tools.offers import Desk, OfAccount, Offer, PageAnswer, PageAsked, Toolset, next_offset
from tools.ports import AccountReader, Caller, StoredOrder
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words_or_none

NEWEST = 20
TOOL = Tool(
    name="list_orders",
    title="List orders",
    description="The account's newest orders with their state and fills.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class OrdersAsked(PageAsked, OfAccount):
    """Which orders."""


class OrderRow(OrderTerms):
    """One of our orders and what became of it; UNKNOWN may be at the broker and is looked up."""

    order_id: Identifier
    account_id: Identifier
    plan_id: Identifier
    broker_order_id: Identifier | None
    state: OrderState
    filled_quantity: Number
    average_price: Number | None
    reason: Words | None
    created_at: UtcTime
    updated_at: UtcTime


class OrdersAnswer(PageAnswer):
    """A page of orders, newest first."""

    rows: tuple[OrderRow, ...]


async def list_orders(
    toolbox: Toolbox, reader: AccountReader, caller: Caller
) -> Sequence[SubmittedOrder]:
    """Return our newest orders."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "limit": NEWEST},
        lambda: reader.orders(caller, limit=NEWEST),
        lambda orders: f"{len(orders)} orders",
    )


async def serve(desk: Desk, caller: Caller, asked: OrdersAsked) -> OrdersAnswer:
    """Answer with a page of the account's orders."""
    found = await desk.toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "limit": asked.limit, "offset": asked.offset},
        lambda: desk.records.orders(caller, limit=asked.limit + 1, offset=asked.offset),
        lambda orders: f"{len(orders)} orders",
    )
    return OrdersAnswer(
        rows=tuple(map(_row, found[: asked.limit])), next_offset=next_offset(asked, len(found))
    )


def _row(order: StoredOrder) -> OrderRow:
    kept = OrderRow.model_fields.keys() - {"reason"}
    return OrderRow(
        **{name: getattr(order, name) for name in kept},
        reason=words_or_none(Origin.BROKER, order.reason),
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.ACCOUNT, asked=OrdersAsked, answer=OrdersAnswer, serve=serve
)
