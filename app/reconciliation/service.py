"""Run a comparison, keep it, and open or resolve the exceptions it calls for."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.persistence import accounts, exceptions, foreign_orders, orders, plans
from app.persistence.database import Database, Session
from app.reconciliation import diff
from app.reconciliation.bare import Bareness, bareness
from app.reconciliation.look import Look, Onlooker
from app.reconciliation.plans import incomplete
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot
from riskgate.contracts.traces import DeltaSeverity, ReconciliationDelta, ReconciliationResult

CatchUp: TypeAlias = Callable[[str, str], Awaitable[None]]
# Says whether a plan's legs are one position, which is worse half-built.
HangTogether: TypeAlias = Callable[[TradePlan], bool]
# Older plans that were left half-built were told of when they were, or are history.
PLANS_SINCE: Final = timedelta(days=7)


class NoteEquity(Protocol):
    """Keeps what a book says the account is worth; the account is held."""

    async def __call__(
        self, session: Session, account_id: str, snapshot: BrokerSnapshot, *, at: datetime
    ) -> None: ...


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
        hang_together: HangTogether,
    ) -> None:
        self._database = database
        self._onlooker = Onlooker(database=database, brokers=brokers, clock=clock, ids=ids)
        self._clock = clock
        self._ids = ids
        self._catch_up = catch_up
        self._note_equity = note_equity
        self._hang_together = hang_together

    async def reconcile(self, tenant_id: str, account_id: str) -> ReconciliationResult:
        """Compare, and look again at what differs. Raises BrokerUnavailable, having closed nothing.

        Book and ledger are read one after the other, so a fill in between looks like a
        difference. Only one that a second fresh look shows too counts.
        """
        look, deltas = await self.differences(tenant_id, account_id)
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            await self._note_equity(session, account_id, look.snapshot, at=self._clock.now())
            return await self._keep(session, look, deltas)

    async def differences(
        self, tenant_id: str, account_id: str
    ) -> tuple[Look, tuple[ReconciliationDelta, ...]]:
        """Return a fresh look and what two looks one after the other both show; stores nothing."""
        first = await self._look(tenant_id, account_id)
        second = await self._look(tenant_id, account_id) if first.seen else first
        twice = {delta.key for delta in first.seen}
        return second, tuple(delta for delta in second.seen if delta.key in twice)

    async def _look(self, tenant_id: str, account_id: str) -> Look:
        await self._catch_up(tenant_id, account_id)
        return await self._onlooker.look(tenant_id, account_id)

    async def _keep(
        self, session: Session, look: Look, deltas: tuple[ReconciliationDelta, ...]
    ) -> ReconciliationResult:
        account_id, at = look.snapshot.account_id, look.ledger.as_of
        before = await exceptions.last_snapshot_body(session, account_id)
        result = ReconciliationResult(
            reconciliation_id=self._ids.new("rec"),
            account_id=account_id,
            as_of=at,
            broker_snapshot_id=look.snapshot.snapshot_id,
            ledger_snapshot_id=look.ledger.snapshot_id,
            deltas=deltas,
        )
        await plans.add_snapshot(session, look.snapshot)
        await plans.add_snapshot(session, look.ledger)
        await exceptions.add_reconciliation(session, result)
        others = diff.foreign_orders(look.ledger, look.snapshot, look.known)
        await foreign_orders.adopt(session, others, account_id=account_id, at=at)
        await self._raise_and_resolve(session, result, look, bareness(look, before))
        return result

    async def _raise_and_resolve(
        self, session: Session, result: ReconciliationResult, look: Look, bare: Bareness
    ) -> None:
        at = result.as_of
        serious = [delta for delta in _serious(result.deltas) if bare.proves(delta)]
        serious += await self._half_built(session, result.account_id, at)
        for delta in serious:
            await exceptions.open_exception(
                session,
                delta,
                exception_id=self._ids.new("exc"),
                account_id=result.account_id,
                at=at,
            )
        gone: list[str] = []
        if bare.may_resolve:
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

    async def _half_built(
        self, session: Session, account_id: str, at: datetime
    ) -> list[ReconciliationDelta]:
        """Return what to say of baskets that ended with only a part of them in the book."""
        found = []
        for plan_id in await exceptions.half_built_plans(
            session, account_id, since=at - PLANS_SINCE
        ):
            plan = await plans.find_plan(session, plan_id)
            if plan is not None and self._hang_together(plan):
                found.append(incomplete(plan, await orders.plan_orders(session, plan_id)))
        return found


def _serious(deltas: Collection[ReconciliationDelta]) -> list[ReconciliationDelta]:
    return [delta for delta in deltas if delta.severity is not DeltaSeverity.LOW]
