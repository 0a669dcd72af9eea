"""What a new policy tightens and what it loosens."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gate.policy_difference import Direction, differences
from riskgate.policy import DEFAULT_POLICY, Policy, parse_policy
from tests.unit.riskgate.builders import a_gate_input, a_leg, decide


def a_policy(limits: str = "{}", overrides: str = "{}", mode: str = "enforce") -> Policy:
    return parse_policy(
        f'version: "1"\ndefaults: {{mode: {mode}}}\nlimits: {limits}\noverrides: {overrides}\n'
    )


def directions(old: Policy, new: Policy) -> dict[str, str]:
    return {one.path: one.direction.value for one in differences(old, new)}


@pytest.mark.parametrize(
    ("old", "new", "path", "direction"),
    [
        ("order: {max_order_value: 10}", "order: {max_order_value: 20}", "order", "looser"),
        ("order: {max_order_value: 10}", "order: {max_order_value: null}", "order", "looser"),
        ("order: {max_order_value: null}", "order: {max_order_value: 1}", "order", "tighter"),
        ("order: {deny_list: [A1]}", "order: {deny_list: [A1, B1]}", "order", "tighter"),
        ("order: {allow_list: [A1]}", "order: {allow_list: [B1]}", "order", "either"),
        ("order: {allow_list: [A1]}", "order: {allow_list: null}", "order", "looser"),
        ("market: {check_hours: true}", "market: {check_hours: false}", "market", "looser"),
        ("margin: {margin_fraction: 0.2}", "margin: {margin_fraction: 0.5}", "margin", "tighter"),
        (
            "kill_switch: {trip_on_rules: [LOSS-001]}",
            "kill_switch: {trip_on_rules: []}",
            "kill_switch",
            "looser",
        ),
        (
            "kill_switch: {trip_on_rules: [LOSS-001]}",
            "kill_switch: {trip_on_rules: [LOSS-002]}",
            "kill_switch",
            "either",
        ),
        (
            "kill_switch: {trip_after_n_violations: 5}",
            "kill_switch: {trip_after_n_violations: null}",
            "kill_switch",
            "looser",
        ),
        (
            "kill_switch: {violation_window_seconds: 60}",
            "kill_switch: {violation_window_seconds: 90}",
            "kill_switch",
            "tighter",
        ),
        (
            "kill_switch: {trip_to: REDUCE_ONLY}",
            "kill_switch: {trip_to: HALTED}",
            "kill_switch",
            "tighter",
        ),
        (
            "approval: {policy_change_four_eyes: true}",
            "approval: {policy_change_four_eyes: false}",
            "approval",
            "looser",
        ),
        (
            "approval: {execute_without_approval_below_notional: null}",
            "approval: {execute_without_approval_below_notional: 10}",
            "approval",
            "looser",
        ),
        (
            "approval: {execute_without_approval_below_notional: null}",
            "approval: {execute_without_approval_below_notional: 0}",
            "approval",
            "neither",
        ),
        (
            "approval: {four_eyes_above_notional: 10}",
            "approval: {four_eyes_above_notional: null}",
            "approval",
            "looser",
        ),
        ("live: {max_orders_per_day: 5}", "live: {max_orders_per_day: null}", "live", "tighter"),
        ("live: {max_loss_per_day: null}", "live: {max_loss_per_day: 5}", "live", "looser"),
    ],
)
def test_a_limit_is_looser_when_it_lets_more_pass(
    old: str, new: str, path: str, direction: str
) -> None:
    found = directions(a_policy(f"{{{old}}}"), a_policy(f"{{{new}}}"))
    assert list(found.values()) == [direction]
    assert next(iter(found)).startswith(f"limits.{path}.")


def test_monitoring_is_looser_and_a_version_may_be_either() -> None:
    assert directions(a_policy(), a_policy(mode="monitor")) == {"defaults.mode": "looser"}
    other = DEFAULT_POLICY.model_copy(update={"version": "0.1"})
    assert directions(DEFAULT_POLICY, other) == {"version": "either"}


def overridden(**symbols: str) -> str:
    named = ", ".join(
        f"{name}: {{order: {{max_order_value: {value}}}}}" for name, value in symbols.items()
    )
    return f"{{symbols: {{{named}}}}}"


def test_an_override_is_compared_with_what_holds_without_it() -> None:
    none, tight = a_policy(), a_policy(overrides=overridden(INFY="5"))
    path = "overrides.symbols.INFY.order.max_order_value"
    assert directions(none, tight) == {path: "tighter"}
    assert directions(tight, none) == {path: "looser"}
    assert directions(tight, a_policy(overrides=overridden(INFY="6"))) == {path: "looser"}
    found = differences(tight, none)[0]
    assert (found.old, found.new, found.loosens) == ("5", "1000000", True)


def test_a_symbols_override_that_hides_a_strategys_may_go_either_way() -> None:
    strategy = "strategies: {breakout: {order: {max_order_value: 2}}}"
    without = a_policy(overrides=f"{{{strategy}}}")
    symbol = "symbols: {INFY: {order: {max_order_value: 5}}}"
    with_symbol = a_policy(overrides=f"{{{strategy}, {symbol}}}")
    path = "overrides.symbols.INFY.order.max_order_value"
    assert directions(without, with_symbol) == {path: "either"}


def test_permission_to_loosen_alone_changes_no_verdict() -> None:
    given_value = "order: {max_order_value: 5}"
    old = a_policy(overrides=f"{{symbols: {{INFY: {{{given_value}}}}}}}")
    new = a_policy(overrides=f"{{symbols: {{INFY: {{may_loosen: true, {given_value}}}}}}}")
    assert directions(old, new) == {"overrides.symbols.INFY.may_loosen": "neither"}


VALUES = st.sampled_from(["null", "500", "1000", "9999", "10000", "20000"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    fields = {
        "order": {"max_order_value": draw(VALUES), "max_order_quantity": draw(VALUES)},
        "exposure": {"max_position_pct": draw(st.sampled_from(["null", "0.001", "0.5"]))},
        "market": {"check_hours": draw(st.sampled_from(["true", "false"]))},
    }
    limits = {
        block: "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"
        for block, values in fields.items()
    }
    return a_policy("{" + ", ".join(f"{block}: {text}" for block, text in limits.items()) + "}")


@given(policies(), policies())
def test_nothing_differs_exactly_when_the_hashes_are_the_same(old: Policy, new: Policy) -> None:
    assert (differences(old, new) == ()) == (old.policy_hash == new.policy_hash)


@given(policies(), policies(), st.sampled_from([1, 10, 11, 30]))
def test_what_only_tightens_allows_nothing_new(old: Policy, new: Policy, quantity: int) -> None:
    if any(one.direction is not Direction.TIGHTER for one in differences(old, new)):
        return
    gate_input: Any = a_gate_input(a_leg(Decimal(quantity)))
    before, after = decide(gate_input, old), decide(gate_input, new)
    assert after.verdict != "ALLOW" or before.verdict == "ALLOW"
