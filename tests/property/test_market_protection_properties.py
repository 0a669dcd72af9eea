"""A limit that stands for a market order: marketable, on the tick, and nowhere too far."""

import json
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.planning.compose import EXACT, compose_plan
from app.planning.inputs import PlanningInputs, PlanProblem, PriceCollar
from app.planning.market_protection import protection_share
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderType, Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import Quote
from riskgate.hashing import canonical_json
from tests.builders import a_planning_input, a_trade_intent
from tests.unit.riskgate.builders import a_quote, a_ref, an_instrument, changed

thorough = settings(max_examples=250, deadline=None)
KITE = (OrderType.LIMIT, OrderType.SL)
KINDS = [InstrumentKind.EQUITY, InstrumentKind.FUTURE, InstrumentKind.CALL, InstrumentKind.PUT]
REFUSALS = {
    "TOUCH_MISSING",
    "PROTECTION_OUTSIDE_COLLAR",
    "PROTECTION_OUTSIDE_CIRCUIT",
    "PRICE_OFF_TICK",
    "COLLAR_UNKNOWN",
}
shares = st.integers(1, 10_000).map(lambda n: Decimal(n) / 10_000)
percents = st.integers(0, 500).map(lambda n: Decimal(n) / 100)


@st.composite
def near(draw: st.DrawFn, price: Decimal, tick: Decimal) -> Decimal:
    """A price some ticks away, or some percent, never below a tick."""
    few = draw(st.integers(-8, 8)) * tick
    far = (price * draw(st.integers(-10, 10)) / 100 / tick).to_integral_value() * tick
    return max(price + draw(st.sampled_from([few, far])), tick)


@st.composite
def cases(draw: st.DrawFn) -> PlanningInputs:
    tick = draw(st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal("0.5"), Decimal(1)]))
    last = draw(st.integers(1, 60_000)) * tick
    side = draw(st.sampled_from(Side))
    bid, ask = sorted((draw(near(last, tick)), draw(near(last, tick))))
    quote = changed(
        a_quote(last=last, bid=draw(st.sampled_from([bid, bid, None])), ask=ask),
        lower_circuit=draw(st.none() | near(last * Decimal("0.9"), tick)),
        upper_circuit=draw(st.none() | near(last * Decimal("1.1"), tick)),
    )
    kind = draw(st.sampled_from([OrderType.MARKET, OrderType.SL_M]))
    said: dict[str, Any] = (
        {} if kind is OrderType.MARKET else {"trigger_price": draw(near(last, tick))}
    )
    intent = a_trade_intent(
        side=side, order_type=kind, max_slippage_pct=draw(st.none() | percents), **said
    )
    return a_planning_input(
        intent,
        instruments=(an_instrument(tick_size=tick, kind=draw(st.sampled_from(KINDS))),),
        quotes=(quote,),
        order_types=KITE,
        collars=(PriceCollar(instrument=a_ref(), share=draw(st.none() | shares)),),
    )


def protected(inputs: PlanningInputs) -> tuple[PlanLeg, Quote, Decimal]:
    """Return the leg, what it was priced at, and its limit."""
    plan = compose_plan(inputs)
    assume(isinstance(plan, TradePlan))
    assert isinstance(plan, TradePlan)
    (leg,) = plan.legs
    assert leg.limit_price is not None
    return leg, inputs.quotes[0], leg.limit_price


@thorough
@given(cases())
def test_an_order_without_a_price_is_protected_or_refused_with_a_reason(
    inputs: PlanningInputs,
) -> None:
    answer = compose_plan(inputs)
    if isinstance(answer, PlanProblem):
        assert answer.code in REFUSALS
        assert answer.remedy
    else:
        assert answer.order_skeleton.order_type in KITE
        assert answer.gives_a_limit
        assert sum("The broker takes no" in note for note in answer.notes) == 1


@thorough
@given(cases())
def test_the_limit_is_on_the_tick_and_never_better_than_the_price_it_must_reach(
    inputs: PlanningInputs,
) -> None:
    leg, quote, limit = protected(inputs)
    touch = quote.ask if leg.side is Side.BUY else quote.bid
    reached = touch if leg.trigger_price is None else leg.trigger_price
    assert reached is not None
    assert leg.instrument.tick_size is not None
    assert limit > 0
    assert limit % leg.instrument.tick_size == 0
    assert (limit - reached) * leg.side.sign >= 0


@thorough
@given(cases())
def test_the_limit_is_inside_the_collar_the_circuit_the_share_and_the_slippage(
    inputs: PlanningInputs,
) -> None:
    leg, quote, limit = protected(inputs)
    sign, start = leg.side.sign, leg.reference_price
    anchor = quote.last if leg.trigger_price is None else leg.trigger_price
    share = protection_share(leg.instrument.kind, start)
    slippage, collar = inputs.intent.max_slippage_pct, inputs.collars[0].share
    circuit = quote.upper_circuit if leg.side is Side.BUY else quote.lower_circuit
    with localcontext(EXACT):
        edges = [start * (1 + share * sign)]
        edges += [] if slippage is None else [start * (1 + slippage / 100 * sign)]
        edges += [] if collar is None else [anchor * (1 + collar * sign)]
        edges += [] if circuit is None else [circuit]
        assert all((limit - edge) * sign <= 0 for edge in edges)


@thorough
@given(cases(), shares)
def test_a_narrower_collar_never_reaches_further(inputs: PlanningInputs, narrower: Decimal) -> None:
    leg, _, limit = protected(inputs)
    collar = inputs.collars[0].share
    assume(collar is None or narrower < collar)
    tight = changed(inputs, collars=(PriceCollar(instrument=a_ref(), share=narrower),))
    answer = compose_plan(tight)
    if isinstance(answer, TradePlan):
        assert answer.legs[0].limit_price is not None
        assert (answer.legs[0].limit_price - limit) * leg.side.sign <= 0


@thorough
@given(cases())
def test_a_protected_plan_is_made_again_byte_for_byte_from_what_is_stored(
    inputs: PlanningInputs,
) -> None:
    again = PlanningInputs.model_validate(json.loads(canonical_json(inputs)))
    assert canonical_json(compose_plan(again)) == canonical_json(compose_plan(inputs))
