"""Compare the fills we booked with the broker's trades, by trade id: pure."""

from collections.abc import Iterable

from app.reconciliation.known import Known, name_of
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta


def fill_deltas(broker: BrokerSnapshot, known: Known) -> Iterable[ReconciliationDelta]:
    """Yield trades of our orders that the ledger has not, and our fills that the broker has not.

    Trades of others are no fills of ours: they show in the positions.
    """
    owners = owners_of(broker, known)
    for trade in known.unbooked:
        order_id = owners.get(trade.broker_order_id)
        if order_id is not None:
            yield _delta(DeltaKind.FILL_NOT_BOOKED, trade, order_id)
    yield from _vanished(broker, known, owners)


def owners_of(broker: BrokerSnapshot, known: Known) -> dict[str, str]:
    """Return which broker orders are ours, by the broker's id, else by our tag."""
    tags = {order.intent.tag: order.intent.order_id for order in known.orders}
    found = {seen.broker_order_id: tags[seen.tag] for seen in broker.orders if seen.tag in tags}
    ours = {o.broker_order_id: o.intent.order_id for o in known.orders if o.broker_order_id}
    return found | ours


def _vanished(
    broker: BrokerSnapshot, known: Known, owners: dict[str, str]
) -> Iterable[ReconciliationDelta]:
    """Yield our fills that are missing from a list of trades that goes back far enough."""
    if not known.trades:
        return
    since = min(trade.traded_at for trade in known.trades)
    shown, listed = (
        {order.broker_order_id for order in broker.orders},
        set(map(name_of, known.trades)),
    )
    for fill in known.fills:
        if (
            fill.traded_at >= since
            and fill.broker_order_id in shown & owners.keys()
            and name_of(fill) not in listed
        ):
            yield _delta(DeltaKind.FILL_MISSING_AT_BROKER, fill, owners[fill.broker_order_id])


def _delta(kind: DeltaKind, trade: BrokerTrade, order_id: str) -> ReconciliationDelta:
    missing = kind is DeltaKind.FILL_MISSING_AT_BROKER
    where = "is booked and the broker does not show it" if missing else "is not in the ledger"
    return ReconciliationDelta(
        kind=kind,
        severity=SEVERITY[kind],
        key=f"fill:{trade.broker_order_id}:{trade.trade_id}",
        message=f"trade {trade.trade_id} of order {order_id}, {trade.side} {trade.quantity}"
        f" {trade.instrument} at {trade.price}, {where}",
        instrument=trade.instrument,
        product=trade.product,
        expected=trade.quantity if missing else None,
        actual=None if missing else trade.quantity,
        broker_order_id=trade.broker_order_id,
        order_id=order_id,
        trade_id=trade.trade_id,
    )
