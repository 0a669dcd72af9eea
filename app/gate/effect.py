"""What another policy makes of one recorded plan: pure comparing, and sums of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.plans import PlanLeg, TradePlan

ZERO = Decimal(0)


class Kind(StrEnum):
    """How the answer on one plan differs."""

    SAME = "same"
    NEWLY_DENIED = "newly_denied"
    NEWLY_ALLOWED = "newly_allowed"
    CHANGED_QUANTITY = "changed_quantity"


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


@dataclass(frozen=True, kw_only=True)
class Undone:
    """The filled part of a leg that the new policy would not have let pass."""

    instrument: InstrumentRef
    sign: int
    quantity: Decimal
    price: Decimal
    multiplier: Decimal

    @property
    def notional(self) -> Decimal:
        return self.quantity * self.price * self.multiplier

    def result(self, mark: Decimal) -> Decimal:
        """Return what was gained by it, before costs, at a price; a loss is negative."""
        return self.sign * (mark - self.price) * self.quantity * self.multiplier


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


def passing(plan: TradePlan, decision: RiskDecision) -> dict[int, Decimal]:
    """Return the quantity of each leg that an answer lets pass."""
    if decision.verdict is Verdict.DENY:
        return {leg.leg: ZERO for leg in plan.legs}
    smaller = {item.leg: item.quantity for item in decision.modified_quantities}
    return {leg.leg: smaller.get(leg.leg, leg.quantity) for leg in plan.legs}


def unit_value(leg: PlanLeg) -> Decimal:
    """Return what one unit of a leg was worth when it was planned."""
    return leg.reference_price * leg.instrument.multiplier


def undone(leg: PlanLeg, *, filled: Decimal, value: Decimal, after: Decimal) -> Undone | None:
    """Return what of a leg's fills, worth `value` by unit price, goes beyond `after`."""
    quantity = filled - after
    if quantity <= 0:
        return None
    return Undone(
        instrument=leg.instrument.ref,
        sign=leg.side.sign,
        quantity=quantity,
        price=value / filled,
        multiplier=Decimal(leg.instrument.multiplier),
    )


@dataclass
class Tally:
    """Sums over many effects; grows while decisions are read."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    refused: Decimal = ZERO
    allowed: Decimal = ZERO
    undone: list[Undone] = field(default_factory=list)

    def add(self, effect: Effect, filled: list[Undone]) -> None:
        self.kinds[effect.kind] += 1
        self.refused += effect.refused
        self.allowed += effect.allowed
        self.undone += filled


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
