"""Look at how the account's login at its broker stands; never at the link or the session."""

from riskgate.contracts.base import Contract
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import AccountReader, BrokerLogin, Caller
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="view_login",
    title="View login",
    description="Whether the account is logged in at its broker, and what a person has to do.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)


class LoginAnswer(Contract):
    """How the login stands; `needs_login` is False where nobody logs in.

    Logging in and out is done by a person in our own page, never from here.
    """

    needs_login: bool
    is_active: bool
    state: str | None
    headline: Words | None
    advice: Words | None
    hindrances: tuple[Words, ...]


async def view_login(
    toolbox: Toolbox, reader: AccountReader, caller: Caller, *, probe: bool
) -> BrokerLogin | None:
    """Return how the login stands, asking the broker with `probe`; None where nobody logs in."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.login(caller, probe=probe),
        _summary,
    )


def _summary(login: BrokerLogin | None) -> str:
    return "nobody logs in here" if login is None else login.state


async def serve(desk: Desk, caller: Caller, asked: OfAccount) -> LoginAnswer:  # noqa: ARG001
    """Answer with how the login stands, without who is logged in and without a link."""
    login = await view_login(desk.toolbox, desk.accounts, caller, probe=True)
    return LoginAnswer(
        needs_login=login is not None,
        is_active=login is None or login.is_active,
        state=None if login is None else login.state,
        headline=None if login is None else words(Origin.SIGMATRADER, login.headline),
        advice=None if login is None else words(Origin.SIGMATRADER, login.advice),
        hindrances=tuple(
            words(Origin.BROKER, text) for text in (() if login is None else login.hindrances)
        ),
    )


OFFER = Offer(tool=TOOL, toolset=Toolset.ACCOUNT, asked=OfAccount, answer=LoginAnswer, serve=serve)
