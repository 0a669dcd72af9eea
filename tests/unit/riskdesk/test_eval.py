import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.risk import app
from tests.unit.riskdesk.cases import a_case

NAMES = ("policy", "intent", "portfolio", "market", "execution")


def run(folder: Path, changes: Mapping[str, object] | None = None, *options: str) -> Result:
    arguments = ["eval", *options]
    case = a_case(changes)
    for name in NAMES:
        (folder / f"{name}.json").write_text(json.dumps(case[name]), encoding="utf-8")
        arguments += [f"--{name}", str(folder / f"{name}.json")]
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    ("quantity", "verdict", "code"), [(1, "ALLOW", 0), (51, "MODIFY", 0), (1000, "MODIFY", 0)]
)
def test_an_order_that_may_go_out_ends_with_nothing_wrong(
    tmp_path: Path, quantity: int, verdict: str, code: int
) -> None:
    result = run(tmp_path, {"intent.qty": quantity}, "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)["decision"] == verdict


def test_a_refused_order_ends_with_one(tmp_path: Path) -> None:
    result = run(tmp_path, {"execution.kill_switch_active": True}, "--json")
    assert result.exit_code == 1
    (violation,) = json.loads(result.stdout)["violations"]
    assert violation["rule_id"] == "KILL-001"
    assert violation["severity"] == "CRITICAL"
    assert violation["remedy"]


def test_json_with_line_breaks_is_the_same_json(tmp_path: Path) -> None:
    one = run(tmp_path, {"intent.qty": 51}, "--json").stdout
    pretty = run(tmp_path, {"intent.qty": 51}, "--pretty").stdout
    assert one.count("\n") == 1
    assert pretty.count("\n") > 20
    assert _exact(one) == _exact(pretty)


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def test_a_person_reads_the_verdict_the_rules_and_the_figures(tmp_path: Path) -> None:
    result = run(tmp_path, {"intent.qty": 51})
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert first == "MODIFY  buy 51 OAK, at most 50"
    assert "EXP-001" in "".join(rest)
    assert "new_position_pct" in "".join(rest)


def test_a_person_reads_what_was_waived_for_an_exit(tmp_path: Path) -> None:
    exit_order: dict[str, object] = {"intent.side": "sell", "portfolio.positions": {"OAK": 5}}
    result = run(tmp_path, {**exit_order, "execution.kill_switch_active": True})
    assert result.exit_code == 0
    assert "Passed because the order only reduces: KILL-001" in result.stdout


def test_a_case_that_cannot_be_judged_ends_with_two_and_says_why(tmp_path: Path) -> None:
    result = run(tmp_path, {"intent.qty": "5"}, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'intent qty: must be a number, was "5"; write it without quotes' in result.stderr


def test_a_wrong_policy_ends_with_two_and_says_where(tmp_path: Path) -> None:
    result = run(tmp_path, {"policy.limits.exposure.max_position_pct": 2})
    assert result.exit_code == 2
    assert "limits.exposure.max_position_pct" in result.stderr


def test_a_file_that_is_not_there_ends_with_two(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.json")
    options = [part for name in NAMES for part in (f"--{name}", missing)]
    result = CliRunner().invoke(app, ["eval", *options])
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_a_file_with_a_mark_of_its_byte_order_is_read(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "intent.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    options = [part for name in NAMES for part in (f"--{name}", str(tmp_path / f"{name}.json"))]
    assert CliRunner().invoke(app, ["eval", *options]).exit_code == 0


def test_a_wrong_time_to_judge_at_ends_with_two(tmp_path: Path) -> None:
    result = run(tmp_path, {}, "--at", "noon")
    assert result.exit_code == 2
    assert "--at must be a time" in result.stderr


def test_batch_without_its_format_ends_with_two() -> None:
    assert CliRunner().invoke(app, ["batch"]).exit_code == 2
