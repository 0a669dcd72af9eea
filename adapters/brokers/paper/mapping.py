"""The paper book in the words every broker's book is shown in. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from adapters.brokers.paper.margins import Marks, available, equity
from adapters.brokers.paper.state import PaperPosition, PaperState
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import BrokerSnapshot, Margins, Position, Quote


def snapshot_of(
    state: PaperState,
    *,
    snapshot_id: str,
    as_of: datetime,
    quotes: Mapping[InstrumentRef, Quote],
    margin_rate: Decimal,
) -> BrokerSnapshot:
    """Return the whole book as asked for at `as_of`, with the quotes it was valued at.

    Margins are None when something held has no fresh price: a worth that is partly guessed must
    not be judged by.
    """
    marks = {ref: quote.last for ref, quote in quotes.items()}
    return BrokerSnapshot(
        snapshot_id=snapshot_id,
        account_id=state.account_id,
        source="paper",
        as_of=as_of,
        holdings=_positions(state.holdings),
        positions=_positions(state.positions),
        orders=tuple(row.order for row in state.orders),
        margins=_margins(state, marks, margin_rate),
        quotes=tuple(quotes[ref] for ref in sorted(quotes, key=str)),
    )


def _margins(state: PaperState, marks: Marks, margin_rate: Decimal) -> Margins | None:
    worth = equity(state, marks)
    if worth is None:
        return None
    free = available(state, margin_rate, marks)
    return Margins(
        currency=state.currency,
        available=free,
        used=max(state.cash - free, Decimal(0)),
        equity=worth,
        start_of_day_equity=state.start_of_day_equity,
    )


def _positions(rows: Sequence[PaperPosition]) -> tuple[Position, ...]:
    return tuple(
        Position(
            instrument=row.instrument,
            product=row.product,
            quantity=row.quantity,
            average_price=row.average_price,
            day_quantity=row.day_quantity,
        )
        for row in rows
    )
