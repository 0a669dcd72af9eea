"""Ask for a trade through the conversation, as a program that can never approve it."""

from app.conversation.starting import TurnRequest
from app.mcp_server.parts import McpParts
from app.mcp_server.visitors import Visit
from riskgate.contracts.cards import Card
from riskgate.hashing import content_hash
from tools.ports import Caller, Proposed, Relay, StoredCard

CHANNEL = "mcp"


class Proposer:
    """Implements tools.ports.TradeProposer for one call."""

    def __init__(self, parts: McpParts, visit: Visit) -> None:
        self._parts = parts
        self._visit = visit

    async def propose(self, caller: Caller, words: str, *, request_id: str | None) -> Proposed:
        """Run one turn in a thread of its own. Raises Conflict for an id of other words."""
        conversation, person = self._parts.conversation, self._visit.visitor.principal
        run = await conversation.start(
            person,
            TurnRequest(
                message=words,
                run_id=None if request_id is None else run_id(caller, request_id),
                account_id=caller.account_id,
                relay=Relay(channel=CHANNEL, client=self._visit.client, user=person.name),
            ),
        )
        result = await conversation.result(person, run)
        return Proposed(
            outcome=result.trace.final_outcome,
            error_code=result.trace.error_code,
            decision_id=result.trace.decision_id,
            message=result.message,
            cards=tuple(_stored(card, person.user_id) for card in result.cards),
        )

    def card_url(self, card_id: str) -> str:
        return f"{self._parts.page_url}#card={card_id}"


def run_id(caller: Caller, request_id: str) -> str:
    """Name the turn of a request, so that repeating the request finds it."""
    return f"run_{content_hash({'user': caller.user_id, 'mcp': request_id})[:24]}"


def _stored(card: Card, user_id: str) -> StoredCard:
    return StoredCard(card=card, status=card.status, user_id=user_id, decided_by=None)
