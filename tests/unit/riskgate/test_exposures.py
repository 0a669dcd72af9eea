"""What a plan changes of what is at risk: the gate's own figures, before and after."""

from decimal import Decimal
from typing import Any

from hypothesis import given

from riskgate.contracts.exposures import Exposure, ExposureOf
from riskgate.contracts.orders import Product, Side
from riskgate.engine import evaluate, exposure_change
from riskgate.figures import ratio
from riskgate.inputs import GateInput
from riskgate.policy import DEFAULT_POLICY, Policy
from tests.property.gate_cases import Case
from tests.property.gate_strategies import cases, gate_input_of, thorough
from tests.unit.riskgate.builders import (
    WIDE_POLICY,
    a_gate_input,
    a_leg,
    a_policy,
    a_position,
    a_quote,
    a_ref,
    an_open_order,
    figures,
    margins,
    quotes_of,
)

GROSS, NET, POSITION = ExposureOf


def shown(
    gate_input: GateInput, policy: Policy = DEFAULT_POLICY
) -> dict[str, tuple[Any, Any, Any]]:
    """Return before, after and limit of each figure, a position's by its symbol."""
    rows = exposure_change(policy, gate_input).rows
    return {_name(row): (row.before, row.after, row.limit) for row in rows}


def _name(row: Exposure) -> str:
    return row.of.value if row.instrument is None else row.instrument.tradingsymbol


def test_an_entry_adds_to_its_position_and_to_all_of_the_book() -> None:
    held = [a_position(5), a_position(3, "TCS")]
    given_ = a_gate_input(a_leg(10), held=held, quotes=quotes_of(("INFY", "TCS")))
    assert shown(given_) == {
        "GROSS": (Decimal(8_000), Decimal(18_000), Decimal(1_000_000)),
        "NET": (Decimal(8_000), Decimal(18_000), None),
        "INFY": (Decimal(5_000), Decimal(15_000), Decimal(250_000)),
    }


def test_an_exit_takes_away_what_it_closes() -> None:
    sale = a_leg(4, side=Side.SELL, limit_price=Decimal(1000), reduce_only=True)
    assert shown(a_gate_input(sale, held=[a_position(5)])) == {
        "GROSS": (Decimal(5_000), Decimal(1_000), Decimal(1_000_000)),
        "NET": (Decimal(5_000), Decimal(1_000), None),
        "INFY": (Decimal(5_000), Decimal(1_000), Decimal(250_000)),
    }


def test_what_is_lowered_is_told_by_name() -> None:
    sale = a_leg(4, side=Side.SELL)
    assert exposure_change(DEFAULT_POLICY, a_gate_input(sale, held=[a_position(5)])).lowered == {
        a_ref()
    }
    assert exposure_change(DEFAULT_POLICY, a_gate_input(a_leg(4))).lowered == frozenset()


def test_a_short_beside_a_long_adds_to_the_gross_and_not_to_the_net() -> None:
    short = a_leg(10, "TCS", side=Side.SELL)
    made = a_gate_input(
        short,
        product=Product.MIS,
        held=[a_position(10, product=Product.MIS)],
        quotes=quotes_of(("INFY", "TCS")),
    )
    found = shown(made)
    assert found["GROSS"][:2] == (Decimal(10_000), Decimal(20_000))
    assert found["NET"][:2] == (Decimal(10_000), Decimal(0))
    assert found["TCS"][:2] == (Decimal(0), Decimal(10_000))


def test_what_is_in_flight_counts_before_and_after() -> None:
    found = shown(a_gate_input(a_leg(10), orders=[an_open_order(quantity=7)]))
    assert found["INFY"][:2] == (Decimal(7_000), Decimal(17_000))


def test_a_figure_without_a_price_is_left_out_and_nothing_is_guessed() -> None:
    priced = a_gate_input(a_leg(10), a_leg(2, "TCS", leg=1), quotes=(a_quote(),))
    assert list(shown(priced)) == ["INFY"]


def test_without_equity_there_is_no_limit_in_money() -> None:
    change = exposure_change(DEFAULT_POLICY, a_gate_input(money=None))
    assert (change.equity, {row.limit for row in change.rows}) == (None, {None})


def test_a_limit_is_the_one_in_force_for_the_instrument() -> None:
    policy = a_policy(exposure={"max_position_pct": "0.1", "max_net_exposure_x": "0.5"})
    made = a_gate_input(money=margins(equity=Decimal(200_000)))
    assert [limit for _, _, limit in shown(made, policy).values()] == [200_000, 100_000, 20_000]


def test_looking_at_it_changes_no_decision_and_gives_the_same_twice() -> None:
    made = a_gate_input(a_leg(10), held=[a_position(5)])
    before = evaluate(WIDE_POLICY, made)
    first = exposure_change(WIDE_POLICY, made)
    assert (evaluate(WIDE_POLICY, made), exposure_change(WIDE_POLICY, made)) == (before, first)
    assert first.rows[-1].instrument == a_ref()


@thorough(60)
@given(cases(of_plan=True))
def test_what_is_after_is_what_the_decision_cites(case: Case) -> None:
    made = gate_input_of(case)
    change = exposure_change(case.policy, made)
    cited = figures(evaluate(case.policy, made))
    for row in change.rows:
        assert row.before >= 0 or row.of is NET
        if row.of is not POSITION and change.equity and change.equity > 0:
            metric = "gross_exposure_x" if row.of is GROSS else "net_exposure_x"
            if metric in cited and len(made.plan.legs) == 1:
                assert cited[metric] == ratio(row.after, change.equity)
