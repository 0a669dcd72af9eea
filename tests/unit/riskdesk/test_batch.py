import io
import json
from decimal import Decimal
from typing import Any

import pytest

from app.riskdesk import batch
from app.riskdesk.answers import json_text
from app.riskdesk.batch import Judges, answer_lines
from riskgate.judge import Judge
from riskgate.reading import MAX_CHARACTERS
from tests.unit.riskdesk.cases import GONE, a_case, a_line


def answers(*lines: bytes) -> list[Any]:
    written: list[str] = []
    assert answer_lines(io.BytesIO(b"".join(lines)), written.append) == len(written)
    return [json.loads(line, parse_float=Decimal) for line in written]


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer["decision"] == "INPUT_ERROR"
    return [(error["in"], error["field"]) for error in answer["errors"]]


def test_an_answer_holds_the_verdict_its_rules_and_its_figures() -> None:
    assert answers(a_line({"intent.qty": 51, "portfolio.positions": {"ELM": 1}})) == [
        {
            "case_id": "c-1",
            "decision": "MODIFY",
            "modified_qty": 50,
            "violated_rule_ids": ["EXP-001"],
            "waived_rule_ids": [],
            "kill_switch_triggered": False,
            "evidence": {
                "daily_return": {"value": 0, "limit": Decimal("-0.02")},
                "drawdown": {"value": 0, "limit": Decimal("0.05")},
                "new_position_pct": {"value": Decimal("0.102"), "limit": Decimal("0.1")},
                "gross_exposure_x": {"value": Decimal("0.107"), "limit": 2},
                "net_exposure_x": {"value": Decimal("0.107"), "limit": 1},
            },
            "suggestion": None,
        }
    ]


def test_evidence_says_which_override_its_limit_came_from_and_that_it_loosens() -> None:
    exposure = {"max_position_pct": 0.2, "max_gross_exposure_x": 2}
    override = {"symbols": {"OAK": {"exposure": exposure}}}
    (answer,) = answers(a_line({"policy.overrides": override}))
    assert answer["evidence"]["new_position_pct"] == {
        "value": Decimal("0.002"),
        "limit": Decimal("0.2"),
        "source": "symbol OAK",
        "loosened": True,
    }


def test_a_rule_that_is_broken_twice_stands_once() -> None:
    held = {"portfolio.positions": {"ASH": 1, "FIR": 1}}
    assert answers(a_line(held))[0]["violated_rule_ids"] == ["SYS-001"]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nope\n",
        b"[1]\n",
        b"\xff\n",
        b'{"case_id": "x", "case_id": "y"}\n',
        b"[" * 30_000 + b"]" * 30_000 + b"\n",
        b'{"a":' * 30_000 + b"\n",
        b"x" * (3 * MAX_CHARACTERS) + b"\n",
    ],
)
def test_a_line_that_is_no_case_is_answered_and_the_next_one_judged(line: bytes) -> None:
    first, second = answers(line, a_line())
    assert first["case_id"] is None
    assert errors(first)[0][0] == "case"
    assert second["decision"] == "ALLOW"


def test_a_last_line_without_an_end_is_answered() -> None:
    assert [answer["decision"] for answer in answers(a_line().rstrip())] == ["ALLOW"]


def test_faults_of_the_policy_and_the_documents_are_named_together() -> None:
    wrong = {"policy.limits.loss.max_drawdown_pct": 5, "intent.qty": "1", "execution": []}
    (answer,) = answers(a_line(wrong))
    assert errors(answer) == [
        ("policy", "limits.loss.max_drawdown_pct"),
        ("intent", "qty"),
        ("execution", "execution"),
    ]
    assert answer["case_id"] == "c-1"
    assert answer["errors"][1]["remedy"] == "write it without quotes"


@pytest.mark.parametrize("name", ["policy", "intent", "portfolio", "market"])
def test_a_document_that_is_missing_is_named_once(name: str) -> None:
    assert errors(answers(a_line({name: GONE}))[0]) == [(name, name)]


def test_a_misspelled_document_is_no_key_of_another_program() -> None:
    (answer,) = answers(a_line({"execution": GONE, "exection": {"kill_switch_active": True}}))
    assert errors(answer) == [("case", "exection")]


def test_keys_of_other_programs_are_let_be() -> None:
    more = {"family": "plain", "expected": {}, "tags": [], "compare": "exact"}
    assert answers(a_line(more))[0]["decision"] == "ALLOW"


@pytest.mark.parametrize(("given", "answered"), [("a", "a"), (7, 7), (None, None), (GONE, None)])
def test_a_case_id_comes_back_as_it_was(given: object, answered: object) -> None:
    (answer,) = answers(a_line({"case_id": given}))
    assert (answer["case_id"], answer["decision"]) == (answered, "ALLOW")


@pytest.mark.parametrize("given", [True, 1.5, [], {}])
def test_a_case_id_that_is_no_name_is_refused(given: object) -> None:
    (answer,) = answers(a_line({"case_id": given}))
    assert (answer["case_id"], errors(answer)) == (None, [("case", "case_id")])


def test_a_time_to_judge_at_may_be_given_with_the_case() -> None:
    timed = {
        "policy": {"version": "1", "limits": {"market": {"check_hours": False}}},
        "portfolio.week_start_equity": 80000,
        "portfolio.month_start_equity": 80000,
        "portfolio.available": 80000,
        "market.prices_as_of": {"OAK": "2026-03-02T05:59:55Z"},
    }
    fresh, stale, wrong = answers(
        a_line(timed),
        a_line(timed | {"at": "2026-03-02T06:00:06Z"}),
        a_line(timed | {"at": "noon"}),
    )
    assert fresh["decision"] == "ALLOW"
    assert stale["violated_rule_ids"] == ["SYS-001"]
    assert errors(wrong) == [("case", "at")]


def test_a_case_beyond_the_gate_is_answered_and_the_next_one_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = Judge.judge

    def fail_once(*_arguments: Any) -> Any:
        monkeypatch.setattr(Judge, "judge", real)
        raise ArithmeticError

    monkeypatch.setattr(Judge, "judge", fail_once)
    first, second = answers(a_line(), a_line())
    assert (first["case_id"], errors(first)) == ("c-1", [("case", "case")])
    assert second["decision"] == "ALLOW"


def test_the_same_policy_is_read_once_and_a_changed_one_again() -> None:
    judges = Judges()
    policy = a_case()["policy"]
    policy["limits"]["exposure"] |= {
        "max_position_pct": Decimal("0.1"),
        "max_gross_exposure_x": Decimal(2),
    }
    policy["limits"]["loss"] = {
        "daily_loss_limit_pct": Decimal("0.02"),
        "max_drawdown_pct": Decimal("0.05"),
    }
    first = judges.of(policy)
    assert judges.of(policy) is first
    policy["limits"]["exposure"]["max_position_pct"] = Decimal("0.2")
    assert judges.of(policy).policy_hash != first.policy_hash


def test_policies_seen_are_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_JUDGES", 2)
    judges = Judges()
    found = [judges.of({"version": "1", "limits": {"exposure": {"max_open_orders": n}}})
             for n in (1, 2, 3)]  # fmt: skip
    again = judges.of({"version": "1", "limits": {"exposure": {"max_open_orders": 1}}})
    assert again is not found[0]
    assert again.policy_hash == found[0].policy_hash


def test_decimals_are_written_with_every_digit_and_never_as_binary() -> None:
    value = {
        "a": Decimal("0.1000000000000000055511151231257827"),
        "b": [Decimal("1E+3"), Decimal("-0.0"), Decimal("NaN"), 3, True, None],
        "c\n": {},
    }
    assert json_text(value) == (
        '{"a":0.1000000000000000055511151231257827,"b":[1000,0,"NaN",3,true,null],"c\\n":{}}'
    )
    assert json.loads(json_text(value, indent=2), parse_float=Decimal)["a"] == value["a"]


def test_a_value_that_json_has_no_words_for_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        json_text({"a": 0.5})
