"""Look at one turn: what was asked, what the gate said, what was sent."""

from typing import Annotated

from pydantic import Field

from riskgate.contracts.base import Code, Contract, Identifier, Sha256
from riskgate.contracts.decisions import RiskDecision, Verdict, Violation
from riskgate.contracts.traces import DecisionTrace
from tools.offers import Desk, Offer, Toolset
from tools.ports import Caller, RecordReader, ToolRefusal
from tools.read.list_decisions import DecisionRow, row
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="get_decision",
    title="Get decision",
    description=(
        "One turn in full: what was asked, the risk gate's verdict with each broken rule and what"
        " would pass, who approved, the orders, and what was said."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
MISSING = ToolRefusal(
    code="NOT_FOUND",
    message="there is no such decision, or not for you",
    remedy="Take an id that list_decisions gives.",
)


class DecisionAsked(Contract):
    """Which turn."""

    decision_id: Annotated[Identifier, Field(description="An id that list_decisions gives.")]


class GateAnswer(Contract):
    """What the gate said: the rules that were broken, and the smallest changes that would pass."""

    verdict: Verdict
    policy_hash: Sha256
    codes: tuple[Code, ...]
    violations: tuple[Violation, ...]
    would_pass: tuple[str, ...]


class DecisionAnswer(DecisionRow):
    """One turn in full."""

    user_id: Identifier
    gate: GateAnswer | None
    approved_by: Identifier | None
    order_ids: tuple[Identifier, ...]
    reconciled: bool | None
    tools_called: tuple[str, ...]
    said: tuple[Words, ...]


async def get_decision(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, decision_id: str
) -> DecisionTrace | None:
    """Return one turn that the caller may see, or None."""
    return await toolbox.call(
        TOOL,
        {"decision_id": decision_id},
        lambda: reader.decision(caller, decision_id),
        lambda trace: "none" if trace is None else trace.final_outcome.value,
    )


async def serve(desk: Desk, caller: Caller, asked: DecisionAsked) -> DecisionAnswer | ToolRefusal:
    """Answer with one turn."""
    trace = await get_decision(desk.toolbox, desk.records, caller, asked.decision_id)
    return MISSING if trace is None else shown(trace)


def shown(trace: DecisionTrace) -> DecisionAnswer:
    """Show a whole turn."""
    gate, reconciled = trace.riskgate_result, trace.reconciliation_result
    return DecisionAnswer(
        **dict(row(trace)),
        user_id=trace.user_id,
        gate=None if gate is None else _gate(gate),
        approved_by=trace.approved_by,
        order_ids=tuple(order.order_id for order in trace.orders_submitted),
        reconciled=None if reconciled is None else reconciled.matched,
        tools_called=tuple(call.tool for call in trace.tools_called),
        said=tuple(words(Origin.SIGMATRADER, text) for text in trace.explanations),
    )


def _gate(decision: RiskDecision) -> GateAnswer:
    return GateAnswer(
        verdict=decision.verdict,
        policy_hash=decision.policy_hash,
        codes=decision.codes,
        violations=decision.violations,
        would_pass=tuple(change.text for change in decision.would_pass),
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.DECISIONS, asked=DecisionAsked, answer=DecisionAnswer, serve=serve
)
