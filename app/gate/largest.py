"""How much of an order would pass: the gate itself is asked, with other quantities."""

from decimal import Decimal
from typing import Final

from riskgate.contracts.decisions import Verdict
from riskgate.engine import evaluate, resized
from riskgate.inputs import GateInput
from riskgate.policy import Policy

# More lots than these are no answer to a person's question.
MOST_LOTS: Final = 1 << 20


def largest_allowed(policy: Policy, gate_input: GateInput) -> Decimal | None:
    """Return the most of a plan's one leg that the gate allows; one lot more is refused.

    Zero where not even one lot is allowed, None where no quantity is refused. The plan has one leg.
    """
    leg = gate_input.plan.legs[0]
    lot = Decimal(leg.instrument.lot_size)

    def passes(lots: int) -> bool:
        plan = resized(gate_input.plan, {leg.leg: lots * lot})
        given = gate_input.model_copy(update={"plan": plan})
        return evaluate(policy, given, inputs_hash=NOT_STORED).verdict is Verdict.ALLOW

    if not passes(1):
        return Decimal(0)
    low, high = 1, 2
    while high <= MOST_LOTS and passes(high):
        low, high = high, high * 2
    if high > MOST_LOTS:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low * lot


# These judgements are of nobody's order and are kept nowhere.
NOT_STORED: Final = "0" * 64
