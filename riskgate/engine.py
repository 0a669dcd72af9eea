"""The gate: one pure call from a plan and the state of the world to a verdict and its reasons."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from riskgate.activity import also_sent
from riskgate.contracts.decisions import (
    ApprovedPlan,
    Evidence,
    LegChange,
    LegQuantity,
    RiskDecision,
    Verdict,
    Violation,
)
from riskgate.contracts.exposures import Exposure, ExposureChange, ExposureOf
from riskgate.contracts.instruments import InstrumentRef, slice_quantity
from riskgate.contracts.plans import PlanLeg, RiskModel, TradePlan
from riskgate.errors import ApprovalMismatch
from riskgate.facts import Candidate, Rates, Situation
from riskgate.figures import ZERO, exactly, ratio, shown
from riskgate.hashing import content_hash
from riskgate.inputs import GateInput
from riskgate.judge import Judge, Judgement
from riskgate.judge import resized as candidate_resized
from riskgate.policy import Mode, Policy
from riskgate.rules import RULES
from riskgate.rules.base import Breach, PlanFacts, PlanRule, Rule
from riskgate.rules.exposure import margin_fraction
from riskgate.rules.loss import risk_unit
from riskgate.suggest import Suggestion, changed, suggest
from riskgate.weigh import Facts
from riskgate.world import World, own_broker, world_of

__all__ = ["GateInput", "approve", "evaluate", "exposure_change", "resized"]

_PLACE: Final = {rule.rule_id: place for place, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class _Found:
    """One breach with its rule and the leg it is of; None is of the plan."""

    rule: Rule | PlanRule
    breach: Breach
    leg: int | None

    @property
    def place(self) -> tuple[int, int]:
        return _PLACE[self.rule.rule_id], -1 if self.leg is None else self.leg


@dataclass(frozen=True, slots=True)
class _Walk:
    """A plan judged leg by leg, each upon the book with those before it in flight."""

    found: tuple[_Found, ...]
    waived: tuple[_Found, ...]
    judgements: tuple[tuple[int, Judgement], ...]
    changes: tuple[tuple[int, Decimal | Suggestion | None], ...]
    gross_after: Decimal | None
    net_after: Decimal | None

    @property
    def facts_broken(self) -> bool:
        """Whether something is wrong with the facts, which no mode lets pass."""
        return any(f.rule.facts or f.breach.always for f in self.found)


def evaluate(
    policy: Policy, gate_input: GateInput, *, inputs_hash: str | None = None
) -> RiskDecision:
    """Judge a plan by every rule and keep every violation, in the order of rules, then legs.

    Same inputs give the same bytes. A missing fact denies; nothing is raised for one. MODIFY
    offers smaller quantities of the same legs that were judged again and broke nothing; DENY what
    would pass instead, where the gate knows something. `inputs_hash` is for a caller who has
    worked it out already.
    """
    judge = Judge(policy)
    with exactly():
        world = world_of(policy, gate_input)
        walk = _walk(judge, gate_input, world, _as_asked)
        verdict, smaller, would_pass = _verdict(judge, gate_input, world, walk)
        return RiskDecision(
            verdict=verdict,
            plan_id=gate_input.plan.plan_id,
            plan_hash=gate_input.plan.plan_hash,
            policy_version=policy.version,
            policy_hash=judge.policy_hash,
            inputs_hash=inputs_hash or content_hash(gate_input),
            as_of=gate_input.as_of,
            violations=tuple(map(_violation, walk.found)),
            evidence=tuple(_evidence(gate_input, walk)),
            modified_quantities=smaller,
            waived=tuple(map(_violation, walk.waived)),
            would_pass=would_pass,
            trips=verdict is not Verdict.MODIFY and _trips(policy, walk),
        )


def approve(
    *,
    policy: Policy,
    gate_input: GateInput,
    decision: RiskDecision,
    approval_id: str,
    approved_by: str,
    approved_at: datetime,
    expires_at: datetime,
) -> ApprovedPlan:
    """Seal an allowed plan for execution; the only maker of an ApprovedPlan.

    Judges again, so a decision that was altered, made up, or belongs to another plan, policy or
    state raises ApprovalMismatch. So does one that is not ALLOW, or an approval already over.
    """
    _refuse_another(policy, gate_input, decision)
    if decision.verdict is not Verdict.ALLOW:
        raise ApprovalMismatch(f"only an ALLOW can be approved, was {decision.verdict}")
    if evaluate(policy, gate_input, inputs_hash=decision.inputs_hash) != decision:
        raise ApprovalMismatch("the decision is not what these inputs give; judge the plan again")
    if expires_at <= max(approved_at, gate_input.as_of):
        raise ApprovalMismatch(f"the approval ended at {expires_at}; ask for another")
    return ApprovedPlan(
        plan=gate_input.plan,
        plan_hash=decision.plan_hash,
        policy_hash=decision.policy_hash,
        decision_hash=content_hash(decision),
        approval_id=approval_id,
        approved_by=approved_by,
        approved_at=approved_at,
        expires_at=expires_at,
    )


def exposure_change(policy: Policy, gate_input: GateInput) -> ExposureChange:
    """Return what a plan changes of the figures that the gate compares; nothing is decided here.

    The figures after are those of the decision's evidence, in money.
    """
    with exactly():
        world = world_of(policy, gate_input)
        book, equity = world.book, world.situation.account.equity
        gross, net = book.gross, max(book.net_high, -book.net_low)
        held = {key: entry.exposure for key, entry in book.entries.items()}
        walk = _walk(Judge(policy), gate_input, world, _as_asked)
        facts = [judgement.facts for _leg, judgement in walk.judgements]
        totals = facts[-1].limits.exposure
        rows = [
            _exposure(
                ExposureOf.GROSS, gross, walk.gross_after, totals.max_gross_exposure_x, equity
            ),
            _exposure(ExposureOf.NET, net, walk.net_after, totals.max_net_exposure_x, equity),
        ]
        known = all(f.gross_after is not None for f in facts)
        legs = [
            _exposure(
                ExposureOf.POSITION,
                held.get(leg.instrument.ref, ZERO),
                f.position_after,
                f.limits.exposure.max_position_pct,
                equity,
                leg.instrument.ref,
            )
            for leg, f in zip(gate_input.plan.legs, facts, strict=True)
        ]
        return ExposureChange(
            currency=gate_input.plan.currency,
            equity=_shown(equity),
            rows=tuple(row for row in (*(rows if known else ()), *legs) if row is not None),
        )


def resized(plan: TradePlan, quantities: Mapping[int, Decimal]) -> TradePlan:
    """Return a plan with other quantities for some legs, cut and valued anew, for judging.

    Figures of loss at the stop are left out: they were of the old quantities.
    """
    with exactly():
        legs = tuple(_resized_leg(leg, quantities.get(leg.leg, leg.quantity)) for leg in plan.legs)
    risk_model = _without_losses(plan.risk_model)
    return plan.model_copy(update={"legs": legs, "risk_model": risk_model})


def _refuse_another(policy: Policy, gate_input: GateInput, decision: RiskDecision) -> None:
    for name, actual, recorded in (
        ("plan", gate_input.plan.plan_hash, decision.plan_hash),
        ("policy", policy.policy_hash, decision.policy_hash),
        ("inputs", content_hash(gate_input), decision.inputs_hash),
    ):
        if actual != recorded:
            raise ApprovalMismatch(f"the decision is of {name} {recorded}, was given {actual}")


_Change = Decimal | Suggestion | None
_Mender = Callable[[Judge, Judgement], _Change]


def _as_asked(_judge: Judge, _judgement: Judgement) -> _Change:
    return None


def _smaller(_judge: Judge, judgement: Judgement) -> _Change:
    return judgement.allowed


def _mended(judge: Judge, judgement: Judgement) -> _Change:
    return judgement.allowed if judgement.allowed is not None else suggest(judge, judgement)


def _walk(judge: Judge, given: GateInput, world: World, mend: _Mender) -> _Walk:
    """Judge each leg as asked, then put it in flight as `mend` changes it.

    The book is as it was again afterwards. What earlier legs close is counted in the totals after
    the plan, which are only shown; no rule counts on an order to fill.
    """
    situation, book = world.situation, world.book
    judgements: list[tuple[int, Judgement]] = []
    changes: list[tuple[int, _Change]] = []
    closed, up, down = ZERO, ZERO, ZERO
    sent: dict[Hashable, int] = {}
    gross, net = None, None
    for leg, candidate in zip(given.plan.legs, world.candidates, strict=True):
        rates = _rates(world, candidate, given, sent)
        judgement = judge.judge(candidate, book, situation._replace(rates=rates))
        judgements.append((leg.leg, judgement))
        change = mend(judge, judgement)
        changes.append((leg.leg, change))
        candidate = _changed(candidate, change)
        facts = judgement.facts
        if change is not None:
            facts = Facts(facts.scope, candidate, book, facts.situation)
        if facts.gross_after is not None and facts.delta is not None:
            gross = facts.gross_after - closed
            high, low = book.net_high + facts.delta + down, book.net_low + facts.delta + up
            net = max(high, -low)
        situation = _after(situation, facts)
        if facts.reduces and facts.exposure_after is not None:
            closed += facts.exposure_before - facts.exposure_after
            # Each end of the book's sum has what is bought, or sold, in flight in it already.
            up += max(facts.delta or ZERO, ZERO)
            down += min(facts.delta or ZERO, ZERO)
        key = candidate.listing.key
        sent[key] = sent.get(key, 0) + max(len(candidate.slices), 1)
        book.place(("plan", leg.leg), candidate)
    for leg in given.plan.legs:
        book.release(("plan", leg.leg))
    found, waived = _all_found(judge, given, judgements)
    return _Walk(found, waived, tuple(judgements), tuple(changes), gross, net)


def _all_found(
    judge: Judge, given: GateInput, judgements: Sequence[tuple[int, Judgement]]
) -> tuple[tuple[_Found, ...], tuple[_Found, ...]]:
    of_plan = PlanFacts(judge.policy, given, tuple(j.facts for _leg, j in judgements))
    found = [
        _Found(rule, breach, None)
        for rule in RULES
        if isinstance(rule, PlanRule)
        for breach in rule.check(of_plan)
    ]
    found += [_Found(f.rule, f.breach, leg) for leg, j in judgements for f in j.findings]
    waived = [_Found(f.rule, f.breach, leg) for leg, j in judgements for f in j.waived]
    return tuple(sorted(found, key=_place)), tuple(sorted(waived, key=_place))


def _place(found: _Found) -> tuple[int, int]:
    return found.place


def _rates(
    world: World, candidate: Candidate, given: GateInput, sent: Mapping[Hashable, int]
) -> Rates | None:
    """Return the counts before a leg, the orders of the legs before it among them."""
    if world.activity is None:
        return None
    rates = world.activity.rates(candidate, given.as_of)
    if not sent:
        return rates
    return also_sent(rates, given.as_of, sum(sent.values()), sent.get(candidate.listing.key, 0))


def _after(situation: Situation, facts: Facts) -> Situation:
    """Return the situation with a leg's margin taken and its risk at the stop counted."""
    account, fraction = situation.account, facts.limits.margin.margin_fraction
    if account.available is not None and fraction is not None and facts.unit is not None:
        part = margin_fraction(fraction, facts.candidate.product)
        left = account.available - facts.opening * facts.unit * part
        account = account.replace(available=left)
    unit = risk_unit(facts)
    risked = facts.opening * unit if unit is not None and unit > 0 else ZERO
    return situation._replace(account=account, risked=situation.risked + risked)


def _changed(candidate: Candidate, change: _Change) -> Candidate:
    if change is None:
        return candidate
    if isinstance(change, Suggestion):
        return changed(candidate, change)
    return candidate_resized(candidate, change)


def _verdict(
    judge: Judge, given: GateInput, world: World, walk: _Walk
) -> tuple[Verdict, tuple[LegQuantity, ...], tuple[LegChange, ...]]:
    if not walk.found:
        return Verdict.ALLOW, (), ()
    if judge.policy.mode is Mode.MONITOR:
        return (Verdict.DENY if walk.facts_broken else Verdict.ALLOW), (), ()
    if smaller := _reduced(judge, given, world, walk):
        return Verdict.MODIFY, smaller, ()
    return Verdict.DENY, (), _suggested(judge, given, world, walk)


def _reduced(judge: Judge, given: GateInput, world: World, walk: _Walk) -> tuple[LegQuantity, ...]:
    """Return smaller quantities with which the whole plan passes; empty where there are none."""
    if not all(isinstance(f.rule, Rule) and f.rule.reduces for f in walk.found):
        return ()
    again = _walk(judge, given, world, _smaller)
    quantities = {leg: c for leg, c in again.changes if isinstance(c, Decimal)}
    if not quantities or any(j.verdict is Verdict.DENY for _leg, j in again.judgements):
        return ()
    tried = given.model_copy(update={"plan": resized(given.plan, quantities)})
    if _walk(judge, tried, world_of(judge.policy, tried), _as_asked).found:
        return ()
    return tuple(LegQuantity(leg=n, quantity=q) for n, q in sorted(quantities.items()))


def _suggested(judge: Judge, given: GateInput, world: World, walk: _Walk) -> tuple[LegChange, ...]:
    """Return the changes with which every leg passes; empty where some leg has none."""
    of_plan = [f.breach for f in walk.found if f.leg is None]
    if any(breach.wait_s is None for breach in of_plan):
        return ()
    again = _walk(judge, given, world, _mended)
    waits = [breach.wait_s for breach in of_plan if breach.wait_s is not None]
    made = []
    for leg, judgement in again.judgements:
        change = dict(again.changes)[leg]
        if change is None and judgement.findings:
            return ()
        suggestion = change if isinstance(change, Suggestion) else Suggestion(quantity=change)
        if waits:
            suggestion = suggestion._replace(wait_s=max([*waits, suggestion.wait_s or ZERO]))
        if suggestion != Suggestion():
            made.append(_leg_change(leg, suggestion))
    return tuple(made)


def _leg_change(leg: int, by: Suggestion) -> LegChange:
    return LegChange(
        leg=leg,
        quantity=by.quantity,
        limit_price=_shown(by.limit_price),
        trigger_price=_shown(by.trigger_price),
        product=by.product,
        wait_s=_shown(by.wait_s),
        until=None if by.until is None else by.until.value,
        text=by.text,
    )


def _exposure(
    of: ExposureOf,
    before: Decimal,
    after: Decimal | None,
    share: Decimal | None,
    equity: Decimal | None,
    instrument: InstrumentRef | None = None,
) -> Exposure | None:
    if after is None:
        return None
    capped = share is not None and equity is not None and equity > 0
    return Exposure(
        of=of,
        instrument=instrument,
        before=shown(before),
        after=shown(after),
        limit=shown((share or ZERO) * (equity or ZERO)) if capped else None,
    )


def _trips(policy: Policy, walk: _Walk) -> bool:
    wanted = policy.tripping_rules
    return any(found.rule.rule_id in wanted for found in (*walk.found, *walk.waived))


def _violation(found: _Found) -> Violation:
    rule, breach = found.rule, found.breach
    return Violation(
        rule_id=rule.rule_id,
        severity=rule.severity,
        message=breach.message,
        remedy=breach.remedy,
        leg=found.leg,
        limit=_shown(breach.limit),
        actual=_shown(breach.actual),
    )


def _shown(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else shown(Decimal(value))


def _evidence(given: GateInput, walk: _Walk) -> Iterator[Evidence]:
    """Yield the figures of the account, then of each leg; unknown ones are out."""
    broker = own_broker(given)
    if broker and broker.margins:
        yield Evidence(metric="equity", value=shown(broker.margins.equity))
        yield Evidence(metric="margin_available", value=shown(broker.margins.available))
    _leg, last = walk.judgements[-1]
    equity = last.facts.account.equity
    totals = {"gross_exposure_x": walk.gross_after, "net_exposure_x": walk.net_after}
    for one in last.evidence:
        total = totals.get(one.metric)
        value = ratio(total, equity) if total is not None and equity else one.value
        if one.metric != "new_position_pct":
            yield _shown_figure(one.metric, value, one.limit, None, one.source, one.loosened)
    for leg, judgement in walk.judgements:
        yield from _leg_evidence(leg, judgement)


def _leg_evidence(leg: int, judgement: Judgement) -> Iterator[Evidence]:
    f = judgement.facts
    for one in judgement.evidence:
        if one.metric == "new_position_pct":
            yield _shown_figure(one.metric, one.value, one.limit, leg, one.source, one.loosened)
    if f.notional is not None:
        limit = f.limits.order.max_order_value
        yield _shown_figure("notional", f.notional, limit, leg)
    unit, share, equity = risk_unit(f), f.limits.loss.max_risk_per_trade_pct, f.account.equity
    if unit is not None:
        most = share * equity if share is not None and equity is not None else None
        yield _shown_figure("loss_at_stop", f.opening * unit, most, leg)


def _shown_figure(
    metric: str,
    value: Decimal,
    limit: Decimal | int | None,
    leg: int | None,
    source: str | None = None,
    loosened: bool = False,
) -> Evidence:
    return Evidence(
        metric=metric,
        value=shown(value),
        limit=_shown(limit),
        leg=leg,
        source=source,
        loosened=loosened,
    )


def _resized_leg(leg: PlanLeg, quantity: Decimal) -> PlanLeg:
    instrument = leg.instrument
    return leg.model_copy(
        update={
            "quantity": quantity,
            "slices": slice_quantity(
                quantity,
                lot_size=instrument.lot_size,
                freeze_quantity=instrument.freeze_quantity,
            ),
            "notional": shown(quantity * leg.reference_price * instrument.multiplier),
            "risk_model": _without_losses(leg.risk_model),
        }
    )


def _without_losses(risk_model: RiskModel) -> RiskModel:
    return risk_model.model_copy(update={"loss_at_stop": None, "loss_at_stop_pct": None})
