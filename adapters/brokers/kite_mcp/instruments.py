"""The instrument master with Kite's own row of the day over the bundled one."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from pydantic import JsonValue

from adapters.brokers.kite_mcp import replies
from adapters.brokers.kite_mcp.asking import ask
from adapters.brokers.kite_mcp.fields import INDIA, Unreadable
from adapters.brokers.kite_mcp.listing import (
    EXCHANGES,
    Listing,
    differences,
    listing_of,
    merged,
)
from adapters.brokers.kite_mcp.ports import KiteTools
from adapters.ports import Clock
from riskgate.contracts.instruments import Instrument, InstrumentRef, Resolution

# Kite writes the day's master at about 08:30 in India.
_MASTER_OF_THE_DAY: Final = timedelta(hours=8, minutes=30)
# What Kite did not list, or listed oddly, is asked for again after this long.
_ASK_AGAIN: Final = timedelta(minutes=5)
_AT_ONCE: Final = 5


class BundledMaster(Protocol):
    """The master that ships with the application, by exact name or by what people say."""

    def get(self, ref: InstrumentRef) -> Instrument | None: ...

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]: ...

    def resolve(self, text: str) -> Resolution: ...


@dataclass(frozen=True)
class _Answer:
    asked_at: datetime
    listing: Listing | None


class KiteInstruments:
    """Names from the bundled master; tick, lot, freeze and contracts from Kite's row.

    Implements InstrumentLookup and tools.ports.InstrumentDirectory. `get` answers from memory;
    `learn` asks Kite first. Where the rows differ Kite's holds for its own exchanges, and `notice`
    is told.
    """

    def __init__(
        self,
        *,
        bundled: BundledMaster,
        tools: KiteTools,
        clock: Clock,
        notice: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._bundled = bundled
        self._tools = tools
        self._clock = clock
        self._notice = notice
        self._answers: dict[InstrumentRef, _Answer] = {}

    def get(self, ref: InstrumentRef) -> Instrument | None:
        """Return Kite's row where it was learned, else the bundled one, or None."""
        listing, bundled = self._listing(ref), self._bundled.get(ref)
        return bundled if listing is None else merged(listing.instrument, bundled)

    def names(self) -> Mapping[str, tuple[InstrumentRef, ...]]:
        """Return every casefolded name and alias of the bundled master."""
        return self._bundled.names()

    def resolve(self, text: str) -> Resolution:
        """Return what the bundled master means by a name, else the learned rows named so."""
        known = self._bundled.resolve(text)
        refs = [row.ref for row in known.candidates] or self._learned(text)
        rows = (self.get(ref) for ref in refs)
        return Resolution(text=text, candidates=tuple(row for row in rows if row is not None))

    def token_of(self, ref: InstrumentRef) -> int | None:
        """Return Kite's number of an instrument, None while its row is not learned."""
        listing = self._listing(ref)
        return None if listing is None else listing.token

    async def learn(self, refs: Iterable[InstrumentRef]) -> None:
        """Ask Kite for the rows of these instruments that are not known of today.

        Needs no login. Raises MarketDataUnavailable when Kite's search does not answer.
        """
        now = self._clock.now()
        missing = [
            ref
            for ref in dict.fromkeys(refs)
            if ref.exchange in EXCHANGES and not self._is_current(ref, now)
        ]
        for start in range(0, len(missing), _AT_ONCE):
            await asyncio.gather(*map(self._ask, missing[start : start + _AT_ONCE]))

    async def _ask(self, ref: InstrumentRef) -> None:
        asked_at = self._clock.now()
        query: dict[str, JsonValue] = {"query": str(ref)}
        rows = await ask(self._tools, "search_instruments", query, replies.rows_of)
        self._answers[ref] = _Answer(asked_at, self._read(ref, rows, _day_of(asked_at)))

    def _read(
        self, ref: InstrumentRef, rows: Sequence[Mapping[str, object]], today: date
    ) -> Listing | None:
        bundled = self._bundled.get(ref)
        try:
            listing = listing_of(ref, rows, today=today)
            if listing is None:
                self._notice(f"Kite does not list {ref}")
                return None
            if bundled is not None and bundled.kind is not listing.instrument.kind:
                raise Unreadable(
                    f"{ref} is {bundled.kind} here and {listing.instrument.kind} there"
                )
        except Unreadable as odd:
            self._notice(f"Kite's row of {ref} is not used: {odd}")
            return None
        if bundled is not None:
            changed = differences(merged(listing.instrument, bundled), bundled)
            if changed:
                self._notice(f"Kite's row of {ref} holds: {changed}")
        return listing

    def _listing(self, ref: InstrumentRef) -> Listing | None:
        answer = self._answers.get(ref)
        if answer is None or answer.listing is None:
            return None
        expires_on = answer.listing.expires_on
        if expires_on is not None and expires_on < _day_of(self._clock.now()):
            return None
        return answer.listing

    def _is_current(self, ref: InstrumentRef, now: datetime) -> bool:
        answer = self._answers.get(ref)
        if answer is None:
            return False
        if answer.listing is None:
            return now - answer.asked_at < _ASK_AGAIN
        return _master_day(answer.asked_at) == _master_day(now)

    def _learned(self, text: str) -> list[InstrumentRef]:
        wanted = text.strip().upper()
        return [ref for ref in self._answers if wanted in {str(ref), ref.tradingsymbol}]


def _day_of(at: datetime) -> date:
    return at.astimezone(INDIA).date()


def _master_day(at: datetime) -> date:
    return _day_of(at - _MASTER_OF_THE_DAY)
