"""Put the login at the broker before a person; only their own click fetches a link."""

from agents.context import TurnContext
from riskgate.contracts.cards import CardKind
from tools.ports import BrokerLogin, CardContent
from tools.read.view_login import view_login

LOGIN_NEEDED = "LOGIN_NEEDED"
NO_LOGIN = (
    "This account is at a broker that nobody logs in to; there is nothing to connect. "
    "docs/howto/kite.md says how a home is made for Kite."
)

LOG_OUT = "To log out, use the side panel or 'sigmatrader kite logout'; words alone never do it."


async def needed_login(context: TurnContext) -> BrokerLogin | None:
    """Return the login that keeps the broker from answering, having shown its card; else None."""
    # The broker has just failed to answer; asking it again would only cost time.
    login = await view_login(context.toolbox, context.accounts, context.caller, probe=False)
    if login is None or login.is_active:
        return None
    context.events.card(await context.cards.show(context.caller, login_card(login)))
    return login


def login_card(login: BrokerLogin) -> CardContent:
    """Say how the login stands, on a card whose button asks for the link or ends the login."""
    return CardContent(
        kind=CardKind.CONNECT,
        title="Your login at Kite" if login.is_active else "Log in at Kite",
        fields={
            "state": login.state,
            "headline": login.headline,
            "advice": login.advice,
            "hindrances": list(login.hindrances),
        },
    )


def login_sentences(login: BrokerLogin) -> list[str]:
    """Say how the login stands and what to do."""
    ends = LOG_OUT if login.is_active else ""
    return [text for text in (login.headline, *login.hindrances, login.advice, ends) if text]
