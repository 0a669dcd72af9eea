"""A difference is told with symbols, not with ids that mean nothing to a person."""

import pytest

from app.reconciliation.wording import in_words

INFY = {"exchange": "NSE", "tradingsymbol": "INFY"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"message": "order ord_1 may or may not be at the broker", "order_id": "ord_1"},
            "our order of NSE:INFY may or may not be at the broker",
        ),
        (
            {"message": "the broker does not show order b-7", "broker_order_id": "b-7"},
            "the broker does not show an order of NSE:INFY",
        ),
        (
            {
                "message": "the broker has 2 orders with the tag of ord_1",
                "order_id": "ord_1",
            },
            "the broker has 2 orders with the tag of our order of NSE:INFY",
        ),
        (
            {
                "message": "trade t-1 of order b-7, BUY 5 NSE:INFY",
                "trade_id": "t-1",
                "broker_order_id": "b-7",
            },
            "a trade of NSE:INFY, BUY 5 NSE:INFY",
        ),
        (
            {"message": "only a part of plan pln_1 is in the book: 1 of 2", "plan_id": "pln_1"},
            "only a part of the plan of NSE:INFY is in the book: 1 of 2",
        ),
    ],
)
def test_ids_are_said_as_what_they_are_of(body: dict[str, str], said: str) -> None:
    assert in_words({**body, "instrument": INFY}) == said


def test_a_difference_of_no_instrument_is_said_as_it_is() -> None:
    assert in_words({"message": "margins: too much", "instrument": None}) == "margins: too much"
