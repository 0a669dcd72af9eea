"""Compare a ledger with a broker's book: pure, and it never closes or changes anything."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeAlias

from app.ledger.book import expected_order
from app.reconciliation.fills import fill_deltas
from app.reconciliation.known import NOTHING_KNOWN, Known
from app.reconciliation.margins import margin_deltas
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, OrderState, Product
from riskgate.contracts.snapshots import BrokerSnapshot, ExpectedOrder, LedgerSnapshot, Position
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta

PositionKey: TypeAlias = tuple[InstrumentRef, Product]
IN_DOUBT = frozenset({OrderState.UNKNOWN, OrderState.SENDING})


def compare(
    ledger: LedgerSnapshot, broker: BrokerSnapshot, known: Known = NOTHING_KNOWN
) -> tuple[ReconciliationDelta, ...]:
    """Return every difference in a fixed order: positions, orders, fills, margins.

    Orders are matched by the broker's id, then by our tag. Source: AI Trading Manager
    architecture, sections 3.5 and 7; severities from the domain contracts, section e.
    """
    return (
        *_position_deltas(ledger.expected_positions, (*broker.positions, *broker.holdings)),
        *_order_deltas(ledger.expected_orders, broker.orders, known),
        *fill_deltas(broker, known),
        *margin_deltas(broker.margins, known.margins_before),
    )


def foreign_orders(
    ledger: LedgerSnapshot, broker: BrokerSnapshot, known: Known
) -> tuple[BrokerOrder, ...]:
    """Return the broker's orders that are not ours, by their id nor by their tag."""
    over = [order for order in known.orders if order.state.final]
    ids = {o.broker_order_id for o in ledger.expected_orders} | {o.broker_order_id for o in over}
    tags = {order.tag for order in ledger.expected_orders} | {o.intent.tag for o in over}
    return tuple(o for o in broker.orders if o.broker_order_id not in ids and o.tag not in tags)


def totals(positions: Iterable[Position]) -> dict[PositionKey, Decimal]:
    """Return the signed quantity of each instrument and product."""
    found: dict[PositionKey, Decimal] = {}
    for item in positions:
        key = (item.instrument, item.product)
        found[key] = found.get(key, Decimal(0)) + item.quantity
    return found


def _position_deltas(
    expected: Iterable[Position], actual: Iterable[Position]
) -> Iterable[ReconciliationDelta]:
    ours, theirs = totals(expected), totals(actual)
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        mine, truth = ours.get(key, Decimal(0)), theirs.get(key, Decimal(0))
        if mine != truth:
            yield _position_delta(key, mine, truth)


def _position_delta(key: PositionKey, mine: Decimal, truth: Decimal) -> ReconciliationDelta:
    kind = DeltaKind.POSITION_QTY_MISMATCH
    if truth == 0:
        kind = DeltaKind.POSITION_MISSING_AT_BROKER
    elif mine == 0:
        kind = DeltaKind.POSITION_EXTRA_AT_BROKER
    instrument, product = key
    return ReconciliationDelta(
        kind=kind,
        severity=SEVERITY[kind],
        key=f"position:{instrument}:{product}",
        message=f"{instrument} {product}: the ledger has {mine}, the broker has {truth}",
        instrument=instrument,
        product=product,
        expected=mine,
        actual=truth,
    )


def _order_deltas(
    expected: Sequence[ExpectedOrder], actual: Sequence[BrokerOrder], known: Known
) -> Iterable[ReconciliationDelta]:
    by_id = {order.broker_order_id: order for order in actual}
    by_tag: dict[str, list[BrokerOrder]] = {}
    for order in actual:
        if order.tag:
            by_tag.setdefault(order.tag, []).append(order)
    over = sorted((o for o in known.orders if o.state.final), key=lambda o: o.intent.order_id)
    for mine in (*expected, *map(expected_order, over)):
        seen = by_id.get(mine.broker_order_id) if mine.broker_order_id else None
        yield from _our_order_delta(mine, seen, by_tag.get(mine.tag, []), actual, known)
    ours = {order.broker_order_id for order in expected} | {o.broker_order_id for o in over}
    our_tags = {order.tag for order in expected} | {order.intent.tag for order in over}
    for order in sorted(actual, key=lambda o: (o.placed_at, o.broker_order_id)):
        if order.open_quantity and order.broker_order_id not in ours and order.tag not in our_tags:
            yield _order_delta(
                DeltaKind.ORDER_EXTRA_AT_BROKER,
                f"order:{order.broker_order_id}",
                f"the broker has an open order {order.broker_order_id} that is not ours",
                broker_order_id=order.broker_order_id,
                instrument=order.instrument,
                actual=order.open_quantity,
            )


def _our_order_delta(
    mine: ExpectedOrder,
    seen: BrokerOrder | None,
    tagged: Sequence[BrokerOrder],
    broker_orders: Sequence[BrokerOrder],
    known: Known,
) -> Iterable[ReconciliationDelta]:
    state = OrderState(mine.state)
    others = [o for o in tagged if o is not seen and not known.is_settled(o)]
    twins = len(others) + (seen is not None)
    key = f"order:{mine.order_id}"
    if others and twins > 1:
        yield _order_delta(
            DeltaKind.ORDER_DUPLICATE_TAG,
            key,
            f"the broker has {twins} orders with the tag of {mine.order_id}",
            order_id=mine.order_id,
            instrument=mine.instrument,
        )
    elif state.final or state is OrderState.PLANNED:
        yield from _unexpected(mine, seen or next(iter(others), None), known)
    elif state in IN_DOUBT:
        yield _order_delta(
            DeltaKind.ORDER_OUTCOME_UNKNOWN,
            key,
            f"order {mine.order_id} may or may not be at the broker; it is not sent again",
            order_id=mine.order_id,
            instrument=mine.instrument,
        )
    elif mine.broker_order_id and seen is None:
        ended = known.has_forgotten(mine.order_id, broker_orders)
        yield _order_delta(
            DeltaKind.ORDER_ENDED_UNSEEN if ended else DeltaKind.ORDER_MISSING_AT_BROKER,
            key,
            f"order {mine.broker_order_id} is of an earlier session and the broker shows it no"
            " more; what it filled last is not known"
            if ended
            else f"the broker does not show order {mine.broker_order_id}",
            order_id=mine.order_id,
            broker_order_id=mine.broker_order_id,
            instrument=mine.instrument,
            expected=mine.open_quantity,
        )
    elif seen is not None and _left(seen) != mine.open_quantity:
        yield _order_delta(
            DeltaKind.ORDER_STATE_MISMATCH,
            key,
            f"order {mine.broker_order_id}: the ledger has {mine.open_quantity} open, the broker"
            f" {seen.open_quantity} ({seen.status})",
            order_id=mine.order_id,
            broker_order_id=mine.broker_order_id,
            instrument=mine.instrument,
            expected=mine.open_quantity,
            actual=seen.open_quantity,
        )


def _left(seen: BrokerOrder) -> Decimal:
    """Return what of a broker's order our ledger has open.

    What a fill of the other order of a pair took off one that goes on is booked at its end.
    """
    return seen.open_quantity + seen.cancelled_quantity if seen.open_quantity else Decimal(0)


def _unexpected(
    mine: ExpectedOrder, seen: BrokerOrder | None, known: Known
) -> Iterable[ReconciliationDelta]:
    """Tell of an order with our name that can still move the book and that we hold as over."""
    moving = Decimal(0) if seen is None else known.open_or_unbooked(seen)
    if seen is None or not moving:
        return
    yield _order_delta(
        DeltaKind.ORDER_UNEXPECTED_AT_BROKER,
        f"order:{mine.order_id}",
        f"order {mine.order_id} is {mine.state} here, and the broker has it as"
        f" {seen.broker_order_id} ({seen.status}) with {moving} open or not booked",
        order_id=mine.order_id,
        broker_order_id=seen.broker_order_id,
        instrument=mine.instrument,
        expected=Decimal(0),
        actual=moving,
    )


def _order_delta(
    kind: DeltaKind,
    key: str,
    message: str,
    *,
    instrument: InstrumentRef,
    order_id: str | None = None,
    broker_order_id: str | None = None,
    expected: Decimal | None = None,
    actual: Decimal | None = None,
) -> ReconciliationDelta:
    return ReconciliationDelta(
        kind=kind,
        severity=SEVERITY[kind],
        key=key,
        message=message,
        instrument=instrument,
        order_id=order_id,
        broker_order_id=broker_order_id,
        expected=expected,
        actual=actual,
    )
