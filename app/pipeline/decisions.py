"""A person decides on a card: everything is taken afresh and judged again before it counts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from pydantic import ValidationError

from adapters.errors import BrokerUnavailable, MarketDataUnavailable
from adapters.ports import Clock
from app.approvals import rules
from app.approvals.rules import Approver, Refusal
from app.approvals.seal import SealedTerms, expired, seal_holds
from app.audit.log import Entry, append
from app.errors import Conflict, Forbidden, NotFound
from app.execution.engine import ExecutionEngine
from app.execution.live import LiveEvidence
from app.gate.reducing import only_reducing
from app.gate.service import (
    Gate,
    Judgement,
    World,
    account_policy,
    reserved_orders,
    seal_approval,
)
from app.persistence import accounts, cards, plans
from app.persistence.accounts import OBSERVE, AccountRecord
from app.persistence.cards import CardRecord
from app.persistence.database import Database, Session
from app.persistence.plans import APPROVAL_STAGE
from app.pipeline.arming import LIVE_OFF, Guarded, Guards, Wish
from app.pipeline.own_word import own_word_counts
from app.pipeline.views import AccountViews, require_account
from app.pipeline.world import Worlds
from riskgate.contracts.cards import Card, CardStatus
from riskgate.contracts.decisions import ApprovedPlan, RiskDecision, Verdict
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan

LOOKS = 5
FORBIDDEN_CODES = frozenset({"FORBIDDEN", "APPROVER_NOT_A_PERSON", "FOUR_EYES_REQUIRED"})
DOWN_CODES = frozenset({"BROKER_UNAVAILABLE", "MARKET_DATA_UNAVAILABLE"})


@dataclass(frozen=True, kw_only=True)
class CardDecision:
    """What a person's word came to.

    `refusal` says why an approval did not count, `trip` that judging it tightened the kill switch.
    """

    card: Card
    approved: bool
    repeated: bool = False
    refusal: Refusal | None = None
    decision: RiskDecision | None = None
    decision_hash: str | None = None
    trip: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Word:
    """A person's approval as it was given. `own` says that no card was pressed: their message or
    command stands for it, where the account's mode and policy let it."""

    by: Approver
    comment: str | None
    acknowledged: bool
    own: bool


Wake: TypeAlias = Callable[[Session, CardDecision], Awaitable[None]]
# Takes back the stops that the plan's exits would collide with; see Protector.make_way.
MakeWay: TypeAlias = Callable[[str, TradePlan], Awaitable[None]]


class CardDecisions:
    """Approves and rejects cards; the only place where an approval is made."""

    def __init__(  # noqa: PLR0913  # each is a port or a service
        self,
        *,
        database: Database,
        worlds: Worlds,
        views: AccountViews,
        gate: Gate,
        engine: ExecutionEngine,
        guards: Guards,
        make_way: MakeWay,
        clock: Clock,
        secret: bytes,
    ) -> None:
        self._database = database
        self._worlds = worlds
        self._guards = guards
        self._make_way = make_way
        self._views = views
        self._gate = gate
        self._engine = engine
        self._clock = clock
        self._secret = secret

    async def find(self, tenant_id: str, card_id: str) -> CardRecord:
        """Return the tenant's card or raise NotFound."""
        async with self._database.tenant(tenant_id) as session:
            return await _require_card(session, card_id)

    async def approve(
        self,
        tenant_id: str,
        card_id: str,
        *,
        by: Approver,
        comment: str | None,
        wake: Wake,
        acknowledge_risk: bool = False,
        own_word: bool = False,
    ) -> CardDecision:
        """Approve a pending card once; approving it again returns what the first did.

        Book and prices are taken afresh and the gate judges again; in the transaction that
        records the approval the plan's orders are written down and `wake` writes down who is to
        carry them out. A LIVE plan must pass every guard in that transaction too; where it does
        not, the card stays as it is. Raises Forbidden for people who may not decide and Conflict
        for a card that can no longer be approved.
        """
        word = _Word(by=by, comment=comment, acknowledged=acknowledge_risk, own=own_word)
        record, plan = await self._load(tenant_id, card_id)
        _raise_refusal(rules.may_decide(by, initiator=record.user_id))
        if record.card.status is CardStatus.APPROVED and record.decided_by == by.user_id:
            return CardDecision(card=record.card, approved=True, repeated=True)
        _raise_refusal(rules.card_is_open(record.card.kind, record.card.status))
        unarmed = await self._unarmed(tenant_id, plan, word)
        if unarmed is not None:
            return CardDecision(card=record.card, approved=False, refusal=unarmed)
        if await self._may_go_on(tenant_id, card_id, plan, by):
            await self._make_way(tenant_id, plan)
        unpriced: frozenset[InstrumentRef] = frozenset()
        for _ in range(LOOKS):
            world = await self._fresh(tenant_id, plan, unpriced)
            if isinstance(world, Refusal):
                return CardDecision(card=record.card, approved=False, refusal=world)
            async with self._database.tenant(tenant_id) as session:
                decision = await self._decide(session, card_id, plan, world, word)
                if isinstance(decision, frozenset):
                    unpriced |= decision
                    continue
                if decision.card.status is not CardStatus.PENDING and not decision.repeated:
                    await wake(session, decision)
                return decision
        return CardDecision(card=record.card, approved=False, refusal=_too_busy())

    async def reject(
        self, tenant_id: str, card_id: str, *, by: Approver, comment: str | None, wake: Wake
    ) -> CardDecision:
        """Reject a pending card for good; rejecting it again changes nothing."""
        now = self._clock.now()
        async with self._database.tenant(tenant_id) as session:
            record = await _require_card(session, card_id, lock=True)
            _raise_refusal(rules.may_decide(by, initiator=record.user_id))
            if record.card.status is CardStatus.REJECTED:
                return CardDecision(card=record.card, approved=False, repeated=True)
            _raise_refusal(rules.card_is_open(record.card.kind, record.card.status))
            await self._settle(session, record, CardStatus.REJECTED, by, comment, now)
            decision = CardDecision(card=_with(record.card, CardStatus.REJECTED), approved=False)
            await wake(session, decision)
        return decision

    async def _load(self, tenant_id: str, card_id: str) -> tuple[CardRecord, TradePlan]:
        async with self._database.tenant(tenant_id) as session:
            record = await _require_card(session, card_id)
            plan = None
            if record.card.plan_id is not None:
                plan = await _stored_plan(session, record.card.plan_id)
        if plan is None:
            _raise_refusal(rules.card_is_open(record.card.kind, record.card.status))
            raise NotFound(f"card {card_id} has no plan")
        return record, plan

    async def _fresh(
        self, tenant_id: str, plan: TradePlan, also: frozenset[InstrumentRef]
    ) -> World | Refusal:
        try:
            return await self._worlds.fresh(tenant_id, plan, also=also)
        except BrokerUnavailable as down:
            return _try_later("BROKER_UNAVAILABLE", down.message)
        except MarketDataUnavailable as down:
            return _try_later("MARKET_DATA_UNAVAILABLE", down.message)

    async def _decide(
        self,
        session: Session,
        card_id: str,
        plan: TradePlan,
        world: World,
        word: _Word,
    ) -> CardDecision | frozenset[InstrumentRef]:
        """Decide while the account is held, or return what must be priced before that can be:
        instruments of orders approved since the world was looked at."""
        await accounts.lock_account(session, plan.account_id)
        now, by = self._clock.now(), word.by
        record = await _require_card(session, card_id, lock=True)
        if record.card.status is CardStatus.APPROVED and record.decided_by == by.user_id:
            return CardDecision(card=record.card, approved=True, repeated=True)
        _raise_refusal(rules.card_is_open(record.card.kind, record.card.status))
        refusal = await self._refusal(session, record, plan, by, now)
        refusal = refusal or rules.price_moved(plan, world.quotes)
        if refusal is None and word.own:
            counts = await own_word_counts(session, plan, by, initiator=record.user_id)
            refusal = None if counts else _card_needed()
        if refusal is not None:
            status = CardStatus.EXPIRED if refusal.code == "CARD_EXPIRED" else CardStatus.VOID
            if refusal.final:
                await self._settle(session, record, status, by, refusal.code, now)
            return CardDecision(
                card=_with(record.card, status) if refusal.final else record.card,
                approved=False,
                refusal=refusal,
            )
        unpriced = await _unpriced(session, plan, world)
        return unpriced or await self._judge(session, record, plan, world, word, now)

    async def _refusal(
        self,
        session: Session,
        record: CardRecord,
        plan: TradePlan,
        by: Approver,
        now: datetime,
    ) -> Refusal | None:
        """Say what refuses the approval whatever the market does."""
        terms = _terms(session.tenant_id, record)
        if not seal_holds(terms, secret=self._secret, given=record.seal or ""):
            return _broken_seal()
        if expired(terms, now=now):
            return _too_late()
        account = await require_account(session, plan.account_id)
        if account.mode == OBSERVE:
            return _observes(account.account_id)
        if account.policy_hash != terms.policy_hash:
            return _policy_changed()
        policy = await account_policy(session, account)
        return rules.plan_is_the_sealed_one(plan, terms) or rules.four_eyes(
            by,
            initiator=record.user_id,
            plan=plan,
            above=policy.approval.four_eyes_above_notional,
        )

    async def _may_go_on(self, tenant_id: str, card_id: str, plan: TradePlan, by: Approver) -> bool:
        """Say whether nothing refuses the approval yet: no stop makes way for one that is refused
        anyway. What refuses is told, and settled, where the account is held."""
        async with self._database.tenant(tenant_id) as session:
            record = await _require_card(session, card_id)
            return await self._refusal(session, record, plan, by, self._clock.now()) is None

    async def _judge(
        self,
        session: Session,
        record: CardRecord,
        plan: TradePlan,
        world: World,
        word: _Word,
        now: datetime,
    ) -> CardDecision:
        account = await require_account(session, plan.account_id)
        await plans.add_snapshot(session, world.snapshot)
        judgement = await self._gate.judge(
            session,
            account=account,
            plan=plan,
            world=world,
            ledger=await self._views.ledger(session, plan.account_id),
            stage=APPROVAL_STAGE,
            at=now,
        )
        by, allowed = word.by, judgement.decision.verdict is Verdict.ALLOW
        armed: LiveEvidence | None = None
        if allowed and plan.mode is ExecutionMode.LIVE:
            reducing = only_reducing(judgement.policy, judgement.gate_input)
            exits = reducing == {leg.leg for leg in plan.legs}
            guarded = await self._guard(session, plan, account, word, now, only_reduces=exits)
            if not guarded.passed:
                return CardDecision(card=record.card, approved=False, refusal=_not_armed(guarded))
            armed = guarded.evidence
        status = CardStatus.APPROVED if allowed else CardStatus.VOID
        await self._settle(session, record, status, by, word.comment, now)
        if allowed:
            approved = _approved(judgement, record, by, now)
            await self._engine.prepare(session, approved, armed=armed)
        return CardDecision(
            card=_with(record.card, status),
            approved=allowed,
            refusal=None if allowed else _denied(),
            decision=judgement.decision,
            decision_hash=judgement.decision_hash,
            trip=None if judgement.trip is None else judgement.trip.text,
        )

    async def _unarmed(self, tenant_id: str, plan: TradePlan, word: _Word) -> Refusal | None:
        """Say what a LIVE plan lacks whatever the day came to, before anything makes way for it."""
        if plan.mode is not ExecutionMode.LIVE:
            return None
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, plan.account_id)
            account = await require_account(session, plan.account_id)
            now = self._clock.now()
            guarded = await self._guard(session, plan, account, word, now, only_reduces=True)
        return None if guarded.passed else _not_armed(guarded)

    async def _guard(
        self,
        session: Session,
        plan: TradePlan,
        account: AccountRecord,
        word: _Word,
        now: datetime,
        *,
        only_reduces: bool,
    ) -> Guarded:
        """Run the guards of a LIVE plan while its account is held, and audit what they found."""
        guarded = await self._guards.run(
            session,
            plan,
            account,
            Wish(mode=ExecutionMode.LIVE, acknowledged=word.acknowledged),
            only_reduces=only_reduces,
            at=now,
        )
        evidence = guarded.evidence
        entry = Entry(
            actor=word.by.user_id,
            action="live.guards_passed" if guarded.passed else "live.blocked",
            entity="plan",
            entity_id=plan.plan_id,
            body={
                "plan_hash": plan.plan_hash,
                "codes": list(guarded.codes),
                "validation_id": None if evidence is None else evidence.validation_id,
                "acknowledged": word.acknowledged,
                "limits_held": not only_reduces,
            },
        )
        await append(session, entry, at=now)
        return guarded

    async def _settle(
        self,
        session: Session,
        record: CardRecord,
        status: CardStatus,
        by: Approver,
        comment: str | None,
        now: datetime,
    ) -> None:
        won = await cards.decide_card(
            session,
            card_id=record.card.id,
            status=status,
            decided_by=by.user_id,
            comment=comment,
            at=now,
        )
        if not won:
            raise Conflict("somebody else decided this card first", code="CARD_ALREADY_DECIDED")
        entry = Entry(
            actor=by.user_id,
            action=f"card.{status.value.lower()}",
            entity="card",
            entity_id=record.card.id,
            body={"plan_id": record.card.plan_id, "plan_hash": record.card.plan_hash},
        )
        await append(session, entry, at=now)


def _approved(
    judgement: Judgement, record: CardRecord, by: Approver, now: datetime
) -> ApprovedPlan:
    return seal_approval(
        judgement,
        approval_id=record.card.id,
        approved_by=by.user_id,
        approved_at=now,
        expires_at=record.card.expires_at or now,
    )


async def _stored_plan(session: Session, plan_id: str) -> TradePlan | None:
    try:
        return await plans.find_plan(session, plan_id)
    except ValidationError as broken:
        raise Conflict(
            "the stored plan is not what this card was made for",
            code="CARD_PLAN_CHANGED",
            remedy="Ask for the trade again.",
        ) from broken


async def _unpriced(session: Session, plan: TradePlan, world: World) -> frozenset[InstrumentRef]:
    """Return the instruments in flight that the world did not ask the price of."""
    reserved = await reserved_orders(
        session,
        plan.account_id,
        world.snapshot,
        but_of_plan=plan.plan_id,
        reach_back=world.reach_back,
    )
    return frozenset(order.instrument for order in reserved) - world.asked


async def _require_card(session: Session, card_id: str, *, lock: bool = False) -> CardRecord:
    record = await cards.find_card(session, card_id, lock=lock)
    if record is None:
        raise NotFound(f"there is no card {card_id}")
    return record


def _terms(tenant_id: str, record: CardRecord) -> SealedTerms:
    card = record.card
    if card.plan_hash is None or record.policy_hash is None or card.expires_at is None:
        raise Conflict("the card is not bound to a plan", code="CARD_NOT_APPROVABLE")
    return SealedTerms(
        tenant_id=tenant_id,
        account_id=card.account_id,
        card_id=card.id,
        plan_hash=card.plan_hash,
        policy_hash=record.policy_hash,
        expires_at=card.expires_at,
    )


def _with(card: Card, status: CardStatus) -> Card:
    return card.model_copy(update={"status": status})


def _raise_refusal(refusal: Refusal | None) -> None:
    if refusal is None:
        return
    error = Forbidden if refusal.code in FORBIDDEN_CODES else Conflict
    raise error(refusal.message, code=refusal.code, remedy=refusal.remedy)


def _card_needed() -> Refusal:
    return Refusal(
        code="APPROVAL_REQUIRED",
        message="the account's mode or policy asks for an approval of the card",
        remedy="Nothing was sent; approve the card.",
    )


def _too_busy() -> Refusal:
    return Refusal(
        code="ACCOUNT_BUSY",
        message="other orders of the account kept being approved meanwhile",
        remedy="Nothing was sent; approve again.",
    )


def _try_later(code: str, message: str) -> Refusal:
    return Refusal(
        code=code, message=message, remedy="Nothing was sent; approve again when it is back."
    )


def _broken_seal() -> Refusal:
    return Refusal(
        code="CARD_SEAL_BROKEN",
        message="the card is not what was shown",
        remedy="Ask for the trade again.",
        final=True,
    )


def _too_late() -> Refusal:
    return Refusal(
        code="CARD_EXPIRED",
        message="the card's time is over",
        remedy="Ask for the trade again to see today's price.",
        final=True,
    )


def _observes(account_id: str) -> Refusal:
    return Refusal(
        code="ACCOUNT_OBSERVES",
        message=f"account {account_id} was set to OBSERVE and takes no trades",
        remedy="An operator may set it to PROPOSE; then ask for the trade again.",
        final=True,
    )


def _policy_changed() -> Refusal:
    return Refusal(
        code="POLICY_CHANGED",
        message="the account's policy changed after the card was made",
        remedy="Ask for the trade again; it will be judged by the policy in force.",
        final=True,
    )


def _not_armed(guarded: Guarded) -> Refusal:
    failed = guarded.report.failed
    said = [f"{result.code}: {result.message}" for result in failed]
    remedies = [result.remedy or "" for result in failed]
    if not guarded.switch_on:
        said.append(f"{LIVE_OFF.code}: {LIVE_OFF.message}")
        remedies.append(LIVE_OFF.remedy)
    return Refusal(code=guarded.codes[0], message="; ".join(said), remedy="; ".join(remedies))


def _denied() -> Refusal:
    return Refusal(
        code="RISK_DENY",
        message="the risk gate does not allow the plan any more",
        remedy="Read the reasons and ask for a trade that passes.",
        final=True,
    )
