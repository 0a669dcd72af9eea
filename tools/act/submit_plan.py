"""Submit a plan that a person approved."""

from tools.ports import Caller, ExecutionReport, PlanSubmitter
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="submit_plan",
    title="Submit approved plan",
    description="Execute the plan of an approved card once; without an approval it does nothing.",
    scope=Scope.ORDERS_SUBMIT,
    read_only=False,
    destructive=True,
    idempotent=True,
    open_world=True,
)


async def submit_plan(
    toolbox: Toolbox, submitter: PlanSubmitter, caller: Caller, card_id: str
) -> ExecutionReport:
    """Return what became of the plan's orders."""
    return await toolbox.call(
        TOOL, {"card_id": card_id}, lambda: submitter.submit(caller, card_id), _summary
    )


def _summary(report: ExecutionReport) -> str:
    if report.refusal is not None:
        return f"nothing sent: {report.refusal.code}"
    return ", ".join(f"{order.order_id} {order.state}" for order in report.orders)
