"""A whole plan: its window, slices, notes and figures, or the first reason against it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.planning.inputs import PlanProblem
from app.planning.notes import PAIR_NOTE, STOP_NOTE, TARGET_NOTE
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.intents import Comparison, TimeWindow
from riskgate.contracts.orders import ExecutionMode, OrderType, Product, Side, Validity
from riskgate.contracts.plans import (
    OrderSkeleton,
    PlanLeg,
    RiskModel,
    TradePlan,
    ValidityWindow,
)
from riskgate.contracts.snapshots import QuoteSource
from tests.builders import (
    TENANT,
    a_planning_input,
    a_trade_intent,
    offset,
    sizing,
    the_leg,
    the_plan,
    the_problem,
)
from tests.unit.riskgate.builders import (
    ACCOUNT,
    NOW,
    a_quote,
    a_ref,
    a_snapshot,
    an_entry_rule,
    an_instrument,
    changed,
    margins,
)

REPLAYED = changed(a_quote(), source=QuoteSource.REPLAY)
TCS_ONLY = a_quote("TCS")
LIVE = changed(a_quote(), source=QuoteSource.BROKER)
SIMULATED = "Prices are simulated, not a live market."


def minutes(count: int) -> datetime:
    return NOW + timedelta(minutes=count)


def test_a_plan_says_everything_needed_to_judge_and_send_it() -> None:
    intent = a_trade_intent(
        order_type=OrderType.LIMIT, limit_price=Decimal(1000), stop_loss=offset("pct", 2)
    )
    inputs = a_planning_input(intent)
    risk = RiskModel(
        stop_price=Decimal(980), loss_at_stop=Decimal(200), loss_at_stop_pct=Decimal("0.02")
    )
    assert the_plan(inputs) == TradePlan(
        plan_id="plan-1",
        tenant_id=TENANT,
        account_id=ACCOUNT,
        mode=ExecutionMode.PAPER,
        currency=inputs.currency,
        created_at=NOW,
        intent=intent,
        entry_rules=(),
        sizing_method=sizing("quantity", 10),
        risk_model=risk,
        order_skeleton=OrderSkeleton(
            order_type=OrderType.LIMIT, product=Product.CNC, validity=Validity.DAY
        ),
        legs=(
            PlanLeg(
                leg=0,
                instrument=an_instrument(),
                side=Side.BUY,
                quantity=Decimal(10),
                slices=(Decimal(10),),
                limit_price=Decimal(1000),
                reference_price=Decimal(1000),
                quote_as_of=a_quote().as_of,
                notional=Decimal(10_000),
                sizing_note="as stated",
                risk_model=risk,
            ),
        ),
        validity_window=ValidityWindow(start=NOW, end=minutes(15)),
        broker_snapshot_id="snap-1",
        notes=(SIMULATED, STOP_NOTE),
    )


@pytest.mark.parametrize(
    ("pairs", "targeted", "notes"),
    [
        (True, True, [PAIR_NOTE]),
        (False, True, [STOP_NOTE, TARGET_NOTE]),
        (True, False, [STOP_NOTE]),
    ],
)
def test_the_card_says_who_holds_the_stop_and_the_target(
    pairs: bool, targeted: bool, notes: list[str]
) -> None:
    percent = offset("pct", 3)
    intent = a_trade_intent(stop_loss=percent, target=percent if targeted else None)
    plan = the_plan(a_planning_input(intent, places_oco=pairs))
    assert [note for note in plan.notes if note != SIMULATED] == notes


# What cannot be planned


@pytest.mark.parametrize("unsaid", ["product", "order_type"])
def test_an_order_without_product_or_type_is_incomplete(unsaid: str) -> None:
    problem = the_problem(a_planning_input(a_trade_intent(**{unsaid: None})))
    assert problem.code == "ORDER_INCOMPLETE"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"instruments": ()}, "SYMBOL_UNKNOWN", "NSE:INFY is not in the instrument master"),
        (
            {"instruments": (an_instrument(kind=InstrumentKind.INDEX),)},
            "NOT_TRADABLE",
            "NSE:INFY is an index and cannot be traded itself",
        ),
        ({"quotes": ()}, "QUOTE_MISSING", "there is no usable price for NSE:INFY now"),
        (
            {"quotes": (a_quote("TCS"),)},
            "QUOTE_MISSING",
            "there is no usable price for NSE:INFY now",
        ),
    ],
)
def test_an_instrument_unknown_untradable_or_unpriced_is_refused(
    changes: dict[str, Any], code: str, message: str
) -> None:
    problem = the_problem(a_planning_input(**changes))
    assert (problem.code, problem.field, problem.message) == (code, "symbol", message)


@pytest.mark.parametrize("value", ["1E+18", "1234567890123456789012345678"])
def test_figures_that_no_market_uses_are_refused_and_raise_nothing(value: str) -> None:
    huge = a_trade_intent(sizing=sizing("quantity", value))
    quotes = (a_quote(last="100000000000000"),)
    assert the_problem(a_planning_input(huge, quotes=quotes)) == PlanProblem(
        code="FIGURES_OUT_OF_RANGE",
        field="size",
        message="the order's figures are larger than any market's",
        remedy="Ask for a smaller size.",
    )


def test_the_same_symbol_twice_is_refused_because_each_leg_would_be_sized_alone() -> None:
    twice = a_trade_intent(symbols=(a_ref(), a_ref()))
    problem = the_problem(a_planning_input(twice))
    assert (problem.code, problem.message) == ("SYMBOL_REPEATED", "NSE:INFY was named twice")


# Slices


@pytest.mark.parametrize(
    ("quantity", "freeze", "lot", "slices"),
    [
        (30, None, 1, [30]),
        (30, 30, 1, [30]),
        (31, 30, 1, [30, 1]),
        (90, 30, 1, [30, 30, 30]),
        (130, 100, 65, [65, 65]),
        (600, 30, 1, [30] * 20),
    ],
)
def test_slices_sum_to_the_quantity_and_none_is_above_the_freeze_limit(
    quantity: int, freeze: int | None, lot: int, slices: list[int]
) -> None:
    row = an_instrument(freeze_quantity=freeze, lot_size=lot)
    intent = a_trade_intent(sizing=sizing("quantity", quantity))
    plan = the_plan(a_planning_input(intent, instruments=(row,)))
    note = "The quantity is above the exchange's freeze limit and is sent in slices."
    assert [int(part) for part in plan.legs[0].slices] == slices
    assert (note in plan.notes) == (len(slices) > 1)


@pytest.mark.parametrize(
    ("quantity", "freeze", "lot", "orders", "most"),
    [
        (601, 30, 1, 20, 600),
        (2100, 199, 100, 20, 2000),
        (10**18, 30, 1, 20, 600),
        (301, 30, 1, 10, 300),
    ],
)
def test_a_quantity_that_needs_more_orders_than_the_broker_lets_through_is_refused(
    quantity: int, freeze: int, lot: int, orders: int, most: int
) -> None:
    row = an_instrument(freeze_quantity=freeze, lot_size=lot)
    intent = a_trade_intent(sizing=sizing("quantity", quantity))
    inputs = a_planning_input(intent, instruments=(row,), slices_max=orders)
    problem = the_problem(inputs)
    assert (problem.code, problem.remedy) == ("QUANTITY_TOO_LARGE", f"Ask for at most {most}.")


def test_a_freeze_limit_below_one_lot_lets_nothing_through() -> None:
    row = an_instrument(freeze_quantity=50, lot_size=65)
    intent = a_trade_intent(sizing=sizing("lots", 1))
    problem = the_problem(a_planning_input(intent, instruments=(row,)))
    assert problem == PlanProblem(
        code="LOT_ABOVE_FREEZE",
        field="size",
        message="one lot of NSE:INFY is 65, above the exchange's freeze limit of 50",
        remedy="Load the exchange's current master, or trade another instrument.",
    )


# The window


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({}, 0, 15),
        ({"ttl_minutes": 5}, 0, 5),
        ({"ttl_minutes": 120}, 0, 120),
        ({"time_window": TimeWindow(start=minutes(-30))}, 0, 15),
        ({"time_window": TimeWindow(start=minutes(30))}, 30, 45),
        ({"time_window": TimeWindow(start=minutes(30)), "ttl_minutes": 5}, 30, 35),
        ({"time_window": TimeWindow(end=minutes(60))}, 0, 60),
        ({"time_window": TimeWindow(end=minutes(60)), "ttl_minutes": 5}, 0, 5),
        ({"time_window": TimeWindow(end=minutes(5)), "ttl_minutes": 60}, 0, 5),
        ({"time_window": TimeWindow(start=minutes(1), end=minutes(2))}, 1, 2),
    ],
)
def test_a_plan_may_be_sent_in_the_time_that_was_asked_for(
    fields: dict[str, Any], start: int, end: int
) -> None:
    plan = the_plan(a_planning_input(a_trade_intent(**fields)))
    assert plan.validity_window == ValidityWindow(start=minutes(start), end=minutes(end))


@pytest.mark.parametrize(
    "window",
    [
        TimeWindow(end=minutes(-1)),
        TimeWindow(end=NOW),
        TimeWindow(start=minutes(10), end=minutes(10)),
        TimeWindow(start=minutes(10), end=minutes(5)),
    ],
)
def test_a_window_that_is_over_or_empty_is_refused(window: TimeWindow) -> None:
    assert window.end is not None
    assert the_problem(a_planning_input(a_trade_intent(time_window=window))) == PlanProblem(
        code="WINDOW_OVER",
        field="time_window",
        message=f"the time window ended at {window.end.isoformat()}",
        remedy="Give a time that is still to come.",
    )


def test_a_window_at_the_end_of_time_is_refused_and_raises_nothing() -> None:
    last = datetime.max.replace(tzinfo=NOW.tzinfo)
    intent = a_trade_intent(time_window=TimeWindow(start=last))
    assert the_problem(a_planning_input(intent)).code == "FIGURES_OUT_OF_RANGE"


# What is carried over


def test_entry_rules_and_validity_are_kept_as_they_were_said() -> None:
    rules = (an_entry_rule(Comparison.LT, 990), an_entry_rule(Comparison.GT, 2000, "TCS"))
    intent = a_trade_intent(entry_rules=rules, validity=Validity.IOC)
    plan = the_plan(a_planning_input(intent))
    assert (plan.entry_rules, plan.order_skeleton.validity) == (rules, Validity.IOC)


@pytest.mark.parametrize(
    ("quotes", "fields", "notes"),
    [
        ((LIVE,), {}, ()),
        ((a_quote(),), {}, (SIMULATED,)),
        ((REPLAYED,), {}, ("Prices are replayed history, not a live market.",)),
        (
            (LIVE,),
            {"product": Product.MIS},
            ("MIS is intraday: the broker may square it off before the close.",),
        ),
    ],
)
def test_a_plan_notes_what_a_person_should_know(
    quotes: tuple[Any, ...], fields: dict[str, Any], notes: tuple[str, ...]
) -> None:
    assert the_plan(a_planning_input(a_trade_intent(**fields), quotes=quotes)).notes == notes


# Several symbols


def test_several_symbols_become_legs_of_the_same_order_and_their_losses_are_summed() -> None:
    intent = a_trade_intent(symbols=(a_ref(), a_ref("TCS")), stop_loss=offset("pct", 1))
    plan = the_plan(
        a_planning_input(
            intent,
            instruments=(an_instrument(), an_instrument("TCS")),
            quotes=(a_quote(), a_quote("TCS", 2000)),
        )
    )
    assert [(leg.leg, str(leg.instrument.ref), int(leg.notional)) for leg in plan.legs] == [
        (0, "NSE:INFY", 10_000),
        (1, "NSE:TCS", 20_000),
    ]
    assert plan.risk_model == RiskModel(loss_at_stop=Decimal(300), loss_at_stop_pct=Decimal("0.03"))


def test_several_symbols_without_a_stop_have_no_summed_loss() -> None:
    intent = a_trade_intent(symbols=(a_ref(), a_ref("TCS")))
    plan = the_plan(
        a_planning_input(
            intent,
            instruments=(an_instrument(), an_instrument("TCS")),
            quotes=(a_quote(), a_quote("TCS", 2000)),
        )
    )
    assert plan.risk_model == RiskModel()


@pytest.mark.parametrize("money", [None, margins(equity=0)])
def test_without_equity_a_loss_has_no_percentage(money: object) -> None:
    intent = a_trade_intent(stop_loss=offset("pct", 2))
    risk = the_leg(a_planning_input(intent, snapshot=a_snapshot(margins=money))).risk_model
    assert risk == RiskModel(stop_price=Decimal(980), loss_at_stop=Decimal(200))


def test_a_loss_beyond_the_equity_is_shown_as_all_of_it() -> None:
    intent = a_trade_intent(stop_loss=offset("pct", 2))
    poor = a_snapshot(margins=margins(equity=100))
    risk = the_leg(a_planning_input(intent, snapshot=poor)).risk_model
    assert (risk.loss_at_stop, risk.loss_at_stop_pct) == (Decimal(200), Decimal(100))


def test_the_multiplier_counts_in_notional_and_loss() -> None:
    intent = a_trade_intent(stop_loss=offset("pct", 2))
    leg = the_leg(a_planning_input(intent, instruments=(an_instrument(multiplier=50),)))
    assert (leg.notional, leg.risk_model.loss_at_stop) == (Decimal(500_000), Decimal(10_000))
