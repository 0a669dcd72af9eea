"""Have the gate judge a plan."""

from tools.ports import Caller, ComposedPlan, Judged, PlanProposer
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="judge_plan",
    title="Judge plan",
    description="Ask the risk gate for its verdict on a stored plan.",
    scope=Scope.PLAN_WRITE,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=False,
)


async def judge_plan(
    toolbox: Toolbox, proposer: PlanProposer, caller: Caller, composed: ComposedPlan
) -> Judged:
    """Return the gate's stored decision."""
    return await toolbox.call(
        TOOL,
        {"plan_id": composed.plan.plan_id},
        lambda: proposer.judge(caller, composed),
        lambda judged: f"{judged.decision.verdict} {','.join(judged.decision.codes)}".strip(),
    )
