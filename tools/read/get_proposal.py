"""Look at one proposal: whether a person has decided on its card."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, JsonValue

from riskgate.contracts.base import Contract, Identifier, UtcTime
from riskgate.contracts.cards import CardStatus
from tools.offers import Desk, Facts, Offer, Toolset
from tools.ports import Caller, RecordReader, StoredCard, ToolRefusal
from tools.registry import Tool, Toolbox
from tools.scopes import Scope

TOOL = Tool(
    name="get_proposal",
    title="Get proposal",
    description=(
        "Where a proposal stands: PENDING waits for a person, who decides on the page at"
        " approve_url; only then is anything sent."
    ),
    scope=Scope.READ_ACCOUNT,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=False,
)
# Figures and names with one meaning. Free text of brokers and masters stays on the person's card.
FACTS: Final = (
    "side",
    "symbols",
    "order_type",
    "product",
    "validity",
    "mode",
    "currency",
    "notional",
    "valid_until",
    "loss_at_stop",
    "loss_at_stop_pct",
    "verdict",
    "proposed_by",
)
FACTS_OF_LEG: Final = (
    "instrument",
    "side",
    "quantity",
    "limit_price",
    "trigger_price",
    "reference_price",
    "notional",
    "stop_price",
    "target_price",
)
MISSING = ToolRefusal(
    code="NOT_FOUND",
    message="there is no such proposal, or not for you",
    remedy="Take an id that list_proposals or propose_trade gives.",
)


class ProposalAsked(Contract):
    """Which proposal."""

    card_id: Annotated[Identifier, Field(description="The id of the proposal's card.")]


class ProposalRow(Contract):
    """A proposal's card. `facts` are the plan's own figures, which no model wrote."""

    card_id: Identifier
    status: CardStatus
    title: str
    account_id: Identifier
    plan_id: Identifier | None
    decision_id: Identifier | None
    created_at: UtcTime
    expires_at: UtcTime | None
    decided_by: Identifier | None
    approve_url: str
    facts: Facts


async def get_proposal(
    toolbox: Toolbox, reader: RecordReader, caller: Caller, card_id: str
) -> StoredCard | None:
    """Return one card that the caller may see, or None."""
    return await toolbox.call(
        TOOL,
        {"card_id": card_id},
        lambda: reader.card(caller, card_id),
        lambda card: "none" if card is None else card.status.value,
    )


async def serve(desk: Desk, caller: Caller, asked: ProposalAsked) -> ProposalRow | ToolRefusal:
    """Answer with one proposal."""
    found = await get_proposal(desk.toolbox, desk.records, caller, asked.card_id)
    return MISSING if found is None else proposal_row(found, desk.trades.card_url(asked.card_id))


def proposal_row(stored: StoredCard, url: str) -> ProposalRow:
    """Show a proposal's card with the address where a person decides on it."""
    card = stored.card
    return ProposalRow(
        card_id=card.id,
        status=stored.status,
        title=card.title,
        account_id=card.account_id,
        plan_id=card.plan_id,
        decision_id=card.decision_id,
        created_at=card.created_at,
        expires_at=card.expires_at,
        decided_by=stored.decided_by,
        approve_url=url,
        facts=_facts(card.fields),
    )


def _facts(fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    legs = fields.get("legs")
    known: list[JsonValue] = [
        {name: leg[name] for name in FACTS_OF_LEG if name in leg}
        for leg in (legs if isinstance(legs, list) else ())
        if isinstance(leg, dict)
    ]
    return {**{name: fields[name] for name in FACTS if name in fields}, "legs": known}


OFFER = Offer(
    tool=TOOL, toolset=Toolset.PROPOSALS, asked=ProposalAsked, answer=ProposalRow, serve=serve
)
