"""A person's newer words take back the card that waits for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from app.errors import AppError
from tools.ports import Caller, ToolRefusal

COMMENT_MAX: Final = 200
# Rejects a card in a person's name and ends the turn that waits for it.
Reject = Callable[[str, str], Awaitable[object]]


@dataclass(frozen=True)
class Withdrawals:
    """Rejects waiting cards in the person's own name; implements tools.ports.CardWithdrawer."""

    reject: Reject

    async def withdraw(self, caller: Caller, card_id: str, *, because: str) -> ToolRefusal | None:
        """Return None when the card is rejected, else why it may still be, or was, approved."""
        if caller.relay is not None:
            return ToolRefusal(
                code="FORBIDDEN",
                message="a program cannot withdraw a person's card",
                remedy="Decide on the card in the page.",
            )
        try:
            await self.reject(card_id, f"replaced by: {because}"[:COMMENT_MAX])
        except AppError as refused:
            return ToolRefusal(code=refused.code, message=refused.message, remedy=refused.remedy)
        return None
