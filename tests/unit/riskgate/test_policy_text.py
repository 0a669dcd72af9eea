"""Policies as text: what is read, what is refused and how, and what is written."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from riskgate.errors import PolicyFault, PolicyInvalid
from riskgate.policy import (
    DEFAULT_POLICY,
    PEER_VERSION,
    Limits,
    Mode,
    Policy,
    parse_policy,
    parse_policy_value,
    scope_of,
)

PEER = """
version: "0.1"
timezone: utc
defaults: {mode: enforce, decision: deny}
limits:
  exposure: {max_position_pct: 0.1, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 5e-2}
  execution: {max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10}
  kill_switch:
    trip_on_rules: [LOSS-002]
    trip_after_n_violations: 3
    violation_window_seconds: 300
overrides: {symbols: {}, strategies: {}}
"""


def faults_of(text: str) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(text)
    return refused.value.faults


def only_fault(text: str) -> str:
    (fault,) = faults_of(text)
    return str(fault)


def limits(text: str) -> str:
    """Put blocks into a document of version 1."""
    return f'version: "1"\nlimits: {{{text}}}'


def peer(old: str, new: str) -> str:
    assert old in PEER
    return PEER.replace(old, new)


def peer_overrides(text: str) -> str:
    return peer("overrides: {symbols: {}, strategies: {}}", f"overrides: {text}")


# What is read


def test_a_document_of_nothing_but_its_version_is_the_default_policy() -> None:
    policy = parse_policy('version: "1"')
    assert (policy, policy.policy_hash) == (DEFAULT_POLICY, DEFAULT_POLICY.policy_hash)


def test_what_version_1_leaves_out_has_its_default_and_null_turns_it_off() -> None:
    exposure = parse_policy(
        limits("exposure: {max_position_pct: 10%, max_open_orders: null}")
    ).limits.exposure
    assert exposure == DEFAULT_POLICY.limits.exposure.model_copy(
        update={"max_position_pct": Decimal("0.1"), "max_open_orders": None}
    )


def test_a_file_of_the_peer_is_read_with_our_newer_limits_off() -> None:
    policy = parse_policy(PEER)
    assert policy == Policy(
        version=PEER_VERSION,
        limits=Limits.model_validate(
            {
                "exposure": {
                    "max_position_pct": "0.1",
                    "max_gross_exposure_x": 2,
                    "max_net_exposure_x": 1,
                },
                "loss": {"daily_loss_limit_pct": "0.02", "max_drawdown_pct": "0.05"},
                "execution": {
                    "max_orders_per_minute_global": 20,
                    "max_orders_per_minute_by_strategy": 10,
                },
            }
        ),
        kill_switch={
            "trip_on_rules": ("LOSS-002",),
            "trip_after_n_violations": 3,
            "violation_window_seconds": 300,
        },
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version: "0.1"\n', ""),
        ("timezone: utc\n", ""),
        ("timezone: utc", "timezone: UTC"),
        ("defaults: {mode: enforce, decision: deny}\n", ""),
        ("decision: deny", "decision: allow"),
        ("max_orders_per_minute_global: 20", "max_orders_per_minute_global: 20.0"),
        ("overrides: {symbols: {}, strategies: {}}", "overrides: {symbols: {A: {loss: null}}}"),
    ],
)
def test_a_peer_file_that_says_the_same_otherwise_is_the_same_policy(old: str, new: str) -> None:
    assert parse_policy(peer(old, new)).policy_hash == parse_policy(PEER).policy_hash


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("overrides: {symbols: {}, strategies: {}}", "overrides:", "overrides"),
        ("overrides: {symbols: {}, strategies: {}}", "overrides: {symbols:}", "overrides.symbols"),
        ("defaults: {mode: enforce, decision: deny}", "defaults:", "defaults"),
    ],
)
def test_a_peer_file_says_nothing_with_null(old: str, new: str, path: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(peer(old, new))
    assert [fault.path for fault in refused.value.faults] == [path]


def test_a_peer_file_names_what_it_lacks_where_the_peer_does() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy('version: "0.1"')
    assert [fault.path for fault in refused.value.faults] == ["limits"]
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy_value({"version": "0.1", "limits": {"exposure": {}, "loss": {}}})
    assert [fault.path for fault in refused.value.faults] == [
        "limits.exposure.max_position_pct",
        "limits.exposure.max_gross_exposure_x",
        "limits.loss.daily_loss_limit_pct",
        "limits.loss.max_drawdown_pct",
        "limits.execution",
        "limits.kill_switch",
    ]


def test_a_peer_file_may_leave_out_the_net_limit_and_the_trip_rules() -> None:
    text = peer(", max_net_exposure_x: 1.0", "").replace("    trip_on_rules: [LOSS-002]\n", "")
    policy = parse_policy(text)
    assert policy.limits.exposure.max_net_exposure_x is None
    assert policy.kill_switch.trip_on_rules == ()


def test_a_peer_file_may_name_any_trip_rule() -> None:
    policy = parse_policy(peer("[LOSS-002]", "[whatever, LOSS-002]"))
    assert policy.kill_switch.trip_on_rules == ("LOSS-002", "whatever")


def test_monitor_mode_is_read() -> None:
    assert parse_policy('version: "1"\ndefaults: {mode: monitor}').mode is Mode.MONITOR


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_too(indent: int | str | None) -> None:
    document = {"version": "1", "limits": {"exposure": {"max_position_pct": 0.1}}}
    policy = parse_policy(json.dumps(document, indent=indent))
    assert policy.limits.exposure.max_position_pct == Decimal("0.1")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.100000000000000005", "0.100000000000000005"),
        ("1e-3", "0.001"),
        ("1.5E-3", "0.0015"),
        (".5", "0.5"),
        ("+1.", "1"),
        ("1", "1"),
        ("12.5%", "0.125"),
        ('"12.5 %"', "0.125"),
    ],
)
def test_numbers_are_read_exactly_as_written(written: str, meant: str) -> None:
    policy = parse_policy(limits(f"exposure: {{max_position_pct: {written}}}"))
    assert policy.limits.exposure.max_position_pct == Decimal(meant)


def test_names_that_yaml_takes_for_something_else_are_read_in_quotes() -> None:
    names = ["ON", "NO", "YES", "TRUE", "NULL", "500", "1E5"]
    policy = parse_policy(limits(f"order: {{deny_list: {json.dumps(names)}}}"))
    assert policy.limits.order.deny_list == set(names)


def test_names_that_are_words_only_to_other_programs_need_no_quotes() -> None:
    policy = parse_policy(limits("order: {deny_list: [NAN, INF, Y, N, NSE:INFY, M&M, 3MINDIA]}"))
    assert policy.limits.order.deny_list == {"NAN", "INF", "Y", "N", "NSE:INFY", "M&M", "3MINDIA"}


# The peer's surprises, by their number in its list of weaknesses


def test_15_every_block_of_an_override_holds() -> None:
    policy = parse_policy(
        peer_overrides(
            "{symbols: {AAA: {loss: {daily_loss_limit_pct: 0.001},"
            " execution: {max_orders_per_minute_global: 1}}},"
            " strategies: {alpha: {loss: {max_drawdown_pct: 0.01}}}}"
        )
    )
    held = scope_of(policy, ("AAA",), "alpha").limits
    assert held.loss.daily_loss_limit_pct == Decimal("0.001")
    assert held.loss.max_drawdown_pct == Decimal("0.01")
    assert held.execution.max_orders_per_minute_global == 1
    assert held.execution.max_orders_per_minute_by_strategy == 10


def test_16_an_override_that_leaves_out_the_net_limit_inherits_it() -> None:
    policy = parse_policy(
        peer_overrides(
            "{symbols: {AAA: {exposure: {max_position_pct: 0.05, max_gross_exposure_x: 1}}}}"
        )
    )
    assert scope_of(policy, ("AAA",), "alpha").limits.exposure.max_net_exposure_x == 1


def test_16_an_override_that_says_null_turns_the_net_limit_off() -> None:
    text = peer_overrides("{symbols: {AAA: {exposure: {max_net_exposure_x: null}}}}")
    scope = scope_of(parse_policy(text), ("AAA",), "alpha")
    assert scope.limits.exposure.max_net_exposure_x is None
    assert scope.loosened == {"exposure.max_net_exposure_x"}


def test_16_a_looser_override_holds_in_a_peer_file_and_is_refused_in_ours_unless_it_says_so() -> (
    None
):
    change = "exposure: {max_position_pct: 0.5}"
    text = peer_overrides(f"{{symbols: {{AAA: {{{change}}}}}}}")
    held = scope_of(parse_policy(text), ("AAA",), "alpha").limits
    assert held.exposure.max_position_pct == Decimal("0.5")
    ours = f'version: "1"\noverrides:\n  strategies:\n    alpha: {{{change}'
    assert only_fault(ours + "}") == (
        "overrides.strategies.alpha.exposure.max_position_pct (line 4): is looser (0.5) than the "
        "policy's own (0.25); tighten it, or give the override may_loosen: true"
    )
    assert parse_policy(ours + ", may_loosen: true}").strategies["alpha"].may_loosen


def test_17_a_trip_rule_that_does_not_exist_is_refused_in_our_version() -> None:
    assert only_fault(limits("kill_switch: {trip_on_rules: [LOSS-002, LOSS-02]}")) == (
        "limits.kill_switch.trip_on_rules.1 (line 2): is no rule, was LOSS-02; "
        "did you mean LOSS-002?"
    )


def test_17_a_default_decision_that_nothing_reads_is_refused_in_our_version() -> None:
    assert only_fault('version: "1"\ndefaults: {decision: deny}') == (
        'defaults.decision (line 2): is not known in version "1"; '
        'remove it, or write version: "0.1", which has it'
    )


def test_19_a_key_given_twice_is_refused_with_both_lines() -> None:
    text = 'version: "1"\nlimits:\n  exposure:\n    max_position_pct: 0.1\n'
    assert only_fault(text + "    max_position_pct: 0.9") == (
        "limits.exposure.max_position_pct (line 5): is given twice, first on line 4; "
        "keep one of them"
    )


@pytest.mark.parametrize("ticker", ["ON", "NO", "YES", "OFF", "TRUE", "True"])
def test_19_a_ticker_that_yaml_takes_for_a_truth_value_is_refused_with_the_remedy(
    ticker: str,
) -> None:
    remedy = f'write "{ticker}" for a name, true or false for a switch'
    (in_list,) = faults_of(limits(f"order: {{deny_list: [INFY, {ticker}]}}"))
    assert (in_list.path, in_list.remedy) == ("limits.order.deny_list.1", remedy)
    override = "{exposure: {max_position_pct: 1%}}"
    (as_key,) = faults_of(f'version: "1"\noverrides: {{symbols: {{{ticker}: {override}}}}}')
    assert (as_key.path, as_key.remedy) == (f"overrides.symbols.{ticker}", remedy)


def test_20_the_hash_is_of_the_meaning_not_of_the_text() -> None:
    one = 'version: "1"\nlimits:\n  order: {deny_list: [TCS, INFY]}\n  loss: {max_drawdown_pct: 5%}'
    two = '# ours\n"limits": {loss: {max_drawdown_pct: 0.050}, order: {"deny_list": [INFY, TCS]}}\n'
    two += "version: '1'\r\n"
    assert parse_policy(one).policy_hash == parse_policy(two).policy_hash
    assert parse_policy(one).policy_hash != DEFAULT_POLICY.policy_hash


# What is refused


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", 'policy: must be a mapping, was null; begin with version: "1"'),
        ("- a", 'policy: must be a mapping, was a list; begin with version: "1"'),
        ("version: 0.1", 'version (line 1): must be in quotes; write version: "0.1"'),
        ('version: "2"', 'version (line 1): must be "0.1" or "1", was 2; write version: "1"'),
        ("version:", 'version (line 1): must be "0.1" or "1", was null; write version: "1"'),
        (
            'version: "1"\ntimezone: Asia/Kolkata',
            "timezone (line 2): must be UTC, was Asia/Kolkata; write UTC, or remove it",
        ),
        (
            'version: "1"\n---\nversion: "1"',
            "policy: is more than one document; remove the others",
        ),
        ('version: "1"\nlimits: [', "policy (line 2): is not YAML: "),
        ("version: \x01", "policy (line 1): holds a character that no text has; remove it"),
        ('a: "\ud800"', "policy (line 1): holds a character that no text has; remove it"),
        ("? [a]\n: b", "policy (line 1): has a key that is no name; write a name"),
        ("? {a: b}\n: b", "policy (line 1): has a key that is no name; write a name"),
        (
            '{version: "1", ? : 5}',
            "policy (line 1): an empty key without quotes is no",
        ),
        ("*x : b", "policy (line 1): refers to *x; write it out"),
        (
            'version: "1"\nlimits: 5',
            "limits (line 2): must be a mapping, was 5; write its keys below it",
        ),
        (
            'version: "1"\nexposure: {}',
            'exposure (line 2): is not known in version "1"; move it below limits',
        ),
        (
            'version: "1"\nzzz: 1',
            'zzz (line 2): is not known in version "1"; remove it',
        ),
        (
            f'version: "1"\n{"z" * 200}: 1',
            f'{"z" * 97}... (line 2): is not known in version "1"; remove it',
        ),
        (
            peer("defaults:", "limit: {}\ndefaults:"),
            'limit (line 4): is not known in version "0.1"; did you mean limits?',
        ),
        (
            peer("  exposure:", "  order: {max_order_value: 5}\n  exposure:"),
            'limits.order (line 6): is not known in version "0.1"; '
            'remove it, or write version: "1", which has it',
        ),
        (
            peer("max_position_pct: 0.1", "max_position_pct: null"),
            'limits.exposure.max_position_pct (line 6): may not be null in version "0.1"; '
            "write a value",
        ),
        (
            peer("max_position_pct: 0.1, ", ""),
            'limits.exposure.max_position_pct (line 6): is missing, version "0.1" needs it; '
            'add it, or write version: "1", which has defaults',
        ),
        (
            peer_overrides("{symbols: {AAA: {may_loosen: true}}}"),
            'overrides.symbols.AAA.may_loosen (line 13): is not known in version "0.1"; '
            'remove it, or write version: "1", which has it',
        ),
        (
            peer_overrides("{symbols: {AAA: {loss: {max_drawdown_pct: 0}}}}"),
            "overrides.symbols.AAA.loss.max_drawdown_pct (line 13): must be above 0, was 0; "
            "correct the number",
        ),
    ],
)
def test_a_fault_is_told_with_its_path_line_and_remedy(text: str, fault: str) -> None:
    assert only_fault(text).startswith(fault)


@pytest.mark.parametrize(
    ("block", "path", "fault"),
    [
        ("exposure: {max_position_pct: 10}", "exposure.max_position_pct", "must be at most 1, was"),
        ("exposure: {max_position_pct: 0}", "exposure.max_position_pct", "must be above 0, was 0"),
        ("exposure: {max_position_pct: -5%}", "exposure.max_position_pct", "must be above 0, was"),
        (
            "exposure: {max_position_pct: true}",
            "exposure.max_position_pct",
            "must be a number, was",
        ),
        ("exposure: {max_position_pct: [1]}", "exposure.max_position_pct", "must be a number, was"),
        ('exposure: {max_position_pct: "1"}', "exposure.max_position_pct", "must be a number wit"),
        ("exposure: {max_position_pct: ten}", "exposure.max_position_pct", "must be a number, was"),
        ("exposure: {max_position_pct: 1e500}", "exposure.max_position_pct", "has more digits"),
        ("exposure: {max_open_orders: 2.5}", "exposure.max_open_orders", "must be a whole number"),
        ('exposure: {max_open_orders: "2"}', "exposure.max_open_orders", "must be a whole number"),
        ("exposure: {max_open_orders: true}", "exposure.max_open_orders", "must be a whole number"),
        ("execution: {exit_reserve_pct: 1}", "execution.exit_reserve_pct", "must be below 1, was"),
        ("execution: {exit_reserve_pct: null}", "execution.exit_reserve_pct", "may not be null"),
        ("order: {max_order_value: 10%}", "order.max_order_value", "must be a number, was 10%"),
        ("order: {allowed_products: [X]}", "order.allowed_products.0", "must be CNC, MIS or NRML"),
        ("order: {deny_list: [infy]}", "order.deny_list.0", "must be a symbol in capitals, was"),
        ("order: {deny_list: [XYZ:INFY]}", "order.deny_list.0", "names the exchange XYZ"),
        ("order: {deny_list: [5]}", "order.deny_list.0", "must be text, was 5"),
        ("order: {deny_list: INFY}", "order.deny_list", "must be a list, was INFY"),
        ("market: {check_hours: 1}", "market.check_hours", "must be true or false, was 1"),
        ("market: {check_hours: yes}", "market.check_hours", "yes without quotes is a truth"),
        ("kill_switch: {trip_to: STOP}", "kill_switch.trip_to", "must be RUNNING, REDUCE_ONLY or"),
    ],
)
def test_a_value_out_of_place_is_refused_at_its_path(block: str, path: str, fault: str) -> None:
    (found,) = faults_of(limits(block))
    assert (found.path, found.line) == (f"limits.{path}", 2)
    assert found.message.startswith(fault)
    assert found.remedy


@pytest.mark.parametrize(
    "number", [".inf", "-.Inf", ".nan", ".NaN", "inf", "NaN", "Infinity", "-Infinity", '"inf"']
)
def test_a_number_that_is_not_finite_is_refused_at_its_path(number: str) -> None:
    for text in (
        limits(f"exposure: {{max_gross_exposure_x: {number}}}"),
        peer("max_gross_exposure_x: 2.0", f"max_gross_exposure_x: {number}"),
    ):
        (fault,) = faults_of(text)
        assert fault.path == "limits.exposure.max_gross_exposure_x"
        assert fault.message == "must be a finite number, was " + number.strip('"')


@pytest.mark.parametrize("number", ["1_000", "0x10", "010", "0b1", "1:30", "1_000.5"])
def test_a_number_that_programs_read_differently_is_refused(number: str) -> None:
    assert "is read as different numbers by different programs" in only_fault(
        limits(f"order: {{max_order_value: {number}}}")
    )


@pytest.mark.parametrize("number", ["9" * 5000, "1e99999999999999999999", "1e999999999"])
def test_a_number_beyond_all_programs_is_refused_at_once(number: str) -> None:
    assert only_fault(limits(f"order: {{max_order_value: {number}}}")).startswith(
        "limits.order.max_order_value (line 2): has "
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2024-01-01", "2024-01-01 without quotes is a date to YAML"),
        ("=", "= has a meaning of its own in YAML"),
        ("&x INFY", "has an anchor, &x"),
        ("!!str 5", "has a tag, tag:yaml.org,2002:str"),
        ("!!binary INFY", "has a tag, tag:yaml.org,2002:binary"),
        ("*x", "refers to *x"),
        ('"\\ud800"', "holds half a character"),
    ],
)
def test_what_yaml_has_beyond_plain_values_is_refused(value: str, message: str) -> None:
    fault = faults_of(f'version: "1"\nlimits: {{order: {{deny_list: [{value}]}}}}')[0]
    assert (fault.path, fault.message) == ("limits.order.deny_list.0", message)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("<<", "<< has a meaning of its own in YAML"),
        ("500", "500 without quotes is no text to YAML"),
        ("NULL", "NULL without quotes is no text to YAML"),
        ("~", "~ without quotes is no text to YAML"),
        ("2024-01-01", "2024-01-01 without quotes is a date to YAML"),
        ("!!str A", "has a tag, tag:yaml.org,2002:str"),
    ],
)
def test_a_key_that_is_no_plain_name_is_refused(key: str, message: str) -> None:
    text = f'version: "1"\noverrides:\n  symbols:\n    {key}: {{}}'
    assert [fault.message for fault in faults_of(text)][:1] == [message]


def test_every_fault_is_told_at_once_in_the_order_of_the_text() -> None:
    text = 'version: "1"\nlimits:\n  loss: {max_drawdown_pct: 5}\nzzz: 1\noverrides: {a: 1}'
    assert [fault.path for fault in faults_of(text)] == [
        "limits.loss.max_drawdown_pct",
        "zzz",
        "overrides.a",
    ]


def test_a_text_with_endless_faults_is_refused_with_the_first_of_them() -> None:
    text = 'version: "1"\n' + "".join(f"key{number}: 1\n" for number in range(20_000))
    faults = faults_of(text)
    assert len(faults) == 51
    assert faults[-1].message == "has more faults than these 50"


@pytest.mark.parametrize("text", ["[" * 30_000, "{a: " * 30_000, "- " * 30_000, "? " * 30_000])
def test_deep_nesting_is_refused_not_followed(text: str) -> None:
    (fault,) = faults_of(text)
    assert re.match("is nested deeper than 20|has a key that is no name", fault.message)


def test_a_text_over_256_kb_is_refused() -> None:
    assert only_fault("é" * 131_073) == "policy: is longer than 256 KB; shorten it"


def test_a_long_wrong_value_is_cut_short() -> None:
    assert f"was {'x' * 57}...;" in only_fault(limits(f"loss: {{max_drawdown_pct: {'x' * 999}}}"))


def test_a_fault_stays_on_its_line_whatever_the_text_holds() -> None:
    text = 'version: "1"\n"a\\nb": 1\nlimits: {loss: {max_drawdown_pct: "c\\nd"}}'
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(text)
    assert [line.split(";")[0] for line in str(refused.value).splitlines()] == [
        'a?b (line 2): is not known in version "1"',
        "limits.loss.max_drawdown_pct (line 3): must be a number, was c?d",
    ]


# Documents that were decoded from JSON before


def value_of(**exposure: object) -> dict[str, object]:
    return {"version": "1", "limits": {"exposure": exposure}}


def test_a_decoded_document_is_the_policy_of_its_text() -> None:
    text = '{"version": "1", "limits": {"exposure": {"max_position_pct": 0.1}}}'
    value = json.loads(text, parse_float=Decimal)
    assert parse_policy_value(value) == parse_policy(text)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "must be a number, was true"),
        ("5", "must be a number without quotes, was 5"),
        (Decimal("NaN"), "must be a finite number, was NaN"),
        (Decimal("sNaN"), "must be a finite number, was sNaN"),
        (Decimal("-Infinity"), "must be a finite number, was -Infinity"),
        ("NaN", "must be a finite number, was NaN"),
        ("Infinity", "must be a finite number, was Infinity"),
        ("-Infinity", "must be a finite number, was -Infinity"),
        (0.5, "must be an exact number, was float"),
        (10**500, "has more digits than any program writes"),
        (Decimal("1e999999999"), "has more digits than any program writes, was 1E+999999999"),
        (Decimal("1e-999999999"), "has more digits than any program writes, was 1E-999999999"),
        ({"a": 1}, "must be a number"),
    ],
)
def test_a_decoded_value_out_of_place_is_refused_at_its_path(value: object, message: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy_value(value_of(max_gross_exposure_x=value))
    (fault,) = refused.value.faults
    assert (fault.path, fault.message, fault.line) == (
        "limits.exposure.max_gross_exposure_x",
        message,
        None,
    )


def test_a_decoded_document_with_keys_that_are_no_text_or_without_end_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match=r"^5: is a key that is not text; write text$"):
        parse_policy_value({"version": "1", 5: 1})
    endless: dict[str, Any] = {"version": "1"}
    endless["limits"] = endless
    with pytest.raises(PolicyInvalid, match="nested deeper than 20"):
        parse_policy_value(endless)
