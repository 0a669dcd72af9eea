"""The rows of `search_instruments` in our words. Pure.

The server copies its master without checking a value, finds by part of a name, and answers in
another order each time. So a row is found by its exact exchange and tradingsymbol, never by its
place or its token, and one with an odd value is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from adapters.brokers.kite_mcp.fields import (
    NOISE,
    Row,
    Unreadable,
    flag,
    number,
    text,
    whole,
    without_noise,
)
from riskgate.contracts.derivatives import parse_tradingsymbol
from riskgate.contracts.instruments import (
    Currency,
    Exchange,
    Instrument,
    InstrumentKind,
    InstrumentRef,
)

EXCHANGES: Final = frozenset({Exchange.NSE, Exchange.BSE, Exchange.NFO, Exchange.BFO, Exchange.MCX})
_DERIVATIVES: Final = frozenset({Exchange.NFO, Exchange.BFO, Exchange.MCX})
_INDICES: Final = "INDICES"
_LARGEST_TICK: Final = Decimal(100)
_LARGEST_LOT: Final = Decimal(10) ** 6


@dataclass(frozen=True)
class Listing:
    """One instrument as Kite lists it today.

    `token` names it in quotes and history until it is reused; `expires_on` is None for what does
    not end or where Kite does not tell.
    """

    instrument: Instrument
    token: int
    expires_on: date | None


def listing_of(ref: InstrumentRef, rows: Iterable[Row], *, today: date) -> Listing | None:
    """Return the one row that is exactly the instrument, or None where there is none.

    Raises Unreadable where the row has a value that no exchange has, where it ended before today,
    and where two rows of the name differ.
    """
    name = (ref.exchange.value, ref.tradingsymbol)
    own = [row for row in rows if (text(row, "exchange"), text(row, "tradingsymbol")) == name]
    if not own:
        return None
    found = [_listing(ref, row) for row in own]
    if any(one != found[0] for one in found):
        raise Unreadable(f"Kite lists {ref} {len(own)} times and not alike")
    expires_on = found[0].expires_on
    if expires_on is not None and expires_on < today:
        raise Unreadable(f"{ref} ended on {expires_on}")
    return found[0]


def merged(listed: Instrument, bundled: Instrument | None) -> Instrument:
    """Return Kite's row under the bundled master's name, and its freeze where Kite tells none."""
    if bundled is None:
        return listed
    return listed.model_copy(
        update={
            "name": bundled.name,
            "freeze_quantity": listed.freeze_quantity or bundled.freeze_quantity,
        }
    )


def differences(listed: Instrument, bundled: Instrument) -> str:
    """Return what of Kite's row is not as in the bundled master, as one line; "" for nothing."""
    compared = (
        ("lot", listed.lot_size, bundled.lot_size),
        ("tick", listed.tick_size, bundled.tick_size),
        ("freeze", listed.freeze_quantity, bundled.freeze_quantity),
        ("multiplier", listed.multiplier, bundled.multiplier),
    )
    return ", ".join(
        f"{name} {theirs} and not {ours}" for name, theirs, ours in compared if theirs != ours
    )


def _listing(ref: InstrumentRef, row: Row) -> Listing:
    if not flag(row, "active"):
        raise Unreadable(f"{ref} is not active at Kite")
    token = whole(row, "instrument_token")
    if token <= 0:
        raise Unreadable(f"instrument_token of {ref} must be above 0, was {token}")
    kind = _kind(ref, row)
    expires_on = _day(row, "expiry_date")
    _check_name(ref, row, kind, expires_on)
    try:
        instrument = Instrument(
            ref=ref,
            name=text(row, "name") or ref.tradingsymbol,
            kind=kind,
            currency=Currency.INR,
            lot_size=_lot(row, kind),
            tick_size=_tick(row, kind),
            freeze_quantity=_freeze(row),
            multiplier=_multiplier(ref, row),
        )
    except ValidationError as error:
        raise Unreadable(f"{ref} has an odd {error.errors()[0]['loc'][0]}") from None
    return Listing(instrument=instrument, token=int(token), expires_on=expires_on)


def _kind(ref: InstrumentRef, row: Row) -> InstrumentKind:
    if text(row, "segment") == _INDICES:
        return InstrumentKind.INDEX
    written = text(row, "instrument_type")
    try:
        kind = InstrumentKind(written)
    except ValueError:
        raise Unreadable(f"instrument_type of {ref} is not known here") from None
    if (kind is InstrumentKind.EQUITY) == (ref.exchange in _DERIVATIVES):
        raise Unreadable(f"{ref} cannot be of type {kind}")
    return kind


def _check_name(
    ref: InstrumentRef, row: Row, kind: InstrumentKind, expires_on: date | None
) -> None:
    """Refuse a contract that is not what its own name says."""
    named = parse_tradingsymbol(ref)
    if named is None:
        return
    strike = number(row, "strike")
    if named.kind is not kind or (named.strike or Decimal(0)) != without_noise(strike, NOISE):
        raise Unreadable(f"{ref} is listed as {kind} {strike}")
    if expires_on is None:
        return
    same_month = (expires_on.year, expires_on.month) == (named.year, named.month)
    # A commodity option ends in the month before that of its future, which names it.
    if ref.exchange is not Exchange.MCX and not same_month:
        raise Unreadable(f"{ref} is listed to end on {expires_on}")
    if named.day is not None and named.day != expires_on.day:
        raise Unreadable(f"{ref} is listed to end on {expires_on}")


def _lot(row: Row, kind: InstrumentKind) -> int:
    lot = whole(row, "lot_size")
    if kind is InstrumentKind.INDEX:
        return 1
    if not 1 <= lot <= _LARGEST_LOT:
        raise Unreadable(f"lot_size must be 1 to {_LARGEST_LOT}, was {lot}")
    return int(lot)


def _tick(row: Row, kind: InstrumentKind) -> Decimal | None:
    tick = without_noise(number(row, "tick_size"), NOISE).normalize()
    if kind is InstrumentKind.INDEX:
        return None
    if not 0 < tick <= _LARGEST_TICK:
        raise Unreadable(f"tick_size must be above 0 and up to {_LARGEST_TICK}, was {tick}")
    return tick


def _freeze(row: Row) -> Decimal | None:
    freeze = whole(row, "freeze_quantity")
    if freeze < 0:
        raise Unreadable(f"freeze_quantity must not be below 0, was {freeze}")
    return freeze or None


def _multiplier(ref: InstrumentRef, row: Row) -> Decimal:
    """Return the money a point is worth in one piece; refuse what would value an order wrongly."""
    multiplier, lot = whole(row, "multiplier"), whole(row, "lot_size")
    if ref.exchange is not Exchange.MCX:
        if multiplier not in {0, 1}:
            raise Unreadable(f"multiplier of {ref} must be 1, was {multiplier}")
        return Decimal(1)
    # Commodities are ordered in lots at Kite. A row that counts pieces, or does not say how large
    # a lot is, would make an order many times what it looks like.
    if lot != 1 or multiplier <= 1:
        raise Unreadable(f"how large a lot of {ref} is, is not told (lot {lot}, of {multiplier})")
    return multiplier


def _day(row: Row, name: str) -> date | None:
    written = text(row, name)
    if not written or written.startswith("0001-"):
        return None
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise Unreadable(f"{name} must be a date, was {written[:20]!r}") from None
