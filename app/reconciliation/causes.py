"""Why ledger and broker differ, with the proof that decides it: pure.

The list of causes is closed. What the evidence does not prove is UNKNOWN, never a guess.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from app.persistence.orders import OrderRecord
from app.reconciliation.corporate import corporate_ratio
from app.reconciliation.fills import owners_of
from app.reconciliation.known import Known
from app.reconciliation.square_off import squared_off, system_tag
from riskgate.contracts.orders import BrokerOrder, BrokerTrade
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Position
from riskgate.contracts.traces import CauseProof, DeltaCause, DeltaKind, ReconciliationDelta

MOST_NAMED = 20
POSITION_KINDS = frozenset(
    {
        DeltaKind.POSITION_QTY_MISMATCH,
        DeltaKind.POSITION_MISSING_AT_BROKER,
        DeltaKind.POSITION_EXTRA_AT_BROKER,
    }
)


def explain(
    delta: ReconciliationDelta, ledger: LedgerSnapshot, broker: BrokerSnapshot, known: Known
) -> ReconciliationDelta:
    """Return the difference with its cause and the proof of it."""
    if delta.kind in POSITION_KINDS:
        cause, proof = _of_position(delta, ledger, broker, known)
    else:
        cause, proof = _of_order(delta, broker, known)
    return delta.model_copy(update={"cause": cause, "proof": proof})


Why = tuple[DeltaCause, CauseProof]


def _of_position(
    delta: ReconciliationDelta, ledger: LedgerSnapshot, broker: BrokerSnapshot, known: Known
) -> Why:
    gap = (delta.actual or Decimal(0)) - (delta.expected or Decimal(0))
    unbooked = [trade for trade in known.unbooked if _same_position(trade, delta)]
    found = (
        _by_trades(delta, gap, unbooked, broker, known)
        or _by_orders(delta, gap, unbooked, broker, known)
        or _by_lag(delta, gap, known)
    )
    if found is None and not unbooked:
        found = _by_corporate_action(delta, ledger, broker)
    return found or _unknown(
        f"nothing at the broker explains a difference of {gap}", trades=unbooked
    )


def _by_trades(
    delta: ReconciliationDelta,
    gap: Decimal,
    unbooked: Sequence[BrokerTrade],
    broker: BrokerSnapshot,
    known: Known,
) -> Why | None:
    """Decide by trades that the ledger has not; those of one kind first, then all together."""
    owners, twins = owners_of(broker, known), _twins(broker, known)
    twin = [t for t in unbooked if t.broker_order_id in twins]
    own = [t for t in unbooked if t.broker_order_id in owners and t not in twin]
    foreign = [t for t in unbooked if t.broker_order_id not in owners]
    if own and _signed(own) == gap:
        return _why(DeltaCause.MISSED_FILL, f"fills of our own orders add up to {gap}", own)
    if twin and _signed(twin) == gap:
        return _why(DeltaCause.DUPLICATE, f"fills of a second order add up to {gap}", twin)
    if foreign and _signed(foreign) == gap:
        return _foreign(delta, gap, foreign, broker)
    if not unbooked or _signed(unbooked) != gap:
        return None
    cause = DeltaCause.DUPLICATE if twin else DeltaCause.MISSED_FILL
    text = f"fills of ours and trades of others add up to {gap} together"
    return _why(cause, text, unbooked)


def _foreign(
    delta: ReconciliationDelta, gap: Decimal, trades: Sequence[BrokerTrade], broker: BrokerSnapshot
) -> Why:
    tags = {order.broker_order_id: order.tag for order in broker.orders}
    if squared_off(delta, trades, tags):
        text = f"the broker closed the intraday position by trades of {gap}"
        return _why(DeltaCause.SQUARE_OFF, text, trades)
    return _why(DeltaCause.MANUAL_TRADE, f"trades that are not ours add up to {gap}", trades)


def _by_orders(
    delta: ReconciliationDelta,
    gap: Decimal,
    unbooked: Sequence[BrokerTrade],
    broker: BrokerSnapshot,
    known: Known,
) -> Why | None:
    """Decide by what orders of ours filled without the broker listing the trades."""
    listed = {trade.broker_order_id for trade in unbooked}
    owners = owners_of(broker, known)
    short = [
        order
        for order in broker.orders
        if order.broker_order_id in owners.keys() - listed
        and (order.instrument, order.product) == (delta.instrument, delta.product)
        and _not_booked(order, known)
    ]
    if not short or sum((o.side.sign * _not_booked(o, known) for o in short), Decimal(0)) != gap:
        return None
    recent = all(known.is_recent(order.updated_at) for order in short)
    cause = DeltaCause.BROKER_LAG if recent else DeltaCause.MISSED_FILL
    text = f"our orders filled {gap} more than is booked, and the broker lists no trades of it"
    return cause, CauseProof(evidence=text, broker_order_ids=_order_ids(short))


def _by_lag(delta: ReconciliationDelta, gap: Decimal, known: Known) -> Why | None:
    """Decide by fresh fills of ours that the broker's positions do not show yet."""
    fresh = [f for f in known.fills if _same_position(f, delta) and known.is_recent(f.traded_at)]
    unseen: list[BrokerTrade] = []
    for fill in sorted(fresh, key=lambda f: (f.traded_at, f.trade_id), reverse=True):
        unseen.append(fill)
        if _signed(unseen) == -gap:
            text = f"fills of the last {known.settle.seconds} s are not in its positions yet"
            return _why(DeltaCause.BROKER_LAG, text, unseen)
    return None


def _by_corporate_action(
    delta: ReconciliationDelta, ledger: LedgerSnapshot, broker: BrokerSnapshot
) -> Why | None:
    mine = _merged(ledger.expected_positions, delta)
    truth = _merged((*broker.positions, *broker.holdings), delta)
    ratio = None if mine is None or truth is None else corporate_ratio(mine, truth)
    if ratio is None:
        return None
    text = (
        f"no trade, the quantity times {ratio}, the price divided by it, the cost kept: a split,"
        " bonus or consolidation"
    )
    return DeltaCause.CORPORATE_ACTION, CauseProof(evidence=text)


def _of_order(delta: ReconciliationDelta, broker: BrokerSnapshot, known: Known) -> Why:
    order = next((o for o in known.orders if o.intent.order_id == delta.order_id), None)
    ids = () if delta.broker_order_id is None else (delta.broker_order_id,)
    seen = next((o for o in broker.orders if o.broker_order_id == delta.broker_order_id), None)
    match delta.kind:
        case DeltaKind.ORDER_DUPLICATE_TAG:
            tag = order.intent.tag if order else None
            twins = [o for o in broker.orders if tag and o.tag == tag]
            text = "several orders at the broker carry one tag of ours"
            return DeltaCause.DUPLICATE, CauseProof(
                evidence=text, broker_order_ids=_order_ids(twins)
            )
        case DeltaKind.ORDER_EXTRA_AT_BROKER:
            return _of_foreign_order(seen, ids)
        case DeltaKind.ORDER_STATE_MISMATCH:
            return _of_mismatch(order, seen, known, ids)
        case DeltaKind.ORDER_UNEXPECTED_AT_BROKER:
            filled = seen is not None and _not_booked(seen, known) > 0
            cause = DeltaCause.MISSED_FILL if filled else DeltaCause.BROKER_LAG
            text = "the broker took our tag and shows it only after we held the order for over"
            return cause, CauseProof(evidence=text, broker_order_ids=ids)
        case DeltaKind.FILL_NOT_BOOKED | DeltaKind.FILL_MISSING_AT_BROKER:
            return _of_fill(delta, broker, known, ids)
        case DeltaKind.ORDER_ENDED_UNSEEN:
            text = "it was good for its day, and the broker's book no longer goes back to it"
            return _unknown(text, ids)
        case DeltaKind.ORDER_MISSING_AT_BROKER | DeltaKind.ORDER_OUTCOME_UNKNOWN:
            return _of_unseen(order, known, ids)
        case _:
            return _unknown("no evidence decides it")


def _of_foreign_order(seen: BrokerOrder | None, ids: tuple[str, ...]) -> Why:
    system = seen is not None and system_tag(seen.tag)
    cause = DeltaCause.SQUARE_OFF if system else DeltaCause.MANUAL_TRADE
    tag = None if seen is None else seen.tag
    text = f"its tag is the broker's own, {tag}" if system else "it carries no id or tag of ours"
    return cause, CauseProof(evidence=text, broker_order_ids=ids)


def _of_mismatch(
    order: OrderRecord | None, seen: BrokerOrder | None, known: Known, ids: tuple[str, ...]
) -> Why:
    if order is None or seen is None:
        return _unknown("the order is not there to look at")
    unbooked = [t for t in known.unbooked if t.broker_order_id == seen.broker_order_id]
    if unbooked:
        return _why(DeltaCause.MISSED_FILL, "the broker has fills that are not booked", unbooked)
    if seen.quantity != order.intent.quantity:
        text = f"it was changed at the broker from {order.intent.quantity} to {seen.quantity}"
        return DeltaCause.MANUAL_TRADE, CauseProof(evidence=text, broker_order_ids=ids)
    if known.is_recent(seen.updated_at):
        text = "the broker's book changed a moment ago and its parts do not agree yet"
        return DeltaCause.BROKER_LAG, CauseProof(evidence=text, broker_order_ids=ids)
    if _not_booked(seen, known):
        text = "the broker says it filled and lists no trades of it"
        return DeltaCause.MISSED_FILL, CauseProof(evidence=text, broker_order_ids=ids)
    return _unknown("the open quantities differ and no fill or change explains it", ids)


def _of_fill(
    delta: ReconciliationDelta, broker: BrokerSnapshot, known: Known, ids: tuple[str, ...]
) -> Why:
    trades = () if delta.trade_id is None else (delta.trade_id,)
    if delta.kind is DeltaKind.FILL_NOT_BOOKED:
        twin = delta.broker_order_id in _twins(broker, known)
        cause = DeltaCause.DUPLICATE if twin else DeltaCause.MISSED_FILL
        text = "it is of a second order with our tag" if twin else "it is of our own order"
        return cause, CauseProof(evidence=text, trade_ids=trades, broker_order_ids=ids)
    fill = next((f for f in known.fills if f.trade_id == delta.trade_id), None)
    if fill is not None and known.is_recent(fill.traded_at):
        text = "it traded a moment ago"
        return DeltaCause.BROKER_LAG, CauseProof(
            evidence=text, trade_ids=trades, broker_order_ids=ids
        )
    return _unknown("the broker lists older trades and not this one", ids)


def _of_unseen(order: OrderRecord | None, known: Known, ids: tuple[str, ...]) -> Why:
    if order is not None and known.is_recent(order.sent_at):
        text = f"it was sent less than {known.settle.seconds} s ago and may not show yet"
        return DeltaCause.BROKER_LAG, CauseProof(evidence=text, broker_order_ids=ids)
    return _unknown("the time in which the broker may show it is over", ids)


def _twins(broker: BrokerSnapshot, known: Known) -> frozenset[str]:
    """Return the broker orders that carry a tag of ours beside the order it belongs to."""
    found: set[str] = set()
    for order in known.orders:
        tagged = [o.broker_order_id for o in broker.orders if o.tag == order.intent.tag]
        others = [one for one in tagged if one != order.broker_order_id]
        if order.broker_order_id is not None or len(others) > 1:
            found.update(others)
    return frozenset(found)


def _not_booked(seen: BrokerOrder, known: Known) -> Decimal:
    booked = known.accounted.get(seen.broker_order_id, Decimal(0))
    return max(seen.filled_quantity - booked, Decimal(0))


def _same_position(trade: BrokerTrade, delta: ReconciliationDelta) -> bool:
    return (trade.instrument, trade.product) == (delta.instrument, delta.product)


def _signed(trades: Iterable[BrokerTrade]) -> Decimal:
    return sum((trade.side.sign * trade.quantity for trade in trades), Decimal(0))


def _merged(positions: Iterable[Position], delta: ReconciliationDelta) -> Position | None:
    """Return the delta's position as one, at the average price of its parts."""
    parts = [p for p in positions if (p.instrument, p.product) == (delta.instrument, delta.product)]
    quantity = sum((p.quantity for p in parts), Decimal(0))
    weight = sum((abs(p.quantity) for p in parts), Decimal(0))
    if not parts or not quantity:
        return None
    cost = sum((abs(p.quantity) * p.average_price for p in parts), Decimal(0))
    return parts[0].model_copy(update={"quantity": quantity, "average_price": cost / weight})


def _order_ids(orders: Iterable[BrokerOrder]) -> tuple[str, ...]:
    return tuple(sorted(order.broker_order_id for order in orders))[:MOST_NAMED]


def _why(cause: DeltaCause, text: str, trades: Sequence[BrokerTrade]) -> Why:
    return cause, CauseProof(
        evidence=text,
        trade_ids=tuple(sorted(trade.trade_id for trade in trades))[:MOST_NAMED],
        broker_order_ids=tuple(sorted({trade.broker_order_id for trade in trades}))[:MOST_NAMED],
    )


def _unknown(text: str, ids: tuple[str, ...] = (), *, trades: Sequence[BrokerTrade] = ()) -> Why:
    cause, proof = _why(DeltaCause.UNKNOWN, text, trades)
    return cause, proof.model_copy(update={"broker_order_ids": ids or proof.broker_order_ids})
