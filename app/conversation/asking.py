"""Ask for a trade in a person's name, in words: a turn like any other, with a card to approve."""

from app.conversation.service import Conversation
from app.conversation.starting import TurnRequest
from app.identity.principal import Principal
from app.pipeline.remedies import Proposal, Propose
from riskgate.contracts.cards import CardKind, CardStatus


def ask_through(conversation: Conversation) -> Propose:
    """Return what asks through the conversation; one run id asks once."""

    async def propose(person: Principal, account_id: str, words: str, run_id: str) -> Proposal:
        request = TurnRequest(message=words, run_id=run_id, account_id=account_id)
        run = await conversation.start(person, request)
        result = await conversation.result(person, run)
        waits = (
            card.id
            for card in result.cards
            if (card.kind, card.status) == (CardKind.TRADE_PLAN, CardStatus.PENDING)
        )
        return Proposal(
            outcome=result.trace.final_outcome.value,
            message=result.message,
            run_id=run.run_id,
            card_id=next(waits, None),
        )

    return propose
