"""A chain of audit rows: any change to it is found, at the right row."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from app.audit.log import GENESIS, ChainBreak, first_break, row_hash
from app.persistence.audit import AuditRow
from tests.builders import audit_chain

LENGTH = 6
CHAIN = audit_chain([{"plan_hash": str(number), "deep": [{"n": 1}]} for number in range(LENGTH)])
EDITS: dict[str, Any] = {
    "at": lambda row: row.at + timedelta(microseconds=1),
    "actor": lambda _row: "usr-2",
    "action": lambda _row: "plan.forgotten",
    "entity": lambda _row: "card",
    "entity_id": lambda _row: "plan-99",
    "body": lambda row: {**row.body, "deep": [{"n": 2}]},
    "row_hash": lambda _row: "f" * 64,
}
everywhere = pytest.mark.parametrize("place", range(LENGTH))


def broken_at(rows: list[AuditRow]) -> int | None:
    found = first_break(rows)
    return None if found is None else found.seq


def with_row(place: int, row: AuditRow) -> list[AuditRow]:
    return [*CHAIN[:place], row, *CHAIN[place + 1 :]]


def test_a_true_chain_holds_and_so_does_an_empty_one() -> None:
    assert first_break(CHAIN) is None
    assert first_break([]) is None
    assert CHAIN[0].prev_hash == GENESIS


def test_every_column_of_a_row_is_under_its_hash() -> None:
    assert {*EDITS, "seq", "prev_hash"} == {column.name for column in fields(AuditRow)}


@everywhere
@pytest.mark.parametrize("column", EDITS)
def test_an_edited_row_is_found_where_it_was_edited(place: int, column: str) -> None:
    edited = replace(CHAIN[place], **{column: EDITS[column](CHAIN[place])})
    assert first_break(with_row(place, edited)) == ChainBreak(
        seq=place + 1, reason="its content was changed"
    )


@pytest.mark.parametrize("place", range(LENGTH - 1))
def test_an_edited_row_with_its_hash_made_again_is_found_at_the_next_row(place: int) -> None:
    edited = replace(CHAIN[place], actor="usr-2")
    resealed = replace(edited, row_hash=row_hash(edited))
    assert first_break(with_row(place, resealed)) == ChainBreak(
        seq=place + 2, reason="it does not follow from the row before it"
    )


@everywhere
def test_a_row_joined_to_another_predecessor_is_found(place: int) -> None:
    assert broken_at(with_row(place, replace(CHAIN[place], prev_hash="e" * 64))) == place + 1


@pytest.mark.parametrize("place", range(LENGTH - 1))
def test_a_dropped_row_is_found_missing(place: int) -> None:
    rows = [*CHAIN[:place], *CHAIN[place + 1 :]]
    assert first_break(rows) == ChainBreak(seq=place + 1, reason=f"row {place + 1} is missing")


@pytest.mark.parametrize("place", range(LENGTH - 1))
def test_a_dropped_row_with_the_rest_renumbered_is_found(place: int) -> None:
    rest = [replace(row, seq=row.seq - 1) for row in CHAIN[place + 1 :]]
    assert broken_at([*CHAIN[:place], *rest]) == place + 1


def test_rows_cut_out_of_the_middle_are_found_at_the_first_of_them() -> None:
    assert broken_at([*CHAIN[:2], *CHAIN[4:]]) == 3


@pytest.mark.parametrize("one", range(LENGTH))
@pytest.mark.parametrize("other", range(LENGTH))
def test_two_swapped_rows_are_found_at_the_first_of_them(one: int, other: int) -> None:
    rows = list(CHAIN)
    rows[one], rows[other] = rows[other], rows[one]
    assert broken_at(rows) == (None if one == other else min(one, other) + 1)


@everywhere
def test_a_repeated_row_is_found(place: int) -> None:
    assert broken_at([*CHAIN[: place + 1], *CHAIN[place:]]) == place + 2


@everywhere
def test_a_row_with_a_figure_that_cannot_be_hashed_is_a_break_and_not_a_crash(place: int) -> None:
    forged = replace(CHAIN[place], body={"notional": 0.5})
    assert first_break(with_row(place, forged)) == ChainBreak(
        seq=place + 1, reason="its content was changed"
    )
