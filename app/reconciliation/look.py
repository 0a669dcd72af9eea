"""One look at an account: the broker's book and trades, our ledger, and every difference."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from adapters.ports import BrokerCapabilities, Brokers, Clock, IdFactory
from app.ledger import book
from app.persistence import exceptions, orders
from app.persistence import ledger as ledger_rows
from app.persistence.database import Database, Session
from app.reconciliation.causes import explain
from app.reconciliation.diff import compare
from app.reconciliation.known import Known, TradeName, name_of, without_repeats
from riskgate.contracts.orders import BrokerTrade
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Margins
from riskgate.contracts.traces import ReconciliationDelta


@dataclass(frozen=True, kw_only=True)
class Look:
    """Book and ledger as read one after the other, and every difference between them."""

    snapshot: BrokerSnapshot
    ledger: LedgerSnapshot
    known: Known
    seen: tuple[ReconciliationDelta, ...]

    def find(self, key: str) -> ReconciliationDelta | None:
        """Return the difference of this name."""
        return next((delta for delta in self.seen if delta.key == key), None)


class Onlooker:
    """Takes looks; it changes nothing."""

    def __init__(
        self, *, database: Database, brokers: Brokers, clock: Clock, ids: IdFactory
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids

    async def look(self, tenant_id: str, account_id: str) -> Look:
        """Read the broker, then the ledger, and compare. Raises BrokerUnavailable."""
        broker = self._brokers.for_account(tenant_id, account_id)
        snapshot = await broker.get_snapshot(account_id)
        trades = without_repeats(await broker.get_trades(account_id))
        offered = broker.capabilities
        async with self._database.tenant(tenant_id) as session:
            ledger = await book.snapshot(
                session,
                account_id=account_id,
                snapshot_id=self._ids.new("led"),
                at=self._clock.now(),
            )
            known = await self._known(session, snapshot, trades, offered)
        found = compare(ledger, snapshot, known)
        seen = tuple(explain(delta, ledger, snapshot, known) for delta in found)
        return Look(snapshot=snapshot, ledger=ledger, known=known, seen=seen)

    async def _known(
        self,
        session: Session,
        snapshot: BrokerSnapshot,
        trades: tuple[BrokerTrade, ...],
        offered: BrokerCapabilities,
    ) -> Known:
        account_id, now = snapshot.account_id, self._clock.now()
        settle = timedelta(seconds=offered.settle_s)
        shown = {order.broker_order_id for order in snapshot.orders}
        ours = await orders.orders_in_play(
            session,
            account_id,
            tags=sorted({order.tag for order in snapshot.orders if order.tag}),
            broker_order_ids=sorted(shown | {trade.broker_order_id for trade in trades}),
        )
        fills = await ledger_rows.fills_of(
            session,
            account_id,
            [order.intent.order_id for order in ours],
            since=now - settle,
        )
        adopted: defaultdict[TradeName, Decimal] = defaultdict(Decimal)
        for trade in await ledger_rows.adopted_trades(session, account_id):
            adopted[name_of(trade)] = trade.quantity
        return Known(
            trades=trades,
            orders=tuple(ours),
            fills=tuple(fills),
            adopted=adopted,
            margins_before=await _margins_before(session, account_id),
            at=now,
            settle=settle,
            reach_back=offered.orders_reach_back,
        )


async def _margins_before(session: Session, account_id: str) -> Margins | None:
    body = await exceptions.last_snapshot_body(session, account_id)
    margins = None if body is None else body.get("margins")
    return None if margins is None else Margins.model_validate(margins)
