"""What taking over the broker's truth means for the ledger: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.errors import Conflict
from app.ledger.positions import apply_fill
from app.ledger.sessions import was_sent
from app.persistence.orders import OrderRecord
from app.reconciliation.causes import POSITION_KINDS
from app.reconciliation.diff import IN_DOUBT, totals
from app.reconciliation.fills import owners_of
from app.reconciliation.known import Known
from app.reconciliation.look import Look
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import BrokerOrder, BrokerTrade, Product
from riskgate.contracts.snapshots import Position
from riskgate.contracts.traces import DeltaCause, ReconciliationDelta


class AdoptWaits(Conflict):
    """The ledger may still book by itself what a person asked to take over."""

    code = "ADOPT_WAITS"
    remedy = (
        "Settle the order first (RULE_ABSENT, RULE_ENDED, or cancel it), or wait for the broker's"
        " trades and reconcile again."
    )


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """One position as it is expected to be found, as it becomes, and the trades that explains."""

    before: Decimal
    after: Position
    trades: tuple[BrokerTrade, ...]

    @property
    def quantity(self) -> Decimal:
        return self.after.quantity - self.before


def of_position(delta: ReconciliationDelta, look: Look) -> Takeover:
    """Make the expected position what the broker holds; every trade it lists there is in it.

    Raises AdoptWaits where a fill of an order that is not over would be booked a second time:
    positions may be ahead of the book and of the trades.
    """
    if delta.kind not in POSITION_KINDS or delta.instrument is None or delta.product is None:
        raise ValueError(f"{delta.kind} is no difference of a position")
    trades = [t for t in look.known.unbooked if _at(t, delta.instrument, delta.product)]
    _refuse_bookable(trades, look)
    _refuse_unlisted(delta.instrument, delta.product, look)
    refuse_in_flight(delta.instrument, delta.product, look)
    if delta.cause is not DeltaCause.CORPORATE_ACTION:
        _refuse_explained(delta, trades, look)
    held = [*look.snapshot.positions, *look.snapshot.holdings]
    after = _truth(held, delta.instrument, delta.product)
    return Takeover(before=delta.expected or Decimal(0), after=after, trades=tuple(trades))


def of_trades(trades: Sequence[BrokerTrade], look: Look) -> list[Takeover]:
    """Book trades that no order of ours can take any more, one takeover a position.

    The ledger never moves away from what the broker holds: where its position has the trades
    already, they are only noted. Raises AdoptWaits.
    """
    _refuse_bookable(trades, look)
    ours = totals(look.ledger.expected_positions)
    theirs = totals((*look.snapshot.positions, *look.snapshot.holdings))
    found = []
    for key in sorted({(t.instrument, t.product) for t in trades}, key=str):
        part = [t for t in trades if _at(t, *key)]
        mine, truth = ours.get(key, Decimal(0)), theirs.get(key, Decimal(0))
        before = _truth(look.ledger.expected_positions, *key)
        after = before
        for trade in part:
            after = apply_fill(after, trade)
        if abs(truth - after.quantity) > abs(truth - mine):
            after = before
        found.append(Takeover(before=mine, after=after, trades=tuple(part)))
    return found


def trades_of(delta: ReconciliationDelta, look: Look) -> list[BrokerTrade]:
    """Return the trades that a difference of an order or a fill is about."""
    known = look.known
    if delta.trade_id is not None:
        name = (delta.broker_order_id, delta.trade_id)
        return [t for t in known.unbooked if (t.broker_order_id, t.trade_id) == name]
    order = next((o for o in known.orders if o.intent.order_id == delta.order_id), None)
    if order is None:
        return []
    others = {seen.broker_order_id for seen in named(order, look)}
    return [t for t in known.unbooked if t.broker_order_id in others]


def named(order: OrderRecord, look: Look) -> list[BrokerOrder]:
    """Return the broker's orders that are ours by id or tag, as they were placed."""
    found = [
        seen
        for seen in look.snapshot.orders
        if seen.tag == order.intent.tag or seen.broker_order_id == order.broker_order_id
    ]
    return sorted(found, key=lambda seen: (seen.placed_at, seen.broker_order_id))


def refuse_in_flight(
    instrument: InstrumentRef, product: Product, look: Look, *, but: OrderRecord | None = None
) -> None:
    """Raise AdoptWaits while the book may not show yet what an order of ours there did."""
    shown = {seen.broker_order_id for seen in look.snapshot.orders}
    for order in _at_work(instrument, product, look):
        if but is not None and order.intent.order_id == but.intent.order_id:
            continue
        hidden = order.broker_order_id not in shown
        if order.state in IN_DOUBT or hidden or look.known.is_recent(order.sent_at):
            raise AdoptWaits(
                f"order {order.intent.order_id} is {order.state} and may have filled unseen"
            )


def _refuse_explained(
    delta: ReconciliationDelta, trades: Sequence[BrokerTrade], look: Look
) -> None:
    """Refuse what no listed trade explains while an open order of ours could have done it."""
    if delta.instrument is None or delta.product is None:
        return
    gap = (delta.actual or Decimal(0)) - (delta.expected or Decimal(0))
    rest = gap - sum((t.side.sign * t.quantity for t in trades), Decimal(0))
    for order in _at_work(delta.instrument, delta.product, look):
        if rest * order.intent.side.sign > 0:
            raise AdoptWaits(
                f"no trade explains {rest}; open order {order.intent.order_id} may have filled it"
            )


def _at_work(instrument: InstrumentRef, product: Product, look: Look) -> list[OrderRecord]:
    """Return our orders of a position that were sent and are not over."""
    return [
        order
        for order in look.known.orders
        if was_sent(order)
        and (order.intent.instrument, order.intent.product) == (instrument, product)
    ]


def _refuse_bookable(trades: Iterable[BrokerTrade], look: Look) -> None:
    owners = owners_of(look.snapshot, look.known)
    orders = {order.intent.order_id: order for order in look.known.orders}
    for trade in trades:
        order = orders.get(owners.get(trade.broker_order_id, ""))
        if order is not None and _may_book(order, trade, look.known):
            raise AdoptWaits(f"order {order.intent.order_id} is {order.state} and may book it")


def _may_book(order: OrderRecord, trade: BrokerTrade, known: Known) -> bool:
    if order.state.final:
        return False
    if order.broker_order_id not in {None, trade.broker_order_id}:
        return False
    booked = known.accounted.get(trade.broker_order_id, Decimal(0))
    return trade.quantity <= order.intent.quantity - booked


def _refuse_unlisted(instrument: InstrumentRef, product: Product, look: Look) -> None:
    """Refuse while an order of ours filled more than the broker lists trades of."""
    owners, known = owners_of(look.snapshot, look.known), look.known
    for seen in look.snapshot.orders:
        if seen.broker_order_id not in owners:
            continue
        if (seen.instrument, seen.product) != (instrument, product):
            continue
        listed = sum(
            (t.quantity for t in known.unbooked if t.broker_order_id == seen.broker_order_id),
            known.accounted.get(seen.broker_order_id, Decimal(0)),
        )
        if seen.filled_quantity > listed:
            raise AdoptWaits(f"the broker lists no trades yet of order {seen.broker_order_id}")


def _truth(positions: Iterable[Position], instrument: InstrumentRef, product: Product) -> Position:
    """Return a position as one, at the average price of its parts; zero has none."""
    parts = [p for p in positions if (p.instrument, p.product) == (instrument, product)]
    quantity = sum((p.quantity for p in parts), Decimal(0))
    weight = sum((abs(p.quantity) for p in parts), Decimal(0))
    cost = sum((abs(p.quantity) * p.average_price for p in parts), Decimal(0))
    average = cost / weight if quantity else Decimal(0)
    return Position(
        instrument=instrument,
        product=product,
        quantity=quantity,
        average_price=average.quantize(Decimal("0.000001")),
    )


def _at(trade: BrokerTrade, instrument: InstrumentRef, product: Product) -> bool:
    return (trade.instrument, trade.product) == (instrument, product)
