"""Ask a person to decide on a plan."""

from riskgate.contracts.cards import Card
from tools.ports import Caller, ComposedPlan, Judged, PlanProposer, Relay
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="request_approval",
    title="Request approval",
    description="Put a sealed card for a plan before a person. Approves nothing.",
    scope=Scope.PLAN_WRITE,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=False,
)


async def request_approval(
    toolbox: Toolbox,
    proposer: PlanProposer,
    caller: Caller,
    composed: ComposedPlan,
    judged: Judged,
    *,
    title: str,
    proposed_by: Relay | None,
) -> Card:
    """Return the pending card, which names the program that the words came from."""
    return await toolbox.call(
        TOOL,
        {"plan_id": composed.plan.plan_id},
        lambda: proposer.request_approval(
            caller, composed, judged, title=title, proposed_by=proposed_by
        ),
        lambda card: f"card {card.id}",
    )
