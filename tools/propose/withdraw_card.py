"""Take back a card that the person's own newer words replace."""

from tools.ports import Caller, CardWithdrawer, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="withdraw_card",
    title="Withdraw card",
    description="Reject a waiting card in the person's name. Approves and sends nothing.",
    scope=Scope.PLAN_WRITE,
    read_only=False,
    destructive=False,
    idempotent=True,
    open_world=False,
)


async def withdraw_card(
    toolbox: Toolbox, withdrawer: CardWithdrawer, caller: Caller, card_id: str, *, because: str
) -> ToolRefusal | None:
    """Return None when the card can no longer be approved, else why it may still be."""
    return await toolbox.call(
        TOOL,
        {"card_id": card_id},
        lambda: withdrawer.withdraw(caller, card_id, because=because),
        lambda refusal: "withdrawn" if refusal is None else f"refused: {refusal.code}",
    )
