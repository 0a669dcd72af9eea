"""Run a comparison, keep it, and open or resolve the exceptions it calls for."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.ledger import book
from app.persistence import accounts, exceptions, plans
from app.persistence.database import Database, Session
from app.reconciliation.diff import compare
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot
from riskgate.contracts.traces import DeltaSeverity, ReconciliationDelta, ReconciliationResult

CatchUp: TypeAlias = Callable[[str, str], Awaitable[None]]


class NoteEquity(Protocol):
    """Keeps what a book says the account is worth; the account is held."""

    async def __call__(
        self, session: Session, account_id: str, snapshot: BrokerSnapshot, *, at: datetime
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class _Look:
    """Book and ledger as read one after the other, and every difference between them."""

    snapshot: BrokerSnapshot
    ledger: LedgerSnapshot
    seen: tuple[ReconciliationDelta, ...]


class Reconciler:
    """Compares ledger and broker. A broker that does not answer changes nothing.

    `catch_up` books the broker's news of our orders; it runs before each look. `note_equity` is
    told of the last look, so that losses count that no plan was judged at.
    """

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        ids: IdFactory,
        catch_up: CatchUp,
        note_equity: NoteEquity,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids
        self._catch_up = catch_up
        self._note_equity = note_equity

    async def reconcile(self, tenant_id: str, account_id: str) -> ReconciliationResult:
        """Compare, and look again at what differs. Raises BrokerUnavailable, having closed nothing.

        Book and ledger are read one after the other, so a fill in between looks like a
        difference. Only one that a second fresh look shows too counts.
        """
        first = await self._look(tenant_id, account_id)
        second = await self._look(tenant_id, account_id) if first.seen else first
        twice = {delta.key for delta in first.seen}
        deltas = tuple(delta for delta in second.seen if delta.key in twice)
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            await self._note_equity(session, account_id, second.snapshot, at=self._clock.now())
            return await self._keep(session, second, deltas)

    async def _look(self, tenant_id: str, account_id: str) -> _Look:
        await self._catch_up(tenant_id, account_id)
        snapshot = await self._brokers.for_account(tenant_id, account_id).get_snapshot(account_id)
        async with self._database.tenant(tenant_id) as session:
            ledger = await book.snapshot(
                session,
                account_id=account_id,
                snapshot_id=self._ids.new("led"),
                at=self._clock.now(),
            )
        return _Look(snapshot=snapshot, ledger=ledger, seen=compare(ledger, snapshot))

    async def _keep(
        self, session: Session, look: _Look, deltas: tuple[ReconciliationDelta, ...]
    ) -> ReconciliationResult:
        result = ReconciliationResult(
            reconciliation_id=self._ids.new("rec"),
            account_id=look.snapshot.account_id,
            as_of=look.ledger.as_of,
            broker_snapshot_id=look.snapshot.snapshot_id,
            ledger_snapshot_id=look.ledger.snapshot_id,
            deltas=deltas,
        )
        await plans.add_snapshot(session, look.snapshot)
        await plans.add_snapshot(session, look.ledger)
        await exceptions.add_reconciliation(session, result)
        await self._raise_and_resolve(session, result, look)
        return result

    async def _raise_and_resolve(
        self, session: Session, result: ReconciliationResult, look: _Look
    ) -> None:
        at = result.as_of
        serious = _serious(result.deltas)
        for delta in serious:
            await exceptions.open_exception(
                session,
                delta,
                exception_id=self._ids.new("exc"),
                account_id=result.account_id,
                at=at,
            )
        gone: list[str] = []
        if not _empty(look.snapshot):
            gone = await exceptions.resolve_missing(
                session,
                account_id=result.account_id,
                keys_present=[delta.key for delta in _serious(look.seen)],
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


def _serious(deltas: Collection[ReconciliationDelta]) -> list[ReconciliationDelta]:
    return [delta for delta in deltas if delta.severity is not DeltaSeverity.LOW]


def _empty(snapshot: BrokerSnapshot) -> bool:
    """Say whether the broker answered with nothing at all, not even margins: it proves nothing."""
    return not (
        snapshot.positions or snapshot.holdings or snapshot.orders or snapshot.margins is not None
    )
