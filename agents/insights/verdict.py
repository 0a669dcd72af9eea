"""Why there is no order: each broken rule and what would pass, on a card and in sentences."""

from collections.abc import Sequence

from pydantic import JsonValue

from agents.insights import figures
from agents.state import as_sentence
from riskgate.contracts.base import decimal_text
from riskgate.contracts.cards import CardKind
from riskgate.contracts.decisions import LegChange, RiskDecision, Severity, Verdict, Violation
from tools.ports import CardContent, ToolRefusal


def sentences(decision: RiskDecision, currency: str) -> list[str]:
    """Say what would pass, then each broken rule and its remedy."""
    changes = would_pass(decision, currency)
    passing = [
        f"This would pass{_of_leg(change, changes)}: {change.text}; ask for it."
        for change in changes
    ]
    return passing + [
        f"{as_sentence(f'{v.rule_id}: {v.message}')} {as_sentence(v.remedy)}"
        for v in broken_rules(decision, currency)
    ]


def broken_rules(decision: RiskDecision, currency: str) -> list[Violation]:
    """Return the broken rules with their figures as people read them."""
    return [figures.for_people(each, currency) for each in decision.violations]


def veto_fields(decision: RiskDecision, currency: str) -> dict[str, JsonValue]:
    """Return what a card says of a refused plan: its rules and what would pass."""
    return {
        "verdict": decision.verdict.value,
        "violations": [v.model_dump(mode="json") for v in broken_rules(decision, currency)],
        "would_pass": [change.model_dump(mode="json") for change in would_pass(decision, currency)],
    }


def unplanned(refusal: ToolRefusal) -> CardContent:
    """Say on a card why no plan could be made; its code stands where a rule would."""
    why = Violation(
        rule_id=refusal.code,
        severity=Severity.HIGH,
        message=as_sentence(refusal.message),
        remedy=refusal.remedy,
    )
    fields: dict[str, JsonValue] = {
        "verdict": Verdict.DENY.value,
        "violations": [why.model_dump(mode="json")],
        "would_pass": [],
    }
    return CardContent(kind=CardKind.VETO, title="This plan cannot be made", fields=fields)


def would_pass(decision: RiskDecision, currency: str) -> tuple[LegChange, ...]:
    """Return what the gate would allow instead: a MODIFY's quantities, or a DENY's changes."""
    smaller = tuple(
        LegChange(
            leg=change.leg,
            quantity=change.quantity,
            text=f"quantity {decimal_text(change.quantity)}",
        )
        for change in decision.modified_quantities
    )
    changes = smaller or decision.would_pass
    return tuple(figures.change_for_people(change, currency) for change in changes)


def _of_leg(change: LegChange, changes: Sequence[LegChange]) -> str:
    return f" for leg {change.leg + 1}" if len(changes) > 1 else ""
