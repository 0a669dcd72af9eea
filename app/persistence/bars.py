"""Imported daily bars; they belong to the installation, not to a tenant."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from app.persistence.database import Database, Row
from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import Exchange, InstrumentRef


class PostgresBars:
    """Implements adapters.ports.BarHistory, and stores what `data import` reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_bars(self, instrument: InstrumentRef) -> Sequence[Bar]:
        async with self._database.installation() as session:
            rows = await session.fetch_all(
                "SELECT * FROM bars WHERE exchange = %s AND tradingsymbol = %s ORDER BY day",
                (instrument.exchange, instrument.tradingsymbol),
            )
        return [_bar(row) for row in rows]

    async def store_bars(self, bars: Sequence[Bar]) -> None:
        """Store bars; a bar of the same day takes the new values."""
        async with self._database.installation() as session:
            await session.execute_many(
                "INSERT INTO bars (exchange, tradingsymbol, day, open, high, low, close, volume,"
                " split_suspected) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (exchange, tradingsymbol, day) DO UPDATE SET open = excluded.open,"
                " high = excluded.high, low = excluded.low, close = excluded.close,"
                " volume = excluded.volume, split_suspected = excluded.split_suspected",
                [
                    (
                        bar.instrument.exchange,
                        bar.instrument.tradingsymbol,
                        bar.opened_at.date(),
                        bar.open,
                        bar.high,
                        bar.low,
                        bar.close,
                        bar.volume,
                        bar.split_suspected,
                    )
                    for bar in bars
                ],
            )


def _bar(row: Row) -> Bar:
    return Bar(
        instrument=InstrumentRef(
            exchange=Exchange(row["exchange"]), tradingsymbol=row["tradingsymbol"]
        ),
        opened_at=datetime.combine(row["day"], time(), tzinfo=UTC),
        open=row["open"],
        high=row["high"],
        low=row["low"],
        close=row["close"],
        volume=row["volume"],
        split_suspected=row["split_suspected"],
    )
