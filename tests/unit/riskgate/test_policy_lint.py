"""Findings of the policy linter: each on the smallest policy that deserves it."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from riskgate.errors import PolicyInvalid
from riskgate.policy import DEFAULT_POLICY, Finding, lint, lint_text, parse_policy
from riskgate.policy import lint as lint_function
from tests.unit.riskgate.test_policy_text import PEER, limits, peer, peer_overrides

CODES = Path(__file__).parents[3] / "docs/reference/codes.md"


def found(text: str) -> set[tuple[str, str]]:
    return {(finding.code, finding.path) for finding in lint_text(text)}


def ours(overrides: str, own: str = "") -> str:
    return f'version: "1"\nlimits: {{{own}}}\noverrides: {overrides}'


def test_the_default_policy_has_no_findings() -> None:
    assert lint(DEFAULT_POLICY) == ()


def test_a_finding_says_what_is_odd_and_what_to_do() -> None:
    assert lint(parse_policy('version: "1"\ndefaults: {mode: monitor}')) == (
        Finding(
            code="POLICY_MONITOR",
            path="defaults.mode",
            message="only reports what breaks a limit, and lets the order pass",
            remedy="write mode: enforce",
        ),
    )


@pytest.mark.parametrize(
    ("block", "code", "path"),
    [
        ("exposure: {max_position_pct: null}", "LIMIT_OFF", "exposure.max_position_pct"),
        ("market: {check_hours: false}", "LIMIT_OFF", "market.check_hours"),
        ("loss: {max_risk_per_trade_pct: 0.0005}", "SHARE_TINY", "loss.max_risk_per_trade_pct"),
        ("margin: {margin_fraction: null}", "LIMIT_OFF", "margin.margin_fraction"),
        ("loss: {max_drawdown_pct: 1}", "SHARE_WHOLE", "loss.max_drawdown_pct"),
        (
            "exposure: {max_gross_exposure_x: 0.2}",
            "CAP_NEVER_BITES",
            "exposure.max_position_pct",
        ),
        (
            "exposure: {max_net_exposure_x: 1.5}",
            "CAP_NEVER_BITES",
            "exposure.max_net_exposure_x",
        ),
        (
            "execution: {max_orders_per_minute_by_strategy: 21}",
            "RATE_NEVER_BITES",
            "execution.max_orders_per_minute_by_strategy",
        ),
        ("loss: {max_drawdown_pct: 5%}", "LOSS_LIMITS_CROSSED", "loss.monthly_loss_budget_pct"),
        (
            "loss: {max_risk_per_trade_pct: 3%}",
            "LOSS_LIMITS_CROSSED",
            "loss.max_risk_per_trade_pct",
        ),
        ("data: {quote_age_max_s: 301}", "QUOTE_AGE_LONG", "data.quote_age_max_s"),
        ("execution: {duplicate_window_s: 601}", "DUPLICATE_EXIT", "execution.duplicate_window_s"),
        ("order: {allow_list: []}", "NOTHING_ALLOWED", "order.allow_list"),
        ("order: {allowed_products: []}", "NOTHING_ALLOWED", "order.allowed_products"),
        (
            "order: {allow_list: [A, B], deny_list: [B]}",
            "LISTS_OVERLAP",
            "order.deny_list",
        ),
        (
            "kill_switch: {trip_after_n_violations: 2}",
            "TRIP_COUNT_LOW",
            "kill_switch.trip_after_n_violations",
        ),
        (
            "kill_switch: {trip_after_n_violations: null, trip_on_rules: []}",
            "NEVER_TRIPS",
            "kill_switch",
        ),
        (
            "live: {max_orders_per_day: 1, max_notional_per_day: 1, max_loss_per_day: 1}",
            "FOUR_EYES_OFF",
            "approval.four_eyes_above_notional",
        ),
        (
            "approval: {four_eyes_above_notional: 5}, live: {max_orders_per_day: 1}",
            "LIVE_INCOMPLETE",
            "live",
        ),
    ],
)
def test_a_limit_that_is_probably_not_meant_is_found(block: str, code: str, path: str) -> None:
    assert found(limits(block)) == {(f"POLICY_{code}", f"limits.{path}")}


@pytest.mark.parametrize(
    "block",
    [
        "loss: {max_risk_per_trade_pct: 0.1%}",
        "exposure: {max_gross_exposure_x: 0.25}",
        "execution: {max_orders_per_minute_by_strategy: 20}",
        "data: {quote_age_max_s: 300}",
        "execution: {duplicate_window_s: 600}",
        "kill_switch: {trip_after_n_violations: 3}",
        "order: {allow_list: [A], deny_list: [B]}",
    ],
)
def test_a_limit_just_at_the_edge_is_let_pass(block: str) -> None:
    assert found(limits(block)) == set()


def test_a_looser_override_is_found_in_both_versions() -> None:
    change = "{exposure: {max_position_pct: 50%}"
    at = "overrides.symbols.AAA.exposure.max_position_pct"
    assert ("POLICY_LOOSER_OVERRIDE", at) in found(
        peer_overrides(f"{{symbols: {{AAA: {change}}}}}}}")
    )
    assert found(ours(f"{{symbols: {{AAA: {change}, may_loosen: true}}}}}}")) == {
        ("POLICY_LOOSER_OVERRIDE", at)
    }


def test_a_symbol_that_holds_before_a_tighter_strategy_is_found() -> None:
    text = ours(
        "{symbols: {AAA: {exposure: {max_position_pct: 20%}},"
        ' "NSE:BBB": {loss: {max_drawdown_pct: 9%}}, BBB: {loss: {max_drawdown_pct: 8%}}},'
        " strategies: {alpha: {exposure: {max_position_pct: 10%}}}}"
    )
    assert found(text) == {
        ("POLICY_SYMBOL_BEATS_TIGHTER", "overrides.symbols.AAA.exposure.max_position_pct"),
        ("POLICY_SYMBOL_BEATS_TIGHTER", "overrides.symbols.NSE:BBB.loss.max_drawdown_pct"),
    }


def test_an_override_that_changes_nothing_is_found() -> None:
    text = ours(
        "{symbols: {AAA: {exposure: {max_position_pct: 25%}}, BBB: {}, CCC: {may_loosen: true}},"
        " strategies: {alpha: {loss: {max_drawdown_pct: 5%, weekly_loss_limit_pct: 4%},"
        " may_loosen: true}}}"
    )
    at = "overrides.strategies.alpha"
    assert {one for one in found(text) if one[0] != "POLICY_LOSS_LIMITS_CROSSED"} == {
        ("POLICY_OVERRIDE_NO_EFFECT", "overrides.symbols.AAA.exposure.max_position_pct"),
        ("POLICY_OVERRIDE_EMPTY", "overrides.symbols.BBB"),
        ("POLICY_OVERRIDE_EMPTY", "overrides.symbols.CCC"),
        ("POLICY_OVERRIDE_NO_EFFECT", f"{at}.loss.weekly_loss_limit_pct"),
        ("POLICY_MAY_LOOSEN_UNUSED", f"{at}.may_loosen"),
    }


def test_a_symbol_equal_to_the_policy_has_an_effect_where_a_strategy_differs() -> None:
    text = ours(
        "{symbols: {AAA: {order: {max_order_quantity: 50000}}},"
        " strategies: {alpha: {order: {max_order_quantity: 1}}}}"
    )
    assert {code for code, _path in found(text)} == {"POLICY_SYMBOL_BEATS_TIGHTER"}


def test_limits_of_an_override_are_looked_at_as_they_hold() -> None:
    text = ours("{symbols: {AAA: {loss: {daily_loss_limit_pct: 0.0001}}}}")
    at = "overrides.symbols.AAA.loss.daily_loss_limit_pct"
    assert found(text) == {("POLICY_SHARE_TINY", at)}


def test_an_override_for_what_is_no_instrument_is_found() -> None:
    text = ours("{symbols: {infy: {loss: {max_drawdown_pct: 9%}}}}")
    assert found(text) == {("POLICY_SYMBOL_UNUSUAL", "overrides.symbols.infy")}


def test_a_plain_peer_file_is_told_what_it_goes_without() -> None:
    assert found(PEER) == {
        ("POLICY_DECISION_IGNORED", "defaults.decision"),
        ("POLICY_LIMITS_OF_PEER", "version"),
    }


def test_a_file_without_a_version_is_told_which_it_was_read_as() -> None:
    assert ("POLICY_VERSION_LEFT_OUT", "version") in found(peer('version: "0.1"\n', ""))


def test_17_a_trip_rule_that_does_nothing_or_newly_does_something_is_found_in_a_peer_file() -> None:
    at = "limits.kill_switch.trip_on_rules"
    found_now = found(peer("[LOSS-002]", "[loss-002, LOSS-001]"))
    assert ("POLICY_UNKNOWN_TRIP_RULE", at) in found_now
    assert ("POLICY_DIFFERS_FROM_PEER", at) in found_now


def test_15_and_16_overrides_that_hold_here_and_not_there_are_found_in_a_peer_file() -> None:
    text = peer_overrides(
        "{symbols: {AAA: {loss: {max_drawdown_pct: 1%}, execution:"
        " {max_orders_per_minute_global: 1}}}, strategies: {alpha: {exposure:"
        " {max_position_pct: 5%}, execution: {max_orders_per_minute_by_strategy: 1}}}}"
    )
    assert {path for code, path in found(text) if code == "POLICY_DIFFERS_FROM_PEER"} == {
        "overrides.symbols.AAA.loss",
        "overrides.symbols.AAA.execution",
        "overrides.strategies.alpha.exposure.max_net_exposure_x",
    }


def test_a_text_that_is_no_policy_is_refused_with_its_lines() -> None:
    with pytest.raises(PolicyInvalid, match=r"^zzz \(line 2\): is not known"):
        lint_text('version: "1"\nzzz: 1')


def test_every_finding_is_in_the_reference_and_every_one_there_is_a_finding() -> None:
    module = inspect.getmodule(lint_function)
    assert module is not None
    constants = {
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in constants if re.fullmatch(r"POLICY_[A-Z_]+", text)}
    section = CODES.read_text().partition("## Findings of the policy linter")[2]
    documented = set(re.findall(r"POLICY_[A-Z_]+", section.partition("\n## ")[0]))
    assert codes == documented
