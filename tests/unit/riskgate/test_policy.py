"""Policies as text and as values."""

import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from riskgate.contracts.orders import Product
from riskgate.errors import PolicyInvalid
from riskgate.policy import DEFAULT_POLICY, ExposureLimits, Policy, parse_policy
from tests.unit.riskgate.builders import a_policy, changed


def test_an_empty_text_object_is_the_default_policy() -> None:
    assert parse_policy("{}") == DEFAULT_POLICY


def test_a_policy_written_out_reads_back_equal() -> None:
    policy = a_policy(
        order={"deny_list": {"NSE:INFY", "M&M"}, "allow_list": {"TCS"}},
        approval={"four_eyes_above_notional": 10},
    )
    assert parse_policy(policy.model_dump_json()) == policy


def test_the_hash_is_of_the_meaning_not_of_the_text() -> None:
    one = '{"exposure": {"max_position_pct": 2.5}, "order": {"deny_list": ["TCS", "INFY"]}}'
    two = '{"order":{"deny_list":["INFY","TCS"]},"exposure":{"max_position_pct":"2.50"}}'
    assert parse_policy(one).policy_hash == parse_policy(two).policy_hash
    assert parse_policy(one).policy_hash != DEFAULT_POLICY.policy_hash


def test_the_hash_of_a_changed_copy_is_its_own() -> None:
    original = DEFAULT_POLICY.policy_hash
    copy = DEFAULT_POLICY.model_copy(update={"version": "2"})
    assert copy.policy_hash != original


def test_numbers_are_read_exactly_as_written() -> None:
    policy = parse_policy('{"exposure": {"max_position_pct": 0.100000000000000005}}')
    assert policy.exposure.max_position_pct == Decimal("0.100000000000000005")


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEFAULT_POLICY.version = "2"  # type: ignore[misc]


def test_a_list_without_entries_differs_from_no_list() -> None:
    assert parse_policy('{"order": {"allow_list": null}}').order.allow_list is None
    assert parse_policy('{"order": {"allow_list": []}}').order.allow_list == frozenset()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"exposur": {}}', r"exposur: .*; did you mean exposure\?"),
        ('{"exposure": {"max_position": 1}}', r"exposure\.max_position: .*max_position_pct\?"),
        ('{"exposure": {"zzz": 1}}', r"exposure\.zzz: .*, was 1; remove it"),
        ('{"exposure": {"max_position_pct": 100.1}}', r"max_position_pct: .*, was 100\.1; correct"),
        ('{"exposure": {"max_position_pct": 0}}', r"exposure\.max_position_pct: "),
        ('{"exposure": {"max_position_pct": true}}', r"exposure\.max_position_pct: "),
        ('{"exposure": {"max_open_positions": "2"}}', r"exposure\.max_open_positions: "),
        ('{"exposure": {"max_open_positions": 2.5}}', r"exposure\.max_open_positions: "),
        ('{"exposure": {"max_open_positions": true}}', r"exposure\.max_open_positions: "),
        ('{"order": {"allowed_products": ["XXX"]}}', r"order\.allowed_products\.0: "),
        ('{"order": {"deny_list": ["infy"]}}', r"order\.deny_list\.0: "),
        ('{"order": {"deny_list": ["XYZ:INFY"]}}', r"order\.deny_list\.0: .*exchange XYZ"),
        ('{"order": {"deny_list": "INFY"}}', r"order\.deny_list: "),
        ('{"margin": {"margin_fraction": 1.1}}', r"margin\.margin_fraction: "),
        ('{"version": 1}', r"version: "),
        ("[1]", r"policy: .*dictionary"),
        ('{"a": 1, "a": 2}', r"policy: is not JSON, a is given twice"),
        ('{"loss": {"daily_loss_limit_pct": NaN}}', r"policy: is not JSON, NaN"),
        ("{", r"policy: is not JSON"),
        ("[" * 100_000, r"policy: is not JSON"),
    ],
)
def test_a_fault_is_told_with_its_path_and_what_to_do(text: str, complaint: str) -> None:
    with pytest.raises(PolicyInvalid, match=complaint):
        parse_policy(text)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy('{"exposure": {"max_position_pct": -1}, "zzz": 1}')
    assert len(str(refused.value).splitlines()) == 2


def test_a_long_wrong_value_is_cut_short() -> None:
    with pytest.raises(PolicyInvalid, match=r"was x{57}\.\.\.;"):
        parse_policy(json.dumps({"loss": "x" * 1000}))


def test_two_persons_are_not_asked_below_where_nobody_is() -> None:
    with pytest.raises(PolicyInvalid, match=r"approval: .*four_eyes_above_notional is below"):
        parse_policy(
            '{"approval": {"execute_without_approval_below_notional": 2,'
            ' "four_eyes_above_notional": 1}}'
        )
    both = {"execute_without_approval_below_notional": 2, "four_eyes_above_notional": 2}
    assert a_policy(approval=dict(both)).approval.four_eyes_above_notional == 2


def test_a_binary_number_is_refused_from_code_too() -> None:
    with pytest.raises(ValidationError, match="binary numbers lose paise"):
        changed(ExposureLimits(), max_position_pct=0.1)


def test_the_defaults_are_the_documented_ones() -> None:
    policy = Policy()
    assert policy.exposure.model_dump(mode="json") == {
        "max_position_pct": "25",
        "max_gross_exposure_pct": "100",
        "max_open_positions": 20,
        "max_symbols_per_plan": 5,
    }
    assert policy.order.price_collar_pct == 2
    assert policy.order.trigger_collar_pct == 20
    assert policy.loss.model_dump(mode="json") == {
        "daily_loss_limit_pct": "2",
        "max_risk_per_trade_pct": "1",
    }
    assert policy.data.model_dump(mode="json") == {
        "quote_age_max_s": "10",
        "snapshot_age_max_s": "30",
        "clock_skew_max_s": "5",
    }
    assert policy.short.allow_short_products == {Product.MIS, Product.NRML}
    assert policy.margin.margin_fraction == Decimal("0.2")
