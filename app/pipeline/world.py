"""What the gate judges against: the broker's book and prices, taken together."""

from collections.abc import Iterable, Sequence

from adapters.ports import Brokers, MarketData, ReachBack
from app.gate.service import World
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, Quote, QuoteSource
from tools.ports import InstrumentDirectory

# Markets of ours never close; a real one has a calendar.
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
    mode: ExecutionMode,
    aside: frozenset[str] = frozenset(),
    reach_back: ReachBack | None = None,
) -> World:
    """Put a snapshot and the quotes asked for together with the instruments they speak of.

    `mode` is what an order at the snapshot's broker is, `reach_back` how far back its book goes.
    """
    refs = [quote.instrument for quote in quotes]
    rows = [directory.get(ref) for ref in dict.fromkeys(refs)]
    return World(
        snapshot=snapshot,
        quotes=tuple(quotes),
        instruments=tuple(row for row in rows if isinstance(row, Instrument)),
        always_open=bool(quotes) and all(quote.source in ALWAYS_OPEN for quote in quotes),
        live=mode is ExecutionMode.LIVE,
        asked=frozenset(asked),
        aside=aside,
        reach_back=reach_back,
    )


class Worlds:
    """Takes the book and prices afresh."""

    def __init__(
        self, *, brokers: Brokers, market: MarketData, directory: InstrumentDirectory
    ) -> None:
        self._brokers = brokers
        self._market = market
        self._directory = directory

    async def fresh(
        self, tenant_id: str, plan: TradePlan, *, also: Iterable[InstrumentRef] = ()
    ) -> World:
        """Return the world of now; `also` is priced besides what the book shows.

        Raises BrokerUnavailable or MarketDataUnavailable.
        """
        broker = self._brokers.for_account(tenant_id, plan.account_id)
        snapshot = await broker.get_snapshot(plan.account_id)
        symbols = [leg.instrument.ref for leg in plan.legs]
        refs = priced_instruments((*symbols, *also), snapshot)
        quotes = await self._market.get_quotes(refs)
        return make_world(
            snapshot,
            quotes,
            self._directory,
            asked=refs,
            mode=broker.capabilities.mode,
            reach_back=broker.capabilities.orders_reach_back,
        )
