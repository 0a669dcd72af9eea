"""`sigmatrader mcp` on its pipes: the protocol and nothing else, whatever becomes of the server."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import RUN_MAX_S, within
from tests.servers import REPO

HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test-host", "version": "1"},
}


def started(*arguments: str, key: str | None) -> subprocess.Popen[str]:
    """Start the command with its pipes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGMATRADER")}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "mcp", *arguments],
        cwd=REPO,
        env=kept if key is None else {**kept, "SIGMATRADER_API_KEY": key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_a_host_reads_is_the_protocol_line_by_line() -> None:
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": HELLO},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
    ]
    with started("--url", "http://127.0.0.1:9", key="st_" + "k" * 43) as process, within(process):
        assert process.stdin is not None
        assert process.stdout is not None
        for message in messages:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        process.stdin.flush()
        hello, listed = (json.loads(process.stdout.readline()) for _ in range(2))
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0
    assert (hello["id"], hello["result"]["serverInfo"]["name"]) == (1, "sigmatrader")
    assert (listed["id"], listed["error"]["data"]["code"]) == (2, "SERVER_UNREACHABLE")


@pytest.mark.parametrize(
    ("arguments", "key", "told"),
    [
        ((), None, "Set SIGMATRADER_API_KEY"),
        (("--url", "http://desk.example.org"), "st_key", "only over https"),
    ],
)
def test_a_command_that_cannot_work_ends_and_says_why_on_standard_error(
    arguments: tuple[str, ...], key: str | None, told: str
) -> None:
    process = started(*arguments, key=key)
    out, error = process.communicate(timeout=RUN_MAX_S)
    assert (process.returncode, out) == (2, "")
    assert told in error
