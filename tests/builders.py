"""Valid values of every kind, one override away from any case.

They stand on tests.unit.riskgate.builders: an account of 1,000,000 INR with nothing held, INFY at
1000 on a tick of 0.05 with no depth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.audit.log import GENESIS, row_hash
from app.persistence.audit import AuditRow
from app.persistence.orders import OrderRecord
from app.persistence.runs import RunRecord
from app.planning.compose import compose_plan
from app.planning.inputs import PlanningInputs, PlanProblem
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.instruments import Currency
from riskgate.contracts.intents import (
    Offset,
    OffsetKind,
    Provenance,
    ProvenanceSource,
    Sizing,
    SizingMethod,
    TradeIntent,
)
from riskgate.contracts.orders import (
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderState,
    OrderType,
    Product,
    Side,
)
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import ExpectedOrder
from riskgate.contracts.traces import SubmittedOrder
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    Amount,
    a_gate_input,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    decide,
    seconds,
    terms,
)

TENANT = "tenant-1"
HASH = "a" * 64
TAG = "A" * 20
UI = Provenance(source=ProvenanceSource.UI, text="as asked")


# Planning


def sizing(method: SizingMethod | str, value: Amount) -> Sizing:
    return Sizing(method=SizingMethod(method), value=Decimal(value))


def offset(kind: OffsetKind | str, value: Amount) -> Offset:
    return Offset(kind=OffsetKind(kind), value=Decimal(value))


def sources_of(fields: Mapping[str, object]) -> dict[str, Provenance]:
    """Return a source for each field that is set."""
    return {name: UI for name, value in fields.items() if value not in (None, ())}


def a_trade_intent(**changes: Any) -> TradeIntent:
    """Return a delivered market buy of 10 INFY unless told otherwise; sources are filled in."""
    fields: dict[str, Any] = {
        "side": Side.BUY,
        "symbols": (a_ref(),),
        "sizing": sizing("quantity", 10),
        "product": Product.CNC,
        "order_type": OrderType.MARKET,
    } | changes
    return TradeIntent.model_validate({"provenance": sources_of(fields)} | fields)


def a_planning_input(intent: TradeIntent | None = None, **changes: Any) -> PlanningInputs:
    fields: dict[str, Any] = {
        "plan_id": "plan-1",
        "tenant_id": TENANT,
        "account_id": ACCOUNT,
        "currency": Currency.INR,
        "mode": ExecutionMode.PAPER,
        "created_at": NOW,
        "plan_ttl_s": 900,
        "intent": intent or a_trade_intent(),
        "instruments": (an_instrument(),),
        "quotes": (a_quote(),),
        "snapshot": a_snapshot(),
    }
    return PlanningInputs.model_validate(fields | changes)


def the_plan(inputs: PlanningInputs) -> TradePlan:
    plan = compose_plan(inputs)
    assert isinstance(plan, TradePlan), plan
    return plan


def the_leg(inputs: PlanningInputs) -> PlanLeg:
    (leg,) = the_plan(inputs).legs
    return leg


def the_problem(inputs: PlanningInputs) -> PlanProblem:
    problem = compose_plan(inputs)
    assert isinstance(problem, PlanProblem), problem
    return problem


# Orders


def an_order_intent(
    side: Side = Side.BUY, quantity: Amount = 10, symbol: str = "INFY", **changes: Any
) -> OrderIntent:
    fields: dict[str, Any] = {
        **dict(terms(side, quantity, symbol)),
        "order_id": "ord-1",
        "account_id": ACCOUNT,
        "plan_id": "plan-1",
        "leg": 0,
        "slice": 0,
        "tag": TAG,
    }
    return OrderIntent.model_validate(fields | changes)


def an_order_record(intent: OrderIntent | None = None, **changes: Any) -> OrderRecord:
    """Return an order that is being sent unless told otherwise."""
    record = OrderRecord(
        intent=intent or an_order_intent(),
        approval_id="apr-1",
        payload_hash=HASH,
        state=OrderState.SENDING,
        broker_order_id=None,
        filled_quantity=Decimal(0),
        cancelled_quantity=Decimal(0),
        average_price=None,
        reason=None,
        send_by=NOW + seconds(60),
        created_at=NOW,
        sent_at=NOW,
        updated_at=NOW,
    )
    return replace(record, **changes)


def a_trade(
    side: Side = Side.BUY, quantity: Amount = 10, price: Amount = 1000, **changes: Any
) -> BrokerTrade:
    fields: dict[str, Any] = {
        "trade_id": "t-1",
        "broker_order_id": "b-1",
        "instrument": a_ref(),
        "side": side,
        "product": Product.CNC,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "traded_at": NOW,
    }
    return BrokerTrade.model_validate(fields | changes)


def an_expected_order(open_quantity: Amount = 10, **changes: Any) -> ExpectedOrder:
    fields: dict[str, Any] = {
        "order_id": "ord-1",
        "broker_order_id": "b-1",
        "tag": TAG,
        "instrument": a_ref(),
        "open_quantity": Decimal(open_quantity),
        "filled_quantity": Decimal(0),
        "state": OrderState.OPEN.value,
    }
    return ExpectedOrder.model_validate(fields | changes)


def a_submitted_order(
    state: OrderState = OrderState.FILLED, filled: Amount = 10, **changes: Any
) -> SubmittedOrder:
    fields: dict[str, Any] = {
        **dict(terms()),
        "order_id": "ord-1",
        "tag": TAG,
        "broker_order_id": "b-1",
        "state": state,
        "filled_quantity": Decimal(filled),
    }
    return SubmittedOrder.model_validate(fields | changes)


# Records


def a_decision() -> RiskDecision:
    """Return the gate's real answer on the default plan."""
    return decide(a_gate_input())


def a_card(**changes: Any) -> Card:
    fields: dict[str, Any] = {
        "id": "card-1",
        "kind": CardKind.TRADE_PLAN,
        "status": CardStatus.PENDING,
        "title": "BUY 10 NSE:INFY",
        "run_id": "run-1",
        "thread_id": "thread-1",
        "account_id": ACCOUNT,
        "created_at": NOW,
        "expires_at": NOW + seconds(300),
        "plan_id": "plan-1",
        "plan_hash": HASH,
        "fields": {"side": "BUY"},
        "provenance": {"side": UI},
    }
    return Card.model_validate(fields | changes)


def a_run(**changes: Any) -> RunRecord:
    record = RunRecord(
        run_id="run-1",
        thread_id="thread-1",
        user_id="usr-1",
        account_id=ACCOUNT,
        decision_id="dec-1",
        origin_run_id=None,
        message="buy 10 INFY",
        status="RUNNING",
        outcome=None,
        created_at=NOW,
        finished_at=None,
    )
    return replace(record, **changes)


def audit_chain(bodies: Iterable[Mapping[str, Any]]) -> list[AuditRow]:
    """Return a true chain with one row for each body."""
    rows: list[AuditRow] = []
    for number, body in enumerate(bodies, start=1):
        row = AuditRow(
            seq=number,
            at=NOW + seconds(number),
            actor="usr-1",
            action="plan.composed",
            entity="plan",
            entity_id=f"plan-{number}",
            body=dict(body),
            prev_hash=rows[-1].row_hash if rows else GENESIS,
            row_hash="",
        )
        rows.append(replace(row, row_hash=row_hash(row)))
    return rows
