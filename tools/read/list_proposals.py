"""List proposals and where they stand."""

from collections.abc import Sequence

from tools.offers import Desk, OfAccount, Offer, PageAnswer, PageAsked, Toolset, next_offset
from tools.ports import Caller, RecordReader, StoredCard
from tools.read.get_proposal import ProposalRow, proposal_row
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="list_proposals",
    title="List proposals",
    description="The newest cards of trade plans: waiting, decided or expired.",
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)


class ProposalsAsked(PageAsked, OfAccount):
    """Which proposals."""


class ProposalsAnswer(PageAnswer):
    """A page of proposals, newest first."""

    rows: tuple[ProposalRow, ...]


async def list_proposals(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, asked: PageAsked
) -> Sequence[StoredCard]:
    """Return a page of cards and one more, where there is one."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "limit": asked.limit, "offset": asked.offset},
        lambda: reader.cards(caller, limit=asked.limit + 1, offset=asked.offset),
        lambda rows: f"{len(rows)} proposals",
    )


async def serve(desk: Desk, caller: Caller, asked: ProposalsAsked) -> ProposalsAnswer:
    """Answer with a page of proposals."""
    found = await list_proposals(desk.toolbox, desk.records, caller, asked)
    rows = (proposal_row(one, desk.trades.card_url(one.card.id)) for one in found[: asked.limit])
    return ProposalsAnswer(rows=tuple(rows), next_offset=next_offset(asked, len(found)))


OFFER = Offer(
    tool=TOOL, toolset=Toolset.PROPOSALS, asked=ProposalsAsked, answer=ProposalsAnswer, serve=serve
)
