"""Cases worked out by hand, and any vectors that are given, through the command line."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent
CASES: Final = HERE / "cases.jsonl"
VECTORS: Final = os.environ.get("SIGMATRADER_VECTORS")
ROUNDED: Final = Decimal("1e-8")
SHOWN: Final = Decimal("1.1e-6")


def run_batch(path: Path, **environment: str) -> bytes:
    with path.open("rb") as lines:
        outcome = subprocess.run(
            [sys.executable, "-m", "app.cli", "risk", "batch", "--jsonl"],
            stdin=lines,
            capture_output=True,
            check=True,
            env={**os.environ, **environment},
            timeout=600,
        )
    return outcome.stdout


def records(text: bytes) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


@cache
def answered(path: Path) -> dict[str, Any]:
    return {answer["case_id"]: answer for answer in records(run_batch(path))}


GOLDEN: Final = records(CASES.read_bytes())


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["case_id"])
def test_the_gate_answers_as_worked_out_by_hand(case: Any) -> None:
    expected = case["expected"]
    answer = answered(CASES)[case["case_id"]]
    if expected["decision"] == "INPUT_ERROR":
        assert [[error["in"], error["field"]] for error in answer["errors"]] == expected["errors"]
        return
    evidence = expected.pop("evidence")
    assert {name: answer[name] for name in expected} == expected
    assert {name: answer["evidence"][name]["value"] for name in evidence} == evidence


def test_every_case_has_a_name_of_its_own_and_says_why() -> None:
    assert len({case["case_id"] for case in GOLDEN}) == len(GOLDEN)
    assert all(case["why"] for case in GOLDEN)


def test_answers_are_the_same_bytes_whatever_the_hash_seed() -> None:
    seen = {run_batch(CASES, PYTHONHASHSEED=seed) for seed in ("0", "1", "4242")}
    assert len(seen) == 1


@pytest.mark.skipif(VECTORS is None, reason="no vectors given")
def test_given_vectors_are_answered_as_they_say() -> None:
    path = Path(str(VECTORS))
    vectors, answers = records(path.read_bytes()), records(run_batch(path))
    assert [v["case_id"] for v in vectors] == [a["case_id"] for a in answers]
    differing = [
        (vector["case_id"], difference)
        for vector, answer in zip(vectors, answers, strict=True)
        for difference in differences(vector, answer)
    ]
    assert differing == []


def differences(vector: Any, answer: Any) -> list[str]:
    """List how an answer differs where it must not; where ours is safer, only what is unsafe."""
    expected = vector["expected"]
    if vector["compare"] == "float":
        expected = expected | vector.get("exact_decimal_expected", {})
    elif vector["compare"] != "exact":
        modified = answer.get("modified_qty")
        enlarged = modified is not None and modified > vector["intent"]["qty"]
        return ["enlarges the order"] if enlarged else []
    if expected["decision"] != answer["decision"]:
        return [f"{answer['decision']}, not {expected['decision']}"]
    if expected["decision"] == "INPUT_ERROR":
        wanted = {(expected["error_in"], field) for field in expected["error_fields"]}
        found = {(error["in"], error["field"]) for error in answer["errors"]}
        return [f"no fault at {place}" for place in sorted(wanted - found)]
    return [*_of_verdict(expected, answer), *_of_evidence(expected, answer)]


def _of_verdict(expected: Any, answer: Any) -> list[str]:
    wanted, found = expected["violated_rule_ids"], answer["violated_rule_ids"]
    # The peer stops at a missing price; the gate goes on and reports the rest beside it.
    more_than_a_price = wanted == ["SYS-001"] and "SYS-001" in found
    found_differences = [] if wanted == found or more_than_a_price else [f"{found}, not {wanted}"]
    if answer["kill_switch_triggered"] is not expected["kill_switch_triggered"]:
        found_differences.append("the kill switch")
    ours, theirs = answer["modified_qty"], expected["modified_qty"]
    if (ours is None) != (theirs is None) or (ours is not None and abs(ours - theirs) > ROUNDED):
        found_differences.append(f"{ours}, not {theirs}")
    return found_differences


def _of_evidence(expected: Any, answer: Any) -> list[str]:
    return [
        f"{metric} {answer['evidence'].get(metric)}, not {figure['value']}"
        for metric, figure in expected["evidence"].items()
        if metric not in answer["evidence"]
        or abs(answer["evidence"][metric]["value"] - figure["value"]) > SHOWN
    ]
