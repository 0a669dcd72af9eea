"""What holds for every number, time and value that a contract takes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from riskgate.contracts.base import Number, UtcTime, decimal_text, time_text
from riskgate.contracts.instruments import round_down, slice_quantity
from riskgate.contracts.snapshots import Quote
from riskgate.hashing import canonical_json, content_hash
from tests.unit.riskgate.builders import a_position, a_quote, changed

NUMBER: TypeAdapter[Decimal] = TypeAdapter(Number)
TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)
WIDE = Context(prec=60)

decimals = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent, WIDE),
        st.integers(-(10**28), 10**28),
        st.integers(-20, 20),
    ),
)
zones = st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


def number(value: object) -> Decimal:
    try:
        return NUMBER.validate_python(value)
    except ValidationError:
        assume(False)
        raise


@given(decimals, decimals)
def test_two_numbers_are_equal_exactly_when_their_texts_are(one: Decimal, other: Decimal) -> None:
    one, other = number(one), number(other)
    assert (one == other) == (decimal_text(one) == decimal_text(other))


@given(decimals, st.integers(0, 10))
def test_a_number_written_with_more_zeros_has_the_same_text(value: Decimal, zeros: int) -> None:
    assume(abs(value.adjusted()) < 28)
    longer = value.quantize(
        Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0) - zeros), context=Context(prec=90)
    )
    assert longer == value
    assert decimal_text(longer) == decimal_text(value)


@given(decimals)
def test_every_number_that_is_taken_is_read_back_from_its_text(value: Decimal) -> None:
    value = number(value)
    assert NUMBER.validate_python(decimal_text(value)) == value
    assert json.loads(NUMBER.dump_json(value)) == decimal_text(value)


@given(st.floats() | st.booleans())
def test_no_binary_number_is_ever_taken(value: object) -> None:
    try:
        NUMBER.validate_python(value)
    except ValidationError:
        return
    raise AssertionError(value)


@given(times, zones)
def test_equal_times_have_equal_texts_in_every_zone_and_are_read_back(
    at: datetime, zone: timezone
) -> None:
    assert time_text(at) == time_text(at.astimezone(zone))
    again = TIME.validate_python(time_text(at))
    assert (again, again.tzinfo) == (at, UTC)


@given(plain_json)
def test_canonical_json_says_the_same_as_the_value_and_is_its_own_canon(value: object) -> None:
    text = canonical_json(value)  # type: ignore[arg-type]
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_change_a_hash(value: dict[str, int]) -> None:
    items = list(value.items())[::-1]
    assert content_hash(dict(items)) == content_hash(dict(value))


@given(decimals, decimals)
def test_a_hash_changes_exactly_when_the_value_does(one: Decimal, other: Decimal) -> None:
    one, other = number(one), number(other)
    hashes = [content_hash(changed(a_position(1), quantity=value)) for value in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)


@given(st.lists(st.integers(1, 50), max_size=4), st.lists(st.integers(1, 50), max_size=4))
def test_a_quote_is_taken_exactly_when_its_book_is_in_order(
    bids: list[int], asks: list[int]
) -> None:
    sides = {
        name: [{"price": price, "quantity": 1} for price in prices]
        for name, prices in (("bids", bids), ("asks", asks))
    }
    in_order = bids == sorted(bids, reverse=True) and asks == sorted(asks)
    crossed = bool(bids and asks and bids[0] > asks[0])
    try:
        Quote.model_validate(dict(a_quote()) | sides)
    except ValidationError:
        assert crossed or not in_order
    else:
        assert in_order
        assert not crossed


@given(st.integers(1, 10_000), st.integers(1, 100), st.none() | st.integers(1, 2_000))
def test_slices_sum_to_the_quantity_within_the_freeze_limit(
    lots: int, lot: int, freeze: int | None
) -> None:
    quantity = Decimal(lots * lot)
    limit = None if freeze is None else Decimal(freeze)
    assume(limit is None or quantity <= limit or round_down(limit, Decimal(lot)) > 0)
    slices = slice_quantity(quantity, lot_size=lot, freeze_quantity=limit)
    assert sum(slices) == quantity
    assert all(part > 0 and part % lot == 0 for part in slices)
    assert limit is None or max(slices) <= limit
