"""Look at how the account's login at its broker stands; never at the link or the session."""

from tools.ports import AccountReader, BrokerLogin, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="view_login",
    title="View login",
    description="Whether the account is logged in at its broker, and what a person has to do.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
)


async def view_login(toolbox: Toolbox, reader: AccountReader, caller: Caller) -> BrokerLogin | None:
    """Return how the login stands; None where nobody logs in."""
    return await toolbox.call(
        TOOL, {"account_id": caller.account_id}, lambda: reader.login(caller), _summary
    )


def _summary(login: BrokerLogin | None) -> str:
    return "nobody logs in here" if login is None else login.state
