"""The published AG-UI client, as anybody's page would use it, against the real server."""

import json
import os
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.node_tools import packages
from tests.servers import Server

CLIENT = Path(__file__).parent / "agui"
RUN_MAX_S = 60


@pytest.fixture(scope="module")
def client() -> Path:
    """The client with its packages."""
    return packages(CLIENT)


def converse(client: Path, server: Server, *words: str) -> list[dict[str, Any]]:
    """Hold a conversation and return what the client told about it."""
    done = subprocess.run(
        ["node", "client.mjs", f"{server.url}/agui", *words],
        cwd=client,
        env={**os.environ, "SIGMATRADER_API_KEY": server.key},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_MAX_S,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def kinds(told: list[dict[str, Any]], run: int) -> list[str]:
    """Return the events of one run, each stretch of the same kind once."""
    return [kind for kind, _ in groupby(f["type"] for f in told if f["run"] == run and "type" in f)]


def ends(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [fact for fact in told if "outcome" in fact]


def test_an_order_by_the_published_client_is_approved_and_filled(
    client: Path, server: Server
) -> None:
    told = converse(client, server, "buy 10 INFY at market, cnc")
    asked, done = ends(told)

    first, second = kinds(told, 1), kinds(told, 2)
    assert first[:2] == ["RUN_STARTED", "STEP_STARTED"]
    assert first[-3:] == ["STATE_SNAPSHOT", "MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    assert {"ACTIVITY_SNAPSHOT", "TEXT_MESSAGE_CONTENT", "TOOL_CALL_RESULT"} <= set(first)
    assert second[0] == "RUN_STARTED"
    assert second[-1] == "RUN_FINISHED"
    assert (asked["outcome"], [found["reason"] for found in asked["interrupts"]]) == (
        "interrupt",
        ["confirmation"],
    )
    assert (done["outcome"], done["interrupts"]) == ("success", [])
    assert done["state"]["outcome"] == "EXECUTED"
    assert [order["state"] for order in done["result"]["orders"]] == ["FILLED"]
    assert done["result"]["reconciled"] is True
    [order] = done["result"]["orders"]
    with server.client() as api:
        rows = api.get("/api/v1/orders").json()["rows"]
    assert [row["state"] for row in rows if row["order_id"] == order["order_id"]] == ["FILLED"]
    assert sum(row["plan_id"] == done["result"]["plan_id"] for row in rows) == 1


def test_a_question_is_answered_by_the_published_client(client: Path, server: Server) -> None:
    told = converse(client, server, "buy TCS at market, cnc", "7")
    question, card, done = ends(told)
    assert [question["interrupts"][0]["reason"], card["interrupts"][0]["reason"]] == [
        "input_required",
        "confirmation",
    ]
    [order] = done["result"]["orders"]
    assert (order["state"], order["filled_quantity"]) == ("FILLED", "7")
