"""Run a comparison, keep it, and open or resolve the exceptions it calls for."""

from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.ledger import book
from app.persistence import exceptions, plans
from app.persistence.database import Database, Session
from app.reconciliation.diff import compare
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.contracts.traces import DeltaSeverity, ReconciliationResult


class Reconciler:
    """Compares ledger and broker. A broker that does not answer changes nothing."""

    def __init__(
        self, *, database: Database, brokers: Brokers, clock: Clock, ids: IdFactory
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids

    async def reconcile(self, tenant_id: str, account_id: str) -> ReconciliationResult:
        """Take a fresh snapshot and compare. Raises BrokerUnavailable, having changed nothing."""
        broker = self._brokers.for_account(tenant_id, account_id)
        snapshot = await broker.get_snapshot(account_id)
        async with self._database.tenant(tenant_id) as session:
            return await self._compare(session, snapshot)

    async def _compare(self, session: Session, snapshot: BrokerSnapshot) -> ReconciliationResult:
        now = self._clock.now()
        ledger = await book.snapshot(
            session,
            account_id=snapshot.account_id,
            snapshot_id=self._ids.new("led"),
            at=now,
        )
        result = ReconciliationResult(
            reconciliation_id=self._ids.new("rec"),
            account_id=snapshot.account_id,
            as_of=now,
            broker_snapshot_id=snapshot.snapshot_id,
            ledger_snapshot_id=ledger.snapshot_id,
            deltas=compare(ledger, snapshot),
        )
        await plans.add_snapshot(session, snapshot)
        await plans.add_snapshot(session, ledger)
        await exceptions.add_reconciliation(session, result)
        await self._raise_and_resolve(session, result)
        return result

    async def _raise_and_resolve(self, session: Session, result: ReconciliationResult) -> None:
        at = result.as_of
        serious = [delta for delta in result.deltas if delta.severity is not DeltaSeverity.LOW]
        for delta in serious:
            await exceptions.open_exception(
                session,
                delta,
                exception_id=self._ids.new("exc"),
                account_id=result.account_id,
                at=at,
            )
        gone = await exceptions.resolve_missing(
            session,
            account_id=result.account_id,
            keys_present=[delta.key for delta in serious],
            at=at,
        )
        if serious or gone:
            entry = Entry(
                actor="reconciler",
                action="reconciliation.differences",
                entity="account",
                entity_id=result.account_id,
                body={
                    "reconciliation_id": result.reconciliation_id,
                    "open": [delta.key for delta in serious],
                    "resolved": list(gone),
                },
            )
            await append(session, entry, at=at)
