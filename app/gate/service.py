"""Collect the gate's inputs and keep its answers with them."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from adapters.ports import ReachBack
from app.audit.log import Entry, append
from app.calendars.sessions import Calendars, MarketState
from app.errors import Unprocessable
from app.gate.history import day_start_of, follow, history_of, rolled
from app.gate.kill_switch import Trip, trip
from app.gate.modes import refuse_monitoring
from app.gate.pairs import second_halves
from app.gate.periods import periods_of
from app.gate.sent import sent_lately
from app.ledger.sessions import forgotten, shows_anything
from app.persistence import accounts, equity, orders, plans, protections
from app.persistence.accounts import AccountRecord
from app.persistence.database import Row, Session
from app.persistence.equity import EquityRecord
from app.persistence.orders import OrderRecord
from app.telemetry import decisions_total
from riskgate.contracts.decisions import ApprovedPlan, RiskDecision
from riskgate.contracts.exposures import ExposureChange
from riskgate.contracts.instruments import Instrument, InstrumentKind, InstrumentRef
from riskgate.contracts.orders import OrderIntent, OrderTerms
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.engine import approve, evaluate, exposure_change
from riskgate.hashing import canonical_json, text_hash
from riskgate.inputs import Classification, GateInput
from riskgate.policy import DEFAULT_POLICY, Policy
from riskgate.replay import replay, schema_difference

RELEASE: Final = "release"
# The default policies that earlier releases shipped, by hash.
RETIRED_DEFAULTS: Final = ("be1d3861074e4bdb2428a4383b1b2a9aad6e13215b87f063743d40d6b8d587b1",)
CONTRACTS: Final = frozenset({InstrumentKind.FUTURE, InstrumentKind.CALL, InstrumentKind.PUT})
SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9 &.\-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class World:
    """What was seen of the outside world for one judgement.

    `asked` is what was to be priced. Orders with a tag in `aside` are taken back before the plan is
    sent, so it is judged without them. The market is `always_open` where it is one of ours; a
    `live` broker is one of real money. `reach_back` is how far back its order book goes.
    """

    snapshot: BrokerSnapshot
    quotes: tuple[Quote, ...]
    asked: frozenset[InstrumentRef]
    instruments: tuple[Instrument, ...]
    always_open: bool
    live: bool
    aside: frozenset[str] = frozenset()
    reach_back: ReachBack | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A stored decision and the exact inputs it came from; `trip` is what it did to the switch."""

    policy: Policy
    gate_input: GateInput
    decision: RiskDecision
    decision_hash: str
    trip: Trip | None = None


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """What the gate says of a plan that nobody asked for; it is stored nowhere."""

    policy: Policy
    gate_input: GateInput
    decision: RiskDecision


@dataclass(frozen=True, kw_only=True)
class _Asked:
    account: AccountRecord
    plan: TradePlan
    world: World
    ledger: LedgerSnapshot
    policy: Policy


class PolicyMissing(Unprocessable):
    """The account points at a policy that is not stored; nothing is judged without one."""

    code = "POLICY_MISSING"
    remedy = "Set a policy for the account."


def without_orders(snapshot: BrokerSnapshot, tags: frozenset[str]) -> BrokerSnapshot:
    """Return the book as it will be when the orders with these tags are gone."""
    if not tags:
        return snapshot
    left = tuple(order for order in snapshot.orders if order.tag not in tags)
    return snapshot.model_copy(update={"orders": left})


async def store_default_policy(session: Session, *, created_by: str, at: datetime) -> str:
    """Store the default policy and return its hash."""
    await accounts.add_policy(
        session,
        policy_hash=DEFAULT_POLICY.policy_hash,
        body=canonical_json(DEFAULT_POLICY),
        created_by=created_by,
        at=at,
    )
    return DEFAULT_POLICY.policy_hash


async def account_policy(session: Session, account: AccountRecord) -> Policy:
    """Return the policy in force, checked against its hash."""
    body = await accounts.find_policy(session, account.policy_hash)
    if body is None:
        raise PolicyMissing(f"policy {account.policy_hash} is not stored")
    try:
        policy = Policy.model_validate(body)
    except ValidationError as foreign:
        raise PolicyMissing(
            f"policy {account.policy_hash} was written for another release"
        ) from foreign
    if policy.policy_hash != account.policy_hash:
        raise PolicyMissing(f"policy {account.policy_hash} was changed in the database")
    return policy


async def replace_retired_defaults(session: Session, *, at: datetime) -> list[str]:
    """Give accounts that have the default policy of an older release the one of this release.

    Returns which they were. What was judged by the old one stays as it is stored.
    """
    moved: list[str] = []
    for retired in RETIRED_DEFAULTS:
        if await accounts.find_policy(session, retired) is None:
            continue
        fresh = await store_default_policy(session, created_by=RELEASE, at=at)
        for account_id in await accounts.replace_policy(session, retired, fresh):
            entry = Entry(
                actor=RELEASE,
                action="policy.replaced",
                entity="account",
                entity_id=account_id,
                body={"from": retired, "to": fresh, "reason": "the default of an older release"},
            )
            await append(session, entry, at=at)
            moved.append(account_id)
    return moved


class Gate:
    """Judges plans; the only place where the gate's inputs are put together."""

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars

    async def judge(
        self,
        session: Session,
        *,
        account: AccountRecord,
        plan: TradePlan,
        world: World,
        ledger: LedgerSnapshot,
        stage: str,
        at: datetime,
    ) -> Judgement:
        """Judge a plan, store the decision with its inputs, and audit it before anything is sent.

        The caller holds the account, so that two plans that fit only alone cannot both pass. What
        the decision does to the kill switch, and the book to the account's equity history, is done
        in the same transaction. Raises PolicyMissing and PolicyMonitorLive.
        """
        policy = await account_policy(session, account)
        refuse_monitoring(policy, account.account_id, live=world.live)
        periods = periods_of(self._calendars, account.currency, at)
        record = await follow(session, account, world.snapshot, policy, periods, at=at)
        gate_input = await self._inputs(
            session,
            _Asked(account=account, plan=plan, world=world, ledger=ledger, policy=policy),
            record,
            at=at,
        )
        # Written once: what is hashed is, byte for byte, what is stored.
        text = canonical_json(gate_input)
        decision = evaluate(policy, gate_input, inputs_hash=text_hash(text))
        decisions_total.labels(decision.verdict.value).inc()
        decision_hash = await plans.add_decision(
            session, decision, stage=stage, gate_input=text, at=at
        )
        await append(session, _entry(decision, decision_hash, stage), at=at)
        return Judgement(
            policy=policy,
            gate_input=gate_input,
            decision=decision,
            decision_hash=decision_hash,
            trip=await trip(session, policy, decision, account.account_id, at=at),
        )

    async def weigh(
        self,
        session: Session,
        *,
        account: AccountRecord,
        plan: TradePlan,
        world: World,
        ledger: LedgerSnapshot,
        at: datetime,
    ) -> Weighing:
        """Say what a plan would be told now; nothing is stored, so nothing can come of it.

        Raises PolicyMissing.
        """
        policy = await account_policy(session, account)
        periods = periods_of(self._calendars, account.currency, at)
        before = await equity.find_equity(session, account.account_id)
        margins = world.snapshot.margins
        is_known = margins is not None and margins.equity > 0
        record = (
            rolled(before, periods, margins, world.snapshot.as_of)
            if margins is not None and is_known
            else before
        )
        asked = _Asked(account=account, plan=plan, world=world, ledger=ledger, policy=policy)
        gate_input = await self._inputs(session, asked, record, at=at)
        decision = evaluate(policy, gate_input)
        return Weighing(policy=policy, gate_input=gate_input, decision=decision)

    async def _inputs(
        self, session: Session, asked: _Asked, record: EquityRecord | None, *, at: datetime
    ) -> GateInput:
        """Put everything together that a plan is judged by."""
        account, plan, world = asked.account, asked.plan, asked.world
        periods = periods_of(self._calendars, account.currency, at)
        own = world.snapshot.account_id == account.account_id
        margins = world.snapshot.margins if own else None
        sent = await sent_lately(
            session, plan, asked.policy, day_starts_at=periods.day_starts_at, at=at
        )
        switch = await accounts.kill_switch(session, account.account_id)
        market = self._market(plan, world, at)
        pairs = await protections.open_pairs(session, account.account_id)
        once = second_halves(pairs, world.snapshot)
        return GateInput(
            plan=plan,
            # What the snapshot shows is not reserved, so the orders set aside count nowhere.
            broker=without_orders(world.snapshot, world.aside | once),
            ledger=asked.ledger,
            quotes=world.quotes,
            as_of=at,
            kill_switch=switch.level,
            reserved=await reserved_orders(
                session,
                plan.account_id,
                world.snapshot,
                but_of_plan=plan.plan_id,
                but=once,
                reach_back=world.reach_back,
            ),
            market_open=market.is_open,
            closes_at=market.closes_at,
            next_opens_at=market.next_opens_at,
            start_of_day_equity=day_start_of(record, margins, periods),
            history=history_of(record),
            sent=sent,
            instruments=world.instruments,
            classifications=classified(world.instruments),
        )

    def exposures(self, judgement: Judgement | Weighing) -> ExposureChange:
        """Return what the judged plan changes of what is at risk, for people to look at."""
        return exposure_change(judgement.policy, judgement.gate_input)

    async def note_equity(
        self, session: Session, account_id: str, snapshot: BrokerSnapshot, *, at: datetime
    ) -> None:
        """Bring an account's equity history up to a book that nothing is judged by.

        The caller holds the account. Without a policy that can be used nothing is noted: it says
        how old a book may be.
        """
        account = await accounts.find_account(session, account_id)
        if account is None:
            return
        try:
            policy = await account_policy(session, account)
        except PolicyMissing:
            return
        periods = periods_of(self._calendars, account.currency, at)
        await follow(session, account, snapshot, policy, periods, at=at)

    def _market(self, plan: TradePlan, world: World, at: datetime) -> MarketState:
        if world.always_open:
            return MarketState(is_open=True)
        return self._calendars.state_of({leg.instrument.ref.exchange for leg in plan.legs}, at)


def seal_approval(
    judgement: Judgement,
    *,
    approval_id: str,
    approved_by: str,
    approved_at: datetime,
    expires_at: datetime,
) -> ApprovedPlan:
    """Turn an allowed judgement into the only thing that execution takes."""
    return approve(
        policy=judgement.policy,
        gate_input=judgement.gate_input,
        decision=judgement.decision,
        approval_id=approval_id,
        approved_by=approved_by,
        approved_at=approved_at,
        expires_at=expires_at,
    )


def replay_decision(*, policy: Row, gate_input: Row, recorded: RiskDecision) -> str | None:
    """Judge stored inputs again; return where the answer first differs, None when it does not."""
    difference = schema_difference(recorded) or replay(
        Policy.model_validate(policy), GateInput.model_validate(gate_input), recorded
    )
    return None if difference is None else str(difference)


async def reserved_orders(
    session: Session,
    account_id: str,
    snapshot: BrokerSnapshot,
    *,
    but_of_plan: str | None,
    but: frozenset[str] = frozenset(),
    reach_back: ReachBack | None = None,
) -> tuple[OrderTerms, ...]:
    """Return what of our orders, `but` for those of some tags, the snapshot cannot show: it counts
    at once.

    An order of an earlier session that a book with rows would show, and does not, is not open; what
    it filled is in the positions.

    An order that changed since the snapshot was taken counts whole, filled part and all: the
    snapshot's positions may lack that too.
    """
    shown = {order.broker_order_id for order in snapshot.orders}
    shown_tags = {order.tag for order in snapshot.orders}
    covers = shows_anything(snapshot)
    found = await orders.unsettled_orders(session, account_id, since=snapshot.as_of)
    return tuple(
        _terms(order.intent, quantity)
        for order in found
        if order.intent.plan_id != but_of_plan
        and order.broker_order_id not in shown
        and order.intent.tag not in shown_tags
        and order.intent.tag not in but
        and not (covers and forgotten(order, snapshot.orders, reach_back, at=snapshot.as_of))
        and (quantity := _unseen_quantity(order, snapshot.as_of)) > 0
    )


def _unseen_quantity(order: OrderRecord, as_of: datetime) -> Decimal:
    if order.updated_at < as_of:
        return order.open_quantity
    return order.open_quantity + order.filled_quantity


def _terms(intent: OrderIntent, quantity: Decimal) -> OrderTerms:
    fields = {name: getattr(intent, name) for name in OrderTerms.model_fields}
    return OrderTerms.model_validate(fields | {"quantity": quantity})


def classified(instruments: tuple[Instrument, ...]) -> tuple[Classification, ...]:
    """Return what contracts are on, where the master's name of them is a symbol.

    Sectors are in no master of this release.
    """
    return tuple(
        Classification(instrument=row.ref, underlying=row.name)
        for row in instruments
        if row.kind in CONTRACTS and SYMBOL.fullmatch(row.name)
    )


def _entry(decision: RiskDecision, decision_hash: str, stage: str) -> Entry:
    return Entry(
        actor="riskgate",
        action=f"gate.{decision.verdict.value.lower()}",
        entity="plan",
        entity_id=decision.plan_id,
        body={
            "stage": stage,
            "decision_hash": decision_hash,
            "plan_hash": decision.plan_hash,
            "policy_hash": decision.policy_hash,
            "inputs_hash": decision.inputs_hash,
            "violations": list(decision.codes),
        },
    )
