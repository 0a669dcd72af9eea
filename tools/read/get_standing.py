"""Look at how much of each limit is used."""

from riskgate.contracts.base import Contract, Identifier, Sha256, UtcTime
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Currency
from riskgate.contracts.standing import LimitUse, Standing
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import AccountView, Caller, InsightReader, ToolRefusal
from tools.read.view_account import view_account
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="get_standing",
    title="Get standing",
    description=(
        "How much of each limit the account has used and has left, by rule, as the risk gate"
        " counts. Nothing is judged, and no limit can be changed from here."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)

UNKNOWN = ToolRefusal(
    code="EQUITY_UNKNOWN",
    message="the broker tells no equity, so limits that are shares of it have no figures",
    remedy="Look at view_account for the reason, and ask again later.",
)


class StandingAnswer(Contract):
    """Each limit with what is used and left of it, in `unit`; never a permission to trade.

    `of` is the instrument, sector or underlying of a limit that is not of the whole account. null
    in `used` is a limit of each order by itself. `unpriced` could not be valued and is missing from
    the sums.
    """

    account_id: Identifier
    as_of: UtcTime
    currency: Currency
    policy_hash: Sha256
    kill_switch: KillSwitchLevel
    limits: tuple[LimitUse, ...]
    unpriced: tuple[Words, ...]


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


async def serve(desk: Desk, caller: Caller, asked: OfAccount) -> StandingAnswer | ToolRefusal:  # noqa: ARG001
    """Answer with the account's limits, counted on the broker's book of now."""
    view = await view_account(desk.toolbox, desk.accounts, caller)
    found = await get_standing(desk.toolbox, desk.insights, caller, view)
    if found is None:
        return UNKNOWN
    return StandingAnswer(
        account_id=found.account_id,
        as_of=found.as_of,
        currency=found.currency,
        policy_hash=found.policy_hash,
        kill_switch=found.kill_switch,
        limits=found.uses,
        unpriced=tuple(words(Origin.SIGMATRADER, text) for text in found.unpriced),
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.POLICY, asked=OfAccount, answer=StandingAnswer, serve=serve
)
