"""Policies and the time machine as text, and the command's exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.policy_view import (
    render_change,
    render_changes,
    render_check,
    render_differences,
    render_findings,
    render_policies,
    render_replay,
)
from tests.unit.cli.test_render import drawn

HASH, OTHER = "ab" * 32, "cd" * 32
SUM = {
    "day": None,
    "decisions": 12,
    "same": 9,
    "newly_denied": 2,
    "newly_allowed": 0,
    "changed_quantity": 1,
    "incomparable": 0,
    "notional_refused": "1234567.5",
    "notional_allowed": "0",
    "filled_notional": "45000",
    "filled_result": "-90.25",
    "filled_realised": "-100.5",
    "filled_marked": "10.25",
}
REPORT: dict[str, Any] = {
    "account_id": "paper-inr",
    "currency": "INR",
    "from_day": "2026-03-02",
    "to_day": "2026-03-03",
    "policy_in_force": OTHER,
    "policy_hash": HASH,
    "total": SUM,
    "days": [{**SUM, "day": "2026-03-02"}],
    "rules": [{"rule_id": "ORD-003", "fires": 3, "falls_silent": 1}],
    "changed": [
        {
            "plan_id": "pln_1",
            "at": "2026-03-02T06:00:00.000000Z",
            "old_verdict": "ALLOW",
            "new_verdict": "DENY",
            "old_quantity": "10",
            "new_quantity": "0",
            "rules": ["ORD-003"],
        }
    ],
    "marks": [
        {
            "instrument": {"exchange": "NSE", "tradingsymbol": "INFY"},
            "price": "990",
            "as_of": "2026-03-03T10:00:00.000000Z",
            "source": "snapshot",
        }
    ],
    "notes": ["Each plan is judged upon the state recorded with it."],
}
CHANGE: dict[str, Any] = {
    "change_id": "chg_1",
    "account_id": "paper-inr",
    "from_hash": OTHER,
    "to_hash": HASH,
    "status": "PROPOSED",
    "loosens": True,
    "proposed_by": "usr_1",
    "decided_by": None,
    "comment": "for the monsoon",
    "decision_comment": "until June only",
    "differences": [
        {"path": "limits.order.deny_list", "old": ["A", "B"], "new": [], "direction": "looser"},
        {"path": "limits.live.max_loss_per_day", "old": "5", "new": None, "direction": "tighter"},
        {"path": "limits.market.check_hours", "old": False, "new": True, "direction": "tighter"},
    ],
    "findings": [{"code": "POLICY_MONITOR", "path": "p", "message": "m", "remedy": "r"}],
}


def test_a_report_shows_days_sums_rules_plans_prices_and_what_it_leaves_out() -> None:
    text = drawn(render_replay(REPORT), width=200)
    for shown in (
        "12 decisions judged again under policy abababababab",
        "2026-03-02",
        "₹12,34,567.50",
        "₹45,000.00",
        "-₹90.25",
        "-₹100.50",
        "₹10.25",
        "ORD-003",
        "pln_1",
        "10 → 0",
        "NSE:INFY at ₹990.00, from a snapshot of 2026-03-03 10:00 UTC",
        "• Each plan is judged upon the state recorded with it.",
    ):
        assert shown in text


def test_days_without_records_say_so() -> None:
    nothing = {**REPORT, "total": {**SUM, "decisions": 0}, "days": [], "rules": [], "changed": []}
    assert "Nothing was recorded in these days." in drawn(render_replay(nothing))


def test_a_result_without_a_price_is_no_zero() -> None:
    unpriced = {**SUM, "filled_result": None, "filled_marked": None}
    text = drawn(render_replay({**REPORT, "total": unpriced, "days": [], "changed": []}), width=200)
    assert text.count("no price") == 2


def test_what_cannot_be_compared_is_not_called_the_same() -> None:
    same = {**SUM, "decisions": 12, "same": 12, "newly_denied": 0, "changed_quantity": 0}
    other = {**same, "same": 5, "incomparable": 7}
    report = {**REPORT, "days": [], "changed": []}
    assert "Every answer is the same." in drawn(render_replay({**report, "total": same}), width=200)
    text = drawn(render_replay({**report, "total": other}), width=200)
    assert "Every answer is the same." not in text
    assert "No answer that can be compared differs." in text
    assert "incomparable" in text


def test_a_change_shows_what_a_person_decides_on() -> None:
    text = drawn(render_change(CHANGE), width=200)
    for shown in (
        "chg_1",
        "proposed: “for the monsoon”",
        "decided: “until June only”",
        "PROPOSED",
        "[A, B]",
        "[]",
        "looser",
        "off",
        "true",
        "POLICY_MONITOR",
        "monsoon",
    ):
        assert shown in text
    assert "chg_1" in drawn(render_changes([CHANGE]), width=200)


def test_nothing_to_say_is_said() -> None:
    assert "No limit differs." in drawn(render_differences([]))
    assert "The linter found nothing." in drawn(render_findings([]))


def test_a_check_shows_all_three_parts() -> None:
    check = {**CHANGE, "policy_hash": HASH, "replay": REPORT}
    text = drawn(render_check(check), width=200)
    for shown in ("in force cdcdcdcdcdcd", "limits.order.deny_list", "POLICY_MONITOR", "pln_1"):
        assert shown in text


def test_policies_in_force_name_their_accounts() -> None:
    row = {
        "policy_hash": HASH,
        "version": "1",
        "mode": "enforce",
        "created_at": "2026-03-02T06:00:00.000000Z",
        "accounts": ["paper-inr", "paper-usd"],
    }
    text = drawn(render_policies([row, {**row, "accounts": []}]), width=120)
    assert "paper-inr, paper-usd" in text
    assert "2026-03-02 06:00" in text


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ('version: "1"\nlimits:\n  approval: {policy_change_four_eyes: true}\n', 0, ""),
        ('version: "1"\ndefaults: {mode: monitor}\n', 1, "POLICY_MONITOR"),
        ("version: 1\n", 2, "version (line 1): must be in quotes"),
    ],
)
def test_lint_ends_with_what_it_found(tmp_path: Path, text: str, code: int, shown: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    done = CliRunner().invoke(app, ["policy", "lint", str(file)])
    assert (done.exit_code, shown in done.output) == (code, True)


def test_lint_says_faults_as_json(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\n")
    done = CliRunner().invoke(app, ["policy", "lint", str(file), "--json"])
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["code"]) == (2, "POLICY_INVALID")
    assert answer["errors"][0]["field"] == "version"


def test_a_file_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["policy", "lint", str(tmp_path / "none.yaml")])
    assert done.exit_code == 2
