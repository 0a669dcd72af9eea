"""Exact arithmetic: how figures are worked out, cut to lots, and shown to people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    InvalidOperation,
    getcontext,
    setcontext,
)
from typing import Final

from riskgate.contracts.base import MAX_DECIMAL_DIGITS, MAX_DECIMAL_EXPONENT, decimal_text

ZERO: Final = Decimal(0)

# INVARIANT: wide enough for sums and products of any numbers that the gate takes in, so no
# comparison is ever of a rounded figure, and the caller's own decimal context never matters.
EXACT: Final = Context(prec=6000)
# Ratios are only shown, never compared: 34 digits are enough, and 6,000 would take long.
_RATIO: Final = Context(prec=34, rounding=ROUND_HALF_EVEN)
_divide: Final = _RATIO.divide
_SIX_PLACES: Final = Decimal("0.000001")
_LARGEST_RATIO: Final = Decimal(10) ** 24
_LARGEST_SHOWN: Final = Decimal("9" * MAX_DECIMAL_DIGITS)
_MICROSECOND: Final = timedelta(microseconds=1)


@contextmanager
def exactly() -> Iterator[None]:
    """Work in decimals of which no digit is ever lost."""
    before = getcontext()
    setcontext(EXACT)
    try:
        yield
    finally:
        setcontext(before)


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """Return part / whole to six places, for people to read; never compared."""
    value = _divide(part, whole)
    try:
        return value.quantize(_SIX_PLACES, None, _RATIO)
    except InvalidOperation:
        return _LARGEST_RATIO.copy_sign(value)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Cut a non-negative value down to a whole number of steps."""
    return value // step * step


def seconds_between(earlier: datetime, later: datetime) -> Decimal:
    """Return the seconds from one time to another, exact to the microsecond."""
    return Decimal((later - earlier) // _MICROSECOND).scaleb(-6)


def shown(value: Decimal) -> Decimal:
    """Cut an exact figure to the digits a contract holds, for people to read."""
    if value.adjusted() >= MAX_DECIMAL_DIGITS:
        return _LARGEST_SHOWN.copy_sign(value)
    places = min(MAX_DECIMAL_EXPONENT, MAX_DECIMAL_DIGITS - 1 - max(value.adjusted(), 0))
    if -places <= int(value.as_tuple().exponent) <= 0:
        return value
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=EXACT)


def figure(value: Decimal) -> str:
    """Write a figure for a message."""
    return decimal_text(shown(value))


def seconds_to_wait(value: Decimal) -> str:
    """Write a wait for a message: whole seconds, never less than it is."""
    return f"{value.to_integral_value(ROUND_CEILING)} s"


def seconds_ago(value: Decimal) -> str:
    """Write an age for a message, to a tenth of a second."""
    tenths = value.quantize(Decimal("0.1"), rounding=ROUND_DOWN, context=EXACT)
    return f"{figure(tenths)} s"


def percent(share: Decimal) -> str:
    """Write a fraction as percent for a message."""
    return f"{figure(share * 100)} %"
