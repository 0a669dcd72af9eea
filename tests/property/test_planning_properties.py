"""What holds for every intent, market and book that the planner can be given."""

import json
from datetime import timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.planning.compose import compose_plan
from app.planning.inputs import SLICES_MAX, PlanningInputs, PlanProblem
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.intents import OffsetKind, SizingMethod, TimeWindow
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import Quote
from riskgate.hashing import canonical_json
from tests.builders import a_planning_input, a_trade_intent, offset, sizing
from tests.unit.riskgate.builders import (
    NOW,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    margins,
)

EXACT = Context(prec=400)
SYMBOLS = ("INFY", "TCS", "SBIN")
thorough = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
ticks = st.sampled_from([Decimal("0.05"), Decimal("0.01"), Decimal(1)])
prices = st.integers(1, 400_000).map(lambda n: Decimal(n) / 20)
money = st.integers(-100_000, 10**10).map(lambda n: Decimal(n) / 100)
# Anything that the contract's Number lets in, up to absurd lengths.
wild_numbers = st.one_of(
    st.integers(-3, 2_000).map(Decimal),
    st.decimals(-1000, 10**6, places=3),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent, EXACT),
        st.integers(-(10**10), 10**10),
        st.integers(-18, 17),
    ),
)
times = st.integers(-100, 100).map(lambda n: NOW + timedelta(minutes=n))


@st.composite
def quotes(draw: st.DrawFn, symbol: str) -> Quote:
    last = draw(prices)
    spread = draw(st.integers(0, 5)) * Decimal("0.05")
    bid = last - spread if last > spread else None
    ask = draw(st.sampled_from([None, last + spread]))
    return a_quote(symbol, last, bid=bid, ask=ask)


@st.composite
def intents(draw: st.DrawFn, wild: bool) -> Any:
    order_type = draw(st.sampled_from(OrderType))
    number = wild_numbers if wild else st.integers(1, 5_000).map(Decimal)
    price = st.one_of(prices, wild_numbers) if wild else prices
    spare = st.booleans() if wild else st.just(False)
    offsets = st.builds(offset, st.sampled_from(OffsetKind), price)
    window = st.builds(TimeWindow, start=st.none() | times, end=st.none() | times)
    has_limit = order_type.has_limit_price != draw(spare)
    has_trigger = order_type.has_trigger_price != draw(spare)
    return a_trade_intent(
        side=draw(st.sampled_from(Side)),
        symbols=tuple(map(a_ref, draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3)))),
        sizing=sizing(draw(st.sampled_from(SizingMethod)), draw(number)),
        product=draw(st.sampled_from([*Product, None] if wild else [*Product])),
        order_type=order_type,
        limit_price=draw(price) if has_limit else None,
        trigger_price=draw(price) if has_trigger else None,
        stop_loss=draw(st.none() | offsets),
        target=draw(st.none() | offsets) if wild else None,
        ttl_minutes=draw(st.none() | st.integers(1, 10_080)),
        time_window=draw(st.none() | window) if wild else None,
    )


@st.composite
def instruments(draw: st.DrawFn, symbol: str, wild: bool) -> Any:
    freezes = st.none() | st.integers(1, 3_000).map(Decimal)
    multipliers = st.sampled_from([Decimal(1), Decimal(50), Decimal("0.3")])
    return an_instrument(
        symbol,
        kind=draw(st.sampled_from([*[InstrumentKind.EQUITY] * 9, InstrumentKind.INDEX])),
        lot_size=draw(st.sampled_from([1, 1, 7, 65])),
        tick_size=draw(st.one_of(ticks, st.none()) if wild else ticks),
        freeze_quantity=draw(freezes),
        multiplier=draw(multipliers),
    )


@st.composite
def planning_inputs(draw: st.DrawFn, *, wild: bool) -> PlanningInputs:
    known = draw(st.sets(st.sampled_from(SYMBOLS), min_size=2)) if wild else set(SYMBOLS)
    held = st.integers(-500, 500)
    return a_planning_input(
        draw(intents(wild)),
        instruments=tuple(draw(instruments(symbol, wild)) for symbol in sorted(known)),
        quotes=tuple(draw(quotes(symbol)) for symbol in SYMBOLS if symbol in known),
        snapshot=a_snapshot(
            positions=tuple(
                a_position(draw(held), symbol, draw(st.sampled_from(Product))) for symbol in SYMBOLS
            ),
            margins=draw(st.none() | st.builds(margins, equity=money, available=money)),
        ),
        plan_ttl_s=draw(st.integers(1, 86_400)),
    )


@st.composite
def likely_inputs(
    draw: st.DrawFn, methods: tuple[SizingMethod, ...] = tuple(SizingMethod)
) -> PlanningInputs:
    """Orders without a price of their own, so that most can be planned."""
    intent = a_trade_intent(
        side=draw(st.sampled_from(Side)),
        sizing=sizing(draw(st.sampled_from(methods)), draw(st.integers(1, 5_000))),
        stop_loss=offset("pct", draw(st.integers(1, 40))),
    )
    return a_planning_input(
        intent,
        instruments=(draw(instruments("INFY", wild=False)),),
        quotes=(draw(quotes("INFY")),),
        snapshot=a_snapshot(
            positions=(a_position(draw(st.integers(-500, 500))),),
            margins=margins(equity=draw(money), available=draw(money)),
        ),
    )


any_inputs = st.one_of(planning_inputs(wild=True), planning_inputs(wild=False), likely_inputs())
sound_inputs = st.one_of(planning_inputs(wild=False), likely_inputs(), likely_inputs())
by_risk = likely_inputs((SizingMethod.RISK_AMOUNT, SizingMethod.RISK_PCT))


def planned(inputs: PlanningInputs) -> TradePlan:
    answer = compose_plan(inputs)
    assume(isinstance(answer, TradePlan))
    assert isinstance(answer, TradePlan)
    return answer


@thorough
@given(any_inputs)
def test_every_input_gives_a_plan_or_a_reason_and_raises_nothing(inputs: PlanningInputs) -> None:
    assert isinstance(compose_plan(inputs), TradePlan | PlanProblem)


@thorough
@given(any_inputs, st.integers(3, 60))
def test_the_same_inputs_give_the_same_bytes_whatever_the_callers_precision(
    inputs: PlanningInputs, precision: int
) -> None:
    again = PlanningInputs.model_validate(json.loads(canonical_json(inputs)))
    with localcontext(Context(prec=precision)):
        other = compose_plan(again)
    assert canonical_json(other) == canonical_json(compose_plan(inputs))


@thorough
@given(sound_inputs)
def test_a_plan_is_read_back_from_its_own_text(inputs: PlanningInputs) -> None:
    plan = planned(inputs)
    again = TradePlan.model_validate_json(canonical_json(plan))
    assert (again, again.plan_hash) == (plan, plan.plan_hash)


@thorough
@given(sound_inputs)
def test_a_quantity_is_a_positive_whole_number_of_lots_in_slices_that_may_be_sent(
    inputs: PlanningInputs,
) -> None:
    for leg in planned(inputs).legs:
        row = leg.instrument
        parts = [leg.quantity, *leg.slices]
        assert all(part > 0 and part % row.lot_size == 0 for part in parts)
        assert sum(leg.slices) == leg.quantity
        assert len(leg.slices) <= SLICES_MAX
        assert row.freeze_quantity is None or max(leg.slices) <= row.freeze_quantity
        assert leg.side is inputs.intent.side


@thorough
@given(sound_inputs)
def test_a_notional_is_the_exact_product_of_quantity_price_and_multiplier(
    inputs: PlanningInputs,
) -> None:
    with localcontext(EXACT):
        for leg in planned(inputs).legs:
            assert leg.notional == leg.quantity * leg.reference_price * leg.instrument.multiplier


@thorough
@given(sound_inputs)
def test_no_plan_is_larger_than_what_was_asked_for(inputs: PlanningInputs) -> None:
    plan = planned(inputs)
    asked, equity = inputs.intent.sizing, Decimal(0)
    if inputs.snapshot.margins is not None:
        equity = inputs.snapshot.margins.equity
    with localcontext(EXACT):
        for leg in plan.legs:
            loss = leg.risk_model.loss_at_stop or Decimal(0)
            rows = [
                item.quantity
                for item in inputs.held(leg.instrument.ref)
                if item.product is plan.order_skeleton.product
            ]
            held = sum(rows, Decimal(0))
            limits: dict[SizingMethod, tuple[Decimal, Decimal]] = {
                SizingMethod.QUANTITY: (leg.quantity, asked.value),
                SizingMethod.LOTS: (leg.quantity, asked.value * leg.instrument.lot_size),
                SizingMethod.NOTIONAL: (leg.notional, asked.value),
                SizingMethod.FRACTION: (leg.quantity, abs(held) * asked.value),
                SizingMethod.EQUITY_PCT: (leg.notional * 100, equity * asked.value),
                SizingMethod.RISK_AMOUNT: (loss, asked.value),
                SizingMethod.RISK_PCT: (loss * 100, equity * asked.value),
            }
            actual, most = limits[asked.method]
            assert actual <= most


@thorough
@given(by_risk)
def test_a_size_by_risk_never_needs_more_than_the_available_money(inputs: PlanningInputs) -> None:
    available = inputs.snapshot.margins
    for leg in planned(inputs).legs:
        assert available is not None
        assert leg.notional <= available.available


@thorough
@given(sound_inputs)
def test_stop_and_target_are_on_the_tick_and_on_either_side_of_the_entry(
    inputs: PlanningInputs,
) -> None:
    for leg in planned(inputs).legs:
        sign, risk = leg.side.sign, leg.risk_model
        for price, side in ((risk.stop_price, -sign), (risk.target_price, sign)):
            if price is not None:
                assert leg.instrument.tick_size is not None
                assert price % leg.instrument.tick_size == 0
                assert (price - leg.reference_price) * side > 0


@thorough
@given(sound_inputs)
def test_a_plan_has_time_left_and_keeps_to_what_was_said(inputs: PlanningInputs) -> None:
    plan, intent = planned(inputs), inputs.intent
    window = plan.validity_window
    assert inputs.created_at <= window.start < window.end
    if intent.ttl_minutes is not None:
        assert window.end <= window.start + timedelta(minutes=intent.ttl_minutes)
    if intent.time_window is not None and intent.time_window.end is not None:
        assert window.end <= intent.time_window.end
