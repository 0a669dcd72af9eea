import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.orders import OrderType
from riskgate.documents import Case, Documents, case_of, read_documents
from riskgate.policy import Policy, parse_policy_value
from riskgate.reading import MAX_CHARACTERS, DocumentInvalid, decode_json
from tests.unit.riskdesk.cases import GONE, POLICY, a_case

NAMES = ("intent", "portfolio", "market", "execution")


def read(changes: Mapping[str, object] | None = None, **more: Any) -> Documents:
    decoded: Any = decode_json(json.dumps(a_case(changes)), "case")
    return read_documents(**{name: decoded[name] for name in NAMES if name in decoded}, **more)


def case_with(changes: Mapping[str, object] | None = None) -> Case:
    return case_of(policy(), read(changes))


def policy() -> Policy:
    return parse_policy_value(decode_json(json.dumps(POLICY), "policy"))


def faults(changes: Mapping[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(DocumentInvalid) as caught:
        read(changes)
    assert all(fault.message and fault.remedy for fault in caught.value.faults)
    return [(fault.document, fault.path) for fault in caught.value.faults]


def test_a_case_becomes_an_order_a_book_and_a_situation() -> None:
    case = case_with(
        {
            "intent.side": "sell",
            "intent.qty": 0.1,
            "portfolio.positions": {"OAK": 30, "ELM": -2.5},
            "execution.orders_last_60s_global": 4,
            "execution.orders_last_60s_by_strategy": {"drift": 3, "other": 9},
        }
    )
    assert (case.candidate.sign, case.candidate.quantity) == (-1, Decimal("0.1"))
    assert case.book.gross == 30 * 160 + Decimal("2.5") * 400
    assert case.situation.account.equity == 80000
    rates = case.situation.rates
    assert rates is not None
    assert (rates.orders_global, rates.orders_strategy, rates.messages_60s) == (4, 3, 4)
    assert case.situation.kill_switch is KillSwitchLevel.RUNNING


def test_an_account_that_sent_nothing_needs_no_execution() -> None:
    assert read({"execution": GONE}).execution.orders_global == 0


def test_numbers_are_read_to_the_last_digit() -> None:
    text = '{"a": 0.1000000000000000055511151231257827, "b": 1e-300, "c": 12345678901234567890}'
    decoded: Any = decode_json(text, "case")
    assert str(decoded["a"]) == "0.1000000000000000055511151231257827"
    assert decoded["b"] == Decimal("1e-300")
    assert decoded["c"] == 12345678901234567890


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("intent.qty", "5", "intent.qty"),
        ("intent.qty", True, "intent.qty"),
        ("intent.qty", 0, "intent.qty"),
        ("intent.qty", -1, "intent.qty"),
        ("intent.qty", None, "intent.qty"),
        ("intent.qty", GONE, "intent.qty"),
        ("intent.qty", "Infinity", "intent.qty"),
        ("intent.limit_price", -1, "intent.limit_price"),
        ("intent.limit_price", "NaN", "intent.limit_price"),
        ("intent.limit_price", "Infinity", "intent.limit_price"),
        ("intent.side", "BUY", "intent.side"),
        ("intent.side", "short", "intent.side"),
        ("intent.order_type", "stop", "intent.order_type"),
        ("intent.instrument", None, "intent.instrument"),
        ("intent.instrument", "OAK", "intent.instrument"),
        ("intent.instrument.symbol", "", "intent.instrument.symbol"),
        ("intent.instrument.asset_class", "bond", "intent.instrument.asset_class"),
        ("intent.instrument.multiplier", 0, "intent.instrument.multiplier"),
        ("intent.timestamp", 5, "intent.timestamp"),
        ("intent.stop", 5, "intent.stop"),
        ("portfolio.equity", 0, "portfolio.equity"),
        ("portfolio.equity", "NaN", "portfolio.equity"),
        ("portfolio.start_of_day_equity", "Infinity", "portfolio.start_of_day_equity"),
        ("portfolio.peak_equity", GONE, "portfolio.peak_equity"),
        ("portfolio.positions", [], "portfolio.positions"),
        ("portfolio.positions", {"ELM": "NaN"}, "portfolio.positions.ELM"),
        ("portfolio.positions", {"ELM": None}, "portfolio.positions.ELM"),
        ("portfolio.positions", {"": 1}, "portfolio.positions"),
        ("portfolio.realized_pnl_today", "x", "portfolio.realized_pnl_today"),
        ("portfolio.month_spent", 1, "portfolio.month_spent"),
        ("portfolio.instruments", {"ELM": {"lot_size": "2"}}, "portfolio.instruments.ELM.lot_size"),
        ("portfolio.instruments", {"ELM": {"sektor": "x"}}, "portfolio.instruments.ELM.sektor"),
        ("portfolio.in_flight", [{}], "portfolio.in_flight.0.qty"),
        ("portfolio.in_flight", ["o-1"], "portfolio.in_flight.0"),
        ("market.prices", GONE, "market.prices"),
        ("market.prices", None, "market.prices"),
        ("market.prices", {"OAK": "160"}, "market.prices.OAK"),
        ("market.prices", {"OAK": None}, "market.prices.OAK"),
        ("market.prices", {"OAK": 160, "\ud800": 1}, "market.prices"),
        ("market.prices_as_of", {"OAK": "noon"}, "market.prices_as_of.OAK"),
        ("market.prices_as_of", {"OAK": "2026-03-02T06:00:00"}, "market.prices_as_of.OAK"),
        ("market.prices_as_of", {"ASH": "2026-03-02T06:00:00Z"}, "market.prices_as_of.ASH"),
        ("market.fx", {"USD": "Infinity"}, "market.fx.USD"),
        ("market.fx", {"USD": 0}, "market.fx.USD"),
        ("execution", None, "execution.execution"),
        ("execution.kill_switch_active", "off", "execution.kill_switch_active"),
        ("execution.kill_switch_active", 0, "execution.kill_switch_active"),
        ("execution.kill_switch_level", "OFF", "execution.kill_switch_level"),
        ("execution.orders_last_60s_global", -1, "execution.orders_last_60s_global"),
        ("execution.orders_last_60s_global", 1.5, "execution.orders_last_60s_global"),
        ("execution.orders_today", None, "execution.orders_today"),
        (
            "execution.orders_last_60s_by_strategy",
            {"other": -1},
            "execution.orders_last_60s_by_strategy.other",
        ),
        (
            "execution.violations_last_window",
            [["2026-03-02T06:00:00Z"]],
            "execution.violations_last_window.0.1",
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_at_its_path(path: str, value: object, place: str) -> None:
    document, _dot, field = place.partition(".")
    assert (document, field) in faults({path: value})


def test_every_fault_of_every_document_is_named_at_once() -> None:
    found = faults({"intent.qty": "5", "portfolio.equity": 0, "market.prices": 1, "execution": []})
    assert found == [
        ("intent", "qty"),
        ("portfolio", "equity"),
        ("market", "prices"),
        ("execution", "execution"),
    ]


def test_a_misspelled_key_is_answered_with_the_right_one() -> None:
    with pytest.raises(DocumentInvalid, match="did you mean equity"):
        read({"portfolio.equty": 1})


def test_more_faults_than_anyone_reads_are_cut_short() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read({"market.prices": {f"S{number}": "1" for number in range(10_000)}})
    assert len(caught.value.faults) == 50


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", 0, -160])
def test_a_price_that_is_none_is_left_for_the_gate_to_refuse(price: object) -> None:
    case = case_with({"market.prices": {"OAK": price}})
    assert case.book.entries["OAK"].mark is None


def test_the_tokens_that_json_lacks_are_read_as_no_numbers() -> None:
    decoded: Any = decode_json(
        '[NaN, Infinity, -Infinity, "NaN", 1e99999999999999999999]', "market"
    )
    assert [str(value) for value in decoded] == ["NaN", "Infinity", "-Infinity", "NaN", "Infinity"]


@pytest.mark.parametrize("number", ["9" * 5000, "1e5000", "1e-5000"])
def test_a_number_with_more_digits_than_any_program_writes_is_refused(number: str) -> None:
    decoded = _decoded(json.dumps(a_case()).replace('"qty": 1', f'"qty": {number}'))
    with pytest.raises(DocumentInvalid, match="more digits"):
        read_documents(**{name: decoded[name] for name in NAMES})


def _decoded(text: str) -> dict[str, Any]:
    decoded = decode_json(text, "case")
    assert isinstance(decoded, dict)
    return decoded


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON"),
        ("nope", "is not JSON"),
        ('{"qty": 1} x', "is not JSON"),
        ('{"qty": 1, "qty": 2}', "intent qty: is given twice"),
        ("[" * 30_000 + "]" * 30_000, "is nested deeper"),
        ('{"a":' * 30_000, "is nested deeper"),
        ('"' + "x" * MAX_CHARACTERS + '"', "is longer"),
    ],
)
def test_text_that_is_no_document_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(DocumentInvalid, match=complaint):
        decode_json(text, "intent")


def test_brackets_inside_text_are_not_nesting() -> None:
    assert decode_json('"' + "[" * 1000 + '\\"{"', "intent") == "[" * 1000 + '"{'


def test_a_binary_number_from_another_decoder_is_refused() -> None:
    decoded = _decoded(json.dumps(a_case()))
    decoded["intent"]["qty"] = 0.1
    with pytest.raises(DocumentInvalid, match="decode it as Decimal"):
        read_documents(**{name: decoded[name] for name in NAMES})


def test_only_a_limit_order_is_valued_at_its_limit() -> None:
    limit = {"intent.limit_price": 200}
    assert case_with(limit | {"intent.order_type": "limit"}).candidate.limit_price == 200
    assert case_with(limit).candidate.limit_price is None
    assert case_with({"intent.order_type": "limit"}).candidate.order_type is OrderType.LIMIT


def test_a_market_order_with_a_limit_is_kept_so_where_the_instrument_is_listed() -> None:
    steps = {"intent.instrument.lot_size": 1, "intent.instrument.tick_size": 0.05}
    assert case_with({**steps, "intent.limit_price": 200}).candidate.limit_price == 200


@pytest.mark.parametrize(
    ("keys", "level"),
    [
        ({}, KillSwitchLevel.RUNNING),
        ({"kill_switch_active": True}, KillSwitchLevel.REDUCE_ONLY),
        ({"kill_switch_active": True, "kill_switch_level": "RUNNING"}, KillSwitchLevel.REDUCE_ONLY),
        ({"kill_switch_active": True, "kill_switch_level": "HALTED"}, KillSwitchLevel.HALTED),
        ({"kill_switch_level": "HALTED"}, KillSwitchLevel.HALTED),
    ],
)
def test_of_two_kill_switch_keys_the_tighter_holds(
    keys: dict[str, object], level: KillSwitchLevel
) -> None:
    assert case_with({"execution": keys}).situation.kill_switch is level


def test_an_instrument_is_listed_only_where_both_its_steps_are_given() -> None:
    lot = {"intent.instrument.lot_size": 5}
    listing = case_with(lot).candidate.listing
    assert (listing.listed, listing.lot) == (False, Decimal(5))
    listing = case_with({**lot, "intent.instrument.tick_size": 0.05}).candidate.listing
    assert (listing.listed, listing.tick) == (True, Decimal("0.05"))


def test_an_exchange_before_the_symbol_is_known_and_both_names_count() -> None:
    listing = case_with({"intent.instrument.symbol": "NSE:OAK"}).candidate.listing
    assert (listing.names, listing.exchange) == (("NSE:OAK", "OAK"), Exchange.NSE)
    assert case_with({"intent.instrument.symbol": "BTC:USD"}).candidate.listing.exchange is None


def test_what_the_portfolio_says_of_an_instrument_values_what_is_held() -> None:
    case = case_with(
        {
            "portfolio.positions": {"ELM": 2},
            "portfolio.instruments": {"ELM": {"multiplier": 50, "sector": "wood"}},
        }
    )
    assert case.book.by_sector["wood"] == 2 * 50 * 400


def test_an_order_may_not_contradict_the_portfolio_on_its_instrument() -> None:
    known = {"portfolio.instruments": {"OAK": {"multiplier": 50}}}
    assert case_with(known).candidate.listing.multiplier == 50
    assert faults({**known, "intent.instrument.multiplier": 1}) == [
        ("intent", "instrument.multiplier")
    ]


def test_a_currency_is_converted_and_without_a_rate_nothing_is_known() -> None:
    dollars = {"intent.instrument.currency": "USD", "portfolio.currency": "INR"}
    assert case_with(dollars).candidate.listing.multiplier is None
    converted = case_with({**dollars, "market.fx": {"USD": 80}}).candidate.listing
    assert (converted.multiplier, converted.converted) == (Decimal(80), True)
    same = case_with({**dollars, "portfolio.currency": "USD"}).candidate.listing
    assert (same.multiplier, same.converted) == (Decimal(1), False)


def test_a_currency_without_the_accounts_is_refused() -> None:
    assert faults({"intent.instrument.currency": "USD"}) == [("portfolio", "currency")]


def test_prices_with_times_are_judged_at_the_time_given_or_the_orders_own() -> None:
    times = {"market.prices_as_of": {"OAK": "2026-03-02T05:59:50Z"}}
    assert read(times).at == datetime(2026, 3, 2, 6, tzinfo=UTC)
    later = datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert read(times, at=later).at == later
    assert read().at == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert read({"intent.timestamp": "today"}).at is None
    assert faults({**times, "intent.timestamp": "today"}) == [("intent", "timestamp")]


def test_orders_in_flight_stand_in_the_book() -> None:
    order = {"order_id": "o-1", "symbol": "ASH", "side": "sell", "qty": 3, "limit_price": 10}
    case = case_with({"portfolio.in_flight": [order]})
    assert case.book.in_flight("o-1")
    assert [str(unpriced.listing) for unpriced in case.book.unpriced.values()] == ["ASH"]
    assert faults({"portfolio.in_flight": [order, order]}) == [
        ("portfolio", "in_flight.1.order_id")
    ]
