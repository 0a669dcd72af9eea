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


def test_the_page_is_what_its_own_results_would_write() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:5] == "| BC-"]
    results = {
        suite.__name__: {row[0]: row[2 + column] for row in rows}
        for column, suite in enumerate(suites())
    }
    assert text == page(results), "make brokers"
    for suite in suites():
        for case, end in results[suite.__name__].items():
            assert end == PASS or end.startswith(NOT_OFFERED)
            if case in suite.cannot:
                assert end == NOT_OFFERED + suite.cannot[case], "make brokers"


def test_what_a_broker_cannot_have_names_cases_of_the_suite() -> None:
    for suite in suites():
        assert set(suite.cannot) <= set(cases())


def test_cases_are_numbered_without_a_gap() -> None:
    assert list(cases()) == [f"BC-{number:02d}" for number in range(1, len(cases()) + 1)]
    assert case_id("test_bc07_a_price_off_the_tick_is_refused") == "BC-07"


def test_a_watcher_that_saw_nothing_has_no_results() -> None:
    assert (Watcher().results, Watcher().failed) == ({}, [])
