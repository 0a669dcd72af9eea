"""What the shared vocabulary refuses, and how it is written."""

from datetime import UTC, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import ValidationError

from riskgate.contracts.bars import Bar
from riskgate.contracts.base import decimal_text
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.contracts.instruments import Resolution, round_down, round_nearest, slice_quantity
from riskgate.contracts.intents import Provenance, ProvenanceSource
from riskgate.contracts.orders import BrokerOrderStatus, OrderType, Side
from riskgate.contracts.traces import ReconciliationResult
from riskgate.hashing import canonical_json
from tests.unit.riskgate.builders import (
    NOW,
    a_plan,
    a_position,
    a_quote,
    a_ref,
    an_instrument,
    an_intent,
    an_open_order,
    changed,
    terms,
)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+19", "1." + "1" * 28, 0.5, True])
def test_a_number_that_no_market_uses_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        changed(a_position(1), quantity=value)


@pytest.mark.parametrize(
    ("value", "text"), [("2.50", "2.5"), ("1E+3", "1000"), ("-0", "0"), ("0.000", "0"), ("7", "7")]
)
def test_equal_decimals_are_written_alike(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


def test_a_time_without_a_zone_is_refused_and_others_are_kept_in_utc() -> None:
    with pytest.raises(ValidationError):
        changed(a_quote(), as_of=NOW.replace(tzinfo=None))
    ist = timezone(timedelta(hours=5, minutes=30))
    assert changed(a_quote(), as_of=NOW.astimezone(ist)).as_of.tzinfo is UTC


def test_canonical_json_refuses_binary_numbers_wherever_they_are() -> None:
    with pytest.raises(ValueError, match="no binary floats"):
        canonical_json({"a": [{"b": 0.1}]})
    assert canonical_json({"b": [1], "a": "é"}) == '{"a":"é","b":[1]}'


def test_depth_must_be_best_first_and_not_crossed() -> None:
    with pytest.raises(ValidationError, match="above ask"):
        a_quote(bid=1001, ask=1000)
    bids = a_quote(bid=1000).bids + a_quote(bid=1001).bids
    with pytest.raises(ValidationError, match="best price first"):
        changed(a_quote(), bids=bids)


@pytest.mark.parametrize(
    ("order_type", "complaint"),
    [(OrderType.LIMIT, "needs limit_price"), (OrderType.SL_M, "needs trigger_price")],
)
def test_an_order_has_the_prices_of_its_type(order_type: OrderType, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        terms(order_type=order_type)


def test_only_an_open_order_has_an_open_quantity() -> None:
    assert an_open_order(quantity=10, filled_quantity=3).open_quantity == 7
    assert an_open_order(status=BrokerOrderStatus.CANCELLED).open_quantity == 0


def test_sides_are_opposite() -> None:
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)


def test_a_span_of_the_users_words_is_as_long_as_its_text() -> None:
    span = {"source": ProvenanceSource.USER_SPAN, "text": "infy"}
    assert Provenance.model_validate(span | {"start": 0, "end": 4}).end == 4
    with pytest.raises(ValidationError, match="start < end"):
        Provenance.model_validate(span)
    with pytest.raises(ValidationError, match="as long as"):
        Provenance.model_validate(span | {"start": 0, "end": 5})


def test_an_intent_without_the_source_of_a_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="provenance missing"):
        changed(an_intent(), provenance={})


def test_quantities_and_prices_are_rounded_to_their_steps() -> None:
    assert round_down(Decimal("7.9"), Decimal("0.5")) == Decimal("7.5")
    assert round_nearest(Decimal("7.8"), Decimal("0.5")) == 8


def test_slices_are_the_fewest_whole_lots_below_the_freeze_quantity() -> None:
    assert list(map(int, slice_quantity(Decimal(25), lot_size=5, freeze_quantity=None))) == [25]
    assert list(map(int, slice_quantity(Decimal(25), lot_size=5, freeze_quantity=Decimal(12)))) == [
        10,
        10,
        5,
    ]
    assert list(map(int, slice_quantity(Decimal(20), lot_size=5, freeze_quantity=Decimal(12)))) == [
        10,
        10,
    ]
    with pytest.raises(ValueError, match="below the lot size"):
        slice_quantity(Decimal(25), lot_size=5, freeze_quantity=Decimal(4))


def test_a_name_with_two_meanings_is_not_guessed() -> None:
    one, two = an_instrument(), an_instrument("TCS")
    assert Resolution(text="infy", candidates=(one,)).instrument == one
    assert Resolution(text="infy", candidates=(one, two)).instrument is None


def test_a_plans_hash_changes_with_anything_in_it() -> None:
    assert a_plan().plan_hash == a_plan().plan_hash
    assert a_plan().plan_hash != a_plan(notes=("seen",)).plan_hash
    assert a_plan().notional == 10_000


def test_a_comparison_without_differences_matches() -> None:
    result = ReconciliationResult(
        reconciliation_id="r-1",
        account_id="paper-1",
        as_of=NOW,
        broker_snapshot_id="snap-1",
        ledger_snapshot_id="ledger-1",
        deltas=(),
    )
    assert result.matched


def test_cards_and_bars_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Bar.model_validate({"instrument": a_ref(), "adjusted": True})
    card = Card(
        id="card-1",
        kind=CardKind.INSIGHT,
        status=CardStatus.INFO,
        title="t",
        run_id="run-1",
        thread_id="thread-1",
        account_id="paper-1",
        created_at=NOW,
        fields={},
    )
    assert card.provenance == {}
