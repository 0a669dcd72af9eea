"""What becomes of the stops and targets that stand for what an exit leaves."""

from collections.abc import Iterator, Sequence
from typing import Final

from agents.insights import figures
from app.persistence import protections
from app.persistence.database import Session
from app.persistence.orders import find_order
from app.pipeline.insights import stop_fact
from riskgate.contracts.insights import StopFact
from riskgate.contracts.plans import TradePlan

MOST_ENTRIES: Final = 50
BEFORE: Final = "taken back before this order is sent"
AFTER: Final = "what is left of the position is protected again"


async def standing_protection(session: Session, plan: TradePlan) -> Sequence[StopFact]:
    """Return the stops and targets kept for what a plan's legs leave, the oldest first."""
    leaving = {leg.instrument.ref: leg.side for leg in plan.legs}
    product = plan.order_skeleton.product
    found: list[StopFact] = []
    records = await protections.list_protections(
        session, account_id=plan.account_id, limit=MOST_ENTRIES
    )
    for record in records:
        entry = await find_order(session, record.entry_order_id)
        if entry is None or entry.intent.product is not product:
            continue
        if leaving.get(entry.intent.instrument) is entry.intent.side.opposite:
            fact = await stop_fact(session, record)
            found += [] if fact is None else [fact]
    return found


def exit_notes(standing: Sequence[StopFact]) -> list[str]:
    """Say in one sentence for each what becomes of it when the exit is sent."""
    return [_note(fact) for fact in standing]


def _note(fact: StopFact) -> str:
    what = " and ".join(_parts(fact))
    verb = "is" if None in (fact.stop_price, fact.target_price) else "are"
    return f"{what[0].upper()}{what[1:]}, kept for {fact.instrument}, {verb} {BEFORE}; {AFTER}."


def _parts(fact: StopFact) -> Iterator[str]:
    currency = figures.currency_of(fact.instrument)
    if fact.stop_price is not None:
        where = "resting " if fact.stop_rests else ""
        yield f"the {where}stop at {figures.price(fact.stop_price, currency)}"
    if fact.target_price is not None:
        yield f"the target at {figures.price(fact.target_price, currency)}"
