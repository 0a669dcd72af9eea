"""Kite's names of futures and options, and the days on which they expire.

A monthly contract is named by year and month (`NIFTY26MARFUT`, `BANKNIFTY26MAR58000PE`), a weekly
option by its expiry day, with one sign for the month (`NIFTY2631024500CE`, `NIFTY26O1325000CE`).
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from riskgate.contracts.base import Contract, Price, decimal_text
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef

EXCHANGES: Final = frozenset({Exchange.NFO, Exchange.BFO, Exchange.MCX})
OPTIONS: Final = frozenset({InstrumentKind.CALL, InstrumentKind.PUT})
# The two indices that still have weekly options, and those that had them before November 2024.
WEEKLIES: Final = {Exchange.NFO: frozenset({"NIFTY"}), Exchange.BFO: frozenset({"SENSEX"})}
_WEEKLY_NAMES: Final = {
    Exchange.NFO: frozenset({"NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY"}),
    Exchange.BFO: frozenset({"SENSEX", "BANKEX"}),
}
_MONTHS: Final = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_MONTH_SIGNS: Final = "123456789OND"
_STRIKE_TEXT: Final = r"\d{1,9}(?:\.\d{1,4})?"
_STRIKE: Final = rf"(?P<strike>{_STRIKE_TEXT})(?P<kind>CE|PE)"
_MONTHLY: Final = re.compile(
    rf"(?P<underlying>.+)(?P<year>\d\d)(?P<month>{'|'.join(_MONTHS)})(?:FUT|{_STRIKE})", re.ASCII
)
_WEEKLY: Final = re.compile(
    rf"(?P<underlying>[A-Z]+)(?P<year>\d\d)(?P<month>[{_MONTH_SIGNS}])(?P<day>\d\d){_STRIKE}",
    re.ASCII,
)
_TUESDAY, _THURSDAY = 1, 3
# From each day on, the weekday of expiry; what was before the first is not known here.
_WEEKDAYS: Final = {
    Exchange.NFO: ((date(2025, 9, 1), _TUESDAY), (date(2025, 1, 1), _THURSDAY)),
    Exchange.BFO: ((date(2025, 9, 1), _THURSDAY), (date(2025, 1, 1), _TUESDAY)),
}
_INDIA: Final = timezone(timedelta(hours=5, minutes=30))
_LAST_TRADING: Final = time(15, 30)
_A_DAY: Final = timedelta(days=1)
_A_WEEK: Final = timedelta(days=7)
# No exchange has been closed longer than this in one go.
_LONGEST_CLOSURE: Final = 15

IsTradingDay = Callable[[date], bool]
Underlying = Annotated[
    str, StringConstraints(max_length=18, pattern=r"^[A-Z0-9&.\-]*[A-Z][A-Z0-9&.\-]*$")
]


class ExpiryRuleUnknown(LookupError):
    """No rule known here says when a contract expires; only the broker's own list does."""


class Expiry(Contract):
    """A day on which contracts end; `monthly` says that Kite names them by the month alone."""

    day: date
    monthly: bool


class Derivative(Contract):
    """A future or an option, as its name says. `day` is None for a name of the month alone."""

    exchange: Exchange
    underlying: Underlying
    kind: InstrumentKind
    year: Annotated[int, Field(ge=2000, le=2099)]
    month: Annotated[int, Field(ge=1, le=12)]
    day: int | None = None
    strike: Price | None = None

    @model_validator(mode="after")
    def _is_one_that_can_be_named(self) -> Self:
        if self.exchange not in EXCHANGES:
            raise ValueError(f"{self.exchange} lists no derivatives")
        if self.kind is not InstrumentKind.FUTURE and self.kind not in OPTIONS:
            raise ValueError(f"{self.kind} is no derivative")
        if (self.strike is not None) != (self.kind in OPTIONS):
            raise ValueError("an option needs a strike and a future takes none")
        if self.strike and not re.fullmatch(_STRIKE_TEXT, decimal_text(self.strike)):
            raise ValueError(f"a strike has up to 9 digits and 4 decimals, was {self.strike}")
        if self.day is not None:
            date(self.year, self.month, self.day)
            weekly = _WEEKLY_NAMES.get(self.exchange, frozenset())
            if self.kind not in OPTIONS or self.underlying not in weekly:
                raise ValueError(f"{self.exchange}:{self.underlying} has no weekly {self.kind}")
        return self

    @property
    def ref(self) -> InstrumentRef:
        return InstrumentRef(exchange=self.exchange, tradingsymbol=tradingsymbol_of(self))


def parse_tradingsymbol(ref: InstrumentRef) -> Derivative | None:
    """Return what a name says, or None for a name that is no derivative's, equities included.

    A name is read only as Kite would write it: what is returned builds the same name again.
    Whether such a contract is listed is not said.
    """
    if ref.exchange not in EXCHANGES:
        return None
    found = _MONTHLY.fullmatch(ref.tradingsymbol) or _WEEKLY.fullmatch(ref.tradingsymbol)
    if found is None:
        return None
    said = found.groupdict()
    month = said["month"]
    try:
        derivative = Derivative(
            exchange=ref.exchange,
            underlying=said["underlying"],
            kind=InstrumentKind(said["kind"] or "FUT"),
            year=2000 + int(said["year"]),
            month=1 + (_MONTHS.index(month) if month in _MONTHS else _MONTH_SIGNS.index(month)),
            day=int(said["day"]) if said.get("day") else None,
            strike=Decimal(said["strike"]) if said["strike"] else None,
        )
    except ValidationError:
        return None
    return derivative if tradingsymbol_of(derivative) == ref.tradingsymbol else None


def tradingsymbol_of(derivative: Derivative) -> str:
    """Return Kite's name of a contract."""
    month = _MONTHS[derivative.month - 1]
    if derivative.day is not None:
        month = f"{_MONTH_SIGNS[derivative.month - 1]}{derivative.day:02}"
    strike = "" if derivative.strike is None else decimal_text(derivative.strike)
    year = derivative.year % 100
    return f"{derivative.underlying}{year:02}{month}{strike}{derivative.kind}"


def derivative_at(
    expiry: Expiry,
    *,
    exchange: Exchange,
    underlying: str,
    kind: InstrumentKind,
    strike: Decimal | None = None,
) -> Derivative:
    """Return the contract that ends at an expiry.

    Raises ValueError for one that cannot be named, such as an option without a strike.
    """
    return Derivative(
        exchange=exchange,
        underlying=underlying,
        kind=kind,
        year=expiry.day.year,
        month=expiry.day.month,
        day=None if expiry.monthly else expiry.day.day,
        strike=strike,
    )


def first_expiry_day(at: datetime) -> date:
    """Return the first day whose contracts still trade at a time: today until 15:30 in India."""
    local = at.astimezone(_INDIA)
    return local.date() if local.time() < _LAST_TRADING else local.date() + _A_DAY


def expiries(
    exchange: Exchange,
    underlying: str,
    kind: InstrumentKind,
    *,
    from_day: date,
    is_trading_day: IsTradingDay,
) -> Iterator[Expiry]:
    """Yield the expiries from a day on, that day included, without end.

    An expiry on a holiday is the trading day before. Weeklies exist for the options of NIFTY and
    SENSEX only. Raises ExpiryRuleUnknown for MCX and for days before 2025, and whatever the
    predicate raises for days that it does not know.
    """
    has_weeklies = kind in OPTIONS and underlying in WEEKLIES.get(exchange, frozenset())
    nominal = _first_nominal(exchange, from_day)
    while True:
        monthly = _is_last_of_month(exchange, nominal)
        if monthly or has_weeklies:
            day = _trading_day_until(nominal, is_trading_day)
            if day >= from_day:
                yield Expiry(day=day, monthly=monthly)
        nominal = _first_nominal(exchange, nominal + _A_DAY)


def nearest_expiry(
    exchange: Exchange,
    underlying: str,
    kind: InstrumentKind,
    *,
    from_day: date,
    is_trading_day: IsTradingDay,
) -> Expiry:
    """Return the first expiry from a day on; raises as `expiries` does."""
    return next(
        expiries(exchange, underlying, kind, from_day=from_day, is_trading_day=is_trading_day)
    )


def expiry_day_of(derivative: Derivative, *, is_trading_day: IsTradingDay) -> date:
    """Return the day on which a contract ends; raises as `expiries` does."""
    if derivative.day is not None:
        return date(derivative.year, derivative.month, derivative.day)
    first = date(derivative.year, derivative.month, 1)
    nominal = _first_nominal(derivative.exchange, first)
    while not _is_last_of_month(derivative.exchange, nominal):
        nominal = _first_nominal(derivative.exchange, nominal + _A_DAY)
    return _trading_day_until(nominal, is_trading_day)


def _first_nominal(exchange: Exchange, from_day: date) -> date:
    day = from_day
    while day.weekday() != _weekday(exchange, day):
        day += _A_DAY
    return day


def _weekday(exchange: Exchange, day: date) -> int:
    for start, weekday in _WEEKDAYS.get(exchange, ()):
        if day >= start:
            return weekday
    raise ExpiryRuleUnknown(
        f"when contracts of {exchange} expire from {day} on is not known here; "
        "name the month or ask the broker's list"
    )


def _is_last_of_month(exchange: Exchange, nominal: date) -> bool:
    return _first_nominal(exchange, nominal + _A_DAY).month != nominal.month


def _trading_day_until(nominal: date, is_trading_day: IsTradingDay) -> date:
    for back in range(_LONGEST_CLOSURE):
        day = nominal - timedelta(days=back)
        if is_trading_day(day):
            return day
    raise ExpiryRuleUnknown(f"no trading day in the {_LONGEST_CLOSURE} days until {nominal}")
