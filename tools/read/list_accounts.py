"""List the accounts."""

from collections.abc import Sequence

from riskgate.contracts.base import Contract
from tools.offers import Desk, Nothing, Offer, Toolset
from tools.ports import Caller, RecordReader, StoredAccount
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="list_accounts",
    title="List accounts",
    description=(
        "The accounts with their broker, currency and mode: OBSERVE takes no trades, in PROPOSE and"
        " EXECUTE whatever is proposed from here waits for a person."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class AccountsAnswer(Contract):
    """Every account, the default first."""

    rows: tuple[StoredAccount, ...]


async def list_accounts(
    toolbox: Toolbox, reader: RecordReader, caller: Caller
) -> Sequence[StoredAccount]:
    """Return the accounts, the default first."""
    return await toolbox.call(
        TOOL, {}, lambda: reader.accounts(caller), lambda rows: f"{len(rows)} accounts"
    )


async def serve(desk: Desk, caller: Caller, asked: Nothing) -> AccountsAnswer:  # noqa: ARG001
    """Answer with every account."""
    return AccountsAnswer(rows=tuple(await list_accounts(desk.toolbox, desk.records, caller)))


OFFER = Offer(tool=TOOL, toolset=Toolset.ACCOUNT, asked=Nothing, answer=AccountsAnswer, serve=serve)
