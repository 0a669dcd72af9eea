"""Look at an account: positions, holdings, orders and money."""

from riskgate.contracts.base import Contract, Identifier, Number, UtcTime, decimal_text
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus, ExecutionMode, OrderTerms
from riskgate.contracts.snapshots import Margins, Position
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import AccountReader, AccountView, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words_or_none

TOOL = Tool(
    name="view_account",
    title="View account",
    description="Positions, holdings, orders and margins of the account, at the broker's time.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


class OrderAtBroker(OrderTerms):
    """An order in the broker's own book, ours or not."""

    broker_order_id: Identifier
    status: BrokerOrderStatus
    filled_quantity: Number
    average_price: Number | None
    reason: Words | None
    placed_at: UtcTime


class AccountAnswer(Contract):
    """An account as its broker has it at `as_of`.

    Without the broker `source` is "ledger": positions are our own expectation and may be behind,
    the rest is empty, and `warning` says so.
    """

    account_id: Identifier
    currency: Currency
    mode: str
    execution_mode: ExecutionMode
    source: str
    as_of: UtcTime
    warning: Words | None
    margins: Margins | None
    positions: tuple[Position, ...]
    holdings: tuple[Position, ...]
    orders: tuple[OrderAtBroker, ...]


async def view_account(toolbox: Toolbox, reader: AccountReader, caller: Caller) -> AccountView:
    """Return the account now, from the ledger alone when the broker is down."""
    return await toolbox.call(
        TOOL, {"account_id": caller.account_id}, lambda: reader.view(caller), _summary
    )


def _summary(view: AccountView) -> str:
    if view.snapshot is None:
        return f"broker down, ledger only: {view.warning}"
    margins = view.snapshot.margins
    money = "unknown" if margins is None else decimal_text(margins.equity)
    return (
        f"{len(view.snapshot.positions)} positions, {len(view.snapshot.holdings)} holdings,"
        f" {len(view.snapshot.orders)} orders, equity {money}"
    )


async def serve(desk: Desk, caller: Caller, asked: OfAccount) -> AccountAnswer:  # noqa: ARG001
    """Answer with the account as its broker has it, or with our ledger and a warning."""
    view = await view_account(desk.toolbox, desk.accounts, caller)
    snapshot = view.snapshot
    return AccountAnswer(
        account_id=view.account_id,
        currency=view.currency,
        mode=view.mode,
        execution_mode=view.execution_mode,
        source="ledger" if snapshot is None else snapshot.source,
        as_of=view.ledger.as_of if snapshot is None else snapshot.as_of,
        warning=words_or_none(Origin.SIGMATRADER, view.warning),
        margins=None if snapshot is None else snapshot.margins,
        positions=view.ledger.expected_positions if snapshot is None else snapshot.positions,
        holdings=() if snapshot is None else snapshot.holdings,
        orders=() if snapshot is None else tuple(map(_order, snapshot.orders)),
    )


def _order(order: BrokerOrder) -> OrderAtBroker:
    terms = {name: getattr(order, name) for name in OrderTerms.model_fields}
    return OrderAtBroker(
        **terms,
        broker_order_id=order.broker_order_id,
        status=order.status,
        filled_quantity=order.filled_quantity,
        average_price=order.average_price,
        reason=words_or_none(Origin.BROKER, order.reason),
        placed_at=order.placed_at,
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.ACCOUNT, asked=OfAccount, answer=AccountAnswer, serve=serve
)
