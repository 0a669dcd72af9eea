"""Put exceptions right: always by a person, once, and audited."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import Conflict, NotFound
from app.execution import transitions
from app.execution.recording import Recorder
from app.identity.principal import Principal
from app.ledger.book import book_fill
from app.ledger.sessions import covered_since
from app.persistence import accounts, exceptions, orders, remediations
from app.persistence import ledger as ledger_rows
from app.persistence.database import Database, Session
from app.persistence.exceptions import ExceptionRecord
from app.persistence.ledger import Adjustment
from app.persistence.orders import OrderRecord
from app.persistence.remediations import Remediation
from app.pipeline.withdrawing import Withdrawing
from app.reconciliation.actions import Action, possible
from app.reconciliation.adopting import Takeover, named, of_position, of_trades, trades_of
from app.reconciliation.bare import GONE, is_suddenly_bare
from app.reconciliation.causes import POSITION_KINDS
from app.reconciliation.closing import Closing, closings, half_built
from app.reconciliation.diff import totals
from app.reconciliation.ending import ending
from app.reconciliation.look import Look
from app.reconciliation.service import Reconciler
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.orders import OrderState
from riskgate.contracts.traces import DeltaCause, DeltaKind, ReconciliationDelta
from riskgate.hashing import canonical_json

DONE: Final = "DONE"
ADOPTED: Final = "ADOPTED"
PROPOSED: Final = "PROPOSED"
REFUSED: Final = "REFUSED"


class RemediationNotPossible(Conflict):
    """The action does not fit the exception's kind and cause, or its state."""

    code = "REMEDIATION_NOT_POSSIBLE"


class ExceptionChanged(Conflict):
    """What the broker shows now is not what the exception says."""

    code = "EXCEPTION_CHANGED"
    remedy = "Reconcile, read the exception again and decide on what it says now."


class PersonNeeded(Conflict):
    """A plan needs a person who signs in and can be shown a card."""

    code = "PERSON_NEEDED"
    remedy = "Ask over HTTP with your own key, or in the chat."


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asks for: an action, why, and where it matters which broker order."""

    action: Action
    comment: str | None = None
    broker_order_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What became of asking for a plan: the card that waits, or why there is none."""

    outcome: str
    message: str
    run_id: str
    card_id: str | None


# Asks for a trade in a person's name, in words; the plan waits for an approval like any other.
Propose: TypeAlias = Callable[[Principal, str, str, str], Awaitable[Proposal]]


class Remedies:
    """Carries out what a person asks for about an exception; a repetition shows the first."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        clock: Clock,
        ids: IdFactory,
        reconciler: Reconciler,
        propose: Propose,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock
        self._ids = ids
        self._reconciler = reconciler
        self._propose = propose
        self._recorder = Recorder(database=database, clock=clock)
        self._withdrawing = Withdrawing(database=database, brokers=brokers, clock=clock)

    async def remediate(
        self,
        tenant_id: str,
        exception_id: str,
        wish: Wish,
        *,
        by: str,
        person: Principal | None = None,
    ) -> Remediation:
        """Do what is asked once; asked again, return what the first came to.

        Raises NotFound, RemediationNotPossible naming what is possible, ExceptionChanged,
        AdoptWaits, and BrokerUnavailable where the broker must be looked at and does not answer.
        """
        async with self._database.tenant(tenant_id) as session:
            found = await exceptions.find_exception(session, exception_id)
            done = await remediations.list_remediations(session, exception_id)
        if found is None:
            raise NotFound(f"there is no exception {exception_id}")
        same = [one for one in done if one.action == wish.action]
        if same and same[-1].status != ADOPTED:
            return same[-1]
        if found.status == "RESOLVED" and not same:
            if done:
                return done[-1]
            raise RemediationNotPossible("the exception is RESOLVED already")
        delta = ReconciliationDelta.model_validate(found.body)
        _require_possible(delta, wish.action)
        job = _Job(tenant_id=tenant_id, found=found, delta=delta, wish=wish, by=by, person=person)
        match wish.action:
            case Action.ADOPT:
                return await self._adopt(job)
            case Action.RULE_ABSENT:
                return await self._rule_absent(job)
            case Action.RULE_ENDED:
                return await self._rule_ended(job)
            case Action.CANCEL_DUPLICATE:
                return await self._cancel_duplicate(job)
            case Action.CLOSE_POSITION:
                return await self._close(job, adopted=bool(same))
            case Action.ACKNOWLEDGE:
                async with self._database.tenant(tenant_id) as session:
                    return await self._record(session, job, DONE, {}, resolve=True)

    async def _adopt(self, job: "_Job", status: str = DONE) -> Remediation:
        look, delta = await self._fresh(job)
        if delta.kind in POSITION_KINDS:
            takeovers = [of_position(delta, look)]
        elif delta.kind is DeltaKind.ORDER_DUPLICATE_TAG:
            await self._bind(job, look, None)
            look, delta = await self._fresh(job)
            takeovers = of_trades(trades_of(delta, look), look)
        else:
            takeovers = of_trades(trades_of(delta, look), look)
        if not takeovers:
            raise RemediationNotPossible(
                "nothing of it has filled, so there is nothing to adopt",
                remedy="Cancel it: CANCEL_DUPLICATE.",
            )
        async with self._database.tenant(job.tenant_id) as session:
            await accounts.lock_account(session, job.found.account_id)
            first = await _done_before(session, job)
            if first is not None:
                return first
            for takeover in takeovers:
                await self._take_over(session, job, takeover)
            result = {"adopted": [_told(takeover) for takeover in takeovers]}
            return await self._record(session, job, status, result, resolve=True)

    async def _take_over(self, session: Session, job: "_Job", takeover: Takeover) -> None:
        """Move one position to the broker's truth; it must be what was looked at."""
        at, account_id, after = self._clock.now(), job.found.account_id, takeover.after
        now = await ledger_rows.lock_position(
            session,
            account_id=account_id,
            instrument=after.instrument,
            product=after.product,
            at=at,
        )
        if now.quantity != takeover.before:
            raise ExceptionChanged(f"{after.instrument} moved in the ledger meanwhile")
        await ledger_rows.set_position(session, after, account_id=account_id, at=at)
        adjustment = Adjustment(
            adjustment_id=self._ids.new("adj"),
            account_id=account_id,
            exception_id=job.found.exception_id,
            instrument=after.instrument,
            product=after.product,
            quantity=takeover.quantity,
            average_price=after.average_price,
            cause=str(job.delta.cause or ""),
            proof=canonical_json(job.delta.proof) if job.delta.proof else "{}",
            trades=takeover.trades,
            adjusted_by=job.by,
            comment=job.wish.comment,
        )
        await ledger_rows.add_adjustment(session, adjustment, at=at)

    async def _rule_absent(self, job: "_Job") -> Remediation:
        look, _ = await self._fresh(job)
        account_id = job.found.account_id
        async with self._database.tenant(job.tenant_id) as session:
            order = await orders.find_order(session, job.delta.order_id or "")
        if order is None or order.state is not OrderState.UNKNOWN:
            raise ExceptionChanged("the order is not UNKNOWN any more")
        broker = self._brokers.for_account(job.tenant_id, account_id)
        if not broker.capabilities.finds_orders_by_tag:
            raise RemediationNotPossible("the broker cannot be asked for the order by its tag")
        if look.known.is_recent(order.sent_at):
            raise RemediationNotPossible(
                "the broker may not show the order yet", remedy="Wait for the settle time."
            )
        if named(order, look) or await broker.find_orders_by_tag(account_id, order.intent.tag):
            raise ExceptionChanged("the broker shows the order now")
        uncovered = _require_word(job, order, look)
        change = transitions.ruled_absent(order, f"ruled absent by {job.by}")
        async with self._database.tenant(job.tenant_id) as session:
            await accounts.lock_account(session, account_id)
            first = await _done_before(session, job)
            if first is not None:
                return first
            if not await self._recorder.apply_in(session, order, change):
                raise ExceptionChanged("the order is not UNKNOWN any more")
            if uncovered:
                await self._keep_contested(session, job, order)
            result = {"order_id": order.intent.order_id, "tag": order.intent.tag}
            return await self._record(session, job, DONE, result, resolve=True)

    async def _keep_contested(self, session: Session, job: "_Job", order: OrderRecord) -> None:
        """Leave new entries refused until a person has acknowledged what only a person ruled."""
        order_id, kind = order.intent.order_id, DeltaKind.ORDER_RULED_UNSEEN
        ruled = ReconciliationDelta(
            kind=kind,
            severity=SEVERITY[kind],
            key=f"ruled:{order_id}",
            message=f"order {order_id} was ruled absent by {job.by} on a book that does not go"
            " back to it",
            instrument=order.intent.instrument,
            product=order.intent.product,
            order_id=order_id,
            cause=DeltaCause.UNKNOWN,
        )
        await exceptions.open_exception(
            session,
            ruled,
            exception_id=self._ids.new("exc"),
            account_id=job.found.account_id,
            at=self._clock.now(),
        )

    async def _rule_ended(self, job: "_Job") -> Remediation:
        """End an order of an earlier session, with what trades and positions show it filled."""
        look, _ = await self._fresh(job)
        order = look.known.order(job.delta.order_id)
        if order is None:
            raise ExceptionChanged("the order is over already")
        found = ending(order, look)
        async with self._database.tenant(job.tenant_id) as session:
            await accounts.lock_account(session, job.found.account_id)
            first = await _done_before(session, job)
            if first is not None:
                return first
            await self._require_unmoved(session, order, look)
            for fill in found.trades:
                await book_fill(session, order, fill, at=self._clock.now())
            filled = order.filled_quantity + sum((t.quantity for t in found.trades), Decimal(0))
            change = transitions.ruled_ended(order, filled, f"ruled ended by {job.by}")
            if not await self._recorder.apply_in(session, order, change):
                raise ExceptionChanged("the order is over already")
            result = {
                "order_id": order.intent.order_id,
                "state": change.state.value,
                "filled": str(filled),
                "of_positions": str(found.of_positions),
            }
            return await self._record(session, job, DONE, result, resolve=True)

    async def _require_unmoved(self, session: Session, order: OrderRecord, look: Look) -> None:
        """Raise ExceptionChanged when order or position moved since they were looked at."""
        terms = order.intent
        now = await orders.find_order(session, terms.order_id)
        held = await ledger_rows.lock_position(
            session,
            account_id=terms.account_id,
            instrument=terms.instrument,
            product=terms.product,
            at=self._clock.now(),
        )
        before = totals(look.ledger.expected_positions)
        expected = before.get((terms.instrument, terms.product), Decimal(0))
        if now is None or (now.state, now.filled_quantity) != (order.state, order.filled_quantity):
            raise ExceptionChanged(f"order {terms.order_id} moved meanwhile")
        if held.quantity != expected:
            raise ExceptionChanged(f"{terms.instrument} moved in the ledger meanwhile")

    async def _cancel_duplicate(self, job: "_Job") -> Remediation:
        look, delta = await self._fresh(job)
        order = next((o for o in look.known.orders if o.intent.order_id == delta.order_id), None)
        if order is None:
            raise ExceptionChanged("the order is not there any more")
        twin = self._withdrawing.choose(order, named(order, look), job.wish.broker_order_id)
        await self._withdrawing.cancel(job.tenant_id, order, twin, by=job.by)
        await self._bind(job, look, twin.broker_order_id)
        async with self._database.tenant(job.tenant_id) as session:
            result = {"cancelled": twin.broker_order_id, "order_id": order.intent.order_id}
            return await self._record(session, job, DONE, result, resolve=False)

    async def _bind(self, job: "_Job", look: Look, cancelled: str | None) -> None:
        """Tie an order in doubt to the first of the broker's that carries its tag."""
        order = next(
            (o for o in look.known.orders if o.intent.order_id == job.delta.order_id), None
        )
        if order is None or order.state is not OrderState.UNKNOWN or order.broker_order_id:
            return
        left = [s for s in named(order, look) if s.broker_order_id != cancelled]
        if left:
            change = transitions.accepted(order, left[0].broker_order_id)
            await self._recorder.apply(job.tenant_id, order, change)

    async def _close(self, job: "_Job", *, adopted: bool) -> Remediation:
        """Take the broker's truth over, then ask in the person's name for what closes it.

        Without the first the closing trade would leave the same difference behind.
        """
        if job.person is None:
            raise PersonNeeded("a plan that closes a position needs a person")
        if job.delta.kind in POSITION_KINDS:
            if not adopted:
                await self._adopt(job, ADOPTED)
            wanted: Sequence[Closing] = closings(job.delta)
        else:
            async with self._database.tenant(job.tenant_id) as session:
                parts = await orders.plan_orders(session, job.delta.plan_id or "")
            look, _ = await self._reconciler.differences(job.tenant_id, job.found.account_id)
            wanted = half_built(parts, look.snapshot)
        if not wanted:
            raise RemediationNotPossible("nothing of it is held any more")
        asked = []
        for number, closing in enumerate(wanted):
            run_id = f"{job.found.exception_id}-close-{number}"
            asked.append(
                await self._propose(job.person, job.found.account_id, closing.words, run_id)
            )
        waits = any(proposal.card_id for proposal in asked)
        result = {
            "plans": [
                {
                    "words": closing.words,
                    "outcome": proposal.outcome,
                    "message": proposal.message[:500],
                    "card_id": proposal.card_id,
                    "run_id": proposal.run_id,
                }
                for closing, proposal in zip(wanted, asked, strict=True)
            ]
        }
        async with self._database.tenant(job.tenant_id) as session:
            status = PROPOSED if waits else REFUSED
            return await self._record(session, job, status, result, resolve=False)

    async def _fresh(self, job: "_Job") -> tuple[Look, ReconciliationDelta]:
        """Look twice and return the difference as it is now, if it is still the one asked about."""
        look, deltas = await self._reconciler.differences(job.tenant_id, job.found.account_id)
        now = next((delta for delta in deltas if delta.key == job.delta.key), None)
        if now is None:
            raise ExceptionChanged("the difference is gone")
        same = (now.kind, now.expected, now.actual)
        if same != (job.delta.kind, job.delta.expected, job.delta.actual):
            raise ExceptionChanged(f"it is now: {now.message}")
        async with self._database.tenant(job.tenant_id) as session:
            before = await exceptions.last_snapshot_body(session, job.found.account_id)
        if now.kind in GONE and is_suddenly_bare(look, before):
            raise RemediationNotPossible(
                "the broker answered without any rows", remedy="Reconcile twice, 5 s apart."
            )
        return look, now

    async def _record(
        self, session: Session, job: "_Job", status: str, result: dict[str, Any], *, resolve: bool
    ) -> Remediation:
        """Store what was done, with its audit row, in the transaction that did it."""
        at, exception_id = self._clock.now(), job.found.exception_id
        before = await remediations.list_remediations(session, exception_id)
        remediation = Remediation(
            exception_id=exception_id,
            seq=len(before) + 1,
            action=job.wish.action,
            status=status,
            result=result,
            done_by=job.by,
            comment=job.wish.comment,
            done_at=at,
        )
        await remediations.add_remediation(session, remediation)
        if resolve:
            await exceptions.resolve(session, exception_id=exception_id, at=at)
        entry = Entry(
            actor=job.by,
            action=f"exception.{job.wish.action.lower()}",
            entity="exception",
            entity_id=exception_id,
            body={
                "key": job.found.key,
                "cause": job.delta.cause,
                "status": status,
                "comment": job.wish.comment,
                "result": result,
            },
        )
        await append(session, entry, at=at)
        return remediation


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One request about one exception."""

    tenant_id: str
    found: ExceptionRecord
    delta: ReconciliationDelta
    wish: Wish
    by: str
    person: Principal | None


async def _done_before(session: Session, job: _Job) -> Remediation | None:
    """Return what another request for the same did meanwhile; the account is held."""
    done = await remediations.list_remediations(session, job.found.exception_id)
    return next((one for one in done if one.action == job.wish.action), None)


def _require_word(job: _Job, order: OrderRecord, look: Look) -> bool:
    """Say whether the book does not go back to an order; then a comment must say who looked."""
    since = covered_since(order, look.known.reach_back, at=look.known.at)
    if (order.sent_at or order.created_at) >= since:
        return False
    if not (job.wish.comment or "").strip():
        raise RemediationNotPossible(
            f"the order is older than the broker's book, which begins {since:%Y-%m-%d %H:%M} UTC",
            remedy="Look at the broker's own statement of that day, and say so in --comment.",
        )
    return True


def _require_possible(delta: ReconciliationDelta, action: Action) -> None:
    choice = possible(delta)
    if action not in choice:
        named_ = ", ".join(choice) or "nothing; reconcile again, it may be gone"
        raise RemediationNotPossible(
            f"{action} does not fit {delta.kind} by {delta.cause}", remedy=f"Possible: {named_}."
        )


def _told(takeover: Takeover) -> dict[str, Any]:
    return {
        "instrument": str(takeover.after.instrument),
        "product": takeover.after.product.value,
        "before": str(takeover.before),
        "after": str(takeover.after.quantity),
        "trades": [trade.trade_id for trade in takeover.trades],
        "moved": takeover.quantity != Decimal(0),
    }
