"""Which contract is meant by an underlying, an expiry said in words, a strike and a kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from pydantic import ValidationError

from agents.intent.times import INDIA
from riskgate.contracts.derivatives import (
    Derivative,
    Expiry,
    derivative_at,
    expiries,
    first_expiry_day,
)
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef

TradingDays = Callable[[Exchange, date], bool]
SATURDAY: Final = 5
A_WEEK: Final = timedelta(days=7)
# Nobody names an expiry further away; two years of weekly ones.
FARTHEST: Final = 110
LONGEST_SHIFT: Final = 7
MONTHS_A_YEAR: Final = 12


def weekdays_only(_: Exchange, day: date) -> bool:
    """Say whether a day is no Saturday or Sunday: all that is known without a calendar."""
    return day.weekday() < SATURDAY


@dataclass(frozen=True, slots=True)
class ExpirySaid:
    """The words for an expiry: a word of the table, a month, or a day of a month."""

    word: str = ""
    month: int | None = None
    day: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.word and self.month is None


@dataclass(frozen=True, slots=True)
class ContractMeant:
    """What a contract is written on and its kind; a future has no strike."""

    exchange: Exchange
    underlying: str
    kind: InstrumentKind
    strike: Decimal | None = None


def contract_ref(
    meant: ContractMeant, said: ExpirySaid, *, now: datetime, trades_on: TradingDays
) -> InstrumentRef | None:
    """Return the contract's name, None where no such expiry is known."""
    try:
        derivative = _derivative(meant, said, now, trades_on)
    except (LookupError, ValueError, ValidationError):
        return None
    return derivative.ref if derivative else None


def _derivative(
    meant: ContractMeant, said: ExpirySaid, now: datetime, trades_on: TradingDays
) -> Derivative | None:
    today = now.astimezone(INDIA).date()
    if meant.exchange is Exchange.MCX:
        return _by_month(meant, said, today)
    coming = expiries(
        meant.exchange,
        meant.underlying,
        meant.kind,
        from_day=first_expiry_day(now),
        is_trading_day=lambda day: trades_on(meant.exchange, day),
    )
    expiry = _chosen(islice(coming, FARTHEST), said, today)
    if expiry is None:
        return None
    return derivative_at(
        expiry,
        exchange=meant.exchange,
        underlying=meant.underlying,
        kind=meant.kind,
        strike=meant.strike,
    )


def _by_month(meant: ContractMeant, said: ExpirySaid, today: date) -> Derivative | None:
    """Name a contract by its month alone, where no rule says on which day it ends."""
    if said.month is None or said.day is not None:
        return None
    return Derivative(
        exchange=meant.exchange,
        underlying=meant.underlying,
        kind=meant.kind,
        year=today.year + (said.month < today.month),
        month=said.month,
        strike=meant.strike,
    )


def _chosen(coming: Iterator[Expiry], said: ExpirySaid, today: date) -> Expiry | None:
    if said.month is not None:
        return next((each for each in coming if _is_of(each, said, today)), None)
    match said.word:
        case "monthly":
            return next((each for each in coming if each.monthly), None)
        case "next_month" | "far_month":
            month = _month_after(today, 1 if said.word == "next_month" else 2)
            return next(
                (e for e in coming if e.monthly and (e.day.year, e.day.month) == month), None
            )
        case "next_week":
            monday = today - timedelta(days=today.weekday()) + A_WEEK
            return next((each for each in coming if monday <= each.day < monday + A_WEEK), None)
        case "next_expiry":
            return next(islice(coming, 1, None), None)
        case "today":
            return next((each for each in islice(coming, 1) if each.day == today), None)
        case _:
            return next(coming, None)


def _is_of(expiry: Expiry, said: ExpirySaid, today: date) -> bool:
    """Say whether an expiry is of the month said, or of the day said or just before it."""
    if said.day is None:
        return expiry.monthly and expiry.day.month == said.month
    year = today.year + ((said.month or 0) < today.month)
    try:
        named = date(year, said.month or 0, said.day)
    except ValueError:
        return False
    # A day that is a holiday means the trading day before it.
    early = (named - expiry.day).days
    return early == 0 or (0 < early < LONGEST_SHIFT and _is_shifted(expiry, named))


def _is_shifted(expiry: Expiry, named: date) -> bool:
    nominal_weekdays = {1, 3}
    return named.weekday() in nominal_weekdays and expiry.day.weekday() != named.weekday()


def _month_after(today: date, months: int) -> tuple[int, int]:
    index = today.year * MONTHS_A_YEAR + today.month - 1 + months
    return index // MONTHS_A_YEAR, index % MONTHS_A_YEAR + 1
