"""Fields of Kite's rows, read strictly. Pure.

Kite writes null texts as "" or null, null times as the first second of the year 1, and numbers
as binary fractions, noise included.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from riskgate.contracts.instruments import round_nearest

Row = Mapping[str, object]
NO_YEAR: Final = 1
NOISE: Final = Decimal("0.000001")
PAISA: Final = Decimal("0.01")
INDIA: Final = timezone(timedelta(hours=5, minutes=30))
_LARGEST: Final = Decimal(10) ** 15


class Unreadable(ValueError):
    """A row or text is not what Kite is known to write; use nothing of it."""


def text(row: Row, name: str) -> str:
    """Return a text, "" for null or absent."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be text, was {type(value).__name__}")
    return value


def texts(row: Row, name: str) -> tuple[str, ...]:
    """Return a list of texts, empty for null or absent."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unreadable(f"{name} must be a list of texts")
    return tuple(value)


def number(row: Row, name: str) -> Decimal:
    """Return a number exactly as written; null and absent are Unreadable."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Unreadable(f"{name} must be a number, was {type(value).__name__}")
    decimal = Decimal(value)
    if not decimal.is_finite() or abs(decimal) > _LARGEST:
        raise Unreadable(f"{name} is larger than any market's number")
    return decimal


def whole(row: Row, name: str) -> Decimal:
    """Return a whole number."""
    value = number(row, name)
    if value != value.to_integral_value():
        raise Unreadable(f"{name} must be whole, was {value}")
    return value.to_integral_value()


def flag(row: Row, name: str) -> bool:
    """Return a true or false."""
    value = row.get(name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} must be true or false, was {type(value).__name__}")
    return value


def part(row: Row, name: str) -> Row:
    """Return an object within the row."""
    value = row.get(name)
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name} must be an object, was {type(value).__name__}")
    return value


def parts(row: Row, name: str) -> tuple[Row, ...]:
    """Return a list of objects, empty for null or absent."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise Unreadable(f"{name} must be a list of objects")
    return tuple(value)


def moment(row: Row, *names: str) -> datetime | None:
    """Return the first of the times that is one, in UTC; None when all are zero or null."""
    for name in names:
        written = text(row, name)
        if written and (time := _time(name, written)) is not None:
            return time
    return None


def without_noise(value: Decimal, step: Decimal) -> Decimal:
    """Round a number to a step: PAISA for money, NOISE for averages."""
    try:
        return value.quantize(step, ROUND_HALF_EVEN)
    except InvalidOperation:
        raise Unreadable(f"{value} has more digits than any market uses") from None


def on_tick(value: Decimal, tick: Decimal | None) -> Decimal:
    """Return a market price without binary noise: the tick it is next to.

    A price truly between ticks, or of an instrument whose tick is not known, stays as it is to
    six places; moving it would be an invention.
    """
    if tick is not None:
        nearest = round_nearest(value, tick)
        if abs(nearest - value) < NOISE:
            return nearest
    return without_noise(value, NOISE)


def _time(name: str, written: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        raise Unreadable(f"{name} must be a time") from None
    if time.year == NO_YEAR:
        return None
    if time.tzinfo is None:
        raise Unreadable(f"{name} must have an offset")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise Unreadable(f"{name} is outside the calendar") from None
