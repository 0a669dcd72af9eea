"""What holds for every plan, book and policy that the gate can be given."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.plans import PlanLeg
from riskgate.engine import GateInput, evaluate, resized
from riskgate.hashing import canonical_json
from riskgate.policy import DEFAULT_POLICY, Policy
from riskgate.replay import replay
from tests.unit.riskgate.builders import (
    a_gate_input,
    a_market_leg,
    a_position,
    a_quote,
    an_instrument,
    an_open_order,
    changed,
    margins,
    terms,
)

SYMBOLS = ("INFY", "TCS", "SBIN")
quantities = st.integers(1, 400)
sides = st.sampled_from(Side)
products = st.sampled_from(Product)
cents = st.integers(1, 200_000).map(lambda n: Decimal(n) / 20)
money = st.integers(-100_000, 200_000_000).map(lambda n: Decimal(n) / 100)

LIMITS: list[tuple[str, str, Decimal | int, Decimal | int]] = [
    ("exposure", "max_position_pct", Decimal("0.01"), Decimal(100)),
    ("exposure", "max_gross_exposure_pct", Decimal("0.01"), Decimal(300)),
    ("exposure", "max_open_positions", 1, 4),
    ("exposure", "max_symbols_per_plan", 1, 4),
    ("order", "max_order_value", Decimal(1), Decimal(1_000_000)),
    ("order", "max_order_quantity", Decimal(1), Decimal(400)),
    ("order", "price_collar_pct", Decimal("0.01"), Decimal(50)),
    ("order", "trigger_collar_pct", Decimal("0.01"), Decimal(50)),
    ("loss", "daily_loss_limit_pct", Decimal("0.01"), Decimal(100)),
    ("loss", "max_risk_per_trade_pct", Decimal("0.01"), Decimal(100)),
    ("data", "quote_age_max_s", Decimal(0), Decimal(20)),
    ("data", "snapshot_age_max_s", Decimal(0), Decimal(20)),
    ("data", "clock_skew_max_s", Decimal(0), Decimal(10)),
]

EVERY_GROUP = ("exposure", "order", "loss", "data")


def values(low: Decimal | int, high: Decimal | int) -> st.SearchStrategy[Any]:
    if isinstance(low, int):
        return st.integers(low, int(high))
    return st.decimals(low, high, places=2)


@st.composite
def policies(draw: st.DrawFn, groups: tuple[str, ...] = EVERY_GROUP) -> Policy:
    policy = DEFAULT_POLICY
    for group, name, low, high in LIMITS:
        if group in groups and draw(st.integers(0, 2)) == 0:
            policy = with_limit(policy, group, name, draw(values(low, high)))
    fraction = draw(st.sampled_from([Decimal("0.05"), Decimal("0.2"), Decimal(1)]))
    return with_limit(policy, "margin", "margin_fraction", fraction)


def with_limit(policy: Policy, group: str, name: str, value: Decimal | int) -> Policy:
    return policy.model_copy(update={group: changed(getattr(policy, group), **{name: value})})


@st.composite
def legs(draw: st.DrawFn, number: int, priced: dict[str, bool]) -> PlanLeg:
    symbol = draw(st.sampled_from(SYMBOLS))
    lot = draw(st.sampled_from([1, 1, 1, 25]))
    quantity = draw(quantities)
    return a_market_leg(
        quantity - quantity % lot or lot,
        symbol,
        leg=number,
        side=draw(sides),
        instrument=an_instrument(symbol, lot_size=lot, multiplier=draw(st.sampled_from([1, 10]))),
        limit_price=draw(cents) if priced["limit"] else None,
        trigger_price=draw(cents) if priced["trigger"] else None,
        stop=draw(st.none() | cents),
    )


@st.composite
def wild_inputs(draw: st.DrawFn) -> GateInput:
    """Inputs with something missing, late or absurd more often than not."""
    priced = {"limit": draw(st.booleans()), "trigger": draw(st.integers(0, 5)) == 0}
    count = draw(st.sampled_from([1, 1, 1, 2, 3]))
    return a_gate_input(
        *(draw(legs(number, priced)) for number in range(count)),
        product=draw(products),
        held=draw(positions),
        orders=draw(open_orders),
        reserved=draw(reservations),
        quotes=tuple(draw(quotes(symbol)) for symbol in draw(mostly(SYMBOLS))),
        money=draw(st.builds(margins, equity=money, available=money)),
        start_of_day_equity=draw(mostly_some(money)),
        kill_switch=draw(st.sampled_from([*[KillSwitchLevel.RUNNING] * 8, *KillSwitchLevel])),
        market_open=draw(st.sampled_from([*[True] * 8, False, None])),
    )


@st.composite
def sound_inputs(draw: st.DrawFn) -> GateInput:
    """Inputs with every fact in place, so that only the sizes decide."""
    last = draw(st.integers(20, 10_000).map(lambda n: Decimal(n) / 20))
    equity = draw(st.integers(50_000, 400_000).map(Decimal))
    return a_gate_input(
        *(draw(sound_legs(number, last)) for number in range(draw(st.sampled_from([1, 1, 2, 3])))),
        product=draw(st.sampled_from([Product.MIS, Product.NRML])),
        held=draw(positions),
        orders=draw(open_orders),
        reserved=draw(reservations),
        quotes=tuple(a_quote(symbol, last) for symbol in SYMBOLS),
        money=margins(equity=equity, available=draw(st.integers(0, 400_000).map(Decimal))),
        start_of_day_equity=equity,
    )


@st.composite
def sound_legs(draw: st.DrawFn, number: int, last: Decimal) -> PlanLeg:
    symbol, side = draw(st.sampled_from(SYMBOLS)), draw(sides)
    lot = draw(st.sampled_from([1, 1, 1, 25]))
    distance = draw(st.none() | st.integers(1, 18).map(lambda n: Decimal(n) / 20))
    return a_market_leg(
        draw(quantities.map(lambda n: n - n % lot or lot)),
        symbol,
        leg=number,
        side=side,
        instrument=an_instrument(symbol, lot_size=lot),
        stop=None if distance is None else last - distance * side.sign,
    )


gate_inputs = wild_inputs() | sound_inputs()


def mostly(symbols: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from([*[symbols] * 9, symbols[1:]])


def mostly_some(strategy: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Decimal | None]:
    return st.one_of(*[strategy] * 9, st.none())


@st.composite
def quotes(draw: st.DrawFn, symbol: str) -> Any:
    last = draw(cents)
    spread = draw(st.none() | st.integers(0, 5))
    bid, ask = (None, None) if spread is None else (max(last - spread, Decimal(1)), last + spread)
    age = draw(st.sampled_from([0, 1, 1, 1, 5, 12, -7]))
    return a_quote(
        symbol, last, bid=None if ask is None else min(bid or last, ask), ask=ask, age=age
    )


positions = st.lists(
    st.builds(a_position, st.integers(-500, 500), st.sampled_from(SYMBOLS), products), max_size=4
)
open_orders = st.lists(
    st.builds(an_open_order, sides, quantities, st.sampled_from(SYMBOLS), product=products),
    max_size=2,
)
reservations = st.lists(
    st.builds(terms, sides, quantities, st.sampled_from(SYMBOLS), product=products), max_size=2
).map(tuple)

thorough = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@thorough
@given(gate_inputs, policies())
def test_the_same_inputs_give_the_same_bytes_and_replay_from_text(
    gate_input: GateInput, policy: Policy
) -> None:
    decision = evaluate(policy, gate_input)
    assert canonical_json(evaluate(policy, gate_input)) == canonical_json(decision)
    again = GateInput.model_validate_json(canonical_json(gate_input))
    assert replay(Policy.model_validate_json(canonical_json(policy)), again, decision) is None


@thorough
@given(gate_inputs, policies(), st.data())
def test_tightening_any_limit_never_turns_a_denial_into_a_permission(
    gate_input: GateInput, policy: Policy, data: st.DataObject
) -> None:
    group, name, low, _high = data.draw(st.sampled_from(LIMITS))
    current = getattr(getattr(policy, group), name)
    assume(low <= current)
    tighter = with_limit(policy, group, name, data.draw(values(low, current)))
    more_margin = with_limit(tighter, "margin", "margin_fraction", Decimal(1))
    if evaluate(policy, gate_input).verdict is not Verdict.ALLOW:
        assert evaluate(tighter, gate_input).verdict is not Verdict.ALLOW
        assert evaluate(more_margin, gate_input).verdict is not Verdict.ALLOW


@thorough
@given(gate_inputs, policies())
def test_a_modification_only_reduces_and_is_allowed_when_judged_again(
    gate_input: GateInput, policy: Policy
) -> None:
    decision = evaluate(policy, gate_input)
    if decision.verdict is not Verdict.MODIFY:
        assert decision.modified_quantities == ()
        assert (decision.verdict is Verdict.ALLOW) == (not decision.violations)
        return
    before = {leg.leg: leg for leg in gate_input.plan.legs}
    smaller = {change.leg: change.quantity for change in decision.modified_quantities}
    plan = resized(gate_input.plan, smaller)
    assert decision.violations
    assert all(0 < quantity < before[leg].quantity for leg, quantity in smaller.items())
    assert all(leg.side is before[leg.leg].side for leg in plan.legs)
    assert all(leg.quantity % leg.instrument.lot_size == 0 for leg in plan.legs)
    assert evaluate(policy, changed(gate_input, plan=plan)).verdict is Verdict.ALLOW


@thorough
@given(sound_inputs(), policies(("exposure", "order")), st.data())
def test_a_modification_of_one_leg_is_the_largest_that_passes(
    gate_input: GateInput, policy: Policy, data: st.DataObject
) -> None:
    one_leg = changed(gate_input, plan=changed(gate_input.plan, legs=gate_input.plan.legs[:1]))
    decision = evaluate(policy, one_leg)
    assume(decision.verdict is Verdict.MODIFY)
    (leg,) = one_leg.plan.legs
    allowed, lot = decision.modified_quantities[0].quantity, leg.instrument.lot_size
    larger = data.draw(st.integers(int(allowed) + 1, int(leg.quantity)))
    larger -= larger % lot
    assume(larger > allowed)
    plan = resized(one_leg.plan, {leg.leg: Decimal(larger)})
    assert evaluate(policy, changed(one_leg, plan=plan)).verdict is not Verdict.ALLOW


@thorough
@given(gate_inputs, policies(), products, st.integers(1, 500), sides, st.data())
def test_an_order_that_only_reduces_is_never_stopped_by_a_limit_on_opening(
    gate_input: GateInput,
    policy: Policy,
    product: Product,
    held: int,
    side: Side,
    data: st.DataObject,
) -> None:
    leg = a_market_leg(
        data.draw(st.integers(1, held)), side=side, stop=data.draw(st.none() | cents)
    )
    reducing = a_gate_input(
        leg,
        product=product,
        held=[a_position(-held * side.sign, product=product), a_position(7, "TCS")],
        money=data.draw(st.builds(margins, equity=money, available=money)),
        quotes=gate_input.quotes,
        kill_switch=gate_input.kill_switch,
        start_of_day_equity=gate_input.start_of_day_equity,
    )
    families = {code.split("-")[0] for code in evaluate(policy, reducing).codes}
    assert not families & {"EXP", "LOSS", "MARGIN"}
    assert not {"KILL-002", "SYS-006"} & set(evaluate(policy, reducing).codes)


@thorough
@given(sound_inputs(), policies(("exposure", "order")))
def test_an_allowed_plan_keeps_to_the_limits_that_its_evidence_shows(
    gate_input: GateInput, policy: Policy
) -> None:
    decision = evaluate(policy, gate_input)
    assume(decision.verdict is Verdict.ALLOW)
    shown = {evidence.metric: evidence for evidence in decision.evidence}
    before, after = shown["gross_exposure_before"], shown["gross_exposure_after"]
    assert after.limit is not None
    assert after.value <= max(after.limit, before.value)
