"""Kite's names of derivatives and the days on which they expire."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice

import pytest
from pydantic import ValidationError

from app.calendars.table import load
from riskgate.contracts.derivatives import (
    Derivative,
    Expiry,
    ExpiryRuleUnknown,
    derivative_at,
    expiries,
    expiry_day_of,
    first_expiry_day,
    nearest_expiry,
    parse_tradingsymbol,
)
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef

NFO, BFO, MCX = Exchange.NFO, Exchange.BFO, Exchange.MCX
FUT, CE, PE = InstrumentKind.FUTURE, InstrumentKind.CALL, InstrumentKind.PUT
CALENDAR = load().calendar_of(NFO)


def trades_on(day: date) -> bool:
    return CALENDAR.session_on(day) is not None


def read(exchange: Exchange, symbol: str) -> Derivative | None:
    return parse_tradingsymbol(InstrumentRef(exchange=exchange, tradingsymbol=symbol))


def days(found: Iterable[Expiry], count: int) -> list[tuple[str, bool]]:
    return [(expiry.day.isoformat(), expiry.monthly) for expiry in islice(found, count)]


@pytest.mark.parametrize(
    ("exchange", "symbol", "said"),
    [
        (NFO, "NIFTY26MARFUT", ("NIFTY", FUT, 2026, 3, None, None)),
        (NFO, "BANKNIFTY26MAR58000PE", ("BANKNIFTY", PE, 2026, 3, None, "58000")),
        (NFO, "NIFTY2631024500CE", ("NIFTY", CE, 2026, 3, 10, "24500")),
        (NFO, "NIFTY26O1325000CE", ("NIFTY", CE, 2026, 10, 13, "25000")),
        (NFO, "NIFTY26N0925000PE", ("NIFTY", PE, 2026, 11, 9, "25000")),
        (NFO, "NIFTY26D0125000PE", ("NIFTY", PE, 2026, 12, 1, "25000")),
        (BFO, "SENSEX2631280000CE", ("SENSEX", CE, 2026, 3, 12, "80000")),
        (BFO, "SENSEX26MARFUT", ("SENSEX", FUT, 2026, 3, None, None)),
        (NFO, "NIFTYNXT5026MARFUT", ("NIFTYNXT50", FUT, 2026, 3, None, None)),
        (NFO, "NIFTYNXT5026MAR69000CE", ("NIFTYNXT50", CE, 2026, 3, None, "69000")),
        (NFO, "360ONE26MAR1100CE", ("360ONE", CE, 2026, 3, None, "1100")),
        (NFO, "M&M26MAR3200PE", ("M&M", PE, 2026, 3, None, "3200")),
        (NFO, "BAJAJ-AUTO26MARFUT", ("BAJAJ-AUTO", FUT, 2026, 3, None, None)),
        (NFO, "TATASTEEL26MAR157.5CE", ("TATASTEEL", CE, 2026, 3, None, "157.5")),
        (MCX, "CRUDEOIL26MARFUT", ("CRUDEOIL", FUT, 2026, 3, None, None)),
        (MCX, "CRUDEOIL26MAR5800CE", ("CRUDEOIL", CE, 2026, 3, None, "5800")),
    ],
)
def test_a_name_says_what_kite_means_by_it(
    exchange: Exchange, symbol: str, said: tuple[object, ...]
) -> None:
    underlying, kind, year, month, day, strike = said
    assert read(exchange, symbol) == Derivative.model_validate(
        {
            "exchange": exchange,
            "underlying": underlying,
            "kind": kind,
            "year": year,
            "month": month,
            "day": day,
            "strike": strike,
        }
    )


@pytest.mark.parametrize(
    ("exchange", "symbol"),
    [
        (Exchange.NSE, "NIFTY26MARFUT"),
        (NFO, "NIFTY"),
        (NFO, "NIFTY26MAR"),
        (NFO, "26MARFUT"),
        (NFO, "NIFTY26MAREFUT"),
        (NFO, "NIFTY26MAR024500CE"),
        (NFO, "NIFTY26MAR24500.50CE"),
        (NFO, "NIFTY26MAR0CE"),
        (NFO, "NIFTY2623024500CE"),
        (NFO, "NIFTY2630024500CE"),
        (NFO, "NIFTY26X1024500CE"),
        (NFO, "RELIANCE263101450CE"),
        (NFO, "SENSEX2631280000CE"),
        (MCX, "GOLD2631280000CE"),
        (NFO, "NIFTY 26MARFUT"),
    ],
)
def test_a_name_kite_would_not_write_is_no_derivative(exchange: Exchange, symbol: str) -> None:
    assert read(exchange, symbol) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"exchange": "NSE"},
        {"kind": "EQ"},
        {"kind": "FUT"},
        {"strike": None},
        {"day": 31, "month": 2},
        {"day": 10, "underlying": "RELIANCE"},
        {"strike": "0.00001"},
        {"strike": "1234567890"},
        {"underlying": "1234"},
    ],
)
def test_a_contract_that_has_no_name_cannot_be_made(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {
        "exchange": "NFO",
        "underlying": "NIFTY",
        "kind": "CE",
        "year": 2026,
        "month": 3,
        "strike": "24500",
    }
    assert Derivative.model_validate(right).ref.tradingsymbol == "NIFTY26MAR24500CE"
    with pytest.raises(ValidationError):
        Derivative.model_validate(right | wrong)


def test_nifty_expires_on_tuesdays_and_on_the_day_before_a_holiday() -> None:
    found = expiries(NFO, "NIFTY", CE, from_day=date(2026, 3, 10), is_trading_day=trades_on)
    assert days(found, 5) == [
        ("2026-03-10", False),
        ("2026-03-17", False),
        ("2026-03-24", False),
        ("2026-03-30", True),
        ("2026-04-07", False),
    ]


def test_a_weekly_that_a_holiday_moves_is_named_by_the_day_it_moves_to() -> None:
    expiry = nearest_expiry(NFO, "NIFTY", CE, from_day=date(2026, 11, 4), is_trading_day=trades_on)
    option = derivative_at(
        expiry, exchange=NFO, underlying="NIFTY", kind=CE, strike=Decimal("25000")
    )
    assert option.ref.tradingsymbol == "NIFTY26N0925000CE"


def test_sensex_expires_on_thursdays() -> None:
    found = expiries(BFO, "SENSEX", PE, from_day=date(2026, 3, 10), is_trading_day=trades_on)
    assert days(found, 3) == [("2026-03-12", False), ("2026-03-19", False), ("2026-03-25", True)]


@pytest.mark.parametrize(
    ("underlying", "kind"), [("BANKNIFTY", CE), ("RELIANCE", PE), ("NIFTY", FUT)]
)
def test_all_else_on_nfo_is_monthly(underlying: str, kind: InstrumentKind) -> None:
    found = expiries(NFO, underlying, kind, from_day=date(2026, 3, 10), is_trading_day=trades_on)
    assert days(found, 3) == [("2026-03-30", True), ("2026-04-28", True), ("2026-05-26", True)]


def test_the_weekday_changed_in_september_2025() -> None:
    nse = expiries(NFO, "NIFTY", CE, from_day=date(2025, 8, 21), is_trading_day=trades_on)
    bse = expiries(BFO, "SENSEX", CE, from_day=date(2025, 8, 19), is_trading_day=trades_on)
    assert days(nse, 3) == [("2025-08-21", False), ("2025-08-28", True), ("2025-09-02", False)]
    assert days(bse, 3) == [("2025-08-19", False), ("2025-08-26", True), ("2025-09-04", False)]


def test_an_expiry_moved_to_before_the_asked_day_is_over() -> None:
    after = date(2026, 3, 31)
    expiry = nearest_expiry(NFO, "BANKNIFTY", FUT, from_day=after, is_trading_day=trades_on)
    assert expiry == Expiry(day=date(2026, 4, 28), monthly=True)


def test_a_month_says_the_day_it_ends_and_a_weekly_says_its_own() -> None:
    monthly, weekly = read(NFO, "BANKNIFTY26MARFUT"), read(NFO, "NIFTY2631024500CE")
    assert monthly is not None
    assert weekly is not None
    assert expiry_day_of(monthly, is_trading_day=trades_on) == date(2026, 3, 30)
    assert expiry_day_of(weekly, is_trading_day=trades_on) == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("exchange", "underlying", "from_day"),
    [(MCX, "CRUDEOIL", date(2026, 3, 10)), (NFO, "NIFTY", date(2024, 12, 1))],
)
def test_an_expiry_no_rule_is_known_for_is_not_guessed(
    exchange: Exchange, underlying: str, from_day: date
) -> None:
    with pytest.raises(ExpiryRuleUnknown, match="not known here"):
        nearest_expiry(exchange, underlying, FUT, from_day=from_day, is_trading_day=trades_on)


def test_a_market_that_never_opens_has_no_expiry() -> None:
    with pytest.raises(ExpiryRuleUnknown, match="no trading day"):
        nearest_expiry(
            NFO, "NIFTY", CE, from_day=date(2026, 3, 10), is_trading_day=lambda _day: False
        )


@pytest.mark.parametrize(
    ("at", "first"),
    [
        (datetime(2026, 3, 10, 9, 59, 59, tzinfo=UTC), date(2026, 3, 10)),
        (datetime(2026, 3, 10, 10, 0, tzinfo=UTC), date(2026, 3, 11)),
        (datetime(2026, 3, 10, 18, 30, tzinfo=UTC), date(2026, 3, 11)),
    ],
)
def test_the_expiry_day_counts_until_half_past_three_in_india(at: datetime, first: date) -> None:
    assert first_expiry_day(at) == first
