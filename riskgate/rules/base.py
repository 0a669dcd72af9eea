"""What a rule is, and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from riskgate.contracts.decisions import Severity
from riskgate.contracts.orders import Product
from riskgate.figures import figure
from riskgate.inputs import GateInput
from riskgate.policy import Limits, Policy
from riskgate.weigh import Facts


class Until(StrEnum):
    """When a breach ends by itself: a session of the calendar, or the start of a new window."""

    NEXT_SESSION = "the next session"
    NEXT_DAY = "the next trading day"
    NEXT_WEEK = "the next trading week"
    NEXT_MONTH = "the next trading month"


class Breach(NamedTuple):
    """One breach of a rule: what happened, what to do, and the two figures that differ.

    What would mend it, where something would: `allowed` is the largest quantity that the rule
    passes, `price` a price of the order (and `trigger`), `wait_s` the seconds until it passes,
    `until` the window that ends it, `product` another product. A `binding` breach holds for orders
    that only reduce as well, where the rule otherwise lets them pass; one for `always` holds where
    the policy only monitors too.
    """

    message: str
    remedy: str
    limit: Decimal | int | None = None
    actual: Decimal | int | None = None
    allowed: Decimal | None = None
    price: Decimal | None = None
    trigger: Decimal | None = None
    wait_s: Decimal | None = None
    until: Until | None = None
    product: Product | None = None
    binding: bool = False
    always: bool = False


Breaches = tuple[Breach, ...]
NONE: Breaches = ()


class PlanFacts(NamedTuple):
    """What the rules of a whole plan look at: the inputs as given, and each leg as weighed."""

    policy: Policy
    given: GateInput
    legs: tuple[Facts, ...]


@dataclass(frozen=True, slots=True)
class PlanRule:
    """A rule of a whole plan: a stable id, how grave a breach is, and how it is found."""

    rule_id: str
    severity: Severity
    check: Callable[[PlanFacts], Breaches]
    limits: tuple[str, ...] = ()
    facts: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A stable id, how grave a breach is, and the pure function that finds it for one order.

    `limits` are the paths in the policy that the rule asks; it is off where all of those are, and
    a rule without any cannot be turned off. Breaches of a rule that `reduces` can be mended by a
    smaller quantity, which makes a MODIFY. A rule that `exits_pass` holds for no order that
    strictly lowers exposure. One about `facts` denies even where the policy only monitors. One
    about a `listed` instrument is not asked where only a symbol is known.
    """

    rule_id: str
    severity: Severity
    check: Callable[[Facts], Breaches]
    limits: tuple[str, ...] = ()
    reduces: bool = False
    exits_pass: bool = False
    facts: bool = False
    listed: bool = False

    def is_on(self, limits: Limits) -> bool:
        """Say whether the limits turn the rule on."""
        return not self.limits or not all(_is_off(limits, path) for path in self.limits)


def at_most(allowed: Decimal | None) -> str:
    """Write the remedy of a rule that a smaller quantity would pass."""
    if allowed:
        return f"Ask for at most {figure(allowed)}"
    return "No quantity fits; close something first, or have the limit changed"


def _is_off(limits: Limits, path: str) -> bool:
    block, field = path.split(".")
    value = getattr(getattr(limits, block), field)
    if field == "deny_list":
        return not value
    # An empty list of what is allowed is on: it allows nothing.
    return value is None or value is False or value == 0
