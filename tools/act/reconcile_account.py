"""Compare our ledger with the broker."""

from riskgate.contracts.traces import ReconciliationResult
from tools.ports import Caller, PlanSubmitter, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="reconcile_account",
    title="Reconcile account",
    description="Compare the ledger with the broker and open exceptions for differences.",
    scope=Scope.ORDERS_SUBMIT,
    read_only=False,
    destructive=False,
    idempotent=True,
    open_world=True,
)


async def reconcile_account(
    toolbox: Toolbox, submitter: PlanSubmitter, caller: Caller
) -> ReconciliationResult | ToolRefusal:
    """Return the comparison, or why there could not be one."""
    return await toolbox.call(
        TOOL, {"account_id": caller.account_id}, lambda: submitter.reconcile(caller), _summary
    )


def _summary(answer: ReconciliationResult | ToolRefusal) -> str:
    if isinstance(answer, ToolRefusal):
        return f"not possible: {answer.code}"
    return "matched" if answer.matched else f"{len(answer.deltas)} differences"
