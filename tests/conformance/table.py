"""The table of conformance: what each broker can do and how it stands in each case.

`python -m tests.conformance.table` (or `make brokers`) runs the suite and writes
docs/reference/brokers.md again; with a failed case it writes nothing and names it. With
`--check` it only says whether the page is what it would write.
"""

import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from adapters.ports import ReachBack
from tests.conformance.broker_suite import BrokerSuite
from tests.conformance.fault_cases import case_id

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parents[1] / "docs" / "reference" / "brokers.md"
MODULES: Final = "test_*conform*.py"
PASS: Final = "pass"
NOT_OFFERED: Final = "not offered: "
STALE: Final = 3

INTRODUCTION: Final = """\
# Brokers

Written by `make brokers` from the conformance suite, which runs every case against every broker;
change the cases in tests/conformance, not this page. No case of it calls a broker's own servers:
brokers behind HTTP are run against a local stand-in.

How to read an error of a broker: `ORDER_REJECTED` is final, nothing rests there.
`BROKER_UNAVAILABLE` is surely not sent. `OUTCOME_UNKNOWN` may have been sent: the order is looked
up by its tag for the settle time, and never sent again on doubt.
"""

Results = Mapping[str, Mapping[str, str]]


@dataclass
class Watcher:
    """Collects, as a pytest plugin, how each case of each class ended."""

    results: dict[str, dict[str, str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the end of one phase of one test."""
        parts = report.nodeid.split("::")
        if len(parts) != 3 or not parts[2].startswith("test_bc"):
            return
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            self._note(parts[1], parts[2], f"{NOT_OFFERED}{reason}")
        elif report.when == "call":
            self._note(parts[1], parts[2], PASS)

    def _note(self, suite: str, test: str, end: str) -> None:
        self.results.setdefault(suite, {})[case_id(test)] = end


def suites() -> tuple[type[BrokerSuite], ...]:
    """Return the suite of every broker, by title."""
    for path in sorted(HERE.glob(MODULES)):
        importlib.import_module(f"tests.conformance.{path.stem}")
    found = {
        suite for suite in _below(BrokerSuite.__subclasses__()) if not inspect.isabstract(suite)
    }
    return tuple(sorted(found, key=lambda suite: (title(suite), suite.__name__)))


def cases() -> dict[str, str]:
    """Return each case's id and what it says, in order."""
    names = sorted(name for name in dir(BrokerSuite) if name.startswith("test_bc"))
    return {case_id(name): name[10:].replace("_", " ") for name in names}


def title(suite: type[BrokerSuite]) -> str:
    """Return what the table calls a broker."""
    return suite.title or suite.declared().name


def page(results: Results) -> str:
    """Return the page for results by suite and case."""
    found = suites()
    lines = [INTRODUCTION, *capability_table(found), "", "## Cases", "", *heading(found)]
    for case, text in cases().items():
        ends = (results[suite.__name__][case] for suite in found)
        lines.append(f"| {case} | {text} | {' | '.join(ends)} |")
    return "\n".join(lines) + "\n"


def capability_table(found: Sequence[type[BrokerSuite]]) -> list[str]:
    """Return what each broker declares, a row a broker."""
    return [
        "## Capabilities",
        "",
        "| broker | mode | products | order types | finds by tag | settle time | repeated tags "
        "| fractions | pairs | orders go back |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_capability_row(suite) for suite in found),
    ]


def heading(found: Sequence[type[BrokerSuite]]) -> list[str]:
    """Return the two lines above the cases."""
    titles = [title(suite) for suite in found]
    return [f"| case | says | {' | '.join(titles)} |", "|---|---|" + "---|" * len(titles)]


def run() -> Watcher:
    """Run every case of every broker in this process."""
    watcher = Watcher()
    paths = [str(path) for path in sorted(HERE.glob(MODULES))]
    pytest.main(["-q", "-p", "no:cacheprovider", *paths], plugins=[watcher])
    return watcher


def main(*, check: bool) -> int:
    """Write the page, or check it; return 1 and write nothing when a case failed."""
    watcher = run()
    if watcher.failed or not watcher.results:
        sys.stderr.write("not written; failed: " + (", ".join(watcher.failed) or "no case ran"))
        sys.stderr.write("\n")
        return 1
    if check:
        return 0 if PAGE.read_text(encoding="utf-8") == page(watcher.results) else STALE
    PAGE.write_text(page(watcher.results), encoding="utf-8")
    return 0


def _capability_row(suite: type[BrokerSuite]) -> str:
    declared = suite.declared()
    cells = (
        title(suite),
        declared.mode,
        ", ".join(sorted(declared.products)),
        ", ".join(sorted(declared.order_types)),
        "yes" if declared.finds_orders_by_tag else "no",
        f"{declared.settle_s} s",
        "refused" if declared.refuses_repeated_tags else "taken",
        "yes" if declared.takes_fractions else "no",
        "yes" if declared.places_oco else "no",
        "the day" if declared.orders_reach_back is ReachBack.SESSION else "a week",
    )
    return f"| {' | '.join(cells)} |"


def _below(suites: Iterable[type[BrokerSuite]]) -> Iterator[type[BrokerSuite]]:
    for suite in suites:
        yield suite
        yield from _below(suite.__subclasses__())


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
