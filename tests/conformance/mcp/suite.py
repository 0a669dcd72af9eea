"""Run the public suite of MCP against a server, and read what it found."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.node_tools import node, packages
from tests.servers import Server, prepared_server

NPM: Final = Path(__file__).parent / "npm"
SUITE: Final = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
RUN_MAX_S: Final = 300
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
    """Run every scenario of a revision and return how each ended, in the suite's order."""
    folder = packages(NPM)
    done = subprocess.run(
        [node(), SUITE, "server", "--url", f"{server.url}/mcp", "--requirements", revision],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_MAX_S,
    )
    found = read(done.stdout)
    assert found, f"the suite did not run: {done.stderr[-2000:]}"
    return found


def read(output: str) -> dict[str, Scenario]:
    """Read the summary that the suite prints."""
    _, _, summary = output.partition("=== SUMMARY ===")
    why = dict(NOT_SCORED.findall(summary))
    return {
        name: Scenario(
            name=name, passed=int(passed), failed=int(failed), scored=why.get(name, "required")
        )
        for name, passed, failed in SUMMARY.findall(summary)
    }
