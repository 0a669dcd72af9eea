"""The condition of an order, and what of it can be compared when the order is sent."""

from collections.abc import Sequence
from typing import Final

from agents.intent.conditions import Said
from agents.intent.fields import LONGEST_SPAN, Fields, span
from agents.intent.resolve import Named
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Comparison, Condition, EntryRule, Metric, Operator

COMPARISONS: Final = {
    Operator.GT: Comparison.GT,
    Operator.GTE: Comparison.GTE,
    Operator.LT: Comparison.LT,
    Operator.LTE: Comparison.LTE,
}


def put_condition(fields: Fields, said: Sequence[Said], own: Named) -> None:
    """Set the condition said; one that is unclear, or two at once, is asked for again."""
    if not said:
        return
    conditions = [each.condition for each in said]
    rules = [rule_of(condition, own.refs) for condition in conditions]
    condition = conditions[0]
    priced = all(rules)
    if condition is None or (len(said) > 1 and not priced):
        fields.ask("condition")
        return
    words = span(fields.message, said[0].start, min(said[-1].end, said[0].start + LONGEST_SPAN))
    if len(said) == 1:
        fields.values["condition"] = _own(condition, own.refs)
        fields.words["condition"] = words
    if priced:
        fields.values["entry_rules"] = tuple(rules)
        fields.words["entry_rules"] = words
    elif condition.metric is Metric.PRICE and condition.operator in COMPARISONS and own.refs:
        fields.ask("condition")


def rule_of(condition: Condition | None, own: Sequence[InstrumentRef]) -> EntryRule | None:
    """Return what can be compared at the moment of sending, None for any other condition."""
    if condition is None or condition.metric is not Metric.PRICE or condition.of_portfolio:
        return None
    comparison = COMPARISONS.get(condition.operator)
    instrument = condition.instrument or (own[0] if len(own) == 1 else None)
    if comparison is None or instrument is None or condition.value is None or condition.value <= 0:
        return None
    return EntryRule(instrument=instrument, comparison=comparison, price=condition.value)


def _own(condition: Condition, own: Sequence[InstrumentRef]) -> Condition:
    """Leave out the instrument that is the order's own."""
    if condition.instrument in own:
        return condition.model_copy(update={"instrument": None})
    return condition
