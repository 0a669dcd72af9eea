"""From the end of a turn to its decision trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from agents.insights.orders import order_sentence
from agents.nodes.execute import outcome_of
from agents.state import TurnState
from app.persistence.runs import RunRecord
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.models import ModelCall
from riskgate.contracts.traces import (
    DecisionTrace,
    InputsUsed,
    ReconciliationResult,
    ReplayStep,
    SubmittedOrder,
    ToolCall,
    TurnOutcome,
)


@dataclass(frozen=True, kw_only=True)
class TurnEnd:
    """How a turn ended and what it did on the way."""

    state: TurnState
    tools_called: Sequence[ToolCall]
    steps: Sequence[ReplayStep]
    context: dict[str, JsonValue]
    ended_at: datetime
    models_called: Sequence[ModelCall] = ()


def build_trace(
    run: RunRecord,
    tenant_id: str,
    end: TurnEnd,
    earlier: DecisionTrace | None,
    sent: Sequence[SubmittedOrder] = (),
) -> DecisionTrace:
    """Return the turn's trace; a resumed turn's continues what was traced before it slept.

    A resumed turn that broke knows nothing of its orders: `sent` holds them as they are stored,
    and what became of them is what became of the turn.
    """
    state = end.state
    if earlier is not None and "orders" not in state and sent:
        state = _told(state, earlier, sent)
    decision = state.get("decision")
    reconciliation = state.get("reconciliation")
    return DecisionTrace(
        decision_id=run.decision_id,
        version=1 if earlier is None else earlier.version + 1,
        tenant_id=tenant_id,
        user_id=run.user_id if earlier is None else earlier.user_id,
        account_id=run.account_id,
        thread_id=run.thread_id,
        run_id=run.run_id,
        started_at=run.created_at if earlier is None else earlier.started_at,
        ended_at=end.ended_at,
        user_message=run.message,
        inputs_used=InputsUsed(
            **state.get("inputs_used", {}),
            context={
                **(earlier.inputs_used.context if earlier else {}),
                **_reading_of(state),
                **end.context,
            },
        ),
        models_called=(*(earlier.models_called if earlier else ()), *end.models_called),
        tools_called=(*(earlier.tools_called if earlier else ()), *end.tools_called),
        plan_id=state.get("plan_id"),
        plan_hash=state.get("plan_hash"),
        riskgate_result=RiskDecision.model_validate(decision) if decision else None,
        approved_by=state.get("approved_by"),
        orders_submitted=tuple(
            SubmittedOrder.model_validate(order) for order in state.get("orders", [])
        ),
        reconciliation_result=(
            ReconciliationResult.model_validate(reconciliation) if reconciliation else None
        ),
        final_outcome=TurnOutcome(state.get("outcome", TurnOutcome.FAILED)),
        error_code=state.get("error_code"),
        explanations=tuple(state.get("explanations", [])),
        replay=(*(earlier.replay if earlier else ()), *end.steps),
    )


def _reading_of(state: TurnState) -> dict[str, JsonValue]:
    """Return who read the message and what they noted, and in which words the answer was shown."""
    found: dict[str, JsonValue] = {"reading": state["reading"]} if "reading" in state else {}
    return {**found, "wording": state["worded"]} if "worded" in state else found


def shown_words(trace: DecisionTrace) -> str:
    """Return an answer as it was shown: in a model's words where those were."""
    worded = trace.inputs_used.context.get("wording")
    if isinstance(worded, dict) and isinstance(worded.get("shown"), str):
        return str(worded["shown"])
    return " ".join(trace.explanations)


def _told(state: TurnState, earlier: DecisionTrace, sent: Sequence[SubmittedOrder]) -> TurnState:
    plan = {"plan_id": earlier.plan_id, "plan_hash": earlier.plan_hash}
    inputs = earlier.inputs_used.model_dump(mode="json", exclude={"context"})
    said = [*state.get("explanations", []), *map(order_sentence, sent)]
    return cast(
        TurnState,
        {
            "inputs_used": inputs,
            **plan,
            **state,
            "outcome": outcome_of(sent),
            "orders": [order.model_dump(mode="json") for order in sent],
            "explanations": said,
        },
    )


def failed_state(state: TurnState, code: str, message: str) -> TurnState:
    """Return the state of a turn that broke, keeping what it had found out."""
    return {
        **state,
        "outcome": TurnOutcome.FAILED,
        "error_code": code,
        "explanations": [message],
    }
