"""Would it pass: the gate's word on a trade that is only asked about, and the most that would."""

from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import (
    Cited,
    Insight,
    cited_quote,
    cited_view,
    ids,
    inputs_used,
    number,
)
from agents.insights.verdict import broken_rules, would_pass
from agents.state import as_sentence
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.decisions import RiskDecision, Verdict
from riskgate.contracts.exposures import Exposure, ExposureOf
from riskgate.contracts.orders import Side
from riskgate.contracts.plans import PlanLeg
from tools.ports import AccountView, ToolRefusal, Weighed

TITLE: Final = "Would it pass?"
NOT_MADE: Final = "Nothing was planned or sent."
WHICH_TRADE: Final = "Of which trade? For example: could I buy 100 INFY?"
DOING: Final = {Side.BUY: "Buying", Side.SELL: "Selling"}
ROOM_OF: Final = {ExposureOf.GROSS: "all positions", ExposureOf.NET: "net of shorts"}
ROOM_RULES: Final = {
    ExposureOf.POSITION: "EXP-001",
    ExposureOf.GROSS: "EXP-002",
    ExposureOf.NET: "EXP-003",
}


def what_if_insight(view: AccountView, weighed: Weighed, *, asked: bool) -> Insight:
    """Answer with the verdict on a changed trade, its rules, the room left and the most.

    `asked` says that a size was named; without one only the most is answered.
    """
    leg, decision = weighed.plan.legs[0], weighed.decision
    currency = weighed.plan.currency
    rules = broken_rules(decision, currency) if asked else []
    fields: dict[str, JsonValue] = {
        "what_if": _row(view, weighed, asked=asked),
        "violations": [
            {**each.model_dump(mode="json"), "evidence": [each.rule_id, decision.policy_hash]}
            for each in rules
        ],
        "would_pass": _passing(decision, currency, weighed.largest) if asked else [],
        "exposure": weighed.exposure.model_dump(mode="json") if asked else None,
    }
    said = [_verdict(leg, decision, currency)] if asked else []
    said += [f"{as_sentence(f'{v.rule_id}: {v.message}')} {as_sentence(v.remedy)}" for v in rules]
    said += [_most(leg, weighed.largest, currency), *_room(weighed, currency), NOT_MADE]
    quotes = {str(quote.instrument): time_text(quote.as_of) for quote in weighed.quotes}
    return Insight(
        title=TITLE,
        fields={name: value for name, value in fields.items() if value not in ([], None)},
        said=tuple(said),
        cited=_evidence(view, weighed),
        inputs={**inputs_used(view), "policy_hash": decision.policy_hash, "quotes": quotes},
    )


def no_plan_insight(refusal: ToolRefusal) -> Insight:
    """Answer that no plan could be made of it, and why."""
    why = f"{as_sentence(refusal.message)} {as_sentence(refusal.remedy)}"
    return Insight(
        title=TITLE,
        fields={"reasons": [why], "code": refusal.code},
        said=(f"It could not be planned now ({refusal.code}). {why}", NOT_MADE),
    )


def _verdict(leg: PlanLeg, decision: RiskDecision, currency: str) -> str:
    what = f"{DOING[leg.side]} {figures.count(leg.quantity, currency)} {leg.instrument.ref}"
    worth = figures.money(leg.notional, currency)
    if decision.verdict is Verdict.ALLOW:
        return f"{what}, {worth}, would pass the risk gate now."
    return f"{what}, {worth}, would be refused now."


def _most(leg: PlanLeg, largest: Decimal | None, currency: str) -> str:
    if largest is None:
        return "No limit of the policy is reached by any quantity."
    if not largest:
        return f"Not even the smallest quantity of {leg.instrument.ref} would pass now."
    return f"The most that would pass now is {figures.count(largest, currency)}."


def _room(weighed: Weighed, currency: str) -> list[str]:
    parts = [
        f"{_name(row)} {figures.money(max(row.limit - row.before, Decimal(0)), currency)}"
        f" of {figures.money(row.limit, currency)} ({ROOM_RULES[row.of]})"
        for row in weighed.exposure.rows
        if row.limit is not None
    ]
    return [f"Room left before it: {'; '.join(parts)}."] if parts else []


def _name(row: Exposure) -> str:
    return ROOM_OF.get(row.of) or str(row.instrument)


def _passing(decision: RiskDecision, currency: str, largest: Decimal | None) -> list[JsonValue]:
    """Return the gate's own changes, without a quantity that the most says already."""
    changes = would_pass(decision, currency)
    return [
        change.model_dump(mode="json")
        for change in changes
        if change.quantity is None or change.quantity != largest
    ]


def _row(view: AccountView, weighed: Weighed, *, asked: bool) -> JsonValue:
    leg, decision = weighed.plan.legs[0], weighed.decision
    return {
        "side": leg.side.value,
        "instrument": str(leg.instrument.ref),
        "quantity": decimal_text(leg.quantity) if asked else None,
        "notional": decimal_text(leg.notional) if asked else None,
        "reference_price": decimal_text(leg.reference_price),
        "verdict": decision.verdict.value if asked else None,
        "largest": number(weighed.largest),
        "currency": weighed.plan.currency.value,
        "evidence": ids(_evidence(view, weighed)),
    }


def _evidence(view: AccountView, weighed: Weighed) -> tuple[Cited, ...]:
    decision = weighed.decision
    policy = Cited(kind="policy", id=decision.policy_hash, of={"version": decision.policy_version})
    broken = {each.rule_id: number(each.limit) for each in decision.violations}
    room = {
        ROOM_RULES[row.of]: number(row.limit)
        for row in weighed.exposure.rows
        if row.limit is not None
    }
    rules = [
        Cited(kind="rule", id=rule_id, of={} if limit is None else {"limit": limit})
        for rule_id, limit in {**room, **broken}.items()
    ]
    return (cited_view(view), *map(cited_quote, weighed.quotes), policy, *rules)
