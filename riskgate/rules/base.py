"""What a rule is, and what it reports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from riskgate.contracts.decisions import Severity, Violation
from riskgate.metrics import Facts, LegFacts, figure, shown
from riskgate.policy import Policy


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach of a rule: what happened, what to do, and the two figures that differ.

    `allowed` is the largest quantity of the leg that the rule would pass; None where no smaller
    quantity helps.
    """

    message: str
    remedy: str
    leg: LegFacts | None = None
    limit: Decimal | int | None = None
    actual: Decimal | int | None = None
    allowed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A stable id, the severity of a breach, and the pure function that finds them by leg."""

    rule_id: str
    severity: Severity
    check: Callable[[Policy, Facts], Iterator[Breach]]

    def violation(self, breach: Breach) -> Violation:
        """Return a breach as the decision records it."""
        return Violation(
            rule_id=self.rule_id,
            severity=self.severity,
            message=breach.message,
            remedy=breach.remedy,
            leg=None if breach.leg is None else breach.leg.number,
            limit=_figure(breach.limit),
            actual=_figure(breach.actual),
        )


def at_most(allowed: Decimal) -> str:
    """Write the remedy of a rule that a smaller quantity would pass."""
    if allowed > 0:
        return f"Ask for at most {figure(allowed)}"
    return "No quantity fits; close something first, or have the limit changed"


def _figure(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else shown(Decimal(value))
