"""Compare a ledger with a broker's book: pure, and it never closes or changes anything."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeAlias

from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, OrderState, Product
from riskgate.contracts.snapshots import BrokerSnapshot, ExpectedOrder, LedgerSnapshot, Position
from riskgate.contracts.traces import DeltaKind, DeltaSeverity, ReconciliationDelta

PositionKey: TypeAlias = tuple[InstrumentRef, Product]

SEVERITY = {
    DeltaKind.POSITION_QTY_MISMATCH: DeltaSeverity.HIGH,
    DeltaKind.ORDER_DUPLICATE_TAG: DeltaSeverity.HIGH,
    DeltaKind.ORDER_OUTCOME_UNKNOWN: DeltaSeverity.HIGH,
    DeltaKind.POSITION_MISSING_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.POSITION_EXTRA_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_STATE_MISMATCH: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_MISSING_AT_BROKER: DeltaSeverity.MEDIUM,
    DeltaKind.ORDER_EXTRA_AT_BROKER: DeltaSeverity.LOW,
}


def compare(ledger: LedgerSnapshot, broker: BrokerSnapshot) -> tuple[ReconciliationDelta, ...]:
    """Return every difference, positions first, in a fixed order.

    Source: AI Trading Manager architecture, sections 3.5 and 7; severities from the domain
    contracts, section e.
    """
    return (
        *_position_deltas(ledger.expected_positions, (*broker.positions, *broker.holdings)),
        *_order_deltas(ledger.expected_orders, broker.orders),
    )


def _position_deltas(
    expected: Iterable[Position], actual: Iterable[Position]
) -> Iterable[ReconciliationDelta]:
    ours, theirs = _totals(expected), _totals(actual)
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        mine, truth = ours.get(key, Decimal(0)), theirs.get(key, Decimal(0))
        if mine != truth:
            yield _position_delta(key, mine, truth)


def _totals(positions: Iterable[Position]) -> dict[PositionKey, Decimal]:
    totals: dict[PositionKey, Decimal] = {}
    for item in positions:
        key = (item.instrument, item.product)
        totals[key] = totals.get(key, Decimal(0)) + item.quantity
    return totals


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
    expected: Sequence[ExpectedOrder], actual: Sequence[BrokerOrder]
) -> Iterable[ReconciliationDelta]:
    tags = Counter(order.tag for order in actual if order.tag)
    by_id = {order.broker_order_id: order for order in actual}
    for mine in expected:
        yield from _expected_order_delta(mine, by_id, tags[mine.tag])
    ours = {order.broker_order_id for order in expected}
    our_tags = {order.tag for order in expected}
    for order in actual:
        if order.open_quantity and order.broker_order_id not in ours and order.tag not in our_tags:
            yield _order_delta(
                DeltaKind.ORDER_EXTRA_AT_BROKER,
                f"order:{order.broker_order_id}",
                f"the broker has an open order {order.broker_order_id} that is not ours",
                broker_order_id=order.broker_order_id,
                instrument=order.instrument,
                actual=order.open_quantity,
            )


def _expected_order_delta(
    mine: ExpectedOrder, by_id: dict[str, BrokerOrder], tagged: int
) -> Iterable[ReconciliationDelta]:
    key = f"order:{mine.order_id}"
    seen = by_id.get(mine.broker_order_id) if mine.broker_order_id else None
    if tagged > 1:
        yield _order_delta(
            DeltaKind.ORDER_DUPLICATE_TAG,
            key,
            f"the broker has {tagged} orders with the tag of {mine.order_id}",
            order_id=mine.order_id,
            instrument=mine.instrument,
        )
    elif mine.state in {OrderState.UNKNOWN, OrderState.SENDING}:
        yield _order_delta(
            DeltaKind.ORDER_OUTCOME_UNKNOWN,
            key,
            f"order {mine.order_id} may or may not be at the broker; it is not sent again",
            order_id=mine.order_id,
            instrument=mine.instrument,
        )
    elif mine.broker_order_id and seen is None:
        yield _order_delta(
            DeltaKind.ORDER_MISSING_AT_BROKER,
            key,
            f"the broker does not show order {mine.broker_order_id}",
            order_id=mine.order_id,
            broker_order_id=mine.broker_order_id,
            instrument=mine.instrument,
            expected=mine.open_quantity,
        )
    elif seen is not None and seen.open_quantity != mine.open_quantity:
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
