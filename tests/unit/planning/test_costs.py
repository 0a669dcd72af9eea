"""What a plan costs beyond its prices is known before it is sent, or not claimed to be."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tariffs import indian_tariff
from app.planning.costs import PlanCost, plan_cost
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind
from riskgate.contracts.orders import Product, Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.tariff import ChargeKind
from tests.unit.riskgate.builders import a_leg, a_plan, a_ref, an_instrument

BUY, SELL = Side.BUY, Side.SELL
CNC, MIS, NRML = Product.CNC, Product.MIS, Product.NRML


def a_trade(
    quantity: int = 100, price: str = "1000", side: Side = BUY, slices: int = 1, **changes: Any
) -> PlanLeg:
    """Return a leg at a price, cut into as many equal orders."""
    whole, unit = Decimal(quantity), Decimal(price)
    multiplier = changes.pop("multiplier", Decimal(1))
    ref = a_ref(changes.pop("symbol", "INFY"), changes.pop("exchange", Exchange.NSE))
    kind = changes.pop("kind", InstrumentKind.EQUITY)
    currency = changes.pop("currency", Currency.INR)
    fields: dict[str, Any] = {
        "instrument": an_instrument().model_copy(
            update={"ref": ref, "kind": kind, "currency": currency, "multiplier": multiplier}
        ),
        "side": side,
        "quantity": whole,
        "slices": (whole / slices,) * slices,
        "limit_price": unit,
        "reference_price": unit,
        "notional": whole * unit * multiplier,
    }
    return a_leg(**fields | changes)


def the_cost(*legs: PlanLeg, product: Product = CNC, **changes: Any) -> PlanCost:
    found = plan_cost(a_plan(*legs, product=product, **changes), indian_tariff())
    assert found is not None
    return found


def lines(found: PlanCost) -> str:
    """Write brokerage, STT, exchange, investor protection, SEBI, stamp duty, GST and DP."""
    return " ".join(f"{found.charges.line(kind):.2f}" for kind in ChargeKind)


@pytest.mark.parametrize(
    ("leg", "product", "bill", "total", "leaving"),
    [
        (a_trade(), CNC, "0.00 100.00 2.97 0.10 0.10 15.00 0.57 0.00", "118.74", "119.08"),
        (a_trade(50), MIS, "15.00 0.00 1.49 0.05 0.05 1.50 2.99 0.00", "21.08", "32.08"),
        (a_trade(side=SELL), MIS, "20.00 25.00 2.97 0.10 0.10 0.00 4.17 0.00", "52.34", "30.34"),
        (
            a_trade(100, "100", kind=InstrumentKind.CALL, exchange=Exchange.NFO),
            NRML,
            "20.00 0.00 3.50 0.05 0.01 0.30 4.24 0.00",
            "28.10",
            "37.80",
        ),
    ],
)
def test_every_line_is_the_tables_and_leaving_costs_what_the_other_side_does(
    leg: PlanLeg, product: Product, bill: str, total: str, leaving: str
) -> None:
    found = the_cost(leg, product=product)
    assert (lines(found), found.total, found.leaving) == (bill, Decimal(total), Decimal(leaving))
    assert found.turnover == leg.notional


def test_each_slice_is_an_order_with_a_brokerage_of_its_own() -> None:
    one = the_cost(a_trade(1000, slices=1), product=MIS).charges
    five = the_cost(a_trade(1000, slices=5), product=MIS).charges
    assert (one.brokerage, five.brokerage) == (Decimal(20), Decimal(100))


def test_the_depository_is_paid_once_an_instrument() -> None:
    one = the_cost(a_trade(1000, side=SELL, slices=4, reduce_only=True)).charges
    two = the_cost(a_trade(side=SELL), a_trade(side=SELL, symbol="TCS", leg=1)).charges
    assert (one.dp, two.dp) == (Decimal("15.34"), Decimal("30.68"))


def test_an_exit_has_no_leaving_and_no_break_even() -> None:
    found = the_cost(a_trade(side=SELL, reduce_only=True))
    assert (found.leaving, found.breakeven_price) == (None, None)
    assert found.total > 0


def test_a_sale_of_what_is_held_is_an_exit_however_it_was_said() -> None:
    plan = a_plan(a_trade(side=SELL))
    found = plan_cost(plan, indian_tariff(), lowered={a_ref()})
    assert found is not None
    assert (found.leaving, found.breakeven_price) == (None, None)
    assert plan_cost(plan, indian_tariff(), lowered={a_ref("TCS")}) == the_cost(a_trade(side=SELL))


def test_several_legs_have_one_bill_and_no_break_even() -> None:
    both = the_cost(a_trade(), a_trade(50, symbol="TCS", leg=1))
    apart = the_cost(a_trade()).total + the_cost(a_trade(50, symbol="TCS")).total
    assert (both.total, both.breakeven_price) == (apart, None)
    assert both.leaving is not None


@pytest.mark.parametrize(
    ("side", "even"),
    # Together 237.82 for 100: 2.3782 a share, rounded away from the entry; a short pays no DP.
    [(BUY, "1002.40"), (SELL, "999.15")],
)
def test_the_break_even_is_the_first_price_on_the_tick_that_pays_for_both(
    side: Side, even: str
) -> None:
    product = CNC if side is BUY else MIS
    assert the_cost(a_trade(side=side), product=product).breakeven_price == Decimal(even)


def test_a_contract_counts_with_its_multiplier() -> None:
    future: dict[str, Any] = {"kind": InstrumentKind.FUTURE, "exchange": Exchange.NFO}
    ten = the_cost(a_trade(10, multiplier=Decimal(100), **future), product=NRML)
    thousand = the_cost(a_trade(1000, **future), product=NRML)
    assert (ten.charges, ten.turnover) == (thousand.charges, thousand.turnover)
    assert ten.breakeven_price == thousand.breakeven_price


@pytest.mark.parametrize(
    "leg",
    [
        a_trade(currency=Currency.USD, exchange=Exchange.NASDAQ),
        a_trade(kind=InstrumentKind.FUTURE, exchange=Exchange.MCX),
        a_trade(kind=InstrumentKind.INDEX),
    ],
    ids=["dollars", "commodity", "index"],
)
def test_what_the_table_does_not_know_costs_nothing_known_and_not_zero(leg: PlanLeg) -> None:
    assert plan_cost(a_plan(leg), indian_tariff()) is None
    assert plan_cost(a_plan(a_trade(), leg.model_copy(update={"leg": 1})), indian_tariff()) is None


def test_the_rates_are_those_of_the_day_in_india() -> None:
    future = a_trade(1000, side=SELL, kind=InstrumentKind.FUTURE, exchange=Exchange.NFO)
    march = the_cost(future, product=NRML, created_at=datetime(2026, 3, 31, 18, 0, tzinfo=UTC))
    april = the_cost(future, product=NRML, created_at=datetime(2026, 3, 31, 19, 0, tzinfo=UTC))
    assert (march.charges.stt, april.charges.stt) == (Decimal(200), Decimal(500))
    old = a_plan(future, product=NRML, created_at=datetime(2024, 9, 1, tzinfo=UTC))
    assert plan_cost(old, indian_tariff()) is None


@st.composite
def plans(draw: st.DrawFn) -> TradePlan:
    leg = a_trade(
        draw(st.integers(1, 20_000)),
        str(draw(st.integers(1, 100_000)) * Decimal("0.05")),
        draw(st.sampled_from(Side)),
    )
    return a_plan(leg, product=draw(st.sampled_from([CNC, MIS])))


@settings(max_examples=200, deadline=None)
@given(plans())
def test_a_bill_is_the_sum_of_its_lines_and_the_break_even_lies_on_the_paying_side(
    plan: TradePlan,
) -> None:
    found = plan_cost(plan, indian_tariff())
    assert found is not None
    assert found.leaving is not None
    assert found.total == sum(found.charges.line(kind) for kind in ChargeKind)
    (leg,) = plan.legs
    if found.breakeven_price is not None:
        moved = (found.breakeven_price - leg.reference_price) * leg.side.sign
        assert moved * leg.quantity >= found.total + found.leaving
        assert (moved - Decimal("0.05")) * leg.quantity < found.total + found.leaving
        assert found.breakeven_price % Decimal("0.05") == 0
    else:
        assert leg.side is SELL
