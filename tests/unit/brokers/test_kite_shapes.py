"""The comparison with the recordings notices what it is there for."""

import json
from typing import Any

import pytest

from tests.unit.brokers.kite_shapes import answer_differences, upstream_of

ROWS = [
    {"order_id": "1", "price": 470.05, "placed": "2026-03-11T10:00:00+05:30", "tags": None},
    {"order_id": "2", "price": 470, "placed": "2026-03-11T10:00:00+05:30", "tags": ["A"]},
]
ASKED = {"method": "PUT", "path": "/orders/regular/1", "query": "", "form": "price=1", "auth": True}


def compared(ours: Any, theirs: Any = ROWS) -> list[str]:
    return answer_differences(json.dumps(theirs), json.dumps(ours))


def test_other_ids_times_and_amounts_are_no_difference() -> None:
    other = {"order_id": "7", "price": 1.5, "placed": "2020-01-01T00:00:00Z", "tags": ["B"]}
    assert compared([other]) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"price": "470.05"}, "$[].price is text"),
        ({"placed": "soon"}, "$[].placed is text"),
        ({"tags": {}}, "$[].tags is fields "),
        ({"order_id": None}, "$[].order_id is null"),
    ],
)
def test_another_kind_of_value_is_told(change: dict[str, Any], told: str) -> None:
    assert told in compared([ROWS[1] | change])


def test_fields_that_are_missing_or_in_another_order_are_told() -> None:
    short = {name: value for name, value in ROWS[1].items() if name != "price"}
    assert "$[].price is missing" in compared([short])
    assert compared([dict(reversed(ROWS[1].items()))]) == [
        "$[] is fields tags,placed,price,order_id"
    ]
    assert "$[] is missing" in compared([])


def test_the_figures_of_a_page_and_the_words_of_an_error_are_compared() -> None:
    page = {"data": ROWS, "pagination": {"from": 0, "total": 2}}
    assert compared(page | {"pagination": {"from": 0, "total": 3}}, page) != []
    assert answer_differences("Failed to place order", "Failed to place orders") != []
    assert answer_differences("Failed to place order", "{}") != []


def test_what_kite_was_asked_is_compared_to_the_letter_but_for_secrets() -> None:
    assert upstream_of(ASKED, {"1": "9"}) == ("PUT", "/orders/regular/9", "", "price=1", True)
    secret = upstream_of(ASKED | {"query": "access_token=abc&api_key=k"}, {})
    assert secret[2] == "access_token=x&api_key=x"
    assert upstream_of(ASKED | {"query": "access_token=&api_key=k"}, {})[2] == (
        "access_token=&api_key=x"
    )
