"""An order without a price, at a broker that takes none: the limit it gets, or why it gets none."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from app.planning.inputs import PlanningInputs, PriceCollar
from app.planning.market_protection import protection_share
from app.planning.notes import STOP_NOTE
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderType, Product, Side, Validity
from riskgate.contracts.snapshots import Quote
from tests.builders import a_planning_input, a_trade_intent, offset, the_leg, the_plan, the_problem
from tests.unit.riskgate.builders import (
    Amount,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_instrument,
    changed,
)

KITE = (OrderType.LIMIT, OrderType.SL)
SIMULATED = "Prices are simulated, not a live market."
TRIGGERED: dict[str, Any] = {"order_type": OrderType.SL_M, "trigger_price": Decimal(1100)}


def a_market(last: Amount = 1000, **changes: Any) -> Quote:
    """Show 999.95 and 1000.05, so that neither is the last price."""
    return changed(a_quote(last=last, bid="999.95", ask="1000.05"), **changes)


def asked(
    collar: Amount | None = "0.02", *, quote: Quote | None = None, **intent: Any
) -> PlanningInputs:
    """Return the inputs of a market buy at a broker that takes limits alone, and a policy."""
    share = None if collar is None else Decimal(collar)
    return a_planning_input(
        a_trade_intent(**intent),
        quotes=(quote or a_market(),),
        order_types=KITE,
        collars=(PriceCollar(instrument=a_ref(), share=share),),
    )


# Which limit


@pytest.mark.parametrize(
    ("side", "collar", "limit"),
    [
        # 1000.05 * 1.005 = 1005.05025 and 999.95 * 0.995 = 994.95025, on the tick inside of it.
        (Side.BUY, "0.02", "1005.05"),
        (Side.SELL, "0.02", "995.00"),
        # The collar is of the last price, as the gate measures: 1000 * 1.003.
        (Side.BUY, "0.003", "1003"),
        (Side.SELL, "0.003", "997"),
        (Side.BUY, "0.00007", "1000.05"),
        (Side.SELL, "0.00007", "999.95"),
        (Side.BUY, None, "1005.05"),
    ],
)
def test_a_market_order_becomes_a_limit_past_the_touch_and_inside_the_collar(
    side: Side, collar: Amount | None, limit: str
) -> None:
    inputs = asked(collar, side=side)
    plan, leg = the_plan(inputs), the_leg(inputs)
    assert plan.order_skeleton.order_type is OrderType.LIMIT
    assert (leg.limit_price, leg.trigger_price) == (Decimal(limit), None)
    assert leg.reference_price == Decimal("1000.05" if side is Side.BUY else "999.95")
    assert plan.gives_a_limit
    assert inputs.intent.order_type is OrderType.MARKET
    assert plan.intent == inputs.intent


@pytest.mark.parametrize(
    ("side", "trigger", "collar", "limit"),
    [
        (Side.BUY, 1100, "0.02", "1105.5"),
        (Side.SELL, 900, "0.02", "895.5"),
        (Side.BUY, 1100, "0.001", "1101.1"),
        (Side.SELL, 900, "0.001", "899.1"),
        (Side.BUY, 1100, None, "1105.5"),
    ],
)
def test_a_stop_market_order_becomes_a_stop_limit_past_its_trigger(
    side: Side, trigger: int, collar: Amount | None, limit: str
) -> None:
    inputs = asked(collar, side=side, order_type=OrderType.SL_M, trigger_price=Decimal(trigger))
    plan, leg = the_plan(inputs), the_leg(inputs)
    assert plan.order_skeleton.order_type is OrderType.SL
    assert (leg.trigger_price, leg.limit_price) == (Decimal(trigger), Decimal(limit))
    assert leg.reference_price == Decimal(trigger)
    assert plan.gives_a_limit


@pytest.mark.parametrize(
    ("side", "band", "limit"),
    [
        (Side.BUY, {"upper_circuit": "1002"}, "1002"),
        (Side.BUY, {"upper_circuit": "1000.05"}, "1000.05"),
        (Side.BUY, {"lower_circuit": "999"}, "1005.05"),
        (Side.SELL, {"lower_circuit": "998"}, "998"),
        (Side.SELL, {"upper_circuit": "1001"}, "995"),
    ],
)
def test_the_days_circuit_caps_the_limit(side: Side, band: dict[str, str], limit: str) -> None:
    leg = the_leg(asked(side=side, quote=a_market(**band)))
    assert leg.limit_price == Decimal(limit)


def test_the_slippage_that_a_person_allowed_caps_the_limit() -> None:
    leg = the_leg(asked(max_slippage_pct=Decimal("0.1")))
    assert leg.limit_price == Decimal("1001.05")


@pytest.mark.parametrize(
    ("kind", "price", "percent"),
    [
        (InstrumentKind.EQUITY, "99.95", "2"),
        (InstrumentKind.EQUITY, "100", "1"),
        (InstrumentKind.FUTURE, "499.95", "1"),
        (InstrumentKind.FUTURE, "500", "0.5"),
        (InstrumentKind.CALL, "9.95", "5"),
        (InstrumentKind.PUT, "10", "3"),
        (InstrumentKind.CALL, "100", "2"),
        (InstrumentKind.PUT, "500", "1"),
    ],
)
def test_the_share_falls_as_the_price_rises_and_options_get_more(
    kind: InstrumentKind, price: str, percent: str
) -> None:
    assert protection_share(kind, Decimal(price)) * 100 == Decimal(percent)


def test_each_leg_gets_a_limit_of_its_own() -> None:
    inputs = a_planning_input(
        a_trade_intent(symbols=(a_ref(), a_ref("TCS"))),
        instruments=(an_instrument(), an_instrument("TCS")),
        quotes=(a_market(), a_quote("TCS", 50, ask=50)),
        order_types=KITE,
        collars=tuple(
            PriceCollar(instrument=a_ref(symbol), share=Decimal("0.02"))
            for symbol in ("INFY", "TCS")
        ),
    )
    plan = the_plan(inputs)
    assert [leg.limit_price for leg in plan.legs] == [Decimal("1005.05"), Decimal(51)]
    assert [note for note in plan.notes if note != SIMULATED] == [
        "The broker takes no market order of NSE:INFY here: sent as a limit order at 1005.05,"
        " 0.5 % beyond the ask; what does not fill rests until the close or you cancel it.",
        "The broker takes no market order of NSE:TCS here: sent as a limit order at 51.00,"
        " 2 % beyond the ask; what does not fill rests until the close or you cancel it.",
    ]


def test_an_exit_is_protected_and_still_only_leaves() -> None:
    inputs = changed(
        asked(side=Side.SELL, sizing={"method": "fraction", "value": "1"}, product=Product.MIS),
        snapshot=a_snapshot(positions=(a_position(7, product=Product.MIS),)),
    )
    leg = the_leg(inputs)
    assert (leg.quantity, leg.reduce_only, leg.limit_price) == (Decimal(7), True, Decimal(995))


# What the card says


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (
            {},
            "The broker takes no market order here: sent as a limit order at 1005.05, 0.5 % beyond"
            " the ask; what does not fill rests until the close or you cancel it.",
        ),
        (
            {"side": Side.SELL, "validity": Validity.IOC, "max_slippage_pct": Decimal(0)},
            "The broker takes no market order here: sent as a limit order at 999.95, at the bid;"
            " what does not fill is cancelled at once.",
        ),
        (
            TRIGGERED,
            "The broker takes no stop-market order here: sent as a stop-limit order with a limit"
            " of 1105.50, 0.5 % beyond the trigger; if the price jumps past it, what does not fill"
            " rests until the close or you cancel it.",
        ),
    ],
)
def test_the_card_says_what_is_sent_instead_and_what_becomes_of_the_rest(
    said: dict[str, Any], note: str
) -> None:
    assert the_plan(asked(**said)).notes == (SIMULATED, note)


def test_validity_stays_the_day_unless_it_was_said() -> None:
    assert the_plan(asked()).order_skeleton.validity is Validity.DAY
    assert the_plan(asked(validity=Validity.IOC)).order_skeleton.validity is Validity.IOC


def test_stop_and_target_are_measured_from_the_price_it_is_to_fill_at() -> None:
    plan = the_plan(asked(stop_loss=offset("pct", 2)))
    assert plan.legs[0].risk_model.stop_price == Decimal("980.05")
    assert plan.notes[-1] == STOP_NOTE


@pytest.mark.parametrize("taken", [tuple(OrderType), None])
@pytest.mark.parametrize("said", [{}, TRIGGERED])
def test_where_the_broker_takes_it_the_order_goes_out_as_it_was_asked(
    taken: tuple[OrderType, ...] | None, said: dict[str, Any]
) -> None:
    inputs = changed(asked(**said), order_types=taken, collars=())
    plan, leg = the_plan(inputs), the_leg(inputs)
    assert plan.order_skeleton.order_type is inputs.intent.order_type
    assert (leg.limit_price, plan.notes) == (None, (SIMULATED,))
    assert not plan.gives_a_limit


def test_an_order_with_a_limit_of_its_own_keeps_it() -> None:
    inputs = asked(order_type=OrderType.LIMIT, limit_price=Decimal(1001))
    plan = the_plan(inputs)
    assert (plan.legs[0].limit_price, plan.notes) == (Decimal(1001), (SIMULATED,))
    assert not plan.gives_a_limit


# Why there is none


def problem(inputs: PlanningInputs) -> tuple[str, str, str]:
    found = the_problem(inputs)
    assert found.field == "order_type"
    return found.code, found.message, found.remedy


@pytest.mark.parametrize("side", Side)
def test_without_anybody_on_the_other_side_there_is_no_limit(side: Side) -> None:
    name = "ask" if side is Side.BUY else "bid"
    assert problem(asked(side=side, quote=a_quote())) == (
        "TOUCH_MISSING",
        f"the broker takes no market order, and no {name} of NSE:INFY is shown to make a limit"
        " order of it",
        "Give a limit price, or ask again when the market shows one.",
    )


def test_a_stop_needs_no_touch_its_trigger_is_enough() -> None:
    assert the_leg(asked(**TRIGGERED, quote=a_quote())).limit_price == Decimal("1105.5")


@pytest.mark.parametrize(
    ("side", "last", "edge"), [(Side.BUY, 980, "999.6"), (Side.SELL, 1021, "1000.58")]
)
def test_a_touch_outside_the_collar_is_refused(side: Side, last: int, edge: str) -> None:
    code, message, remedy = problem(asked(side=side, quote=a_market(last=last)))
    touch = "1000.05" if side is Side.BUY else "999.95"
    assert code == "PROTECTION_OUTSIDE_COLLAR"
    assert message == (
        f"NSE:INFY could only be traded at {touch} or worse, beyond the policy's collar of {edge}"
    )
    assert remedy == "Give a limit price, or ask again when the market is back inside."


@pytest.mark.parametrize(
    ("side", "band"),
    [(Side.BUY, {"upper_circuit": "1000"}), (Side.SELL, {"lower_circuit": "1000"})],
)
@pytest.mark.parametrize("trigger", [None, Decimal(1000)])
def test_a_touch_or_trigger_outside_the_circuit_is_refused(
    side: Side, band: dict[str, str], trigger: Decimal | None
) -> None:
    beyond = None if trigger is None else trigger + Decimal(5) * side.sign
    said: dict[str, Any] = (
        {} if beyond is None else {"order_type": OrderType.SL_M, "trigger_price": beyond}
    )
    code, message, _ = problem(asked(side=side, quote=a_market(**band), **said))
    assert (code, "the day's circuit of 1000" in message) == ("PROTECTION_OUTSIDE_CIRCUIT", True)


def test_a_touch_off_the_tick_is_reached_where_a_price_on_it_is_near_enough() -> None:
    assert the_leg(asked(quote=a_quote(ask="1000.03"))).limit_price == Decimal("1005")
    code, message, _ = problem(asked("0.00004", quote=a_quote(ask="1000.03")))
    assert (code, "between 1000.03, where NSE:INFY" in message) == ("PRICE_OFF_TICK", True)


def test_a_collar_that_is_not_known_is_refused() -> None:
    code, message, remedy = problem(changed(asked(), collars=()))
    assert (code, remedy) == ("COLLAR_UNKNOWN", "Give a limit price.")
    assert "NSE:INFY" in message


@pytest.mark.parametrize(
    ("said", "taken", "message", "remedy"),
    [
        ({}, (OrderType.SL,), "no MARKET order", "Ask for one of: SL."),
        (TRIGGERED, (OrderType.LIMIT,), "no SL-M order", "Ask for one of: LIMIT."),
        (
            {"order_type": OrderType.LIMIT, "limit_price": Decimal(1)},
            (OrderType.MARKET,),
            "no LIMIT order",
            "Ask for one of: MARKET.",
        ),
        ({}, (), "no MARKET order", "Ask for one of: none."),
    ],
)
def test_a_type_that_nothing_can_stand_for_is_refused(
    said: dict[str, Any], taken: tuple[OrderType, ...], message: str, remedy: str
) -> None:
    code, text, todo = problem(changed(asked(**said), order_types=taken))
    assert (code, todo) == ("ORDER_TYPE_UNAVAILABLE", remedy)
    assert text == f"the account's broker takes {message}"


@pytest.mark.parametrize("price", [{"limit_price": Decimal(990)}, {"trigger_price": Decimal(990)}])
def test_a_market_order_with_a_price_is_still_a_contradiction(price: dict[str, Any]) -> None:
    assert the_problem(asked(**price)).code == "ORDER_CONTRADICTORY"


def test_a_crossed_book_never_becomes_a_quote() -> None:
    with pytest.raises(ValidationError, match="above ask"):
        a_quote(bid=1001, ask=1000)
