"""Ask for a trade in words; what comes of it waits for a person."""

from typing import Annotated

from pydantic import Field, StringConstraints

from riskgate.contracts.base import Code, Contract, Identifier
from riskgate.contracts.cards import CardKind
from riskgate.contracts.traces import TurnOutcome
from tools.offers import Desk, OfAccount, Offer, Toolset
from tools.ports import Caller, Proposed, TradeProposer
from tools.read.get_proposal import ProposalRow, proposal_row
from tools.registry import Tool, Toolbox
from tools.scopes import Scope
from tools.words import Origin, Words, words

TOOL = Tool(
    name="propose_trade",
    title="Propose trade",
    description=(
        "Plan a trade from the person's own words and put a card before them. Sends nothing and"
        " approves nothing: a person decides on the card at approve_url, signed in there; saying"
        " yes here is no approval. Pass on what the person said, whole and unchanged, such as"
        " 'buy 10 INFY at 1480, cnc, stop 2%'; an outcome of NEEDS_INPUT says what is missing."
    ),
    scope=Scope.PLAN_WRITE,
    read_only=False,
    destructive=False,
    idempotent=False,
    open_world=True,
)


class TradeAsked(OfAccount):
    """What the person wants."""

    message: Annotated[
        str,
        StringConstraints(min_length=1, max_length=4_000),
        Field(description="The person's own words, one order, complete."),
    ]
    request_id: Annotated[
        Identifier | None,
        Field(description="Your own id of this request; repeating it proposes once."),
    ] = None


class TradeAnswer(Contract):
    """What the words came to.

    AWAITING_APPROVAL means that `proposal` waits for a person; with every other outcome nothing
    waits, and `said` tells why.
    """

    outcome: TurnOutcome
    error_code: Code | None
    decision_id: Identifier
    said: Words
    proposal: ProposalRow | None


async def propose_trade(
    toolbox: Toolbox, proposer: TradeProposer, caller: Caller, asked: TradeAsked
) -> Proposed:
    """Return what the words came to; nothing can be sent of it without a person."""
    return await toolbox.call(
        TOOL,
        {"account_id": caller.account_id, "request_id": asked.request_id},
        lambda: proposer.propose(caller, asked.message, request_id=asked.request_id),
        lambda proposed: proposed.outcome.value,
    )


async def serve(desk: Desk, caller: Caller, asked: TradeAsked) -> TradeAnswer:
    """Answer with the card that waits, or with why there is none."""
    proposed = await propose_trade(desk.toolbox, desk.trades, caller, asked)
    plans = (one for one in proposed.cards if one.card.kind is CardKind.TRADE_PLAN)
    card = next(plans, None)
    return TradeAnswer(
        outcome=proposed.outcome,
        error_code=proposed.error_code,
        decision_id=proposed.decision_id,
        said=words(Origin.SIGMATRADER, proposed.message),
        proposal=None if card is None else proposal_row(card, desk.trades.card_url(card.card.id)),
    )


OFFER = Offer(
    tool=TOOL, toolset=Toolset.PROPOSALS, asked=TradeAsked, answer=TradeAnswer, serve=serve
)
