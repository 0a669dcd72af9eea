"""Look at how much of each limit is used."""

from riskgate.contracts.standing import Standing
from tools.ports import AccountView, Caller, InsightReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_standing",
    title="Get standing",
    description="How much of each limit the account has used, by rule, as the gate counts.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


async def get_standing(
    toolbox: Toolbox, reader: InsightReader, caller: Caller, view: AccountView
) -> Standing | None:
    """Return what is used and left of each limit; None where the broker tells no equity."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.standing(caller, view),
        lambda found: "no equity known" if found is None else f"{len(found.uses)} limits",
    )
