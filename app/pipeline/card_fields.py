"""The typed facts a plan's card shows, taken from the plan and the decision alone."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import JsonValue

from app.planning.costs import PlanCost
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.exposures import ExposureChange
from riskgate.contracts.instruments import Currency
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import Quote
from riskgate.tariff import ChargeKind


def plan_fields(
    plan: TradePlan,
    decision: RiskDecision,
    quotes: Sequence[Quote],
    *,
    trip: str | None = None,
    exposure: ExposureChange | None = None,
    cost: PlanCost | None = None,
) -> dict[str, JsonValue]:
    """Return a card's fields; every figure is the plan's own, the gate's, or of its bill.

    `trip` says that the plan made the kill switch stricter. Without a `cost` no table knows it.
    """
    symbols: list[JsonValue] = [str(symbol) for symbol in plan.intent.symbols]
    legs: list[JsonValue] = [_leg(leg) for leg in plan.legs]
    traded = {leg.instrument.ref for leg in plan.legs}
    shown: list[JsonValue] = [_quote(quote) for quote in quotes if quote.instrument in traded]
    return {
        "side": plan.intent.side.value,
        "symbols": symbols,
        "order_type": plan.order_skeleton.order_type.value,
        "product": plan.order_skeleton.product.value,
        "validity": plan.order_skeleton.validity.value,
        "mode": plan.mode.value,
        "notional": decimal_text(plan.notional),
        "currency": plan.currency.value,
        "valid_until": time_text(plan.validity_window.end),
        "loss_at_stop": _text(plan.risk_model.loss_at_stop),
        "loss_at_stop_pct": _text(plan.risk_model.loss_at_stop_pct),
        "loss_limit": _text(_loss_limit(decision)),
        "gain_at_target": _text(_whole_gain(plan)),
        "cost": None if cost is None else _cost(cost),
        "exposure": None if exposure is None else exposure.model_dump(mode="json"),
        "entry_rules": [rule.model_dump(mode="json") for rule in plan.entry_rules],
        "legs": legs,
        "notes": list(plan.notes),
        "verdict": decision.verdict.value,
        "policy_hash": decision.policy_hash,
        "evidence": [item.model_dump(mode="json") for item in decision.evidence],
        "waived": [item.model_dump(mode="json") for item in decision.waived],
        "kill_switch": trip,
        "quotes": shown,
    }


def plan_provenance(plan: TradePlan) -> dict[str, Provenance]:
    """Return where each value of a plan's card came from: the intent's, and the limit's we gave."""
    if not plan.gives_a_limit:
        return plan.intent.provenance
    said = "market protection, within the policy's collar"
    given = Provenance(source=ProvenanceSource.POLICY_DEFAULT, text=said)
    return plan.intent.provenance | {"limit_price": given}


def _leg(leg: PlanLeg) -> dict[str, JsonValue]:
    return {
        "instrument": str(leg.instrument.ref),
        "name": leg.instrument.name,
        "side": leg.side.value,
        "quantity": decimal_text(leg.quantity),
        "slices": [decimal_text(quantity) for quantity in leg.slices],
        "limit_price": _text(leg.limit_price),
        "trigger_price": _text(leg.trigger_price),
        "reference_price": decimal_text(leg.reference_price),
        "notional": decimal_text(leg.notional),
        "sizing_note": leg.sizing_note,
        "stop_price": _text(leg.risk_model.stop_price),
        "target_price": _text(leg.risk_model.target_price),
        "loss_at_stop": _text(leg.risk_model.loss_at_stop),
        "gain_at_target": _text(_gain(leg)),
    }


def _cost(cost: PlanCost) -> dict[str, JsonValue]:
    lines: list[JsonValue] = [
        {"charge": kind.value, "amount": decimal_text(cost.charges.line(kind))}
        for kind in ChargeKind
        if cost.charges.line(kind)
    ]
    return {
        "currency": Currency.INR.value,
        "rates_on": cost.rates_on.isoformat(),
        "turnover": decimal_text(cost.turnover),
        "lines": lines,
        "total": decimal_text(cost.total),
        "leaving": _text(cost.leaving),
        "breakeven_price": _text(cost.breakeven_price),
    }


def _loss_limit(decision: RiskDecision) -> Decimal | None:
    """Return the most a trade may lose at its stop, where the policy says so."""
    limits = (item.limit for item in decision.evidence if item.metric == "loss_at_stop")
    return next((limit for limit in limits if limit is not None), None)


def _whole_gain(plan: TradePlan) -> Decimal | None:
    """Return what all targets together earn before charges; None where a leg has none."""
    gains = [_gain(leg) for leg in plan.legs]
    known = [gain for gain in gains if gain is not None]
    return sum(known, Decimal(0)) if len(known) == len(gains) else None


def _gain(leg: PlanLeg) -> Decimal | None:
    target = leg.risk_model.target_price
    if target is None:
        return None
    return abs(target - leg.reference_price) * leg.quantity * leg.instrument.multiplier


def _quote(quote: Quote) -> dict[str, JsonValue]:
    return {
        "instrument": str(quote.instrument),
        "last": decimal_text(quote.last),
        "bid": _text(quote.bid),
        "ask": _text(quote.ask),
        "source": quote.source.value,
        "as_of": time_text(quote.as_of),
        "market_time": time_text(quote.market_time),
        "lower_circuit": _text(quote.lower_circuit),
        "upper_circuit": _text(quote.upper_circuit),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
