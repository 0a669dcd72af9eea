"""Find the same words said a moment ago."""

from tools.ports import Caller, EarlierRequest, PlanProposer
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="find_repeat",
    title="Find repeated request",
    description="The caller's own earlier message of the same words whose trade stands or waits.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def find_repeat(
    toolbox: Toolbox, proposer: PlanProposer, caller: Caller, message: str
) -> EarlierRequest | None:
    """Return what the same words led to a moment ago, or None."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: proposer.earlier(caller, message),
        lambda found: "asked before" if found else "not asked before",
    )
