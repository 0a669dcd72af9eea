import subprocess
import sys

from tests.conformance.fault_cases import case_id
from tests.conformance.table import (
    NOT_OFFERED,
    PAGE,
    PASS,
    Watcher,
    capability_table,
    cases,
    heading,
    page,
    suites,
)


def test_the_page_has_every_broker_with_what_it_declares() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for line in (*capability_table(suites()), *heading(suites())):
        assert line in text, "make brokers"


def test_the_page_has_every_case_once_and_no_other() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ")[:2] for line in lines if line.startswith("| BC-")]
    assert rows == [[f"| {case}", text] for case, text in cases().items()], "make brokers"


def test_the_page_is_what_a_run_of_every_suite_writes() -> None:
    command = [sys.executable, "-m", "tests.conformance.table", "--check"]
    root = PAGE.parents[2]
    ran = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=280
    )
    assert ran.returncode == 0, f"make brokers\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"


def test_a_page_says_of_each_case_that_a_broker_cannot_have_why() -> None:
    results = {suite.__name__: dict.fromkeys(cases(), PASS) for suite in suites()}
    for suite in suites():
        results[suite.__name__] |= {
            case: f"{NOT_OFFERED}{reason}" for case, reason in suite.cannot.items()
        }
    text = page(results)
    assert text.count(NOT_OFFERED) == sum(len(suite.cannot) for suite in suites())
    assert all(f"{NOT_OFFERED}{why}" in text for suite in suites() for why in suite.cannot.values())


def test_what_a_broker_cannot_have_names_cases_of_the_suite() -> None:
    for suite in suites():
        assert set(suite.cannot) <= set(cases())


def test_cases_are_numbered_without_a_gap() -> None:
    assert list(cases()) == [f"BC-{number:02d}" for number in range(1, len(cases()) + 1)]
    assert case_id("test_bc07_a_price_off_the_tick_is_refused") == "BC-07"


def test_a_watcher_that_saw_nothing_has_no_results() -> None:
    assert (Watcher().results, Watcher().failed) == ({}, [])
