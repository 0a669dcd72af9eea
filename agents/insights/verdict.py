"""What the gate said of a plan, in sentences: what would pass, and each broken rule."""

from collections.abc import Sequence

from agents.state import as_sentence
from riskgate.contracts.base import decimal_text
from riskgate.contracts.decisions import LegChange, RiskDecision


def sentences(decision: RiskDecision) -> list[str]:
    """Say what would pass, then each broken rule and its remedy."""
    changes = would_pass(decision)
    passing = [
        f"This would pass{_of_leg(change, changes)}: {change.text}; ask for it."
        for change in changes
    ]
    return passing + [
        f"{as_sentence(f'{v.rule_id}: {v.message}')} {as_sentence(v.remedy)}"
        for v in decision.violations
    ]


def would_pass(decision: RiskDecision) -> tuple[LegChange, ...]:
    """Return what the gate would allow instead: a MODIFY's quantities, or a DENY's changes."""
    smaller = tuple(
        LegChange(
            leg=change.leg,
            quantity=change.quantity,
            text=f"quantity {decimal_text(change.quantity)}",
        )
        for change in decision.modified_quantities
    )
    return smaller or decision.would_pass


def _of_leg(change: LegChange, changes: Sequence[LegChange]) -> str:
    return f" for leg {change.leg + 1}" if len(changes) > 1 else ""
