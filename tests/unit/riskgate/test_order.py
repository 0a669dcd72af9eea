"""Whether an order may be sent at all."""

from decimal import Decimal

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.contracts.instruments import InstrumentKind
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.contracts.plans import PlanLeg
from riskgate.judge import Judge
from tests.unit.riskgate.builders import (
    WIDE_POLICY,
    Amount,
    a_book,
    a_candidate,
    a_gate_input,
    a_leg,
    a_listing,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_quote,
    a_situation,
    an_instrument,
    an_open_order,
    codes,
    decide,
    only_violation,
)

BUY, SELL = Side.BUY, Side.SELL


def test_a_product_that_is_not_listed_is_denied() -> None:
    policy = a_policy(order={"allowed_products": {"MIS"}})
    assert only_violation(decide(a_gate_input(), policy)).remedy == "Choose one of: MIS"


def test_a_policy_that_lists_nothing_permits_nothing() -> None:
    policy = a_policy(order={"allowed_products": set(), "allowed_order_types": set()})
    assert codes(a_gate_input(), policy) == ("ORD-001", "ORD-002")


def test_an_order_type_that_is_not_listed_is_denied() -> None:
    policy = a_policy(order={"allowed_order_types": {"MARKET"}})
    assert only_violation(decide(a_gate_input(), policy)).rule_id == "ORD-002"


@pytest.mark.parametrize(
    ("leg", "order_type", "complaint"),
    [
        (a_market_leg(), OrderType.LIMIT, "needs limit price"),
        (a_leg(), OrderType.MARKET, "takes no limit price"),
        (a_leg(limit_price=None, trigger_price=1010), OrderType.SL, "needs limit price"),
        (a_market_leg(), OrderType.SL_M, "needs trigger price"),
    ],
)
def test_the_prices_of_a_leg_must_fit_the_order_type(
    leg: PlanLeg, order_type: OrderType, complaint: str
) -> None:
    violation = only_violation(decide(a_gate_input(plan=a_plan(leg, order_type=order_type))))
    assert (violation.rule_id, violation.leg) == ("ORD-002", 0)
    assert complaint in violation.message


@pytest.mark.parametrize(
    ("most", "verdict", "quantity"),
    [
        ("10000", Verdict.ALLOW, None),
        ("9999.99", Verdict.MODIFY, 9),
        ("999.99", Verdict.DENY, None),
    ],
)
def test_an_order_may_be_worth_the_limit_and_no_more(
    most: str, verdict: Verdict, quantity: int | None
) -> None:
    decision = decide(a_gate_input(), a_policy(order={"max_order_value": most}))
    assert decision.verdict is verdict
    assert decision.codes == (() if verdict is Verdict.ALLOW else ("ORD-003",))
    assert [m.quantity for m in decision.modified_quantities] == ([quantity] if quantity else [])


def test_value_counts_the_multiplier_of_the_contract() -> None:
    leg = a_leg(instrument=an_instrument(multiplier=10))
    assert codes(a_gate_input(leg), a_policy(order={"max_order_value": 99_999})) == ("ORD-003",)


@pytest.mark.parametrize(
    ("most", "verdict", "quantity"),
    [(100, Verdict.ALLOW, None), (99, Verdict.MODIFY, 75), (24, Verdict.DENY, None)],
)
def test_an_order_may_have_the_most_pieces_and_is_reduced_by_whole_lots(
    most: int, verdict: Verdict, quantity: int | None
) -> None:
    leg = a_leg(100, instrument=an_instrument(lot_size=25))
    decision = decide(a_gate_input(leg), a_policy(order={"max_order_quantity": most}))
    assert decision.verdict is verdict
    assert [m.quantity for m in decision.modified_quantities] == ([quantity] if quantity else [])


def test_a_quantity_off_the_lot_is_denied() -> None:
    lots_of_25 = an_instrument(lot_size=25)
    assert codes(a_gate_input(a_leg(50, instrument=lots_of_25))) == ()
    assert codes(a_gate_input(a_leg(51, instrument=lots_of_25))) == ("ORD-005",)
    assert codes(a_gate_input(a_leg("0.5"))) == ("ORD-005",)


def test_a_slice_off_the_lot_is_denied_once() -> None:
    leg = a_leg(50, instrument=an_instrument(lot_size=25), slices=(Decimal(20), Decimal(30)))
    assert codes(a_gate_input(leg)) == ("ORD-005",)


def test_prices_off_the_tick_are_denied_each() -> None:
    on = a_leg(limit_price="1010.05", trigger_price="1005.05")
    off = a_leg(limit_price="1010.02", trigger_price="1005.01")
    assert codes(a_gate_input(on)) == ()
    decision = decide(a_gate_input(off))
    assert decision.codes == ("ORD-006", "ORD-006")
    assert decision.violations[0].remedy == "Use 1010 or 1010.05"


def test_an_unknown_tick_denies_even_a_market_order() -> None:
    leg = a_market_leg(instrument=an_instrument(tick_size=None))
    assert codes(a_gate_input(leg)) == ("ORD-006",)


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ((5, 5), ()),
        ((6, 4), ("ORD-007",)),
        ((5, 4), ("ORD-007",)),
        ((6, 5), ("ORD-007", "ORD-007")),
    ],
)
def test_slices_sum_to_the_leg_and_keep_to_the_freeze_quantity(
    slices: tuple[int, ...], expected: tuple[str, ...]
) -> None:
    leg = a_leg(10, instrument=an_instrument(freeze_quantity=5), slices=slices)
    assert codes(a_gate_input(leg)) == expected


@pytest.mark.parametrize(
    ("side", "limit", "expected"),
    [
        (BUY, "1020", ()),
        (BUY, "1020.05", ("ORD-008",)),
        (BUY, "100", ()),
        (SELL, "980", ()),
        (SELL, "979.95", ("ORD-008",)),
        (SELL, "9000", ()),
    ],
)
def test_a_limit_may_be_worse_than_the_last_price_by_the_collar(
    side: Side, limit: str, expected: tuple[str, ...]
) -> None:
    leg = a_leg(side=side, limit_price=limit)
    assert codes(a_gate_input(leg, product=Product.MIS)) == expected


@pytest.mark.parametrize(
    ("side", "trigger", "expected"),
    [
        (BUY, "1200", ()),
        (BUY, "1200.05", ("ORD-008",)),
        (SELL, "800", ()),
        (SELL, "799.95", ("ORD-008",)),
        (BUY, "1000.05", ()),
        (BUY, "1000", ("ORD-009",)),
        (SELL, "999.95", ()),
        (SELL, "1000", ("ORD-009",)),
    ],
)
def test_a_trigger_lies_beyond_the_market_and_within_its_own_collar(
    side: Side, trigger: str, expected: tuple[str, ...]
) -> None:
    leg = a_market_leg(side=side, trigger_price=trigger)
    assert codes(a_gate_input(leg, product=Product.MIS)) == expected


@pytest.mark.parametrize(
    ("side", "trigger", "limit", "expected"),
    [
        (SELL, "900", "882", ()),
        (SELL, "900", "881.95", ("ORD-008",)),
        (BUY, "1100", "1122", ()),
        (BUY, "1100", "1122.05", ("ORD-008",)),
    ],
)
def test_a_limit_behind_a_trigger_is_measured_from_the_trigger(
    side: Side, trigger: str, limit: str, expected: tuple[str, ...]
) -> None:
    leg = a_leg(side=side, trigger_price=trigger, limit_price=limit)
    assert codes(a_gate_input(leg, product=Product.MIS)) == expected


def test_without_a_quote_collars_and_triggers_leave_the_word_to_the_missing_quote() -> None:
    leg = a_leg(limit_price=1100, trigger_price=1050)
    assert codes(a_gate_input(leg, quotes=())) == ("SYS-001",)


@pytest.mark.parametrize(("quantity", "expected"), [(4, ()), (5, ("ORD-010",))])
def test_what_the_broker_does_not_let_go_is_not_free_to_sell(
    quantity: Amount, expected: tuple[str, ...]
) -> None:
    gate_input = a_gate_input(
        a_market_leg(quantity, side=SELL),
        held=[a_position(10, sellable_quantity=Decimal(7))],
        orders=[an_open_order(SELL, 3)],
    )
    assert codes(gate_input) == expected


def test_what_the_broker_does_not_let_go_may_still_be_bought_more_of() -> None:
    held = [a_position(10, sellable_quantity=Decimal(0))]
    assert codes(a_gate_input(a_market_leg(1), held=held)) == ()


@pytest.mark.parametrize(("quantity", "expected"), [(6, ()), (7, ("ORD-010",))])
def test_a_delivery_sale_is_of_what_is_held_and_not_being_sold(
    quantity: Amount, expected: tuple[str, ...]
) -> None:
    gate_input = a_gate_input(
        a_market_leg(quantity, side=SELL),
        held=[a_position(10)],
        orders=[an_open_order(SELL, 10, filled_quantity=4, cancelled_quantity=2)],
    )
    assert codes(gate_input) == expected


def test_holdings_and_positions_are_added_up() -> None:
    snapshot = a_gate_input().broker
    assert snapshot is not None
    both = snapshot.model_copy(
        update={"holdings": (a_position(10),), "positions": (a_position(-4),)}
    )
    assert codes(a_gate_input(a_market_leg(6, side=SELL), broker=both)) == ()
    assert codes(a_gate_input(a_market_leg(7, side=SELL), broker=both)) == ("ORD-010",)


@pytest.mark.parametrize(
    ("product", "expected"), [(Product.MIS, ()), (Product.NRML, ()), (Product.CNC, ("ORD-010",))]
)
def test_a_short_sale_passes_in_the_products_that_allow_it(
    product: Product, expected: tuple[str, ...]
) -> None:
    assert codes(a_gate_input(a_market_leg(side=SELL), product=product)) == expected


def test_an_index_cannot_be_traded() -> None:
    leg = a_leg(instrument=an_instrument(kind=InstrumentKind.INDEX))
    assert codes(a_gate_input(leg)) == ("ORD-011",)


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"deny_list": {"INFY"}}, ("ORD-012",)),
        ({"deny_list": {"NSE:INFY"}}, ("ORD-012",)),
        ({"deny_list": {"BSE:INFY", "TCS"}}, ()),
        ({"allow_list": {"INFY"}}, ()),
        ({"allow_list": {"NSE:INFY", "TCS"}}, ()),
        ({"allow_list": {"BSE:INFY"}}, ("ORD-012",)),
        ({"allow_list": set()}, ("ORD-012",)),
        ({"allow_list": {"INFY"}, "deny_list": {"INFY"}}, ("ORD-012",)),
    ],
)
def test_lists_name_a_symbol_on_one_exchange_or_on_all(
    lists: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert codes(a_gate_input(), a_policy(order=lists)) == expected


def test_a_sale_is_valued_at_the_last_price_when_its_limit_and_the_bid_are_below() -> None:
    leg = a_leg(side=SELL, limit_price=990)
    quotes = (a_quote(bid=999, ask=1001),)
    gate_input = a_gate_input(leg, product=Product.MIS, quotes=quotes)
    policy = a_policy(order={"max_order_value": 9_999})
    assert only_violation(decide(gate_input, policy)).actual == 10_000


def test_a_collar_that_is_off_leaves_the_other_on() -> None:
    leg = a_leg(limit_price="5000", trigger_price="1200.05")
    assert codes(a_gate_input(leg), a_policy(order={"price_collar_pct": None})) == ("ORD-008",)
    off = a_policy(order={"price_collar_pct": None, "trigger_collar_pct": None})
    assert codes(a_gate_input(leg), off) == ()


def test_a_price_below_the_first_tick_is_not_mended_to_nothing() -> None:
    decision = decide(a_gate_input(a_leg(limit_price="0.01")))
    assert decision.codes == ("ORD-006",)
    assert decision.would_pass == ()


def test_without_a_tick_the_collar_is_measured_to_its_very_edge() -> None:
    listing = a_listing(listed=False, tick=None)
    order = a_candidate(listing=listing, limit="1020.000001")
    (finding,) = Judge(WIDE_POLICY).judge(order, a_book(listing), a_situation()).findings
    assert (finding.rule.rule_id, finding.breach.price) == ("ORD-008", Decimal(1020))


def test_an_instrument_that_the_book_does_not_know_has_no_price_and_no_own_orders() -> None:
    judgement = Judge(WIDE_POLICY).judge(a_candidate(symbol="TCS"), a_book(), a_situation())
    assert judgement.rule_ids == ("SYS-001",)


def test_an_empty_list_of_what_may_be_sold_short_permits_no_short_sale() -> None:
    leg = a_market_leg(side=SELL)
    none = a_policy(short={"allow_short_products": set()})
    assert codes(a_gate_input(leg, product=Product.MIS), none) == ("ORD-010",)
    every = a_policy(short={"allow_short_products": None})
    assert codes(a_gate_input(leg), every) == ()
    assert codes(a_gate_input(), a_policy(order={"allowed_exchanges": set()})) == ("ORD-015",)
