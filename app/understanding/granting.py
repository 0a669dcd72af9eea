"""A person's word on how much of their portfolio a language model may see."""

from dataclasses import dataclass

from adapters.ports import Clock, IdFactory
from app.errors import Conflict, Forbidden, NotFound
from app.identity.principal import Principal, Role
from app.persistence import cards, models, runs
from app.persistence.database import Database
from app.persistence.models import ModelGrant
from app.persistence.runs import RunRecord
from app.understanding.limits import Choice
from riskgate.contracts.cards import CardKind, CardStatus

ASKED_FOR = "portfolio_detail"


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The turn that asked, and the id of the one in which its message is read again."""

    origin: RunRecord
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Takes a person's choice on a card of their own; nobody else's, and no program's."""

    database: Database
    clock: Clock
    ids: IdFactory

    async def decide(self, person: Principal, card_id: str, choice: Choice) -> Granted:
        """Keep a choice, once for each card.

        Raises NotFound for a card of somebody else's, Forbidden for a program, and Conflict for a
        card that asks for something else or was answered before.
        """
        if Role.SERVICE in person.roles:
            raise Forbidden("only a person decides what a model may see")
        now = self.clock.now()
        run_id = self.ids.new("run")
        async with self.database.tenant(person.tenant_id) as session:
            record = await cards.find_card(session, card_id, lock=True)
            if record is None or record.user_id != person.user_id:
                raise NotFound(f"there is no card {card_id}")
            card = record.card
            if card.kind is not CardKind.QUESTION or card.fields.get("asks_for") != ASKED_FOR:
                raise Conflict(
                    "the card does not ask what a model may see", code="CARD_NOT_A_GRANT"
                )
            if not await cards.decide_card(
                session,
                card_id=card_id,
                status=CardStatus.ANSWERED,
                decided_by=person.user_id,
                comment=f"portfolio detail: {choice}",
                at=now,
            ):
                raise Conflict("the card was answered before", code="CARD_ALREADY_DECIDED")
            grant = ModelGrant(
                card_id=card_id,
                user_id=person.user_id,
                thread_id=card.thread_id,
                choice=choice,
                run_id=run_id,
                made_at=now,
            )
            await models.add_grant(session, grant)
            origin = await runs.find_run(session, card.run_id)
        if origin is None:
            raise NotFound(f"the turn of card {card_id} is gone")
        return Granted(origin=origin, run_id=run_id)
