"""Collect the gate's inputs and keep its answers with them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.audit.log import Entry, append
from app.errors import Unprocessable
from app.persistence import accounts, orders, plans
from app.persistence.accounts import AccountRecord
from app.persistence.database import Row, Session
from app.persistence.orders import OrderRecord
from app.telemetry import decisions_total
from riskgate.contracts.decisions import ApprovedPlan, RiskDecision
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import OrderIntent, OrderTerms
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.engine import GateInput, approve, evaluate
from riskgate.hashing import canonical_json
from riskgate.policy import DEFAULT_POLICY, Policy
from riskgate.replay import replay


@dataclass(frozen=True, kw_only=True)
class World:
    """What was seen of the outside world for one judgement; `asked` is what was to be priced."""

    snapshot: BrokerSnapshot
    quotes: tuple[Quote, ...]
    asked: frozenset[InstrumentRef]
    instruments: tuple[Instrument, ...]
    market_open: bool | None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A stored decision and the exact inputs it came from."""

    policy: Policy
    gate_input: GateInput
    decision: RiskDecision
    decision_hash: str


class PolicyMissing(Unprocessable):
    """The account points at a policy that is not stored; nothing is judged without one."""

    code = "POLICY_MISSING"
    remedy = "Set a policy for the account."


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
    policy = Policy.model_validate(body)
    if policy.policy_hash != account.policy_hash:
        raise PolicyMissing(f"policy {account.policy_hash} was changed in the database")
    return policy


async def judge(
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

    The caller holds the account, so that two plans that fit only alone cannot both pass.
    """
    policy = await account_policy(session, account)
    switch = await accounts.kill_switch(session, account.account_id)
    margins = world.snapshot.margins
    gate_input = GateInput(
        plan=plan,
        broker=world.snapshot,
        ledger=ledger,
        quotes=world.quotes,
        as_of=at,
        kill_switch=switch.level,
        reserved=await reserved_orders(session, plan, world.snapshot),
        market_open=world.market_open,
        start_of_day_equity=None if margins is None else margins.start_of_day_equity,
        instruments=world.instruments,
    )
    decision = evaluate(policy, gate_input)
    decisions_total.labels(decision.verdict.value).inc()
    decision_hash = await plans.add_decision(
        session, decision, stage=stage, gate_input=canonical_json(gate_input), at=at
    )
    await append(session, _entry(decision, decision_hash, stage), at=at)
    return Judgement(
        policy=policy, gate_input=gate_input, decision=decision, decision_hash=decision_hash
    )


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
    difference = replay(
        Policy.model_validate(policy), GateInput.model_validate(gate_input), recorded
    )
    return None if difference is None else str(difference)


async def reserved_orders(
    session: Session, plan: TradePlan, snapshot: BrokerSnapshot
) -> tuple[OrderTerms, ...]:
    """Return what of our orders the snapshot cannot show: it counts at once.

    An order that changed since the snapshot was taken counts whole, filled part and all: the
    snapshot's positions may lack that too.
    """
    shown = {order.broker_order_id for order in snapshot.orders}
    shown_tags = {order.tag for order in snapshot.orders}
    found = await orders.unsettled_orders(session, plan.account_id, since=snapshot.as_of)
    return tuple(
        _terms(order.intent, quantity)
        for order in found
        if order.intent.plan_id != plan.plan_id
        and order.broker_order_id not in shown
        and order.intent.tag not in shown_tags
        and (quantity := _unseen_quantity(order, snapshot.as_of)) > 0
    )


def _unseen_quantity(order: OrderRecord, as_of: datetime) -> Decimal:
    if order.updated_at < as_of:
        return order.open_quantity
    return order.open_quantity + order.filled_quantity


def _terms(intent: OrderIntent, quantity: Decimal) -> OrderTerms:
    fields = {name: getattr(intent, name) for name in OrderTerms.model_fields}
    return OrderTerms.model_validate(fields | {"quantity": quantity})


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
