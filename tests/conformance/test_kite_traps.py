"""Each trap of Kite's server has a test, and each exchange that shows one is in the table."""

import ast
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.kite_traps import EXCHANGES, KITE_TRAPS, Trap

TESTS: Final = Path(__file__).resolve().parents[1]
RECORDINGS: Final = os.environ.get("SIGMATRADER_KITE_RECORDINGS", "")
CONTRACT: Final = (
    Path(RECORDINGS).parent if RECORDINGS else TESTS.parents[1] / "shared" / "kite"
) / "contract.md"


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests of a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("trap", KITE_TRAPS, ids=lambda trap: trap.says)
def test_the_test_that_stands_at_a_trap_is_there(trap: Trap) -> None:
    assert trap.test in names_in(trap.file)


def test_every_exchange_that_shows_a_trap_is_in_the_table_once() -> None:
    shown = Counter(number for trap in KITE_TRAPS for number in trap.exchanges)
    assert {number: times for number, times in shown.items() if times > 1} == {}
    assert set(shown) == EXCHANGES


def test_every_section_has_its_traps_and_no_trap_is_told_twice() -> None:
    assert {trap.section for trap in KITE_TRAPS} == set(range(1, 8))
    assert len({(trap.section, trap.says) for trap in KITE_TRAPS}) == len(KITE_TRAPS)


@pytest.mark.skipif(not CONTRACT.is_file(), reason="the server's description is not at hand")
def test_the_table_holds_what_the_description_points_at() -> None:
    assert numbers_in(CONTRACT.read_text(encoding="utf-8")) == EXCHANGES


def numbers_in(text: str) -> set[int]:
    """Return the exchanges that a text points at, as in [R1,R3-R5] or [R66,159]."""
    found: set[int] = set()
    for group in re.findall(r"\[(R\d[^\]]*)\]", text):
        for part in re.split(r"[,;]\s*", group):
            if span := re.fullmatch(r"R?(\d+)(?:-R?(\d+))?", part.strip()):
                found.update(range(int(span[1]), int(span[2] or span[1]) + 1))
    return found


def test_spans_and_lists_of_exchanges_are_read() -> None:
    assert numbers_in("a [R1] b [R3-R5,R9; issue 41] c [R66,159] [R] [S]") == {
        1,
        3,
        4,
        5,
        9,
        66,
        159,
    }
