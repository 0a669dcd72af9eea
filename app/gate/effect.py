"""What another policy makes of one recorded plan: pure comparing, and sums of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from app.gate.undone import Undone
from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.plans import PlanLeg, TradePlan

ZERO = Decimal(0)


class Kind(StrEnum):
    """How the answer on one plan differs; INCOMPARABLE where that cannot be told."""

    SAME = "same"
    NEWLY_DENIED = "newly_denied"
    NEWLY_ALLOWED = "newly_allowed"
    CHANGED_QUANTITY = "changed_quantity"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The difference between two answers on one plan.

    `refused` and `allowed` are notionals that only one of them lets pass; `before` and `after` the
    quantities that pass, by leg; `fires` and `falls_silent` the rules that only one of them names.
    """

    kind: Kind
    before: Mapping[int, Decimal]
    after: Mapping[int, Decimal]
    refused: Decimal
    allowed: Decimal
    fires: tuple[str, ...]
    falls_silent: tuple[str, ...]


def compare(plan: TradePlan, old: RiskDecision, new: RiskDecision) -> Effect:
    """Compare two answers on one plan. A MODIFY lets its smaller quantities pass."""
    before, after = passing(plan, old), passing(plan, new)
    old_rules, new_rules = set(old.codes), set(new.codes)
    values = {leg.leg: unit_value(leg) for leg in plan.legs}
    return Effect(
        kind=_kind(before, after),
        before=before,
        after=after,
        refused=_more(before, after, values),
        allowed=_more(after, before, values),
        fires=tuple(sorted(new_rules - old_rules)),
        falls_silent=tuple(sorted(old_rules - new_rules)),
    )


def incomparable(plan: TradePlan, recorded: RiskDecision, again: RiskDecision) -> bool:
    """Whether an engine's answer, given again, contradicts the one that was recorded.

    A refusal for reasons that the recorded one does not name contradicts it too: it would hide
    that another policy lifts the recorded reason.
    """
    before, after = passing(plan, recorded), passing(plan, again)
    others = set(again.codes) - set(recorded.codes)
    return before != after or (bool(others) and not any(after.values()))


def no_effect(plan: TradePlan, decision: RiskDecision) -> Effect:
    """Return what is counted of a plan whose answers cannot be compared."""
    passes = passing(plan, decision)
    return Effect(
        kind=Kind.INCOMPARABLE,
        before=passes,
        after=passes,
        refused=ZERO,
        allowed=ZERO,
        fires=(),
        falls_silent=(),
    )


def passing(plan: TradePlan, decision: RiskDecision) -> dict[int, Decimal]:
    """Return the quantity of each leg that an answer lets pass."""
    if decision.verdict is Verdict.DENY:
        return {leg.leg: ZERO for leg in plan.legs}
    smaller = {item.leg: item.quantity for item in decision.modified_quantities}
    return {leg.leg: smaller.get(leg.leg, leg.quantity) for leg in plan.legs}


def unit_value(leg: PlanLeg) -> Decimal:
    """Return what one unit of a leg was worth when it was planned."""
    return leg.reference_price * leg.instrument.multiplier


@dataclass
class Tally:
    """Sums over many effects; grows while decisions are read."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    refused: Decimal = ZERO
    allowed: Decimal = ZERO
    undone: list[Undone] = field(default_factory=list)

    def add(self, effect: Effect) -> None:
        self.kinds[effect.kind] += 1
        self.refused += effect.refused
        self.allowed += effect.allowed


def _kind(before: Mapping[int, Decimal], after: Mapping[int, Decimal]) -> Kind:
    if before == after:
        return Kind.SAME
    if not any(after.values()):
        return Kind.NEWLY_DENIED
    return Kind.CHANGED_QUANTITY if any(before.values()) else Kind.NEWLY_ALLOWED


def _more(
    one: Mapping[int, Decimal], other: Mapping[int, Decimal], values: Mapping[int, Decimal]
) -> Decimal:
    return sum((max(one[leg] - other[leg], ZERO) * value for leg, value in values.items()), ZERO)
