"""The risk desk as a process of its own: killed at any moment, it goes on from its journal."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.riskdesk.journal import read_journal
from app.riskdesk.replaying import verify_decisions
from riskgate.records import Kind
from tests.processes import within
from tests.unit.riskdesk.desks import POLICY_TEXT, records_of
from tests.unit.riskdesk.test_server import INTENT

REPO = Path(__file__).resolve().parents[2]
MAX_S = 60.0
POLL_S = 0.01
ORDERS = 5_000


def write_files(folder: Path) -> None:
    (folder / "policy.yaml").write_text(POLICY_TEXT % {"rate": 10_000, "violations": 10_000})
    (folder / "portfolio.json").write_text(
        '{"equity": 100000, "start_of_day_equity": 100000, "peak_equity": 100000}'
    )
    (folder / "market.json").write_text('{"timestamp": "t", "prices": {"A": 100, "B": 50}}')
    (folder / "intents.jsonl").write_text("".join(an_order(n) + "\n" for n in range(ORDERS)))


def an_order(n: int) -> str:
    second = f"2026-03-02T{4 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
    side = "sell" if n % 2 else "buy"
    return json.dumps(
        {**INTENT, "intent_id": f"i-{n}", "timestamp": second, "side": side, "qty": 1 + n % 90 // 2}
    )


def arguments(folder: Path, command: str, *more: str) -> list[str]:
    named = [
        part
        for name in ("policy", "portfolio", "market")
        for part in (f"--{name}", str(next(folder.glob(f"{name}.*"))))
    ]
    return [sys.executable, "-m", "app.cli", "risk", command, *named, *more]


def sigmatrader(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "risk", *command],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        timeout=MAX_S,
    )


def run_command(folder: Path, journal: str, *more: str) -> list[str]:
    intents = str(folder / "intents.jsonl")
    log = str(folder / journal)
    return arguments(
        folder, "run", "--intents", intents, "--audit-log", log, "--run-id", "run-1", *more
    )


def waited(condition: Any) -> None:
    until = time.monotonic() + MAX_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(POLL_S)


def test_a_run_that_is_killed_has_recorded_all_it_did_and_goes_on(tmp_path: Path) -> None:
    write_files(tmp_path)
    clean = subprocess.run(
        [*run_command(tmp_path, "clean"), "--json"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
        timeout=MAX_S,
    )
    process = subprocess.Popen(run_command(tmp_path, "killed"), cwd=REPO)
    journal = tmp_path / "killed"
    waited(lambda: journal.exists() and journal.stat().st_size > 200_000)
    process.send_signal(signal.SIGKILL)
    process.wait(MAX_S)

    killed = journal.read_bytes()
    whole = (tmp_path / "clean").read_bytes()
    assert len(killed) < len(whole)
    assert whole.startswith(killed)
    assert verify_decisions(read_journal(journal)).difference is None

    resumed = subprocess.run(
        [*run_command(tmp_path, "killed", "--resume"), "--json"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
        timeout=MAX_S,
    )
    assert journal.read_bytes().startswith(killed)
    again, first = json.loads(resumed.stdout), json.loads(clean.stdout)
    assert again["total_intents"] == first["total_intents"] == ORDERS
    asked = [
        record.body["asked"]["intent_id"]
        for record in records_of(journal)
        if record.kind is Kind.DECISION
    ]
    assert asked == [f"i-{n}" for n in range(ORDERS)]
    assert verify_decisions(read_journal(journal)).difference is None
    if not again["orders_unknown"]:
        assert again["final_positions"] == first["final_positions"]


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    log = str(folder / "journal")
    process = subprocess.Popen(
        arguments(folder, "serve", "--port", "0", "--audit-log", log, *more),
        cwd=REPO,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = ""
        with within(process, MAX_S):
            for line in process.stdout:
                if "serves on" in line:
                    break
        assert "serves on" in line
        yield line.split()[-1].rstrip("/"), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(MAX_S)
        if process.stdout is not None:
            process.stdout.close()


def post(url: str, intent: dict[str, Any]) -> dict[str, Any]:
    with httpx.Client(trust_env=False, timeout=MAX_S) as client:
        answer: dict[str, Any] = client.post(f"{url}/intent", json={"intent": intent}).json()
        return answer


def test_of_a_hundred_orders_at_once_against_room_for_ten_ten_pass(tmp_path: Path) -> None:
    write_files(tmp_path)
    with serving(tmp_path) as (url, _process):
        orders = [{**INTENT, "intent_id": f"p-{n}"} for n in range(100)]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda order: post(url, order), orders))
        assert [answer["decision"] for answer in answers].count("ALLOW") == 10
        assert sum(answer["order_id"] is not None for answer in answers) == 10
    assert verify_decisions(read_journal(tmp_path / "journal")).difference is None


def test_a_server_that_is_killed_goes_on_with_its_state_and_answers(tmp_path: Path) -> None:
    write_files(tmp_path)
    with serving(tmp_path) as (url, process):
        first = post(url, INTENT)
        health = httpx.get(f"{url}/health", trust_env=False).json()
        process.send_signal(signal.SIGKILL)
        process.wait(MAX_S)
    with serving(tmp_path) as (url, _process):
        after = httpx.get(f"{url}/health", trust_env=False).json()
        assert after["journal_head"] == health["journal_head"]
        assert (after["positions_count"], after["run_id"]) == (1, health["run_id"])
        assert post(url, INTENT) == {**first, "repeated": True}
        (tmp_path / "market.json").write_text('{"timestamp": "t", "prices": {"B": 50}}')
        assert post(url, {**INTENT, "intent_id": "i-2"})["violated_rule_ids"] == ["SYS-001"]


def test_wrong_requests_are_answered_on_the_wire(tmp_path: Path) -> None:
    write_files(tmp_path)
    with serving(tmp_path, "--token", "secret") as (url, _process):
        port = int(url.rsplit(":", 1)[1])
        for head in ("Content-Length: -1", "Content-Length: many"):
            with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
                raw.sendall(f"POST /intent HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
                assert raw.recv(64).startswith(b"HTTP/1.1 400")
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            assert client.post("/intent", json={"intent": INTENT}).status_code == 401
            signed = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
            deep = client.post("/intent", content=b"[" * 30_000, headers=signed)
            assert (deep.status_code, deep.json()["error"]) == (400, "invalid_json")
            large = client.post("/intent", content=b" " * 70_000, headers=signed)
            assert large.status_code == 413


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("policy.yaml", "version: 1", "must be in quotes"),
        ("portfolio.json", "{", "is not JSON"),
        ("market.json", "[]", "must be an object"),
        ("intents.jsonl", '{"intent_id": 1}', "line 1"),
    ],
)
def test_a_run_with_a_wrong_file_exits_2_and_writes_nothing(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    write_files(tmp_path)
    (tmp_path / name).write_text(text)
    found = subprocess.run(
        run_command(tmp_path, "journal"),
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        timeout=MAX_S,
    )
    assert found.returncode == 2
    assert said in found.stderr
    assert not (tmp_path / "journal").exists()


def test_a_scenario_is_run_replayed_and_asked_what_if_from_the_command_line(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert sigmatrader("scenario", "run", "runaway_agent", "--out", str(out)).returncode == 0
    journal = str(out / "journal.jsonl")
    summary = json.loads((out / "summary.json").read_text())
    replayed = sigmatrader("replay", "--audit-log", journal, "--anchor", summary["journal_head"])
    assert replayed.returncode == 0
    assert "all as recorded" in replayed.stdout

    (tmp_path / "new.yaml").write_text('version: "1"\n')
    what_if = sigmatrader(
        "replay", "--audit-log", journal, "--policy", str(tmp_path / "new.yaml"), "--json"
    )
    assert json.loads(what_if.stdout)["total"]["before"]["ALLOW"] == 5
    assert sigmatrader("correlate", "--audit-log", journal).stdout.count("\n") == 61
    stats = json.loads(sigmatrader("stats", "--audit-log", journal, "--json").stdout)
    assert stats["records"]["decision"]["largest_bytes"] <= 1024

    text = (out / "journal.jsonl").read_bytes()
    (out / "journal.jsonl").write_bytes(text.replace(b'"DENY"', b'"ALLOW"', 1))
    forged = sigmatrader("replay", "--audit-log", journal)
    assert forged.returncode == 1
    assert "DIFFERS" in forged.stdout


def test_the_kill_switch_is_turned_off_from_the_command_line_with_a_reason(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sigmatrader("scenario", "run", "runaway_agent", "--out", str(out))
    journal = str(out / "journal.jsonl")
    found = sigmatrader("kill", "off", "--audit-log", journal, "--reason", "the loop is mended")
    assert found.returncode == 0
    assert "was HALTED" in found.stdout
    last = records_of(out / "journal.jsonl")[-1]
    assert last.body == {"by": "operator", "level": "RUNNING", "reason": "the loop is mended"}
