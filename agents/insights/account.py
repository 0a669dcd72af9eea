"""What is held, what it is worth, and what money there is."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import (
    Cited,
    Insight,
    Json,
    cited_quote,
    cited_view,
    ids,
    inputs_used,
    number,
)
from agents.intent.model import QueryTopic
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.orders import Product
from riskgate.contracts.snapshots import Margins, Position, Quote
from tools.ports import AccountView

Prices: TypeAlias = Mapping[InstrumentRef, Quote]
Master: TypeAlias = Callable[[InstrumentRef], Instrument | None]
NOTHING_HELD: Final = "There are no positions."


def account_insight(view: AccountView, topic: QueryTopic, master: Master) -> Insight:
    """Answer with positions, holdings or money, each figure with the book it is from."""
    held = held_for(view, topic)
    fields: Json = {
        "positions": position_rows(view, held, master),
        "margins": margins_row(view),
        "warning": view.warning,
    }
    said = [view.warning] if view.warning else []
    if topic is not QueryTopic.MARGIN:
        said += [held_sentence(held), *gain_sentences(view, master)]
    said.append(money_sentence(view.snapshot.margins if view.snapshot else None))
    return Insight(
        title=topic.value.capitalize(),
        fields=fields,
        said=tuple(said),
        cited=account_evidence(view),
        inputs=inputs_used(view),
    )


def held_for(view: AccountView, topic: QueryTopic) -> tuple[Position, ...]:
    """Return what a question is about of all that is held."""
    if view.snapshot is None:
        found: tuple[Position, ...] = view.ledger.expected_positions
    elif topic is QueryTopic.HOLDINGS:
        delivered = (item for item in view.snapshot.positions if item.product is Product.CNC)
        found = (*view.snapshot.holdings, *delivered)
    else:
        found = (*view.snapshot.positions, *view.snapshot.holdings)
    return tuple(item for item in found if item.quantity)


def account_evidence(view: AccountView) -> tuple[Cited, ...]:
    """Cite the book and the prices in it."""
    return (cited_view(view), *(cited_quote(quote) for quote in prices_of(view).values()))


def prices_of(view: AccountView) -> Prices:
    """Return the prices that came with the broker's book."""
    return {quote.instrument: quote for quote in (view.snapshot.quotes if view.snapshot else ())}


def position_rows(view: AccountView, held: Sequence[Position], master: Master) -> list[JsonValue]:
    """Return a row for each position, with its gain where it has a price."""
    prices = prices_of(view)
    return [_row(view, item, prices.get(item.instrument), master) for item in held]


def margins_row(view: AccountView) -> JsonValue:
    """Return the money at the broker, None where it is not known."""
    if view.snapshot is None or view.snapshot.margins is None:
        return None
    return view.snapshot.margins.model_dump(mode="json")


def unrealised(item: Position, quote: Quote | None, master: Master) -> Decimal | None:
    """Return the gain of a position at the last price; None without one, or without its worth."""
    row = master(item.instrument)
    if quote is None or row is None:
        return None
    return (quote.last - item.average_price) * item.quantity * row.multiplier


def total_unrealised(view: AccountView, held: Sequence[Position], master: Master) -> Decimal | None:
    """Sum what all positions have gained; None where one of them cannot be told."""
    prices = prices_of(view)
    gains = [unrealised(item, prices.get(item.instrument), master) for item in held]
    known = [gain for gain in gains if gain is not None]
    return sum(known, Decimal(0)) if len(known) == len(gains) else None


def held_sentence(held: Sequence[Position]) -> str:
    """Say what is held."""
    parts = [_holding(item) for item in held]
    return f"{'; '.join(parts)}." if parts else NOTHING_HELD


def gain_sentences(view: AccountView, master: Master) -> list[str]:
    """Say the unrealised gain over all that is held, where everything held has a price."""
    if view.snapshot is None:
        return []
    held = held_for(view, QueryTopic.POSITIONS)
    gain = total_unrealised(view, held, master)
    if not held or gain is None:
        return []
    return [f"Unrealised P&L {figures.money(gain, view.currency)}."]


def money_sentence(margins: Margins | None) -> str:
    """Say equity and what is free of it."""
    if margins is None:
        return "The broker gave no margins."
    equity = figures.money(margins.equity, margins.currency)
    return f"Equity {equity}, available {figures.money(margins.available, margins.currency)}."


def _holding(item: Position) -> str:
    currency = figures.currency_of(item.instrument)
    quantity = figures.count(item.quantity, currency)
    price = figures.price(item.average_price, currency)
    return f"{item.instrument} {item.product} {quantity} at {price}"


def _row(view: AccountView, item: Position, quote: Quote | None, master: Master) -> JsonValue:
    cited = (cited_view(view), *(() if quote is None else (cited_quote(quote),)))
    return {
        "instrument": str(item.instrument),
        "product": item.product.value,
        "quantity": decimal_text(item.quantity),
        "average_price": decimal_text(item.average_price),
        "last": None if quote is None else decimal_text(quote.last),
        "unrealised_pnl": number(unrealised(item, quote, master)),
        "evidence": ids(cited),
    }
