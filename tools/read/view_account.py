"""Look at an account: positions, holdings, orders and money."""

from riskgate.contracts.base import decimal_text
from tools.ports import AccountReader, AccountView, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="view_account",
    title="View account",
    description="Positions, holdings, orders and margins of the account, at the broker's time.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
)


async def view_account(toolbox: Toolbox, reader: AccountReader, caller: Caller) -> AccountView:
    """Return the account now, from the ledger alone when the broker is down."""
    return await toolbox.call(
        TOOL, {"account_id": caller.account_id}, lambda: reader.view(caller), _summary
    )


def _summary(view: AccountView) -> str:
    if view.snapshot is None:
        return f"broker down, ledger only: {view.warning}"
    margins = view.snapshot.margins
    money = "unknown" if margins is None else decimal_text(margins.equity)
    return (
        f"{len(view.snapshot.positions)} positions, {len(view.snapshot.holdings)} holdings,"
        f" {len(view.snapshot.orders)} orders, equity {money}"
    )
