"""The typed facts a plan's card shows, taken from the plan and the decision alone."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import JsonValue

from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.decisions import RiskDecision
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import Quote


def plan_fields(
    plan: TradePlan,
    decision: RiskDecision,
    quotes: Sequence[Quote],
    *,
    trip: str | None = None,
) -> dict[str, JsonValue]:
    """Return a card's fields; every figure is the plan's own.

    `trip` says that the plan made the kill switch stricter.
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
    said = "market protection: as far as the broker's own share and the policy's collar let it"
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
    }


def _quote(quote: Quote) -> dict[str, JsonValue]:
    return {
        "instrument": str(quote.instrument),
        "last": decimal_text(quote.last),
        "bid": _text(quote.bid),
        "ask": _text(quote.ask),
        "source": quote.source.value,
        "as_of": time_text(quote.as_of),
        "market_time": time_text(quote.market_time),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
