"""The live market, as Kite shows it to a person who is logged in."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp import replies
from adapters.brokers.kite_mcp.asking import ask
from adapters.brokers.kite_mcp.fields import Unreadable, part
from adapters.brokers.kite_mcp.instruments import KiteInstruments
from adapters.brokers.kite_mcp.ports import KiteTools
from adapters.brokers.kite_mcp.quotes import quote_of
from adapters.ports import Clock
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Quote

QUOTES_A_CALL: Final = 500


class KiteMarket:
    """Quotes of one logged-in Kite session; implements MarketData.

    Only an instrument whose row was found in Kite's own master, by its exact name, has a quote,
    and only one that Kite gives under that row's token. `notice` is told of a quote not used.
    """

    def __init__(
        self,
        *,
        tools: KiteTools,
        clock: Clock,
        instruments: KiteInstruments,
        notice: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._tools = tools
        self._clock = clock
        self._instruments = instruments
        self._notice = notice

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument that has one; the others are left out."""
        await self._instruments.learn(instruments)
        tokens = {ref: self._instruments.token_of(ref) for ref in instruments}
        known = iter((ref, token) for ref, token in tokens.items() if token is not None)
        found: list[Quote] = []
        while batch := dict(islice(known, QUOTES_A_CALL)):
            found += await self._quotes(batch)
        return tuple(found)

    async def _quotes(self, tokens: Mapping[InstrumentRef, int]) -> list[Quote]:
        # Stamped before the call, so that a price is never older than it says.
        asked_at = self._clock.now()
        asked: list[JsonValue] = [str(ref) for ref in tokens]
        answer = await ask(self._tools, "get_quotes", {"instruments": asked}, replies.object_of)
        shown = [(ref, token) for ref, token in tokens.items() if str(ref) in answer]
        found = [self._quote(answer, ref, token, asked_at) for ref, token in shown]
        return [quote for quote in found if quote is not None]

    def _quote(
        self, answer: Mapping[str, object], ref: InstrumentRef, token: int, asked_at: datetime
    ) -> Quote | None:
        instrument = self._instruments.get(ref)
        tick = None if instrument is None else instrument.tick_size
        try:
            return quote_of(ref, part(answer, str(ref)), asked_at=asked_at, token=token, tick=tick)
        except Unreadable as odd:
            self._notice(f"Kite's quote of {ref} is not used: {odd}")
            return None
