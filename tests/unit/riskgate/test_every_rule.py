"""Every rule of the gate: one plan that breaches it alone, and the nearest that just passes."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pytest

from riskgate.contracts.decisions import KillSwitchLevel, Verdict
from riskgate.contracts.instruments import Currency, Exchange, InstrumentKind
from riskgate.contracts.intents import Comparison
from riskgate.contracts.orders import OrderType, Product, Side
from riskgate.contracts.plans import ValidityWindow
from riskgate.contracts.snapshots import QuoteSource
from riskgate.inputs import Classification, FxRate, GateInput, MessageKind, Sent, SentMessage
from riskgate.policy import Policy
from riskgate.rules import RULES
from tests.unit.riskgate.builders import (
    NOW,
    WIDE_POLICY,
    Amount,
    a_gate_input,
    a_history,
    a_leg,
    a_market_leg,
    a_plan,
    a_policy,
    a_position,
    a_quote,
    a_ref,
    a_snapshot,
    an_entry_rule,
    an_instrument,
    an_open_order,
    changed,
    codes,
    decide,
    margins,
    quotes_of,
    seconds,
)

BUY, SELL, MIS, LIMIT = Side.BUY, Side.SELL, Product.MIS, OrderType.LIMIT
MICROSECOND: Final = Decimal("0.000001")


class Case(NamedTuple):
    """A plan that breaches a rule, one that just does not, and the policy for both.

    `beside` are other rules that cannot but fire with it.
    """

    breaching: GateInput
    passing: GateInput
    policy: Policy = WIDE_POLICY
    beside: tuple[str, ...] = ()


def limiting(**blocks: Mapping[str, object]) -> Policy:
    return a_policy(WIDE_POLICY, **blocks)


def buying(quantity: Amount = 10, **changes: Any) -> GateInput:
    return a_gate_input(a_market_leg(quantity), **changes)


def after(ages: list[Amount], **terms: Any) -> GateInput:
    """Return a purchase after orders of other instruments, so many seconds ago."""
    fields: dict[str, Any] = {"strategy_id": "other", "instrument": a_ref("TCS"), "side": BUY}
    fields |= {"quantity": Decimal(1), "product": Product.CNC} | terms
    messages = tuple(SentMessage(at=NOW - seconds(age), **fields) for age in ages)
    return buying(sent=Sent(messages=messages, orders_today=len(messages)))


def with_equity(equity: Amount, **changes: Any) -> GateInput:
    return a_gate_input(money=margins(equity=Decimal(equity)), **changes)


def quoted(**changes: Any) -> GateInput:
    return buying(quotes=(changed(a_quote(bid=1000, ask=1000), **changes),))


def classified(sector: str, underlying: str, **changes: Any) -> GateInput:
    """Return a purchase of 10 beside 90 of another instrument, classified alike or not."""
    classes = (
        Classification(instrument=a_ref(), sector="IT", underlying="INFY"),
        Classification(instrument=a_ref("TCS"), sector=sector, underlying=underlying),
    )
    held = [a_position(changes.pop("held", 91), "TCS")]
    return buying(classifications=classes, held=held, quotes=quotes_of(["INFY", "TCS"]))


def legs_in(*symbols: str) -> GateInput:
    legs = [a_market_leg(1, symbol, leg=n) for n, symbol in enumerate(symbols)]
    return a_gate_input(*legs, quotes=quotes_of(dict.fromkeys(symbols)))


def within(start: Amount, end: Amount) -> GateInput:
    window = ValidityWindow(start=NOW + seconds(start), end=NOW + seconds(end))
    return a_gate_input(plan=a_plan(validity_window=window))


def expecting(comparison: Comparison, price: Amount) -> GateInput:
    return a_gate_input(plan=a_plan(entry_rules=(an_entry_rule(comparison, price),)))


def intraday(leg: Any = None, **changes: Any) -> GateInput:
    return a_gate_input(leg or a_market_leg(), product=MIS, **changes)


def at_the_exchange(price: Amount) -> GateInput:
    resting = an_open_order(SELL, 1, order_type=LIMIT, limit_price=Decimal(price))
    return a_gate_input(held=[a_position(1)], orders=[resting])


def open_orders(count: int) -> GateInput:
    orders = [an_open_order(BUY, 1, broker_order_id=f"b-{n}") for n in range(count)]
    return buying(orders=orders)


SECTOR = limiting(exposure={"max_sector_pct": "0.1"})
SYMBOL = limiting(exposure={"max_symbol_pct": "0.1"})
RATE_2: Final[dict[str, object]] = {"exit_reserve_pct": 0}
CASES: Final[dict[str, Case]] = {
    "KILL-001": Case(
        a_gate_input(kill_switch=KillSwitchLevel.REDUCE_ONLY),
        a_gate_input(
            a_market_leg(side=SELL),
            held=[a_position(10)],
            kill_switch=KillSwitchLevel.REDUCE_ONLY,
        ),
    ),
    "SYS-001": Case(
        a_gate_input(quotes=(a_quote(age=10 + MICROSECOND),)),
        a_gate_input(quotes=(a_quote(age=10),)),
    ),
    "SYS-003": Case(
        a_gate_input(broker=a_snapshot(as_of=NOW - seconds(30 + MICROSECOND))),
        a_gate_input(broker=a_snapshot(as_of=NOW - seconds(30))),
    ),
    "SYS-004": Case(
        a_gate_input(start_of_day_equity=None), a_gate_input(start_of_day_equity=Decimal(1))
    ),
    "SYS-005": Case(
        a_gate_input(a_leg(instrument=an_instrument(currency=Currency.USD))),
        a_gate_input(
            a_leg(1, instrument=an_instrument(currency=Currency.USD)),
            fx_rates=(FxRate(currency=Currency.USD, rate=Decimal(83)),),
        ),
        beside=("SYS-001",),
    ),
    "SYS-007": Case(a_gate_input(sent=None), a_gate_input(sent=Sent())),
    "LOSS-001": Case(with_equity("980000"), with_equity("980000.01")),
    "LOSS-002": Case(
        with_equity(900_000, start_of_day_equity=Decimal(900_000)),
        with_equity("900000.01", start_of_day_equity=Decimal(900_000)),
        limiting(loss={"weekly_loss_limit_pct": None, "monthly_loss_budget_pct": None}),
    ),
    "LOSS-003": Case(
        with_equity(960_000, start_of_day_equity=Decimal(960_000)),
        with_equity("960000.01", start_of_day_equity=Decimal(960_000)),
    ),
    "LOSS-004": Case(
        a_gate_input(history=a_history(month_spent=True)),
        with_equity("940000.01", start_of_day_equity=Decimal(940_000)),
        limiting(loss={"weekly_loss_limit_pct": None}),
    ),
    "LOSS-005": Case(
        a_gate_input(a_market_leg(501, stop=980)),
        a_gate_input(a_market_leg(500, stop=980)),
        limiting(loss={"max_risk_per_trade_pct": "0.01"}),
    ),
    "EXEC-001": Case(
        after([1, "59.999999"]),
        after([1, 60]),
        limiting(execution=RATE_2 | {"max_orders_per_minute_global": 2}),
    ),
    "EXEC-002": Case(
        after([1, "59.999999"], strategy_id="manual"),
        after([1, 60], strategy_id="manual"),
        limiting(execution={"max_orders_per_minute_by_strategy": 2}),
    ),
    "EXEC-003": Case(
        after([1, "59.999999"], instrument=a_ref()),
        after([1, 60], instrument=a_ref()),
        limiting(execution={"max_orders_per_minute_by_symbol": 2}),
    ),
    "EXEC-004": Case(
        after(["0.1", "0.999999"], kind=MessageKind.CANCEL),
        after(["0.1", 1], kind=MessageKind.CANCEL),
        limiting(execution=RATE_2 | {"max_messages_per_second": 2}),
    ),
    "EXEC-005": Case(
        buying(sent=Sent(orders_today=2)),
        buying(sent=Sent(orders_today=1)),
        limiting(execution={"max_orders_per_day": 2}),
    ),
    "EXEC-006": Case(
        after(["29.999999"], instrument=a_ref(), quantity=Decimal(10)),
        after([30], instrument=a_ref(), quantity=Decimal(10)),
    ),
    "EXP-001": Case(buying(101), buying(100), limiting(exposure={"max_position_pct": "0.1"})),
    "EXP-002": Case(buying(101), buying(100), limiting(exposure={"max_gross_exposure_x": "0.1"})),
    "EXP-003": Case(buying(101), buying(100), limiting(exposure={"max_net_exposure_x": "0.1"})),
    "EXP-004": Case(classified("IT", "TCS"), classified("IT", "TCS", held=90), SECTOR),
    "EXP-005": Case(classified("BANK", "INFY"), classified("BANK", "INFY", held=90), SYMBOL),
    "EXP-006": Case(
        legs_in("INFY", "TCS", "SBIN"),
        legs_in("INFY", "TCS", "TCS"),
        limiting(exposure={"max_open_positions": 2}),
    ),
    "EXP-007": Case(open_orders(2), open_orders(1), limiting(exposure={"max_open_orders": 2})),
    "EXP-008": Case(
        legs_in("INFY", "TCS", "SBIN"),
        legs_in("INFY", "TCS", "TCS"),
        limiting(exposure={"max_symbols_per_plan": 2}),
    ),
    "PLAN-001": Case(within(-60, -MICROSECOND), within(-60, 0)),
    "PLAN-002": Case(expecting(Comparison.GT, 1000), expecting(Comparison.GT, "999.95")),
    "PLAN-003": Case(
        intraday(a_leg(11, side=SELL, reduce_only=True), held=[a_position(10, product=MIS)]),
        intraday(a_leg(10, side=SELL, reduce_only=True), held=[a_position(10, product=MIS)]),
    ),
    "ORD-001": Case(
        a_gate_input(),
        intraday(),
        limiting(order={"allowed_products": {"MIS"}}),
    ),
    "ORD-002": Case(
        a_gate_input(),
        a_gate_input(a_market_leg()),
        limiting(order={"allowed_order_types": {"MARKET"}}),
    ),
    "ORD-003": Case(
        a_gate_input(a_leg(limit_price="1000.05", instrument=an_instrument())),
        a_gate_input(),
        limiting(order={"max_order_value": 10_000}),
    ),
    "ORD-004": Case(buying(11), buying(10), limiting(order={"max_order_quantity": 10})),
    "ORD-005": Case(
        a_gate_input(a_leg(26, instrument=an_instrument(lot_size=25))),
        a_gate_input(a_leg(25, instrument=an_instrument(lot_size=25))),
    ),
    "ORD-006": Case(
        a_gate_input(a_leg(limit_price="999.96")), a_gate_input(a_leg(limit_price="999.95"))
    ),
    "ORD-007": Case(
        a_gate_input(a_leg(10, slices=(6, 4), instrument=an_instrument(freeze_quantity=5))),
        a_gate_input(a_leg(10, slices=(5, 5), instrument=an_instrument(freeze_quantity=5))),
    ),
    "ORD-008": Case(
        a_gate_input(a_leg(limit_price="1020.05")), a_gate_input(a_leg(limit_price="1020"))
    ),
    "ORD-009": Case(
        a_gate_input(a_market_leg(trigger_price=1000)),
        a_gate_input(a_market_leg(trigger_price="1000.05")),
    ),
    "ORD-010": Case(
        a_gate_input(a_market_leg(11, side=SELL), held=[a_position(10)]),
        a_gate_input(a_market_leg(10, side=SELL), held=[a_position(10)]),
    ),
    "ORD-011": Case(
        a_gate_input(a_leg(instrument=an_instrument(kind=InstrumentKind.INDEX))), a_gate_input()
    ),
    "ORD-012": Case(
        a_gate_input(),
        a_gate_input(a_leg(1, "TCS"), quotes=quotes_of(["TCS"])),
        limiting(order={"deny_list": {"INFY"}}),
    ),
    "ORD-013": Case(
        quoted(asks=a_quote(ask="1010.05").asks),
        quoted(asks=a_quote(ask="1010").asks),
        limiting(order={"market_protection_pct": "0.01"}),
    ),
    "ORD-014": Case(at_the_exchange(1000), at_the_exchange("1000.05")),
    "ORD-015": Case(
        a_gate_input(
            a_leg(instrument=an_instrument(exchange=Exchange.BSE)),
            quotes=(a_quote(exchange=Exchange.BSE),),
        ),
        a_gate_input(),
        limiting(order={"allowed_exchanges": {"NSE"}}),
    ),
    "MKT-001": Case(a_gate_input(market_open=None), a_gate_input(market_open=True)),
    "MKT-002": Case(
        quoted(lower_circuit=900, upper_circuit="999.95"),
        quoted(lower_circuit=900, upper_circuit=1000),
    ),
    "MKT-003": Case(
        intraday(closes_at=NOW + timedelta(minutes=10)),
        intraday(closes_at=NOW + timedelta(minutes=10, microseconds=1)),
    ),
    "MKT-004": Case(
        quoted(asks=[{"price": "1010", "quantity": 9}]),
        quoted(asks=[{"price": "1010", "quantity": 10}]),
        limiting(market={"max_slippage_pct": "0.01"}),
    ),
    "MKT-005": Case(
        quoted(open="1030.05", previous_close=1000),
        quoted(open="1030", previous_close=1000),
        limiting(market={"max_gap_pct": "0.03"}),
    ),
    "MARGIN-001": Case(
        buying(money=margins(available=Decimal("9999.99"))),
        buying(money=margins(available=Decimal(10_000))),
    ),
}
ALWAYS_ON: Final = {
    *("KILL-001", "SYS-001", "SYS-003", "SYS-004", "SYS-005", "PLAN-001", "PLAN-002", "PLAN-003"),
    *("ORD-002", "ORD-005", "ORD-006", "ORD-007", "ORD-009", "ORD-011", "ORD-014"),
}


def test_the_table_has_a_case_for_every_rule_and_for_nothing_else() -> None:
    assert list(CASES) == [rule.rule_id for rule in RULES]


@pytest.mark.parametrize("rule_id", CASES)
def test_a_rule_fires_alone_just_beyond_its_bound_and_is_silent_just_within_it(
    rule_id: str,
) -> None:
    case = CASES[rule_id]
    fired = decide(case.breaching, case.policy)
    assert sorted({*fired.codes} - {*case.beside}) == [rule_id]
    assert fired.verdict is not Verdict.ALLOW
    assert codes(case.passing, case.policy) == ()


@pytest.mark.parametrize("rule", [r for r in RULES if r.limits], ids=lambda rule: rule.rule_id)
def test_a_rule_without_its_limits_is_off(rule: Any) -> None:
    case, policy = CASES[rule.rule_id], CASES[rule.rule_id].policy
    for path in rule.limits:
        block, field = path.split(".")
        default = type(getattr(policy.limits, block))().model_dump()[field]
        policy = a_policy(policy, **{block: {field: default}})
    assert rule.rule_id not in codes(case.breaching, policy)


def test_only_rules_about_facts_and_forms_cannot_be_turned_off() -> None:
    assert {rule.rule_id for rule in RULES if not rule.limits} == ALWAYS_ON


def test_a_live_quote_without_a_band_is_not_traded_on() -> None:
    live = quoted(source=QuoteSource.BROKER)
    assert codes(live) == ("MKT-002",)
