"""Run the public suite of MCP against a server, and read what it found."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.node_tools import node, packages
from tests.servers import REPO, Server, prepared_server

NPM: Final = Path(__file__).parent / "npm"
SUITE: Final = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
RUN_MAX_S: Final = 400
CLIENT: Final = (
    "--command",
    f"{sys.executable} -m tests.conformance.mcp.client",
    "--timeout",
    "90000",
)
REVISIONS: Final = ("2025-11-25", "2026-07-28")
SUMMARY: Final = re.compile(r"^[✓✗~] (\S+): (\d+) passed, (\d+) failed", re.MULTILINE)
NOT_SCORED: Final = re.compile(r"^  [✓✗~] (\S+) \((\S+)\)", re.MULTILINE)
# What the suite asks of any server, whatever it offers.
WITHOUT_FIXTURE: Final = (
    "server-initialize",
    "server-session-lifecycle",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "completion-complete",
    "caching",
    "sep-2164-resource-not-found",
    "http-header-validation",
    "input-required-result-unsupported-methods",
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How one scenario ended; `scored` says that the revision requires it, or why it does not."""

    name: str
    passed: int
    failed: int
    scored: str = "required"

    @property
    def ok(self) -> bool:
        return self.failed == 0 and self.passed > 0


@contextmanager
def served(*, fixture: bool) -> Iterator[Server]:
    """Run the server for the suite, as it is or with what the suite calls by name beside it."""
    with prepared_server(READS_PER_MIN="100000", WRITES_PER_MIN="100000") as server:
        server.program = ("tests.conformance.mcp.serve", *(("--fixture",) if fixture else ()))
        server.start()
        yield server


def run(server: Server, revision: str) -> dict[str, Scenario]:
    """Run every scenario of a revision against a server; return how each ended, in order."""
    return _read(_suite("server", "--url", f"{server.url}/mcp", "--requirements", revision))


def run_client(revision: str) -> dict[str, Scenario]:
    """Run every scenario of a revision with our client; return how each ended, in order.

    The suite runs them all at once, with limits of its own on how long a step may take. On a busy
    machine that is too short for some; what failed is required to pass alone.
    """
    found = _read(_suite("client", *CLIENT, "--requirements", revision))
    return {
        name: one if one.ok or one.scored != "required" else _alone(one, revision)
        for name, one in found.items()
    }


def _alone(scenario: Scenario, revision: str) -> Scenario:
    if not client_passes(scenario.name, revision):
        return scenario
    return replace(scenario, passed=scenario.passed + scenario.failed, failed=0)


def client_passes(scenario: str, revision: str) -> bool:
    """Say whether our client passes one scenario."""
    done = _suite("client", *CLIENT, "--scenario", scenario, "--spec-version", revision)
    return done.returncode == 0 and "OVERALL: PASSED" in done.stderr + done.stdout


def _suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [node(), str(packages(NPM) / SUITE), *arguments],
        cwd=REPO,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_MAX_S,
    )


def _read(done: subprocess.CompletedProcess[str]) -> dict[str, Scenario]:
    # The two halves of the suite do not print to the same place.
    found = read(done.stdout + done.stderr)
    assert found, f"the suite did not run: {done.stderr[-2000:]}"
    return found


def read(output: str) -> dict[str, Scenario]:
    """Read the summary that the suite prints."""
    _, _, summary = output.partition("SUMMARY ===")
    why = dict(NOT_SCORED.findall(summary))
    return {
        name: Scenario(
            name=name, passed=int(passed), failed=int(failed), scored=why.get(name, "required")
        )
        for name, passed, failed in SUMMARY.findall(summary)
    }
