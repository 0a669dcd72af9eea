"""What the gate judges against: the broker's book and prices, taken together."""

from collections.abc import Iterable, Sequence

from adapters.ports import BrokerAdapter, MarketData
from app.gate.service import World
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, Quote, QuoteSource
from tools.ports import InstrumentDirectory

ALWAYS_OPEN = frozenset({QuoteSource.SIMULATED, QuoteSource.REPLAY})


def priced_instruments(
    symbols: Iterable[InstrumentRef], snapshot: BrokerSnapshot
) -> tuple[InstrumentRef, ...]:
    """Return everything whose price a verdict needs: traded, held and resting, each once."""
    held = [item.instrument for item in (*snapshot.positions, *snapshot.holdings) if item.quantity]
    resting = [order.instrument for order in snapshot.orders if order.open_quantity]
    return tuple(dict.fromkeys((*symbols, *held, *resting)))


def make_world(
    snapshot: BrokerSnapshot,
    quotes: Sequence[Quote],
    directory: InstrumentDirectory,
    *,
    asked: Iterable[InstrumentRef],
) -> World:
    """Put a snapshot and the quotes asked for together with the instruments they speak of."""
    refs = [quote.instrument for quote in quotes]
    rows = [directory.get(ref) for ref in dict.fromkeys(refs)]
    return World(
        snapshot=snapshot,
        quotes=tuple(quotes),
        instruments=tuple(row for row in rows if isinstance(row, Instrument)),
        market_open=_market_open(quotes),
        asked=frozenset(asked),
    )


async def fresh_world(
    plan: TradePlan,
    broker: BrokerAdapter,
    market: MarketData,
    directory: InstrumentDirectory,
    *,
    also: Iterable[InstrumentRef] = (),
) -> World:
    """Take the book and prices afresh; `also` is priced besides what the book shows.

    Raises BrokerUnavailable or MarketDataUnavailable.
    """
    snapshot = await broker.get_snapshot(plan.account_id)
    symbols = [leg.instrument.ref for leg in plan.legs]
    refs = priced_instruments((*symbols, *also), snapshot)
    return make_world(snapshot, await market.get_quotes(refs), directory, asked=refs)


def _market_open(quotes: Sequence[Quote]) -> bool | None:
    """A market of ours never closes; for a real one this release has no calendar and cannot say."""
    return True if quotes and all(quote.source in ALWAYS_OPEN for quote in quotes) else None
