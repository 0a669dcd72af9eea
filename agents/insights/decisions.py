"""Why, and why not: one past decision with the figures it rests on, and past ones as a list."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import Cited, Insight, Json, number
from agents.insights.orders import cited_fill, cited_order, order_row, order_sentence
from agents.insights.verdict import broken_rules, sentences, would_pass
from agents.intent.model import ParsedMessage, QueryDetail
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.decisions import Evidence, RiskDecision, Verdict
from riskgate.contracts.insights import FillFact
from riskgate.contracts.instruments import Currency, InstrumentRef
from riskgate.contracts.orders import Side
from riskgate.contracts.traces import DecisionTrace, TurnOutcome
from tools.ports import Caller

REFUSED: Final = frozenset(
    {TurnOutcome.DENIED, TurnOutcome.NOT_EXECUTED, TurnOutcome.REJECTED_BY_USER}
)
SENT: Final = frozenset(
    {TurnOutcome.EXECUTED, TurnOutcome.PARTIALLY_EXECUTED, TurnOutcome.OUTCOME_UNKNOWN}
)
NONE_YET: Final = "No trade of yours has been decided on yet."
NO_MATCH: Final = "No decision like that is among your last ones; 'decisions' lists them."
EXPIRED: Final = "CARD_EXPIRED"
EXPIRED_SAID: Final = (
    f"The risk gate allowed it, and nobody decided on its card in time, so it expired ({EXPIRED});"
    " nothing was sent. Ask for the trade again if you want it."
)
LOGGED: Final = 12
OUTCOMES: Final = {
    TurnOutcome.AWAITING_APPROVAL: "waited for an approval",
    TurnOutcome.DENIED: "was refused",
    TurnOutcome.REJECTED_BY_USER: "was rejected on its card",
    TurnOutcome.EXECUTED: "was executed",
    TurnOutcome.PARTIALLY_EXECUTED: "was executed in part",
    TurnOutcome.NOT_EXECUTED: "was not executed",
    TurnOutcome.OUTCOME_UNKNOWN: "was sent, and what became of it was not known",
    TurnOutcome.CANCELLED: "was stopped",
    TurnOutcome.FAILED: "failed",
}


def about_trades(traces: Sequence[DecisionTrace], caller: Caller) -> list[DecisionTrace]:
    """Return the caller's turns in which a trade of the account was decided on, newest first."""
    own = (caller.account_id, caller.user_id)
    mine = [
        each for each in traces if (each.account_id, each.user_id) == own and _is_decision(each)
    ]
    # A card that expires is told of late; what counts is when it was asked for.
    return sorted(mine, key=lambda each: each.started_at, reverse=True)


def meant(
    traces: Sequence[DecisionTrace],
    asked: ParsedMessage,
    thread_id: str,
) -> DecisionTrace | None:
    """Return the decision that a question means: of its symbols, its side and its kind, this
    thread's first."""
    symbols, detail = asked.symbols, asked.detail
    fitting = [each for each in traces if not symbols or _concerns(each, symbols)]
    fitting = [each for each in fitting if asked.side in (None, *_sides(each))]
    outcomes = {QueryDetail.WHY_NOT: REFUSED, QueryDetail.WHY: SENT}.get(detail) if detail else None
    of_kind = [each for each in fitting if outcomes is None or each.final_outcome in outcomes]
    # "Why did you buy it" may be asked of what waits, too; "why not" never of what went through.
    fitting = of_kind or ([] if detail is QueryDetail.WHY_NOT else fitting)
    here = [each for each in fitting if each.thread_id == thread_id] or fitting
    if detail is QueryDetail.WHY_NOT:
        # Nobody refused what only expired.
        here = [each for each in here if not has_expired(each)] or here
    return next(iter(here), None)


def here_first(traces: Sequence[DecisionTrace], thread_id: str) -> list[DecisionTrace]:
    """Return decisions with those of a conversation before the others."""
    return sorted(traces, key=lambda each: each.thread_id != thread_id)


def has_expired(trace: DecisionTrace) -> bool:
    """Say whether a turn ended because nobody decided on its card in time."""
    return trace.error_code == EXPIRED


def expired_since(traces: Sequence[DecisionTrace], meant_one: DecisionTrace) -> str | None:
    """Say that a newer card of the same conversation expired, which is no refusal."""
    newest = next((each for each in traces if each.thread_id == meant_one.thread_id), None)
    if newest is None or newest is meant_one or not has_expired(newest):
        return None
    return (
        f"Your newest plan, “{newest.user_message}”, was not refused: nobody decided on its card"
        f" in time, so it expired ({EXPIRED}) and nothing was sent. The newest refusal was this:"
    )


def decision_insight(trace: DecisionTrace, fills: Sequence[FillFact], *, for_user: str) -> Insight:
    """Answer with what was asked, what the gate found, who approved and what filled."""
    gate, currency = trace.riskgate_result, currency_of(trace)
    of_orders = {order.broker_order_id for order in trace.orders_submitted}
    own = [fill for fill in fills if fill.broker_order_id in of_orders]
    fields: Json = {
        "decision": _facts(trace),
        "violations": [] if gate is None else _violations(gate, currency),
        "would_pass": [] if gate is None else _passing(gate, currency),
        "checks": [] if gate is None else _checks(gate),
        "orders": [order_row(order, own) for order in trace.orders_submitted],
        "reasons": list(trace.explanations) if gate is None or has_expired(trace) else [],
    }
    return Insight(
        title="Why",
        fields={name: value for name, value in fields.items() if value != []},
        said=tuple(_sentences(trace, for_user)),
        cited=(
            *_evidence(trace),
            *map(cited_order, trace.orders_submitted),
            *map(cited_fill, own),
        ),
    )


def log_insight(traces: Sequence[DecisionTrace]) -> Insight:
    """Answer with the last decisions, the newest first."""
    shown = traces[:LOGGED]
    return Insight(
        title="Decisions",
        fields={"decisions": [_facts(trace) for trace in shown]},
        said=tuple(_asked(trace) for trace in shown[:3]) or (NONE_YET,),
        cited=tuple(_cited(trace) for trace in shown),
    )


def _is_decision(trace: DecisionTrace) -> bool:
    refused = trace.final_outcome is TurnOutcome.DENIED and trace.error_code is not None
    return trace.plan_id is not None or trace.riskgate_result is not None or refused


def _concerns(trace: DecisionTrace, symbols: Sequence[InstrumentRef]) -> bool:
    named = {str(order.instrument) for order in trace.orders_submitted} | set(_planned(trace))
    words = trace.user_message.casefold()
    said = any(ref.tradingsymbol.casefold() in words for ref in symbols)
    return bool(named & {str(ref) for ref in symbols}) or (not named and said)


def _planned(trace: DecisionTrace) -> list[str]:
    refs = [leg["instrument"]["ref"] for leg in _legs(trace)]
    return [f"{ref['exchange']}:{ref['tradingsymbol']}" for ref in refs]


def _sides(trace: DecisionTrace) -> tuple[Side, ...]:
    """Return the sides of a turn's plan; both where it came to none."""
    return tuple({Side(leg["side"]) for leg in _legs(trace)}) or tuple(Side)


def _legs(trace: DecisionTrace) -> list[dict[str, Any]]:
    """Return the legs of the plan that a turn made, as its replay step holds them."""
    for each in trace.replay:
        if each.step == "plan":
            output: dict[str, Any] = each.output
            return list(output.get("legs", []))
    return []


def _facts(trace: DecisionTrace) -> JsonValue:
    gate = trace.riskgate_result
    return {
        "decision_id": trace.decision_id,
        "run_id": trace.run_id,
        "plan_id": trace.plan_id,
        "asked": trace.user_message,
        "asked_by": "program" if "relay" in trace.inputs_used.context else "person",
        "at": time_text(trace.started_at),
        "outcome": trace.final_outcome.value,
        "error_code": trace.error_code,
        "verdict": None if gate is None else gate.verdict.value,
        "rules": [] if gate is None else list(gate.codes),
        "policy_hash": None if gate is None else gate.policy_hash,
        "approved_by": trace.approved_by,
        "reconciled": (
            None if trace.reconciliation_result is None else trace.reconciliation_result.matched
        ),
        "evidence": [trace.decision_id],
    }


def _violations(gate: RiskDecision, currency: str) -> list[JsonValue]:
    return [
        {**each.model_dump(mode="json"), "evidence": [each.rule_id, gate.policy_hash]}
        for each in broken_rules(gate, currency)
    ]


def _passing(gate: RiskDecision, currency: str) -> list[JsonValue]:
    return [change.model_dump(mode="json") for change in would_pass(gate, currency)]


def _checks(gate: RiskDecision) -> list[JsonValue]:
    return [
        {
            "metric": each.metric,
            "value": decimal_text(each.value),
            "limit": number(each.limit),
            "leg": each.leg,
            "source": each.source,
            "evidence": [gate.inputs_hash],
        }
        for each in gate.evidence
    ]


def _sentences(trace: DecisionTrace, for_user: str) -> list[str]:
    gate, currency = trace.riskgate_result, currency_of(trace)
    said = [_asked(trace)]
    if gate is None:
        return said + list(trace.explanations)
    if gate.verdict is not Verdict.ALLOW:
        return said + sentences(gate, currency)
    if has_expired(trace):
        return [*said, EXPIRED_SAID]
    near = "; ".join(
        f"{figures.metric_name(each.metric)} {figures.metric(each.metric, each.value, currency)}"
        f" of {figures.metric(each.metric, limit, currency)}"
        for each, limit in _tightest(gate)
    )
    said.append(f"The risk gate allowed it: {near or 'no limit was near'}.")
    if trace.approved_by is not None:
        who = "You" if trace.approved_by == for_user else trace.approved_by
        said.append(f"{who} approved it.")
    return said + [order_sentence(order) for order in trace.orders_submitted]


def _tightest(gate: RiskDecision) -> list[tuple[Evidence, Decimal]]:
    limited = [(each, each.limit) for each in gate.evidence if each.limit and each.value > 0]
    return sorted(limited, key=lambda pair: -pair[0].value / pair[1])[:3]


def currency_of(trace: DecisionTrace) -> Currency:
    """Return the money of a turn's plan; rupees where it came to none."""
    refs = [leg["instrument"]["ref"] for leg in _legs(trace)]
    return figures.currency_of(InstrumentRef.model_validate(refs[0])) if refs else Currency.INR


def _asked(trace: DecisionTrace) -> str:
    became = OUTCOMES.get(trace.final_outcome, trace.final_outcome.value.lower())
    return f"“{trace.user_message}” {became} ({trace.decision_id})."


def _cited(trace: DecisionTrace) -> Cited:
    return Cited(kind="decision", id=trace.decision_id, as_of=trace.started_at)


def _evidence(trace: DecisionTrace) -> tuple[Cited, ...]:
    used, gate = trace.inputs_used, trace.riskgate_result
    found = [_cited(trace)]
    if used.broker_snapshot_id is not None:
        found.append(Cited(kind="broker_snapshot", id=used.broker_snapshot_id))
    found += [Cited(kind="quote", id=name, as_of=at) for name, at in used.quotes.items()]
    if gate is not None:
        found.append(Cited(kind="policy", id=gate.policy_hash, of={"version": gate.policy_version}))
        found.append(Cited(kind="gate_inputs", id=gate.inputs_hash, as_of=gate.as_of))
        for each in gate.violations:
            limit = number(each.limit)
            found.append(
                Cited(kind="rule", id=each.rule_id, of={} if limit is None else {"limit": limit})
            )
    return tuple(found)
