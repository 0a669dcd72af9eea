"""The public suite of MCP finds nothing wrong with our server, in either era of the protocol."""

import os

import pytest

from tests.conformance.mcp.page import PAGE, Results, failures, measured, page
from tests.conformance.mcp.suite import REVISIONS, Scenario, client_passes, read

REQUIRED = {"2025-11-25": 30, "2026-07-28": 37}


WHOLE = os.environ.get("FAULTS") == "full"


def test_every_required_scenario_passes_and_the_page_says_so() -> None:
    results = measured(whole=WHOLE)
    assert failures(results) == []
    assert {
        one.revision: sum(s.scored == "required" and s.ok for s in one.with_fixture.values())
        for one in results
    } == REQUIRED
    kept, written = PAGE.read_text(encoding="utf-8"), page(results)
    if WHOLE:
        assert kept == written, "make mcp-conformance"
    assert ends(kept) == ends(written), "make mcp-conformance"


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("scenario", ["tools_call", "auth/scope-step-up"])
def test_our_client_calls_tools_and_signs_in(scenario: str, revision: str) -> None:
    """Two of the client's scenarios; `make mcp-conformance` runs them all."""
    assert client_passes(scenario, revision)


def test_the_page_says_that_the_client_passed_what_is_required() -> None:
    _, _, part = PAGE.read_text(encoding="utf-8").partition("## As a client")
    for revision, count in {"2025-11-25": 18, "2026-07-28": 32}.items():
        assert f"### {revision} as a client\n\n{count} of {count} required" in part


def ends(text: str) -> list[str]:
    """Return each row's scenario of the server, and what became of it with the fixture."""
    server, _, _ = text.partition("## As a client")
    rows = [line.strip("| ").split(" | ") for line in server.splitlines() if line.startswith("| ")]
    return [f"{row[0]}: {row[-1]}" for row in rows]


def test_a_scenario_that_failed_or_checked_nothing_is_noticed() -> None:
    output = """
=== SUMMARY ===
✓ ping: 2 passed, 0 failed
✗ tools-list: 1 passed, 1 failed
✓ caching: 0 passed, 0 failed
✗ tasks-lifecycle: 1 passed, 8 failed

Not scored for 2026-07-28: 1 scenario(s) run, 1 failing. These do not affect conformance.
  ✗ tasks-lifecycle (extension)
"""
    found = read(output)
    assert found["tasks-lifecycle"] == Scenario(
        name="tasks-lifecycle", passed=1, failed=8, scored="extension"
    )
    result = Results(revision=REVISIONS[1], as_it_is=found, with_fixture=found, client={})
    assert failures([result]) == [
        "2026-07-28 as it is: tools-list, 1 failed",
        "2026-07-28 as it is: caching, 0 failed",
        "2026-07-28 with the fixture: tools-list, 1 failed",
        "2026-07-28 with the fixture: caching, 0 failed",
    ]
