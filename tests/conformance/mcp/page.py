"""What the public suite says of our server, as a page.

`python -m tests.conformance.mcp.page` (or `make mcp-conformance`) runs it, prints the page and
writes docs/reference/mcp-conformance.md again; with a required scenario that fails it writes
nothing and names it.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.mcp.suite import REVISIONS, WITHOUT_FIXTURE, Scenario, run, served

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


@dataclass(frozen=True, kw_only=True)
class Results:
    """One revision's scenarios, as the server is and with the fixture."""

    revision: str
    as_it_is: Mapping[str, Scenario]
    with_fixture: Mapping[str, Scenario]


def measured(*, both: bool = True) -> list[Results]:
    """Run the suite on both servers, or only on the one with the fixture."""
    plain = _runs(fixture=False) if both else {}
    fixed = _runs(fixture=True)
    return [
        Results(revision=revision, as_it_is=plain.get(revision, {}), with_fixture=fixed[revision])
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
        )
        for one in scenarios
        if one.scored == "required" and not one.ok
    ]


def page(results: Sequence[Results]) -> str:
    """Write the page."""
    return "\n".join([INTRODUCTION, *(line for one in results for line in _section(one))]) + "\n"


def _section(result: Results) -> list[str]:
    required = [one for one in result.with_fixture.values() if one.scored == "required"]
    passed = sum(one.ok for one in required)
    others = [one for one in result.with_fixture.values() if one.scored != "required"]
    return [
        f"## {result.revision}",
        "",
        f"{passed} of {len(required)} required scenarios pass with the fixture.",
        "",
        "| scenario | as it is | with the fixture |",
        "|---|---|---|",
        *(f"| {one.name} | {_plain(result, one)} | {_figures(one)} |" for one in required),
        "",
        "The revision does not require these, and says why:",
        "",
        "| scenario | why | with the fixture |",
        "|---|---|---|",
        *(f"| {one.name} | {one.scored} | {_figures(one)} |" for one in others),
        "",
    ]


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
