"""What holds for every name of a derivative."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, pairwise

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from riskgate.contracts.derivatives import (
    Derivative,
    Expiry,
    derivative_at,
    expiries,
    expiry_day_of,
    parse_tradingsymbol,
    tradingsymbol_of,
)
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef

FUT, CE, PE = InstrumentKind.FUTURE, InstrumentKind.CALL, InstrumentKind.PUT
strikes = st.decimals("0.01", "999999", places=2).map(lambda value: value.normalize())
underlyings = st.sampled_from(
    ["NIFTY", "BANKNIFTY", "NIFTYNXT50", "M&M", "BAJAJ-AUTO", "360ONE", "A26MAR", "CE", "X9", "26D"]
) | st.from_regex(r"[A-Z0-9&\-]{0,8}[A-Z][A-Z0-9]{0,8}", fullmatch=True)


@st.composite
def monthlies(draw: st.DrawFn) -> Derivative:
    kind = draw(st.sampled_from([FUT, CE, PE]))
    underlying = draw(underlyings)
    assume(underlying[0] not in "&-")
    return Derivative(
        exchange=draw(st.sampled_from([Exchange.NFO, Exchange.BFO, Exchange.MCX])),
        underlying=underlying,
        kind=kind,
        year=draw(st.integers(2000, 2099)),
        month=draw(st.integers(1, 12)),
        strike=None if kind is FUT else draw(strikes),
    )


@st.composite
def weeklies(draw: st.DrawFn) -> Derivative:
    exchange, underlying = draw(
        st.sampled_from([(Exchange.NFO, "NIFTY"), (Exchange.BFO, "SENSEX")])
    )
    return derivative_at(
        Expiry(day=draw(st.dates(date(2000, 1, 1), date(2099, 12, 31))), monthly=False),
        exchange=exchange,
        underlying=underlying,
        kind=draw(st.sampled_from([CE, PE])),
        strike=draw(strikes),
    )


@given(monthlies() | weeklies())
def test_every_contract_is_read_back_from_its_name(derivative: Derivative) -> None:
    assert parse_tradingsymbol(derivative.ref) == derivative


@given(
    st.sampled_from(Exchange),
    st.from_regex(
        r"[A-Z0-9]{0,6}(2[0-9])?([1-9OND][0-3][0-9]|JAN|MAR|DEC)?[0-9.]{0,6}(CE|PE|FUT)?",
        fullmatch=True,
    ),
)
def test_every_name_that_is_read_is_the_name_that_is_written(exchange: Exchange, text: str) -> None:
    try:
        ref = InstrumentRef(exchange=exchange, tradingsymbol=text)
    except ValidationError:
        assume(False)
        raise
    derivative = parse_tradingsymbol(ref)
    assert derivative is None or derivative.ref == ref


@given(
    st.dates(date(2025, 1, 1), date(2060, 1, 1)),
    st.sampled_from([(Exchange.NFO, "NIFTY"), (Exchange.NFO, "TCS"), (Exchange.BFO, "SENSEX")]),
    st.sets(st.integers(0, 6), min_size=1, max_size=4),
)
def test_expiries_are_trading_days_in_order_and_none_is_named_twice(
    from_day: date, listed: tuple[Exchange, str], closed: set[int]
) -> None:
    exchange, underlying = listed

    def trades(day: date) -> bool:
        return day.weekday() not in closed

    found = list(
        islice(expiries(exchange, underlying, CE, from_day=from_day, is_trading_day=trades), 12)
    )
    days = [expiry.day for expiry in found]
    contracts = [
        derivative_at(
            expiry, exchange=exchange, underlying=underlying, kind=CE, strike=Decimal(100)
        )
        for expiry in found
    ]
    assert from_day <= days[0]
    assert all(map(trades, days))
    assert all(one < next_ for one, next_ in pairwise(days))
    assert len({tradingsymbol_of(contract) for contract in contracts}) == len(found)
    assert [expiry_day_of(each, is_trading_day=trades) for each in contracts] == days
    assert max(days) - from_day < timedelta(days=31 * 14)
