"""The futures and options that are listed at a time: what a master needs beyond shares."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from adapters.market_data.base_prices import base_price
from riskgate.contracts.derivatives import (
    derivative_at,
    expiries,
    expiry_day_of,
    first_expiry_day,
    parse_tradingsymbol,
)
from riskgate.contracts.instruments import Instrument, InstrumentKind, InstrumentRef, round_nearest
from tests.fakes.kite_standin.hours import trades_on

MONTHS: Final = 2
STRIKE_STEP: Final = Decimal(100)
STRIKES_EACH_WAY: Final = 5
OPTION_TICK: Final = Decimal("0.05")
WITH_OPTIONS: Final = frozenset({"NIFTY", "BANKNIFTY"})


def listed_at(rows: Iterable[Instrument], at: datetime, *, seed: int) -> list[Instrument]:
    """Return the rows with their futures rolled on to the coming months, and index options."""
    listed: list[Instrument] = []
    for row in rows:
        if row.kind is InstrumentKind.FUTURE:
            listed += [*_futures(row, at), *_options(row, at, seed)]
        else:
            listed.append(row)
    return listed


def has_expired(ref: InstrumentRef, at: datetime) -> bool:
    """Say whether a contract's last day is over."""
    derived = parse_tradingsymbol(ref)
    if derived is None:
        return False
    last = expiry_day_of(derived, is_trading_day=lambda day: trades_on(ref.exchange, day))
    return last < first_expiry_day(at)


def _futures(row: Instrument, at: datetime) -> Iterator[Instrument]:
    name, exchange = row.name, row.ref.exchange
    coming = expiries(
        exchange,
        name,
        InstrumentKind.FUTURE,
        from_day=first_expiry_day(at),
        is_trading_day=lambda day: trades_on(exchange, day),
    )
    for expiry in islice(coming, MONTHS):
        derived = derivative_at(
            expiry, exchange=exchange, underlying=name, kind=InstrumentKind.FUTURE
        )
        yield row.model_copy(update={"ref": derived.ref})


def _options(row: Instrument, at: datetime, seed: int) -> Iterator[Instrument]:
    name, exchange = row.name, row.ref.exchange
    if name not in WITH_OPTIONS:
        return
    middle = round_nearest(base_price(seed, row.ref), STRIKE_STEP)
    for kind in (InstrumentKind.CALL, InstrumentKind.PUT):
        coming = expiries(
            exchange,
            name,
            kind,
            from_day=first_expiry_day(at),
            is_trading_day=lambda day: trades_on(exchange, day),
        )
        for expiry in islice(coming, MONTHS):
            for step in range(-STRIKES_EACH_WAY, STRIKES_EACH_WAY + 1):
                derived = derivative_at(
                    expiry,
                    exchange=exchange,
                    underlying=name,
                    kind=kind,
                    strike=middle + step * STRIKE_STEP,
                )
                changes = {"ref": derived.ref, "kind": kind, "tick_size": OPTION_TICK}
                yield row.model_copy(update=changes)
