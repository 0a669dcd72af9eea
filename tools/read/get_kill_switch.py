"""Look at the kill switch."""

from riskgate.contracts.base import Contract, Identifier, UtcTime
from riskgate.contracts.decisions import KillSwitchLevel
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import Caller, KillSwitch, RecordReader
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words_or_none

TOOL = Tool(
    name="get_kill_switch",
    title="Get kill switch",
    description=(
        "How far the account may trade now: RUNNING, REDUCE_ONLY (only orders that lower exposure)"
        " or HALTED (only cancels), and why. It cannot be changed from here."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class KillSwitchAnswer(Contract):
    """The kill switch of one account."""

    account_id: Identifier
    level: KillSwitchLevel
    reason: Words | None
    set_at: UtcTime | None


async def get_kill_switch(toolbox: Toolbox, reader: RecordReader, caller: Caller) -> KillSwitch:
    """Return the kill switch of the caller's account."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id},
        lambda: reader.kill_switch(caller),
        lambda switch: switch.level.value,
    )


async def serve(desk: Desk, caller: Caller, asked: OfAccount) -> KillSwitchAnswer:  # noqa: ARG001
    """Answer with the account's kill switch."""
    switch = await get_kill_switch(desk.toolbox, desk.records, caller)
    return KillSwitchAnswer(
        account_id=switch.account_id,
        level=switch.level,
        reason=words_or_none(
            Origin.PERSON if switch.by_person else Origin.SIGMATRADER, switch.reason
        ),
        set_at=switch.set_at,
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.ACCOUNT, asked=OfAccount, answer=KillSwitchAnswer, serve=serve
)
