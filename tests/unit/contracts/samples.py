"""One real instance of every contract that other programs read, as the system makes them."""

from decimal import Decimal

from riskgate.contracts.base import Contract
from riskgate.contracts.decisions import ApprovedPlan
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.intents import Comparison, TimeWindow
from riskgate.contracts.orders import OrderType, Validity
from riskgate.contracts.plans import (
    MonitorCondition,
    MonitorMetric,
    MonitorPlan,
    ValidityWindow,
)
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot
from riskgate.contracts.traces import (
    DecisionTrace,
    DeltaKind,
    DeltaSeverity,
    IdempotencyRecord,
    IdempotencyStatus,
    InputsUsed,
    ReconciliationDelta,
    ReconciliationResult,
    ReplayStep,
    ToolCall,
    TurnOutcome,
)
from riskgate.engine import approve
from riskgate.policy import DEFAULT_POLICY
from tests.builders import (
    HASH,
    TENANT,
    a_card,
    a_decision,
    a_planning_input,
    a_submitted_order,
    a_trade_intent,
    an_expected_order,
    an_order_intent,
    offset,
    the_plan,
)
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    a_gate_input,
    a_ledger,
    a_market_leg,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_entry_rule,
    an_open_order,
    decide,
    seconds,
)

FULL_INTENT = a_trade_intent(
    symbols=(a_ref(),),
    order_type=OrderType.SL,
    limit_price=Decimal("1000.50"),
    trigger_price=Decimal(1000),
    stop_loss=offset("pct", 2),
    target=offset("points", 50),
    validity=Validity.DAY,
    ttl_minutes=30,
    time_window=TimeWindow(start=NOW, end=NOW + seconds(600)),
    entry_rules=(an_entry_rule(Comparison.GTE, 990),),
    max_slippage_pct=Decimal("0.5"),
    account_id=ACCOUNT,
)
DELTA = ReconciliationDelta(
    kind=DeltaKind.POSITION_QTY_MISMATCH,
    severity=DeltaSeverity.HIGH,
    key="position:NSE:INFY:CNC",
    message="NSE:INFY CNC: the ledger has 10, the broker has 7",
    instrument=a_ref(),
    expected=Decimal(10),
    actual=Decimal(7),
)
WATCH = MonitorPlan(
    monitor_plan_id="mon-1",
    tenant_id=TENANT,
    account_id=ACCOUNT,
    created_at=NOW,
    symbols=(a_ref("GOOG", Exchange.NASDAQ),),
    condition=MonitorCondition(
        metric=MonitorMetric.PRICE, comparison=Comparison.LT.value, value=Decimal(100)
    ),
    window=ValidityWindow(start=NOW, end=NOW + seconds(60)),
)


def the_snapshot() -> BrokerSnapshot:
    return a_snapshot(
        positions=(a_position(-5),),
        holdings=(a_position(10, "TCS"),),
        orders=(an_open_order(), an_open_order(tag="T" * 20, broker_order_id="b-2")),
        quotes=(a_quote(bid=999, ask=1001),),
    )


def the_ledger() -> LedgerSnapshot:
    return a_ledger(
        expected_positions=(a_position(10),),
        expected_orders=(an_expected_order(),),
        watchers=("mon-1",),
    )


def the_approval() -> ApprovedPlan:
    gate_input = a_gate_input()
    return approve(
        policy=DEFAULT_POLICY,
        gate_input=gate_input,
        decision=decide(gate_input, DEFAULT_POLICY),
        approval_id="apr-1",
        approved_by="usr-1",
        approved_at=NOW,
        expires_at=NOW + seconds(60),
    )


def the_trace() -> DecisionTrace:
    result = ReconciliationResult(
        reconciliation_id="rec-1",
        account_id=ACCOUNT,
        as_of=NOW,
        broker_snapshot_id="snap-1",
        ledger_snapshot_id="ledger-1",
        deltas=(DELTA,),
    )
    return DecisionTrace(
        decision_id="dec-1",
        version=2,
        tenant_id=TENANT,
        user_id="usr-1",
        account_id=ACCOUNT,
        thread_id="thread-1",
        run_id="run-1",
        started_at=NOW,
        ended_at=NOW + seconds(2),
        user_message="buy 10 INFY",
        inputs_used=InputsUsed(
            broker_snapshot_id="snap-1", policy_hash=HASH, quotes={"NSE:INFY": NOW}
        ),
        tools_called=(
            ToolCall(
                tool="get_quotes",
                arguments={"instruments": ["NSE:INFY"]},
                outcome="ok",
                summary="1 of 1 quotes",
                duration_us=12,
            ),
        ),
        plan_id="plan-1",
        plan_hash=HASH,
        riskgate_result=a_decision(),
        approved_by="usr-1",
        orders_submitted=(a_submitted_order(),),
        reconciliation_result=result,
        final_outcome=TurnOutcome.EXECUTED,
        explanations=("BUY 10 NSE:INFY: filled.",),
        replay=(ReplayStep(step="gate", inputs={"stage": "PLAN"}, output={"n": 1}),),
    )


def samples() -> tuple[Contract, ...]:
    """Return at least one instance of every contract that has a schema, full and sparse."""
    denied = decide(a_gate_input(a_market_leg(251), quotes=()), DEFAULT_POLICY)
    smaller = decide(a_gate_input(a_market_leg(251)), DEFAULT_POLICY)
    record = IdempotencyRecord(
        tenant_id=TENANT,
        scope="POST /api/v1/chat",
        key="k-1",
        payload_hash=HASH,
        status=IdempotencyStatus.IN_FLIGHT,
        first_seen_at=NOW,
    )
    return (
        a_trade_intent(),
        FULL_INTENT,
        the_plan(a_planning_input()),
        the_plan(a_planning_input(FULL_INTENT)),
        WATCH,
        an_order_intent(),
        an_order_intent(order_type=OrderType.SL, limit_price=990, trigger_price=995),
        the_snapshot(),
        a_snapshot(margins=None),
        the_ledger(),
        a_ledger(),
        a_quote(),
        a_quote(bid="999.95", ask="1000.05"),
        a_decision(),
        denied,
        smaller,
        the_approval(),
        DELTA,
        record,
        record.model_copy(
            update={
                "status": IdempotencyStatus.DONE,
                "response_status": 200,
                "response_body": "{}",
            }
        ),
        the_trace(),
        a_card(),
        a_card(expires_at=None, plan_id=None, plan_hash=None, fields={}, provenance={}),
    )
