"""What the parts of a plan mean for each other."""

from decimal import Decimal

import pytest

from app.execution.baskets import half_sent, in_doubt, legs_hang_together, why_not_now
from app.persistence.orders import OrderRecord
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderState
from riskgate.contracts.plans import PlanLeg
from tests.builders import an_order_intent, an_order_record
from tests.unit.riskgate.builders import NOW, a_leg, a_plan, an_instrument

FUTURE = an_instrument("NIFTY26MARFUT", kind=InstrumentKind.FUTURE)


def derivative(leg: int) -> PlanLeg:
    return a_leg(leg=leg, instrument=FUTURE)


SHARES = a_plan(a_leg(leg=0), a_leg(leg=1, symbol="TCS"))
SPREAD = a_plan(derivative(0), derivative(1))


def order(leg: int, part: int = 0, state: OrderState = OrderState.PLANNED) -> OrderRecord:
    sent = None if state is OrderState.PLANNED else NOW
    return an_order_record(an_order_intent(leg=leg, slice=part), state=state, sent_at=sent)


def test_legs_with_a_derivative_among_them_hang_together_and_shares_do_not() -> None:
    assert legs_hang_together(SPREAD)
    assert legs_hang_together(a_plan(a_leg(leg=0), derivative(1)))
    assert not legs_hang_together(SHARES)
    assert not legs_hang_together(a_plan(derivative(0)))


@pytest.mark.parametrize("failed", [OrderState.REJECTED, OrderState.NOT_SENT, OrderState.EXPIRED])
def test_a_failed_part_stops_its_own_leg_and_other_legs_only_of_a_spread(
    failed: OrderState,
) -> None:
    before = [order(0, 0, failed)]
    assert "BASKET_STOPPED: leg 0, part 0" in str(why_not_now(SHARES, before, order(0, 1)))
    assert why_not_now(SHARES, before, order(1)) is None
    assert "BASKET_STOPPED" in str(why_not_now(SPREAD, before, order(1)))


@pytest.mark.parametrize(
    "fine", [s for s in OrderState if s not in {"REJECTED", "NOT_SENT", "EXPIRED"}]
)
def test_nothing_else_stops_what_comes_after(fine: OrderState) -> None:
    assert why_not_now(SPREAD, [order(0, 0, fine)], order(1)) is None


@pytest.mark.parametrize("state", list(OrderState))
def test_what_comes_after_waits_while_it_is_not_known_whether_a_part_arrived(
    state: OrderState,
) -> None:
    doubtful = state in {OrderState.SENDING, OrderState.UNKNOWN}
    assert in_doubt(SPREAD, [order(0, 0, state)], order(1)) is doubtful
    assert in_doubt(SHARES, [order(0, 0, state)], order(0, 1)) is doubtful
    assert not in_doubt(SHARES, [order(0, 0, state)], order(1))


def test_a_plan_is_half_sent_when_something_went_out_and_something_waits() -> None:
    filled, waiting = order(0, 0, OrderState.FILLED), order(1)
    assert half_sent([filled, waiting])
    assert not half_sent([waiting, waiting])
    assert not half_sent([filled, filled])
    assert filled.intent.quantity == Decimal(10)
