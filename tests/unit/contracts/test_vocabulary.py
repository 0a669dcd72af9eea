"""What every contract refuses, and how it writes what it takes."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from riskgate.contracts.base import Contract, decimal_text, time_text
from riskgate.contracts.intents import Comparison, ProvenanceSource, TradeIntent
from riskgate.contracts.orders import OrderState, OrderType
from riskgate.contracts.snapshots import DepthLevel
from riskgate.contracts.traces import DeltaSeverity
from riskgate.hashing import canonical_json, content_hash
from tests.builders import UI, a_trade_intent, an_order_intent, sources_of
from tests.unit.contracts.samples import samples
from tests.unit.riskgate.builders import (
    a_position,
    a_quote,
    an_entry_rule,
    changed,
    terms,
)

every_contract = pytest.mark.parametrize(
    "sample", samples(), ids=lambda sample: type(sample).__name__
)


# Immutable and closed


@every_contract
def test_no_field_of_a_contract_can_be_set(sample: Contract) -> None:
    for name in type(sample).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(sample, name, getattr(sample, name))


@every_contract
def test_an_unknown_field_is_refused(sample: Contract) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        changed(sample, surprise=1)


# Numbers


@pytest.mark.parametrize("value", [1.5, 1.0, True, False, float("nan"), float("inf")])
def test_a_binary_number_is_refused_even_when_it_is_whole(value: object) -> None:
    with pytest.raises(ValidationError, match="binary numbers lose paise"):
        changed(a_position(1), quantity=value)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", Decimal("Infinity")])
def test_a_number_that_is_not_finite_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        changed(a_position(1), quantity=value)


@pytest.mark.parametrize("value", ["", "ten", "1,000", "1/2", None, [1], {"value": 1}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        changed(a_position(1), quantity=value)


@pytest.mark.parametrize(
    "value",
    ["1E-19", "1E+19", "1E+999999999", "1" * 29, "0." + "1" * 29, f"{'1' * 11}E+18"],
)
def test_a_number_longer_than_any_market_uses_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="more digits than any market"):
        changed(a_position(1), quantity=value)


@pytest.mark.parametrize("value", ["1E-18", "1E+18", "9" * 28, "-" + "9" * 28, f"{'1' * 10}E+18"])
def test_the_longest_numbers_are_taken_and_read_back(value: str) -> None:
    position = changed(a_position(1), quantity=value)
    assert type(position).model_validate_json(canonical_json(position)) == position


@pytest.mark.parametrize(
    ("value", "text"),
    [("10", "10"), (10, "10"), (Decimal("10.00"), "10"), ("-0.0", "0"), ("1E+3", "1000")],
)
def test_a_number_is_written_as_a_plain_decimal_string(value: object, text: str) -> None:
    written = changed(a_position(1), quantity=value).model_dump(mode="json")
    assert written["quantity"] == text


@pytest.mark.parametrize(("field", "value"), [("price", "0"), ("price", "-1"), ("quantity", "-1")])
def test_a_price_is_above_zero_and_a_depth_not_below_it(field: str, value: str) -> None:
    level = DepthLevel(price=Decimal(1), quantity=Decimal(0))
    with pytest.raises(ValidationError):
        changed(level, **{field: value})


@pytest.mark.parametrize("value", ["-0.01", "100.01"])
def test_a_percentage_lies_between_nothing_and_all(value: str) -> None:
    with pytest.raises(ValidationError):
        a_trade_intent(max_slippage_pct=value)


# Times


def test_a_time_is_kept_in_utc_and_written_to_the_microsecond_with_a_z() -> None:
    ist = timezone(timedelta(hours=5, minutes=30))
    quote = changed(a_quote(), as_of=datetime(2026, 3, 2, 11, 30, 0, 5, tzinfo=ist))
    assert quote.as_of == datetime(2026, 3, 2, 6, 0, 0, 5, tzinfo=UTC)
    assert quote.as_of.tzinfo is UTC
    assert quote.model_dump(mode="json")["as_of"] == "2026-03-02T06:00:00.000005Z"
    assert time_text(quote.as_of.astimezone(ist)) == "2026-03-02T06:00:00.000005Z"


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 2, 6, 0),  # noqa: DTZ001
        "2026-03-02T06:00:00",
        "2026-03-02",
        "today",
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
    ids=str,
)
def test_a_time_without_a_zone_or_outside_the_calendar_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        changed(a_quote(), as_of=value)


# Texts


@pytest.mark.parametrize("value", ["", " ", "-a", "a b", "a\n", "a|b", "a/b", "é", "a" * 65])
def test_an_identifier_is_short_plain_text(value: str) -> None:
    with pytest.raises(ValidationError):
        changed(an_order_intent(), order_id=value)


@pytest.mark.parametrize("value", ["A" * 19, "A" * 21, "A" * 19 + "-", ""])
def test_a_tag_is_twenty_letters_and_digits(value: str) -> None:
    with pytest.raises(ValidationError):
        an_order_intent(tag=value)


def test_canonical_json_sorts_its_keys_and_refuses_binary_numbers_at_any_depth() -> None:
    assert canonical_json({"b": {"d": 1, "c": None}, "a": [True, "ü"]}) == (
        '{"a":[true,"ü"],"b":{"c":null,"d":1}}'
    )
    hiding: list[Any] = [0.5, [0.5], {"a": 0.5}, [{"a": [0.5]}], float("nan")]
    for hidden in hiding:
        with pytest.raises(ValueError, match="no binary floats"):
            canonical_json(hidden)


def test_a_hash_is_of_the_meaning_and_not_of_the_writing() -> None:
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash(a_position("10.0")) == content_hash(a_position("10"))
    assert content_hash(a_position("10")) != content_hash(a_position("10.01"))


# Intents


def test_an_intent_says_where_every_field_that_is_set_came_from() -> None:
    intent = a_trade_intent(limit_price=Decimal(1), entry_rules=(an_entry_rule(Comparison.GT, 1),))
    assert set(intent.provenance) == {
        "side",
        "symbols",
        "sizing",
        "product",
        "order_type",
        "limit_price",
        "entry_rules",
    }
    for name in intent.provenance:
        others = {key: value for key, value in intent.provenance.items() if key != name}
        with pytest.raises(ValidationError, match=f"provenance missing \\['{name}'\\]"):
            changed(intent, provenance=others)


@pytest.mark.parametrize("name", ["limit_price", "entry_rules", "surprise", "provenance"])
def test_a_source_without_its_field_is_refused(name: str) -> None:
    intent = a_trade_intent()
    with pytest.raises(ValidationError, match=f"without field \\['{name}'\\]"):
        changed(intent, provenance={**intent.provenance, name: UI})


@pytest.mark.parametrize("field", sorted({*TradeIntent.model_fields} - {"provenance"}))
def test_every_field_of_an_intent_needs_a_source(field: str) -> None:
    values: dict[str, Any] = {
        "side": "BUY",
        "symbols": [{"exchange": "NSE", "tradingsymbol": "INFY"}],
        "sizing": {"method": "quantity", "value": "1"},
    }
    given: dict[str, Any] = {
        "product": "CNC",
        "order_type": "MARKET",
        "limit_price": "1",
        "trigger_price": "1",
        "stop_loss": {"kind": "pct", "value": "1"},
        "target": {"kind": "pct", "value": "1"},
        "validity": "DAY",
        "ttl_minutes": 5,
        "time_window": {},
        "entry_rules": [dict(an_entry_rule(Comparison.GT, 1))],
        "max_slippage_pct": "0",
        "account_id": "paper-1",
    } | values
    fields = values | {field: given[field]}
    sources = sources_of(fields)
    assert TradeIntent.model_validate(fields | {"provenance": sources}).provenance == sources
    del sources[field]
    with pytest.raises(ValidationError, match="provenance missing"):
        TradeIntent.model_validate(fields | {"provenance": sources})


@pytest.mark.parametrize("source", ["tool", "news", "model", "broker", ""])
def test_nothing_but_a_person_a_playbook_or_a_default_can_be_a_source(source: str) -> None:
    assert source not in set(ProvenanceSource)
    with pytest.raises(ValidationError):
        changed(a_trade_intent(), provenance={"side": {"source": source, "text": "buy"}})


@pytest.mark.parametrize(
    "symbols", [(), tuple({"exchange": "NSE", "tradingsymbol": "A"} for _ in range(11))]
)
def test_an_intent_is_for_one_to_ten_symbols(symbols: object) -> None:
    with pytest.raises(ValidationError):
        changed(a_trade_intent(), symbols=symbols)


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        (Comparison.GT, False, False, True),
        (Comparison.GTE, False, True, True),
        (Comparison.LT, True, False, False),
        (Comparison.LTE, True, True, False),
    ],
)
def test_an_entry_rule_holds_on_its_side_of_the_price(
    comparison: Comparison, below: bool, at: bool, above: bool
) -> None:
    rule = an_entry_rule(comparison, 100)
    assert [rule.holds(Decimal(last)) for last in ("99.95", "100.00", "100.05")] == [
        below,
        at,
        above,
    ]


# Orders and quotes


@pytest.mark.parametrize("order_type", OrderType)
@pytest.mark.parametrize("limit", [None, Decimal(1)])
@pytest.mark.parametrize("trigger", [None, Decimal(1)])
def test_an_order_has_exactly_the_prices_of_its_type(
    order_type: OrderType, limit: Decimal | None, trigger: Decimal | None
) -> None:
    prices: dict[str, Any] = {"limit_price": limit, "trigger_price": trigger}
    needed = {
        OrderType.MARKET: (False, False),
        OrderType.LIMIT: (True, False),
        OrderType.SL: (True, True),
        OrderType.SL_M: (False, True),
    }[order_type]
    if (limit is not None, trigger is not None) == needed:
        order = terms(order_type=order_type, **prices)
        assert (order.limit_price, order.trigger_price) == (limit, trigger)
    else:
        with pytest.raises(ValidationError, match=f"a {order_type} order (needs|takes no)"):
            terms(order_type=order_type, **prices)


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_an_order_is_for_something(quantity: str) -> None:
    with pytest.raises(ValidationError):
        terms(quantity=quantity)


def levels(*prices: str) -> tuple[DepthLevel, ...]:
    return tuple(DepthLevel(price=Decimal(price), quantity=Decimal(1)) for price in prices)


@pytest.mark.parametrize(
    ("bids", "asks", "complaint"),
    [
        (("999", "1000"), (), "best price first"),
        ((), ("1001", "1000"), "best price first"),
        (("1000.05",), ("1000",), "bid 1000.05 is above ask 1000"),
    ],
)
def test_a_book_out_of_order_or_crossed_is_refused(
    bids: tuple[str, ...], asks: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        changed(a_quote(), bids=levels(*bids), asks=levels(*asks))


def test_the_touch_is_the_first_level_and_none_of_an_empty_side() -> None:
    book = changed(a_quote(), bids=levels("1000", "1000", "999"), asks=levels("1000", "1001"))
    assert [book.bid, book.ask] == [Decimal(1000)] * 2
    assert (a_quote().bid, a_quote().ask) == (None, None)


def test_the_states_after_which_nothing_changes_are_these() -> None:
    assert {state.value for state in OrderState if state.final} == {
        "FILLED",
        "CANCELLED",
        "REJECTED",
        "NOT_SENT",
        "EXPIRED",
        "SIMULATED",
    }
    assert [severity.value for severity in DeltaSeverity] == ["H", "M", "L"]


def test_decimal_text_has_no_exponent_trailing_zeros_or_negative_zero() -> None:
    written = [decimal_text(Decimal(text)) for text in ("1E-7", "-1.50", "100", "0E+9", "-0.00")]
    assert written == ["0.0000001", "-1.5", "100", "0", "0"]


def test_a_position_of_which_nothing_new_is_told_has_the_bytes_it_always_had() -> None:
    position = a_position(10)
    assert canonical_json(position) == (
        '{"average_price":"900","day_quantity":"0","instrument":{"exchange":"NSE",'
        '"tradingsymbol":"INFY"},"product":"CNC","quantity":"10"}'
    )
    told = a_position(10, sellable_quantity=Decimal(4), sale_note="6 used.")
    assert type(told).model_validate_json(canonical_json(told)) == told
    assert told.blocked_quantity == 6


def test_a_short_position_blocks_nothing() -> None:
    assert a_position(-10, sellable_quantity=Decimal(0)).blocked_quantity == 0
