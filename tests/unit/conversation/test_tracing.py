"""A turn's trace: everything it did, also when it broke off or slept in between."""

from datetime import timedelta
from typing import Any

import pytest

from agents.state import TurnState
from app.conversation.tracing import TurnEnd, build_trace, failed_state
from riskgate.contracts.traces import (
    DecisionTrace,
    InputsUsed,
    ReplayStep,
    ToolCall,
    TurnOutcome,
)
from tests.builders import HASH, TENANT, a_decision, a_run, a_submitted_order
from tests.unit.contracts.samples import the_trace
from tests.unit.riskgate.builders import ACCOUNT, NOW, seconds

ENDED = NOW + seconds(2)


def a_call(tool: str) -> ToolCall:
    return ToolCall(tool=tool, arguments={}, outcome="ok", summary="", duration_us=1)


def a_step(name: str) -> ReplayStep:
    return ReplayStep(step=name, inputs={}, output={})


def ended(state: TurnState, **changes: Any) -> TurnEnd:
    fields: dict[str, Any] = {
        "state": state,
        "tools_called": [a_call("view_account")],
        "steps": [a_step("plan")],
        "context": {},
        "ended_at": ENDED,
    }
    return TurnEnd(**fields | changes)


def test_a_turn_that_did_nothing_still_leaves_a_whole_trace() -> None:
    trace = build_trace(a_run(), TENANT, ended({}, tools_called=[], steps=[]), None)
    assert trace == DecisionTrace(
        decision_id="dec-1",
        version=1,
        tenant_id=TENANT,
        user_id="usr-1",
        account_id=ACCOUNT,
        thread_id="thread-1",
        run_id="run-1",
        started_at=NOW,
        ended_at=ENDED,
        user_message="buy 10 INFY",
        inputs_used=InputsUsed(),
        tools_called=(),
        final_outcome=TurnOutcome.FAILED,
        explanations=(),
    )


def test_a_trace_holds_what_the_turn_found_decided_and_sent() -> None:
    order = a_submitted_order()
    reconciliation = the_trace().reconciliation_result
    assert reconciliation is not None
    trace = build_trace(
        a_run(),
        TENANT,
        ended(
            {
                "plan_id": "plan-1",
                "plan_hash": HASH,
                "decision": a_decision().model_dump(mode="json"),
                "approved_by": "usr-2",
                "orders": [order.model_dump(mode="json")],
                "reconciliation": reconciliation.model_dump(mode="json"),
                "inputs_used": {"broker_snapshot_id": "snap-1"},
                "reading": {"by": "offline", "notes": []},
                "outcome": TurnOutcome.EXECUTED,
                "error_code": None,
                "explanations": ["filled."],
            }
        ),
        None,
    )
    assert trace == DecisionTrace(
        decision_id="dec-1",
        version=1,
        tenant_id=TENANT,
        user_id="usr-1",
        account_id=ACCOUNT,
        thread_id="thread-1",
        run_id="run-1",
        started_at=NOW,
        ended_at=ENDED,
        user_message="buy 10 INFY",
        inputs_used=InputsUsed(
            broker_snapshot_id="snap-1", context={"reading": {"by": "offline", "notes": []}}
        ),
        tools_called=(a_call("view_account"),),
        plan_id="plan-1",
        plan_hash=HASH,
        riskgate_result=a_decision(),
        approved_by="usr-2",
        orders_submitted=(order,),
        reconciliation_result=reconciliation,
        final_outcome=TurnOutcome.EXECUTED,
        explanations=("filled.",),
        replay=(a_step("plan"),),
    )


def test_a_woken_turn_continues_the_trace_of_the_one_that_slept() -> None:
    first = build_trace(a_run(), TENANT, ended({"outcome": TurnOutcome.AWAITING_APPROVAL}), None)
    woken = a_run(run_id="run-2", user_id="usr-2", created_at=NOW + timedelta(minutes=4))
    again = ended(
        {"outcome": TurnOutcome.EXECUTED},
        tools_called=[a_call("submit_plan")],
        steps=[a_step("gate")],
    )
    trace = build_trace(woken, TENANT, again, first)
    assert (trace.version, trace.run_id, trace.user_id, trace.started_at) == (
        2,
        "run-2",
        "usr-1",
        NOW,
    )
    assert trace.tools_called == (a_call("view_account"), a_call("submit_plan"))
    assert trace.replay == (a_step("plan"), a_step("gate"))
    assert trace.final_outcome is TurnOutcome.EXECUTED


@pytest.mark.parametrize("state", [{}, {"plan_id": "plan-1", "outcome": "AWAITING_APPROVAL"}])
def test_a_turn_that_broke_keeps_what_it_had_found_out(state: TurnState) -> None:
    broken = failed_state(state, "INTERNAL", "Something broke.")
    assert broken == {
        **state,
        "outcome": TurnOutcome.FAILED,
        "error_code": "INTERNAL",
        "explanations": ["Something broke."],
    }
    trace = build_trace(a_run(), TENANT, ended(broken), None)
    assert (trace.final_outcome, trace.error_code, trace.plan_id) == (
        TurnOutcome.FAILED,
        "INTERNAL",
        state.get("plan_id"),
    )


def test_a_woken_turn_that_broke_tells_of_the_orders_that_are_stored() -> None:
    planned = ended({"plan_id": "plan-1", "plan_hash": HASH, "outcome": "AWAITING_APPROVAL"})
    first = build_trace(a_run(), TENANT, planned, None)
    broken = ended(failed_state({}, "INTERNAL", "Something broke."))
    trace = build_trace(a_run(), TENANT, broken, first, [a_submitted_order()])
    assert (trace.plan_id, trace.plan_hash, trace.final_outcome) == (
        "plan-1",
        HASH,
        TurnOutcome.EXECUTED,
    )
    assert trace.orders_submitted == (a_submitted_order(),)
    assert trace.explanations == ("Something broke.", "BUY 10 NSE:INFY: filled.")


def test_a_turn_that_knows_its_orders_is_believed() -> None:
    first = build_trace(a_run(), TENANT, ended({}), None)
    told = ended({"orders": [], "outcome": "NOT_EXECUTED"})
    trace = build_trace(a_run(), TENANT, told, first, [a_submitted_order()])
    assert (trace.orders_submitted, trace.final_outcome) == ((), TurnOutcome.NOT_EXECUTED)
