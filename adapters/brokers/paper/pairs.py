"""Two orders of which only one may fill: a stop and a target on the same holding. Pure."""

from collections.abc import Iterable
from decimal import Decimal

from adapters.brokers.paper.state import PaperOrder
from riskgate.contracts.orders import OrderIntent, OrderType, Validity


def pair_fault(stop: OrderIntent, target: OrderIntent) -> str | None:
    """Return why the two cannot be a pair, or None."""
    for name in ("account_id", "instrument", "side", "product", "quantity"):
        if getattr(stop, name) != getattr(target, name):
            return f"a pair needs one {name.removesuffix('_id')}; the stop and target differ in it"
    if not stop.order_type.has_trigger_price or target.order_type is not OrderType.LIMIT:
        return "a pair is a stop with a trigger price and a LIMIT target"
    if Validity.IOC in {stop.validity, target.validity}:
        return "the orders of a pair must both wait; use DAY"
    return None


def link(first: PaperOrder, second: PaperOrder) -> tuple[PaperOrder, PaperOrder]:
    """Return the two rows, each naming the other."""
    return (
        first.model_copy(update={"paired_with": second.order.broker_order_id}),
        second.model_copy(update={"paired_with": first.order.broker_order_id}),
    )


def open_quantity(rows: Iterable[PaperOrder]) -> Decimal:
    """Return how much the orders could still trade: of a pair, the larger of the two."""
    most: dict[frozenset[str], Decimal] = {}
    for row in rows:
        ids = {row.order.broker_order_id, row.paired_with or row.order.broker_order_id}
        key = frozenset(ids)
        most[key] = max(most.get(key, Decimal(0)), row.order.open_quantity)
    return sum(most.values(), Decimal(0))
