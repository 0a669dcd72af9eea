"""Whether a person's own message approves the plan it asked for."""

from app.approvals.rules import Approver
from app.conversation.ending import LiveTurn, TurnResult
from app.identity.principal import Principal
from app.persistence.database import Database
from app.pipeline.own_word import own_word_counts, plan_of_waiting_card
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.traces import TurnOutcome


async def authorised_card(
    database: Database, person: Principal, turn: LiveTurn, result: TurnResult
) -> str | None:
    """Return the card that the person's own message approves, if it does.

    Only a PAPER plan that one whole message asked for: what was pieced together from answers,
    a confirmed repetition among it, and what risks money goes to a person.
    """
    if not turn.whole or result.trace.final_outcome is not TurnOutcome.AWAITING_APPROVAL:
        return None
    by = Approver(user_id=person.user_id, roles=person.roles)
    async with database.tenant(person.tenant_id) as session:
        for card in result.cards:
            found = await plan_of_waiting_card(session, card.id)
            if found is None or found[0].mode is not ExecutionMode.PAPER:
                continue
            if await own_word_counts(session, found[0], by, initiator=found[1]):
                return card.id
    return None
