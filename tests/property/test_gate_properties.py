"""What holds for every order, book and policy that the gate can be given."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from riskgate.contracts.decisions import KillSwitchLevel, RiskDecision, Verdict
from riskgate.engine import evaluate
from riskgate.facts import Candidate
from riskgate.figures import exactly
from riskgate.inputs import GateInput
from riskgate.judge import Judge, Judgement, resized
from riskgate.policy import PEER_VERSION, Mode, Policy
from riskgate.policy.limits import DIRECTIONS, Tighter
from tests.property.gate_cases import (
    PATHS,
    Case,
    Choices,
    Seeded,
    a_case,
    value_of,
    with_limit,
    with_override,
)
from tests.property.gate_oracle import Oracle
from tests.property.gate_strategies import a_terms, cases, choices, gate_input_of, thorough
from tests.unit.riskgate.builders import changed

T = TypeVar("T")
RANK: Final = {Verdict.DENY: 0, Verdict.MODIFY: 1, Verdict.ALLOW: 2}

# Asked of a plan, not of an order; the book of a snapshot is as old as its snapshot.
OF_PLANS: Final = ("exposure.max_symbols_per_plan", "data.snapshot_age_max_s")


@pytest.mark.parametrize("of_plan", [False, True])
def test_the_cases_reach_every_verdict_often(of_plan: bool) -> None:
    judged = [a_case(Seeded(seed), of_plan=of_plan).judged() for seed in range(2_000)]
    for verdict in Verdict:
        share = sum(one.verdict is verdict for one in judged) / len(judged)
        assert share >= 0.1, f"{verdict} in {share:.1%}"
    fired = {rule_id for one in judged for rule_id in one.rule_ids}
    assert len(fired) > 30, fired


def tightest(path: str, values: Sequence[Any]) -> Any:
    """Return the tightest of some values of a limit; None is no limit at all."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    match DIRECTIONS.get(path, Tighter.SMALLER):
        case Tighter.SMALLER:
            return min(known)
        case Tighter.LARGER:
            return max(known)
        case Tighter.FEWER:
            return frozenset.intersection(*known)
        case Tighter.MORE:
            return frozenset.union(*known)


def maybe_none(c: Choices, path: str, value: Any) -> Any:
    """Return a value or, for half of the limits that can be off, None."""
    block, field = path.split(".")
    default = getattr(getattr(Policy().limits, block), field)
    return None if default is None and c.number(0, 1) else value


def tightened(c: Choices, case: Case, path: str) -> tuple[Policy, Policy]:
    """Return the case's policy with a value of a limit, and with a tighter one."""
    equity = case.account.equity or case.prices[next(iter(case.prices))].last
    with exactly():
        one = maybe_none(c, path, value_of(c, path, abs(equity)))
        both = tightest(path, (one, value_of(c, path, abs(equity))))
    loose = with_limit(case.policy, path, one)
    match c.number(0, 2):
        case 0:
            return loose, with_limit(loose, path, both)
        case 1:
            name = case.candidate.listing.names[c.number(0, 1)]
            return loose, with_override(loose, name, {path: both})
        case _:
            strategy = case.candidate.strategy_id
            return loose, with_override(loose, strategy, {path: both}, kind="strategies")


@thorough(500)
@given(choices(), st.sampled_from(PATHS))
def test_tightening_any_limit_never_lets_more_of_an_order_pass(c: Choices, path: str) -> None:
    case = a_case(c)
    assume(case.prices)
    loose, tight = tightened(c, case, path)
    if c.number(1, 20) == 20:
        loose, tight = (p.model_copy(update={"mode": Mode.MONITOR}) for p in (loose, tight))
    before, after = case.with_policy(loose).judged(), case.with_policy(tight).judged()
    event(f"{before.verdict} to {after.verdict}")
    # In the peer's version only a breach of the position cap makes a MODIFY of a DENY.
    if loose.version != PEER_VERSION or after.verdict is not Verdict.MODIFY:
        assert RANK[after.verdict] <= RANK[before.verdict]
    if before.allowed is not None and after.allowed is not None:
        assert after.allowed <= before.allowed


@thorough(150)
@given(choices(), st.sampled_from((*PATHS, *OF_PLANS, *OF_PLANS)))
def test_tightening_any_limit_never_lets_more_of_a_plan_pass(c: Choices, path: str) -> None:
    case = a_case(c, of_plan=True)
    assume(case.candidate.listing.key in case.prices)
    loose, tight = tightened(c, case, path)
    inputs = gate_input_of(case, *legs_behind(c, case))
    before, after = evaluate(loose, inputs).verdict, evaluate(tight, inputs).verdict
    event(f"{before} to {after}")
    assert after is not Verdict.ALLOW or before is Verdict.ALLOW


@thorough(100)
@given(cases(of_plan=True), st.booleans())
def test_limits_of_the_account_never_let_more_of_a_plan_pass(case: Case, two: bool) -> None:
    assume(case.candidate.listing.key in case.prices)
    inputs = gate_input_of(case)
    more: dict[str, dict[str, Any]] = {
        "kill_switch": {"trip_on_rules": ("EXP-001",), "trip_after_n_violations": 1},
        "approval": {"four_eyes_above_notional": 0, "policy_change_four_eyes": two},
        "live": {"max_orders_per_day": 1, "max_notional_per_day": 1, "max_loss_per_day": 1},
    }
    tight = case.policy.model_copy(
        update={block: changed(getattr(case.policy, block), **to) for block, to in more.items()}
    )
    assert evaluate(tight, inputs).verdict is evaluate(case.policy, inputs).verdict


def legs_behind(c: Choices, case: Case) -> tuple[Candidate, ...]:
    """Return no order, or one more of those that the case has in flight, as a leg behind its own.

    A plan has one order type and product, so the leg takes those of the first.
    """
    first = case.candidate
    if not case.in_flight or first.limit_price or first.trigger_price or c.number(0, 1):
        return ()
    leg = c.pick(case.in_flight)
    if leg.listing.key not in case.prices:
        return ()
    return (leg._replace(product=first.product, limit_price=None, trigger_price=None),)


ON_OPENING: Final = ("EXP-", "LOSS-", "MARGIN-", "EXEC-002", "EXEC-003", "EXEC-005")


def reducing(c: Choices, case: Case) -> Candidate | None:
    """Return an order that closes a part of what is held and not being closed, if there is any."""
    lines = []
    for (key, product), held in case.held.items():
        sign = -1 if held > 0 else 1
        left = Fraction(abs(held)) - sum(
            Fraction(order.quantity)
            for order in case.in_flight
            if (order.listing.key, order.product, order.sign) == (key, product, sign)
        )
        listing = next(one for one in case.listings if one.key == key)
        if left >= Fraction(listing.lot):
            lines.append((listing, product, sign, int(left / Fraction(listing.lot))))
    if not lines:
        return None
    listing, product, sign, lots = c.pick(lines)
    with exactly():
        quantity = c.number(1, lots) * listing.lot
    return case.candidate._replace(
        listing=listing, product=product, sign=sign, quantity=quantity, slices=(quantity,)
    )


@thorough(400)
@given(choices())
def test_an_order_that_only_reduces_is_never_stopped_by_a_limit_on_opening(c: Choices) -> None:
    case = a_case(c)
    assume(case.prices)
    path = c.pick([path for path in PATHS if path.startswith(("exposure", "loss", "execution"))])
    case = case.with_policy(tightened(c, case, path)[1])
    order = reducing(c, case)
    assume(order is not None)
    judgement = replace(case, candidate=order or case.candidate).judged()
    event("something was waived" if judgement.waived else "nothing to waive")
    stopped = [rule_id for rule_id in judgement.rule_ids if rule_id.startswith(ON_OPENING)]
    if case.kill_switch is not KillSwitchLevel.HALTED:
        stopped += [rule_id for rule_id in judgement.rule_ids if rule_id.startswith("KILL-")]
    assert not stopped


@thorough(150)
@given(cases(of_plan=True))
def test_a_plan_of_one_leg_is_judged_as_its_order_is(case: Case) -> None:
    assume(case.candidate.listing.key in case.prices)
    judgement, decision = case.judged(), evaluate(case.policy, gate_input_of(case))
    event(judgement.verdict)
    of_plan = [v for v in decision.violations if v.leg is None]
    of_order = [v for v in decision.violations if v.leg == 0]
    assert said(of_order) == [(f.rule.rule_id, f.breach.message) for f in judgement.findings]
    waived = [(f.rule.rule_id, f.breach.message) for f in judgement.waived]
    assert said(decision.waived) == waived
    if of_plan:
        assert decision.verdict is Verdict.DENY
        return
    assert decision.verdict is judgement.verdict
    assert [q.quantity for q in decision.modified_quantities] == (
        [] if judgement.allowed is None else [judgement.allowed]
    )
    assert decision.trips == judgement.trips


def said(violations: Sequence[Any]) -> list[tuple[str, str]]:
    return [(v.rule_id, v.message) for v in violations]


def shuffled(c: Choices, items: Sequence[T]) -> tuple[T, ...]:
    left, taken = list(items), []
    while left:
        taken.append(left.pop(c.number(0, len(left) - 1)))
    return tuple(taken)


@thorough(200)
@given(choices())
def test_the_order_in_which_a_book_is_told_never_changes_a_judgement(c: Choices) -> None:
    case = a_case(c)
    other = replace(
        case,
        listings=shuffled(c, case.listings),
        prices=dict(shuffled(c, tuple(case.prices.items()))),
        held=dict(shuffled(c, tuple(case.held.items()))),
    )
    assert facts_apart(other.judged()) == facts_apart(case.judged())


def facts_apart(judgement: Judgement) -> tuple[Any, ...]:
    return judgement[:-1]


@thorough(200)
@given(choices())
def test_the_order_in_which_inputs_are_listed_never_changes_a_decision(c: Choices) -> None:
    case = a_case(c, of_plan=True)
    assume(case.candidate.listing.key in case.prices)
    inputs = gate_input_of(case, *legs_behind(c, case))
    resting = tuple(a_terms(order) for order in case.in_flight)
    if c.number(0, 1):
        inputs = changed(inputs, reserved=resting)
    event("reserved" if inputs.reserved else "nothing reserved")
    assert inputs_apart(evaluate(case.policy, rearranged(c, inputs))) == inputs_apart(
        evaluate(case.policy, inputs)
    )


def rearranged(c: Choices, inputs: GateInput) -> GateInput:
    broker, sent = inputs.broker, inputs.sent
    assert broker is not None
    assert sent is not None
    return changed(
        inputs,
        broker=changed(
            broker,
            positions=shuffled(c, broker.positions),
            orders=shuffled(c, broker.orders),
        ),
        quotes=shuffled(c, inputs.quotes),
        reserved=shuffled(c, inputs.reserved),
        instruments=shuffled(c, inputs.instruments),
        classifications=shuffled(c, inputs.classifications),
        sent=changed(sent, messages=shuffled(c, sent.messages)),
    )


def inputs_apart(decision: RiskDecision) -> RiskDecision:
    return decision.model_copy(update={"inputs_hash": ""})


@thorough(200)
@given(choices())
def test_orders_that_are_placed_one_after_another_never_pass_the_caps_together(
    c: Choices,
) -> None:
    case = a_case(c)
    plain = case.policy.model_copy(update={"symbols": {}, "strategies": {}})
    case = replace(case, policy=plain, held={}, in_flight=())
    assume(case.account.equity is not None and case.account.equity > 0)
    judge, book, oracle = Judge(plain), case.book(), Oracle.of(case)
    situation, placed = case.situation(), 0
    for step in range(c.number(2, 8)):
        with exactly():
            quantity = case.candidate.quantity * c.number(1, 8) / 4
            listing = c.pick(case.listings)
            quantity = max(quantity // listing.lot, Decimal(1)) * listing.lot
        order = case.candidate._replace(
            listing=listing, sign=c.pick((1, -1)), quantity=quantity, slices=(quantity,)
        )
        judgement = judge.judge(order, book, situation)
        if judgement.verdict is Verdict.DENY:
            continue
        order = order if judgement.allowed is None else resized(order, judgement.allowed)
        book.place(step, order)
        oracle.place(step, order)
        placed += 1
        for broken in over_the_caps(case, oracle):
            raise AssertionError(f"{broken} after order {step}, {order}")
    event(f"placed {placed}")


def over_the_caps(case: Case, oracle: Oracle) -> list[str]:
    """Return the caps that everything at risk, summed from scratch, is above."""
    totals, exposure = oracle.totals(), case.policy.limits.exposure
    equity = Fraction(case.account.equity or 0)
    money = {
        "position": (max(totals.positions.values(), default=0), exposure.max_position_pct),
        "gross": (totals.gross, exposure.max_gross_exposure_x),
        "net": (max(totals.net_high, -totals.net_low), exposure.max_net_exposure_x),
        "sector": (max(totals.sectors.values(), default=0), exposure.max_sector_pct),
        "symbol": (max(totals.underlyings.values(), default=0), exposure.max_symbol_pct),
    }
    counts = {
        "positions": (totals.open_instruments, exposure.max_open_positions),
        "orders": (totals.orders, exposure.max_open_orders),
    }
    found = [
        name
        for name, (actual, cap) in money.items()
        if cap is not None and actual > Fraction(cap) * equity
    ]
    return found + [
        name for name, (actual, cap) in counts.items() if cap is not None and actual > cap
    ]
