"""Which legs of an approved plan only close what is held, as the gate judged them."""

from typing import Final

from pydantic import ValidationError

from app.persistence import accounts
from app.persistence.database import Session
from app.persistence.plans import DecisionRecord
from riskgate.figures import exactly
from riskgate.hashing import content_hash
from riskgate.inputs import GateInput
from riskgate.policy import Policy, scope_of
from riskgate.weigh import Facts
from riskgate.world import world_of

NONE: Final[frozenset[int]] = frozenset()


async def legs_that_reduce(session: Session, judged: DecisionRecord) -> frozenset[int]:
    """Return the legs of a stored decision's plan that open nothing, worked out from its inputs.

    None do where the inputs are not those of the decision or this release cannot read them:
    an order that may open is the one to be stopped.
    """
    body = await accounts.find_policy(session, judged.decision.policy_hash)
    try:
        policy = Policy.model_validate(body)
        given = GateInput.model_validate(judged.gate_input)
    except ValidationError:
        return NONE
    if content_hash(given) != judged.decision.inputs_hash:
        return NONE
    return only_reducing(policy, given)


def only_reducing(policy: Policy, given: GateInput) -> frozenset[int]:
    """Return the legs that open nothing, each upon the book with those before it in flight."""
    found: set[int] = set()
    with exactly():
        world = world_of(policy, given)
        for leg, candidate in zip(given.plan.legs, world.candidates, strict=True):
            scope = scope_of(policy, candidate.listing.names, candidate.strategy_id)
            if Facts(scope, candidate, world.book, world.situation).reduces:
                found.add(leg.leg)
            world.book.place(("plan", leg.leg), candidate)
    return frozenset(found)
