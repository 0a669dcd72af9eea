"""List what a person should look at."""

from collections.abc import Mapping, Sequence

from tools.ports import AccountReader, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="list_exceptions",
    title="List exceptions",
    description="Open differences between our ledger and the broker.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
)


async def list_exceptions(
    toolbox: Toolbox, reader: AccountReader, caller: Caller
) -> Sequence[Mapping[str, str]]:
    """Return the account's open exceptions."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.open_exceptions(caller),
        lambda found: f"{len(found)} open exceptions",
    )
