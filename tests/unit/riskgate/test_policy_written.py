"""Policies written as text, and the how-to that teaches writing them."""

import re
from pathlib import Path

import pytest

from riskgate.errors import PolicyInvalid
from riskgate.policy import (
    DEFAULT_POLICY,
    Limits,
    Override,
    Policy,
    parse_policy,
    policy_text,
)
from riskgate.policy.explain import written_limit
from tests.unit.riskgate.test_policy_text import PEER, faults_of

HOWTO = Path(__file__).parents[3] / "docs/howto/write-a-policy.md"


def test_a_policy_written_out_reads_back_with_its_hash() -> None:
    policy = DEFAULT_POLICY.model_copy(
        update={
            "strategies": {"08:15 NO": Override(limits=Limits(), may_loosen=True)},
            "symbols": {
                "NO": Override(
                    limits=Limits.model_validate(
                        {"exposure": {"max_open_orders": None}, "order": {"deny_list": ["ON"]}}
                    ),
                    may_loosen=True,
                )
            },
        }
    )
    again = parse_policy(policy_text(Policy.model_validate(policy.model_dump())))
    assert again.symbols == policy.symbols
    assert parse_policy(policy_text(again)).policy_hash == again.policy_hash


@pytest.mark.parametrize("text", [PEER, 'version: "1"'])
def test_writing_is_settled_after_the_first_time(text: str) -> None:
    policy = parse_policy(text)
    written = policy_text(policy)
    assert parse_policy(written).policy_hash == policy.policy_hash
    assert policy_text(parse_policy(written)) == written


def test_a_peer_policy_is_written_with_the_keys_of_the_peer_alone() -> None:
    assert "order" not in policy_text(parse_policy(PEER)).replace("orders", "")


def test_a_policy_that_its_version_has_no_words_for_is_not_written() -> None:
    policy = Policy.model_validate({**parse_policy(PEER).model_dump(), "version": "0.1"})
    limits = policy.limits.model_copy(update={"market": DEFAULT_POLICY.limits.market})
    with pytest.raises(PolicyInvalid, match=r"limits\.market .*not known in version \"0\.1\""):
        policy_text(policy.model_copy(update={"limits": limits}))


def test_every_example_in_the_how_to_does_what_it_says() -> None:
    text = HOWTO.read_text()
    examples = re.findall(r"```yaml\n(.*?)```\n(?:```text\n(.*?)\n```)?", text, flags=re.DOTALL)
    assert len(examples) > 7
    for document, error in examples:
        if error:
            assert "\n".join(map(str, faults_of(document))) == error
        else:
            parse_policy(document)


def test_every_limit_is_in_the_how_to_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| [^|]+ \| ([^|]+) \|", HOWTO.read_text(), re.M))
    defaults = {
        f"{name}.{field}": written_limit(value)
        for name, block in (
            *DEFAULT_POLICY.limits,
            ("approval", DEFAULT_POLICY.approval),
            ("live", DEFAULT_POLICY.live),
        )
        for field, value in block
    }
    assert {name: rows.get(name) for name in defaults} == defaults
    assert set(rows) - set(defaults) == {
        f"kill_switch.{field}" for field, _value in DEFAULT_POLICY.kill_switch
    }
