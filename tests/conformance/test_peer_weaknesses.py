"""What policygate-capital 0.2.0 gets wrong in a verdict, and we must not; by number of the study.

Each test fails on the peer's behaviour. Numbers 25 to 39, of runs, servers and logs, are in
test_peer_weaknesses_of_the_desk.py.
"""

import os
import subprocess
import sys
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from riskgate.contracts.decisions import Verdict
from riskgate.errors import PolicyInvalid, RiskGateError
from riskgate.policy import parse_policy
from riskgate.reading import DocumentInvalid
from tests.conformance.peer_cases import (
    EXECUTION,
    INFINITE,
    MARKET,
    MISSING,
    NAN,
    POLICY,
    PORTFOLIO,
    Answer,
    Json,
    asked,
    at_prices,
    at_the_limit,
    changed,
    holding,
    limits,
    text_of,
)
from tests.unit.riskgate.builders import a_gate_input, a_snapshot, decide

ALLOW, MODIFY, DENY = Verdict.ALLOW, Verdict.MODIFY, Verdict.DENY
ALLOWED = (ALLOW, ())
ROOT = Path(__file__).parents[2]
AB = at_prices(A=100, B=100)


def verdict(answer: Answer) -> tuple[Verdict, tuple[str, ...]]:
    return answer.verdict, answer.rules


WIDE = limits(exposure__max_position_pct=1, exposure__max_gross_exposure_x=100)


def of_version_1(policy: Json) -> Json:
    """Return a policy in our own version, in which more is on by default."""
    return changed(policy, version="1", defaults__decision=MISSING)


def of_version_1_account(**changes: Any) -> Json:
    """Return the portfolio with what our own version asks of it."""
    asked = {"week_start_equity": 100_000, "month_start_equity": 100_000, "available": 100_000}
    return changed(PORTFOLIO, **asked, **changes)


# A. Verdicts


@pytest.mark.parametrize(
    ("held", "side", "qty"),
    [(200, "sell", 50), (-200, "buy", 50), (-600, "buy", 20), (200, "sell", 99)],
)
def test_weakness_01_an_order_that_reduces_a_position_over_its_cap_is_allowed_as_asked(
    held: int, side: str, qty: int
) -> None:
    answer = asked(side, qty, portfolio=holding(A=held))
    assert (verdict(answer), answer.quantity) == (ALLOWED, None)


@pytest.mark.parametrize(("other", "qty"), [(900, 50), (700, 350), (750, 400)])
def test_weakness_02_a_modified_order_passes_when_it_is_asked_for(other: int, qty: int) -> None:
    policy = limits(exposure__max_net_exposure_x=Decimal("0.8"))
    portfolio = holding(A=-200, B=other)
    answer = asked("buy", qty, policy=policy, portfolio=portfolio, market=AB)
    sent = qty if answer.quantity is None else answer.quantity
    assert answer.verdict is not DENY
    again = asked("buy", sent, policy=policy, portfolio=portfolio, market=AB)
    assert verdict(again) == ALLOWED


def test_weakness_03_what_is_offered_is_rounded_down_and_so_within_the_cap() -> None:
    portfolio = changed(PORTFOLIO, equity=20_000, start_of_day_equity=20_000, peak_equity=20_000)
    answer = asked("buy", 1000, portfolio=portfolio, market=at_prices(A=3))
    assert answer.quantity == Decimal("666.66666666")
    again = asked("buy", answer.quantity, portfolio=portfolio, market=at_prices(A=3))
    assert verdict(again) == ALLOWED


@pytest.mark.parametrize(
    ("held", "asked_for", "fits"), [(0, 150, 100), (50, 250, 150), (150, 400, 250)]
)
def test_weakness_04_a_sale_that_opens_a_short_is_cut_to_what_the_cap_leaves(
    held: int, asked_for: int, fits: int
) -> None:
    answer = asked("sell", asked_for, portfolio=holding(A=held))
    assert answer.verdict is MODIFY
    assert answer.quantity == fits


SEEDED = """
from tests.conformance.peer_cases import at_the_limit
print([str(at_the_limit(number)) for number in range(100)])
"""


def test_weakness_05_books_at_a_limit_are_judged_alike_in_every_process() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SEEDED],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in (1, 2, 3)
    ]
    answers = {process.communicate(timeout=120)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(answers) == 1


def test_weakness_06_a_book_exactly_at_its_limits_passes_to_the_last_cent() -> None:
    assert {verdict(at_the_limit(number)) for number in range(150)} == {ALLOWED}


def test_weakness_06_a_day_that_lost_its_limit_to_the_cent_is_stopped() -> None:
    for size, (cents, stopped) in product(range(1, 120), [(9_710, True), (9_711, False)]):
        portfolio = changed(
            PORTFOLIO,
            equity=Decimal(cents * size) / 100,
            start_of_day_equity=100 * size,
            peak_equity=100 * size,
        )
        answer = asked(
            qty=Decimal("0.0001"),
            policy=limits(loss__daily_loss_limit_pct=Decimal("0.029")),
            portfolio=portfolio,
        )
        assert ("LOSS-001" in answer.rules) == stopped, size


# B. Inputs that are wrong


@pytest.mark.parametrize("price", [MISSING, 0, -100])
def test_weakness_07_a_holding_without_a_usable_price_denies(price: Any) -> None:
    market = at_prices(A=100, B=100)
    market = changed(market, prices__B=price)
    answer = asked(policy=WIDE, portfolio=holding(B=5000), market=market)
    assert verdict(answer) == (DENY, ("SYS-001",))


@pytest.mark.parametrize("price", [NAN, INFINITE])
def test_weakness_08_a_holding_whose_price_is_no_number_denies(price: object) -> None:
    answer = asked(portfolio=holding(B=5000), market=at_prices(A=100, B=price))
    assert verdict(answer) == (DENY, ("SYS-001",))


def test_weakness_08_a_holding_whose_quantity_is_no_number_is_refused() -> None:
    with pytest.raises(DocumentInvalid, match=r"positions\.B: must be a finite number, was NaN"):
        asked(portfolio=holding(B=NAN), market=AB)


@pytest.mark.parametrize("name", ["equity", "start_of_day_equity", "peak_equity"])
def test_weakness_09_infinite_equity_is_refused(name: str) -> None:
    with pytest.raises(DocumentInvalid, match=f"{name}: must be a finite number"):
        asked(qty=10**9, portfolio=changed(PORTFOLIO, **{name: INFINITE}))


def test_weakness_09_an_infinite_limit_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="max_gross_exposure_x"):
        asked(policy=limits(exposure__max_gross_exposure_x=INFINITE))


def test_weakness_10_an_old_price_denies() -> None:
    policy = of_version_1(limits(data={"quote_age_max_s": 10}))
    portfolio = of_version_1_account()
    times = {"2026-03-02T05:59:50Z": ALLOWED, "2026-03-02T05:59:49Z": (DENY, ("SYS-001",))}
    for at, wanted in times.items():
        market = changed(MARKET, prices_as_of={"A": at}, is_open=True)
        assert verdict(asked(policy=policy, portfolio=portfolio, market=market)) == wanted, at


def test_weakness_11_a_purchase_is_measured_at_its_own_limit_where_that_is_worse() -> None:
    answer = asked("buy", 60, order_type="limit", limit_price=250)
    assert answer.verdict is MODIFY
    assert answer.quantity == 40


def test_weakness_12_a_contract_counts_with_its_multiplier_and_its_currency() -> None:
    future = {"symbol": "A", "asset_class": "futures", "multiplier": 75}
    answer = asked("buy", 2, instrument=future)
    assert (answer.verdict, answer.quantity) == (MODIFY, Decimal("1.33333333"))
    abroad = {"symbol": "A", "asset_class": "equity", "currency": "USD"}
    portfolio = changed(PORTFOLIO, currency="INR")
    assert asked("buy", 50, instrument=abroad, portfolio=portfolio).verdict is DENY
    market = changed(MARKET, fx={"USD": 83})
    converted = asked("buy", 50, instrument=abroad, portfolio=portfolio, market=market)
    assert (converted.verdict, converted.quantity) == (MODIFY, Decimal("1.20481927"))


def test_weakness_12_a_plan_is_never_judged_by_the_book_of_another_account() -> None:
    decision = decide(a_gate_input(broker=a_snapshot(account_id="paper-2")))
    assert decision.verdict is DENY
    assert "SNAPSHOT_OF_ANOTHER_ACCOUNT" in decision.violations[0].message


@pytest.mark.parametrize(
    "lax",
    [
        {"qty": "5"},
        {"qty": True},
        {"symbol": ""},
        {"execution": changed(EXECUTION, kill_switch_active="off")},
        {"execution": changed(EXECUTION, orders_last_60s_by_strategy={"alpha": -5})},
        {"policy": limits(exposure__max_position_pct=True)},
        {"policy": limits(exposure__max_position_pct="0.1")},
        {"policy": limits(execution__max_orders_per_minute_global=True)},
        {"portfolio": changed(PORTFOLIO, equity="100000")},
    ],
)
def test_weakness_13_a_value_of_another_type_is_refused(lax: Json) -> None:
    with pytest.raises(RiskGateError):
        asked(**lax)


def test_weakness_14_a_missing_price_hides_neither_the_kill_switch_nor_the_drawdown() -> None:
    answer = asked(
        portfolio=changed(PORTFOLIO, equity=90_000),
        market=at_prices(B=100),
        execution=changed(EXECUTION, kill_switch_active=True),
    )
    assert verdict(answer) == (DENY, ("KILL-001", "SYS-001", "LOSS-001", "LOSS-002"))
    assert answer.trips


# C. The policy


@pytest.mark.parametrize(
    ("kind", "name", "override", "rule"),
    [
        ("symbols", "A", {"loss": {"daily_loss_limit_pct": Decimal("0.001")}}, "LOSS-001"),
        ("strategies", "alpha", {"loss": {"daily_loss_limit_pct": Decimal("0.001")}}, "LOSS-001"),
        ("symbols", "A", {"execution": {"max_orders_per_minute_global": 1}}, "EXEC-001"),
    ],
)
def test_weakness_15_every_override_that_is_read_is_obeyed(
    kind: str, name: str, override: Json, rule: str
) -> None:
    whole: Json = {
        "loss": {"daily_loss_limit_pct": Decimal("0.02"), "max_drawdown_pct": Decimal("0.05")},
        "execution": {"max_orders_per_minute_global": 20, "max_orders_per_minute_by_strategy": 10},
    }
    override = {block: {**whole[block], **fields} for block, fields in override.items()}
    answer = asked(
        policy=changed(POLICY, overrides={kind: {name: override}}),
        portfolio=changed(PORTFOLIO, equity=99_000),
        execution=changed(EXECUTION, orders_last_60s_global=1),
    )
    assert rule in answer.rules


def test_weakness_16_what_an_override_leaves_out_stays_as_it_was() -> None:
    block = {"max_position_pct": 1, "max_gross_exposure_x": 2}
    policy = changed(WIDE, overrides={"symbols": {"A": {"exposure": block}}})
    answer = asked(
        "buy", 200, policy=policy, portfolio=holding(B=Decimal(900)), market=at_prices(A=100, B=100)
    )
    assert "EXP-003" in answer.rules


def test_weakness_16_an_override_that_loosens_must_say_so() -> None:
    text = """
        version: "1"
        limits: {exposure: {max_position_pct: 0.1}}
        overrides: {symbols: {A: {exposure: {max_position_pct: 0.2}}}}
    """
    with pytest.raises(PolicyInvalid, match="is looser"):
        parse_policy(text)
    said = text.replace("A: {", "A: {may_loosen: true, ")
    assert parse_policy(said).symbols["A"].may_loosen


def test_weakness_17_every_rule_that_is_named_trips_the_kill_switch() -> None:
    answer = asked(
        policy=of_version_1(limits(kill_switch__trip_on_rules=["LOSS-001"])),
        portfolio=of_version_1_account(equity=97_500),
        market=changed(MARKET, is_open=True),
    )
    assert ("LOSS-001" in answer.rules, answer.trips) == (True, True)


def test_weakness_17_keys_and_rule_ids_that_would_do_nothing_are_refused() -> None:
    with pytest.raises(PolicyInvalid, match="did you mean LOSS-002"):
        parse_policy('version: "1"\nlimits: {kill_switch: {trip_on_rules: [LOSS-02]}}')
    with pytest.raises(PolicyInvalid, match=r"defaults\.decision"):
        parse_policy('version: "1"\ndefaults: {decision: allow}')


def test_weakness_18_evidence_shows_the_limits_that_held() -> None:
    override = {"exposure": {"max_position_pct": 1, "max_gross_exposure_x": 5}}
    policy = changed(
        limits(exposure__max_net_exposure_x=None), overrides={"symbols": {"A": override}}
    )
    shown = asked(policy=policy).limits
    assert shown["gross_exposure_x"] == 5
    assert shown["net_exposure_x"] is None


def test_weakness_19_a_key_that_is_given_twice_is_refused() -> None:
    text = text_of(POLICY).replace(
        '"max_position_pct":0.1', '"max_position_pct":0.1,"max_position_pct":0.9'
    )
    assert text.count("max_position_pct") == 2
    with pytest.raises(PolicyInvalid, match="max_position_pct"):
        parse_policy(text)


@pytest.mark.parametrize("ticker", ["ON", "NO", "YES"])
def test_weakness_19_a_ticker_that_is_a_word_of_yaml_is_refused_with_how_to_write_it(
    ticker: str,
) -> None:
    text = f"""
        version: "1"
        limits: {{exposure: {{max_position_pct: 0.1}}}}
        overrides: {{symbols: {{{ticker}: {{exposure: {{max_position_pct: 0.05}}}}}}}}
    """
    with pytest.raises(PolicyInvalid, match=f'line 4.*write "{ticker}"'):
        parse_policy(text)
    quoted = text.replace(f"{ticker}:", f'"{ticker}":')
    assert list(parse_policy(quoted).symbols) == [ticker]


def test_weakness_20_the_hash_of_a_policy_is_of_what_it_means() -> None:
    text = text_of(POLICY)
    same = [
        "# a comment\n" + text,
        text.replace("0.1,", "0.10,"),
        text_of(dict(reversed(POLICY.items()))),
        text.replace("{", "{\r\n"),
    ]
    own = parse_policy(text).policy_hash
    assert {parse_policy(other).policy_hash for other in same} == {own}
    assert parse_policy(text.replace("0.1,", "0.11,")).policy_hash != own


# D. Ways out of risk


OFF = {"max_position_pct": 1, "max_gross_exposure_x": Decimal("0.01"), "max_net_exposure_x": 9}


@pytest.mark.parametrize(
    "stopped",
    [
        {"execution": changed(EXECUTION, kill_switch_active=True)},
        {"portfolio": changed(holding(A=300), start_of_day_equity=110_000)},
        {"portfolio": changed(holding(A=300), peak_equity=120_000)},
        {"execution": changed(EXECUTION, orders_last_60s_by_strategy={"alpha": 10})},
        {"policy": changed(POLICY, limits__exposure=OFF)},
        {"policy": limits(exposure__max_net_exposure_x=Decimal("0.01"))},
    ],
)
@pytest.mark.parametrize("qty", [1, 300])
def test_weakness_21_an_order_that_only_reduces_passes_every_limit_on_opening(
    stopped: Json, qty: int
) -> None:
    where: Json = {"portfolio": holding(A=300, B=300), "policy": WIDE, "market": AB} | stopped
    assert verdict(asked("sell", qty, **where)) == ALLOWED


def test_weakness_22_an_order_over_several_caps_is_cut_to_what_all_of_them_leave() -> None:
    answer = asked("buy", 300, portfolio=holding(B=Decimal(950)), market=AB)
    assert answer.rules == ("EXP-001", "EXP-003")
    assert answer.verdict is MODIFY
    assert answer.quantity == 50


def test_weakness_23_an_order_that_was_cut_trips_nothing() -> None:
    answer = asked(
        "buy",
        150,
        policy=of_version_1(limits(kill_switch__trip_on_rules=["EXP-001"])),
        portfolio=of_version_1_account(),
        market=changed(MARKET, is_open=True),
    )
    assert (answer.verdict, answer.trips) == (MODIFY, False)
    assert answer.quantity == 100


def test_weakness_24_a_policy_that_only_monitors_lets_nothing_pass_a_halt() -> None:
    answer = asked(
        policy=changed(POLICY, defaults__mode="monitor"),
        execution=changed(EXECUTION, kill_switch_level="HALTED"),
    )
    assert verdict(answer) == (DENY, ("KILL-001",))
