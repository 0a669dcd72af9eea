"""What the public suite says of our server, as a page.

`python -m tests.conformance.mcp.page` (or `make mcp-conformance`) runs it, prints the page and
writes docs/reference/mcp-conformance.md again; with a required scenario that fails it writes
nothing and names it.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.mcp.suite import (
    REVISIONS,
    WITHOUT_FIXTURE,
    Scenario,
    run,
    run_client,
    served,
)

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "reference" / "mcp-conformance.md"
INTRODUCTION: Final = """\
# MCP conformance

Written by `make mcp-conformance` from a run of the public suite, npm
`@modelcontextprotocol/conformance` 0.2.0-alpha.12, against the real server over HTTP; change the
server or tests/conformance/mcp, not this page. Most scenarios call tools, resources and prompts by
fixed names, so the suite runs twice: against the server as it is, and against the same server with
those beside our own (a fixture that exists in the tests only). Figures are checks passed of checks
made; a dash stands for what a server without the fixture cannot be asked.
"""
CLIENT_INTRODUCTION: Final = """\
## As a client

The suite's own servers, called by the client of adapters/mcp through
tests/conformance/mcp/client.py. Scenarios in which a server asks or streams on its own are spoken
by the library's client over our wire, for ours answers no server's questions. An answer that
leaves out what the protocol requires of it is refused and not asked for again.
"""


@dataclass(frozen=True, kw_only=True)
class Results:
    """One revision's scenarios: of the server as it is and with the fixture, and of the client."""

    revision: str
    as_it_is: Mapping[str, Scenario]
    with_fixture: Mapping[str, Scenario]
    client: Mapping[str, Scenario]


def measured(*, whole: bool = True) -> list[Results]:
    """Run the suite, or only its part on the server with the fixture."""
    plain = _runs(fixture=False) if whole else {}
    fixed = _runs(fixture=True)
    client = {revision: run_client(revision) for revision in REVISIONS} if whole else {}
    return [
        Results(
            revision=revision,
            as_it_is=plain.get(revision, {}),
            with_fixture=fixed[revision],
            client=client.get(revision, {}),
        )
        for revision in REVISIONS
    ]


def _runs(*, fixture: bool) -> dict[str, dict[str, Scenario]]:
    with served(fixture=fixture) as server:
        return {revision: run(server, revision) for revision in REVISIONS}


def failures(results: Sequence[Results]) -> list[str]:
    """Name what must pass and does not."""
    return [
        f"{result.revision} {where}: {one.name}, {one.failed} failed"
        for result in results
        for where, scenarios in (
            ("as it is", [s for s in result.as_it_is.values() if s.name in WITHOUT_FIXTURE]),
            ("with the fixture", result.with_fixture.values()),
            ("as a client", result.client.values()),
        )
        for one in scenarios
        if one.scored == "required" and not one.ok
    ]


def page(results: Sequence[Results]) -> str:
    """Write the page."""
    server = [line for one in results for line in _section(one)]
    client = [line for one in results for line in _client_section(one)]
    return "\n".join([INTRODUCTION, *server, CLIENT_INTRODUCTION, *client]) + "\n"


def _section(result: Results) -> list[str]:
    required, others = _parted(result.with_fixture)
    passed = sum(one.ok for one in required)
    return [
        f"## {result.revision}",
        "",
        f"{passed} of {len(required)} required scenarios pass with the fixture.",
        "",
        "| scenario | as it is | with the fixture |",
        "|---|---|---|",
        *(f"| {one.name} | {_plain(result, one)} | {_figures(one)} |" for one in required),
        "",
        *_others(others, "with the fixture"),
    ]


def _client_section(result: Results) -> list[str]:
    required, others = _parted(result.client)
    passed = sum(one.ok for one in required)
    return [
        f"### {result.revision} as a client",
        "",
        f"{passed} of {len(required)} required scenarios pass.",
        "",
        "| scenario | checks |",
        "|---|---|",
        *(f"| {one.name} | {_verdict(one)} |" for one in required),
        "",
        *_others(others, "checks", _verdict),
    ]


def _parted(found: Mapping[str, Scenario]) -> tuple[list[Scenario], list[Scenario]]:
    required = [one for one in found.values() if one.scored == "required"]
    return required, [one for one in found.values() if one.scored != "required"]


def _others(
    scenarios: Sequence[Scenario], heading: str, shown: Callable[[Scenario], str] | None = None
) -> list[str]:
    show = shown or _figures
    return [
        "The revision does not require these, and says why:",
        "",
        f"| scenario | why | {heading} |",
        "|---|---|---|",
        *(f"| {one.name} | {one.scored} | {show(one)} |" for one in scenarios),
        "",
    ]


def _verdict(scenario: Scenario) -> str:
    """Say how a client's scenario ended; how many checks it makes differs from run to run."""
    return "pass" if scenario.ok else "fail"


def _plain(result: Results, scenario: Scenario) -> str:
    found = result.as_it_is.get(scenario.name)
    if scenario.name not in WITHOUT_FIXTURE or found is None:
        return "–"
    return _figures(found)


def _figures(scenario: Scenario) -> str:
    made = scenario.passed + scenario.failed
    return f"{scenario.passed} of {made}" if made else "skipped"


def main() -> int:
    """Measure, print and write."""
    results = measured()
    written = page(results)
    sys.stdout.write(written)
    failed = failures(results)
    if failed:
        sys.stderr.write("\n".join(("required and failed:", *failed, "")))
        return 1
    PAGE.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
