"""Runs from files: what is read, in whose time, and what they come to."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.riskdesk.answers import json_text
from app.riskdesk.journal import Fsync, read_journal
from app.riskdesk.replaying import verify_decisions
from app.riskdesk.runner import read_intents, read_markets
from app.riskdesk.running import RunFiles, RunOptions, run_files
from app.riskdesk.scenarios import scenarios
from riskgate.reading import DocumentInvalid
from tests.unit.riskdesk.desks import POLICY_TEXT
from tests.unit.riskdesk.test_server import INTENT

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "riskdesk"


def lines(*stamps: str) -> list[str]:
    return [
        json.dumps({**INTENT, "intent_id": f"i-{n}", "timestamp": stamp, "qty": 1})
        for n, stamp in enumerate(stamps)
    ]


def files(tmp_path: Path, *stamps: str) -> RunFiles:
    (tmp_path / "policy.yaml").write_text(POLICY_TEXT % {"rate": 1000, "violations": 1000})
    (tmp_path / "intents.jsonl").write_text("\n".join(lines(*stamps)) + "\n")
    (tmp_path / "portfolio.json").write_text(
        '{"equity": 100000, "start_of_day_equity": 100000, "peak_equity": 100000}'
    )
    (tmp_path / "market.json").write_text('{"timestamp": "t", "prices": {"A": 100}}')
    return RunFiles(
        policy=tmp_path / "policy.yaml",
        intents=tmp_path / "intents.jsonl",
        portfolio=tmp_path / "portfolio.json",
        market=tmp_path / "market.json",
        journal=tmp_path / "journal.jsonl",
    )


def test_a_time_far_ahead_of_later_ones_is_refused_and_named() -> None:
    stamps = ("2026-03-02T04:00:00Z", "2099-01-01T00:00:00Z", "2026-03-02T04:00:01Z")
    with pytest.raises(DocumentInvalid, match=r"line 2.*ahead of a later line"):
        read_intents(lines(*stamps), window_s=300)


def test_a_time_without_an_offset_is_refused_and_named() -> None:
    with pytest.raises(DocumentInvalid, match=r"line 1.*offset"):
        read_intents(lines("2026-03-02T04:00:00"), window_s=300)


def test_every_fault_of_a_file_is_named_with_its_line() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read_intents(["{", "", '{"intent_id": 5}'], window_s=300)
    assert "intent (line 1)" in str(refused.value)
    assert "intent (line 3)" in str(refused.value)


def test_times_a_little_out_of_order_and_hours_apart_are_taken() -> None:
    stamps = ("2026-03-02T04:05:00Z", "2026-03-02T04:00:00Z", "2026-03-02T09:00:00Z")
    assert len(read_intents(lines(*stamps), window_s=300)) == 3


def test_snapshots_out_of_order_are_refused() -> None:
    texts = [f'{{"timestamp": "2026-03-02T0{h}:00:00Z", "prices": {{}}}}' for h in (5, 4)]
    with pytest.raises(DocumentInvalid, match="before the line above"):
        read_markets(texts)


def test_a_run_that_goes_on_sends_nothing_twice(tmp_path: Path) -> None:
    given = files(tmp_path, "2026-03-02T04:00:00Z", "2026-03-02T04:00:01Z")
    first = run_files(given, RunOptions(run_id="one"))
    given.intents.write_text(given.intents.read_text() + lines(*["2026-03-02T04:00:09Z"] * 3)[2])
    again = run_files(given, RunOptions(run_id="two", resume=True))
    assert first["final_positions"] == {"A": 2}
    assert again["final_positions"] == {"A": 3}
    assert (again["repeated"], again["run_id"], again["orders_submitted"]) == (2, "one", 3)


def test_an_order_of_a_file_cannot_say_what_its_instrument_is_worth(tmp_path: Path) -> None:
    given = files(tmp_path, "2026-03-02T04:00:00Z")
    order = json.loads(given.intents.read_text())
    order["instrument"]["multiplier"] = 0.0001
    given.intents.write_text(json.dumps(order))
    found = run_files(given, RunOptions(run_id="one"))
    errors: Any = found["input_errors"]
    assert [one["error"] for one in errors] == ["CALLER_TERMS_REFUSED"]
    assert found["orders_submitted"] == 0


def test_a_portfolio_with_an_instrument_s_currency_needs_its_own(tmp_path: Path) -> None:
    given = files(tmp_path, "2026-03-02T04:00:00Z")
    portfolio = json.loads(given.portfolio.read_text())
    given.portfolio.write_text(json.dumps({**portfolio, "instruments": {"A": {"currency": "USD"}}}))
    with pytest.raises(DocumentInvalid, match="account's currency"):
        run_files(given, RunOptions(run_id="one"))


def test_a_new_run_on_an_old_journal_keeps_its_kill_switch(tmp_path: Path) -> None:
    given = files(tmp_path, "2026-03-02T04:00:00Z")
    given.policy.write_text(POLICY_TEXT % {"rate": 1000, "violations": 1})
    given.market.write_text('{"timestamp": "t", "prices": {}}')
    assert run_files(given, RunOptions(run_id="one"))["kill_switch_active"] is True
    given.market.write_text('{"timestamp": "t", "prices": {"A": 100}}')
    second = run_files(given, RunOptions(run_id="two"))
    assert second["rule_histogram"] == {"KILL-001": 1}
    assert given.journal is not None
    assert verify_decisions(read_journal(given.journal)).difference is None


def golden(found: dict[str, Any]) -> str:
    """Return a summary without what differs from run to run."""
    kept = {name: value for name, value in found.items() if name != "latency_us"}
    return json_text(kept, indent=2) + "\n"


@pytest.mark.parametrize("one", scenarios(), ids=lambda one: one.name)
def test_a_scenario_comes_to_what_it_always_did_and_replays(one: Any, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    options = RunOptions(run_id="golden", fsync=Fsync.NEVER, keep_timing=False)
    found = run_files(replace(one.files, journal=journal), options)
    assert golden(found) == (GOLDEN / f"{one.name}.json").read_text()
    replayed = verify_decisions(read_journal(journal))
    assert (replayed.difference, replayed.decisions) == (None, found["total_intents"])


def test_there_are_six_scenarios() -> None:
    assert [one.name for one in scenarios()] == [
        "drawdown_crash",
        "fat_finger",
        "flash_crash_stale_quotes",
        "normal_day",
        "runaway_agent",
        "throttle_burst",
    ]
