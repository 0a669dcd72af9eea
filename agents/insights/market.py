"""Prices of now, and trend and volatility from past days."""

from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import Cited, Insight, Json, cited_quote, ids, number
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.insights import BarsFrom, MarketContext, Trend
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Quote

TRENDS: Final = {
    Trend.UP: "the trend is up",
    Trend.DOWN: "the trend is down",
    Trend.RANGE: "it moves sideways",
}
SOURCES: Final = {BarsFrom.IMPORT: "imported bars", BarsFrom.BROKER: "the broker's bars"}
NOTES: Final = {
    "NO_CANDLES": "there are no daily bars of it here; 'sigmatrader data import' reads a file",
    "INSUFFICIENT_CANDLES": "fewer than 55 daily bars, so some figures are missing or young",
}


def quotes_insight(asked: Sequence[InstrumentRef], quotes: Sequence[Quote]) -> Insight:
    """Answer with the prices asked for; those that there are none of are named."""
    found = {quote.instrument for quote in quotes}
    missing = [f"There is no usable price for {ref} now." for ref in asked if ref not in found]
    return Insight(
        title="Price",
        fields={"quotes": [quote_row(quote) for quote in quotes]},
        said=(*map(quote_sentence, quotes), *missing),
        cited=tuple(map(cited_quote, quotes)),
        inputs={"quotes": {str(quote.instrument): time_text(quote.as_of) for quote in quotes}},
    )


def context_insight(contexts: Sequence[MarketContext]) -> Insight:
    """Answer with trend, volatility and range of each instrument."""
    cited = [each for context in contexts for each in _bars(context)]
    return Insight(
        title="Market context",
        fields={"context": [_context(each) for each in contexts]},
        said=tuple(map(_context_sentence, contexts)),
        cited=tuple(cited),
    )


def quote_row(quote: Quote) -> JsonValue:
    """Return a price as cards carry it."""
    return {
        "instrument": str(quote.instrument),
        "last": decimal_text(quote.last),
        "bid": number(quote.bid),
        "ask": number(quote.ask),
        "source": quote.source.value,
        "as_of": time_text(quote.as_of),
        "market_time": time_text(quote.market_time),
        "evidence": ids((cited_quote(quote),)),
    }


def quote_sentence(quote: Quote) -> str:
    """Say a price; one that is not of a live market is called what it is."""
    kind = "" if quote.source == "BROKER" else f" ({quote.source.value.lower()} price)"
    last = figures.price(quote.last, figures.currency_of(quote.instrument))
    return f"{quote.instrument} {last}{kind}."


def _context(context: MarketContext) -> JsonValue:
    row: Json = context.model_dump(mode="json", exclude={"instrument"})
    row["instrument"] = str(context.instrument)
    return {**row, "evidence": ids(_bars(context))} if context.bars else row


def _bars(context: MarketContext) -> tuple[Cited, ...]:
    if context.bars_from is None or context.first_day is None or context.last_day is None:
        return ()
    days = f"{context.first_day.isoformat()}..{context.last_day.isoformat()}"
    return (
        Cited(
            kind="bars",
            id=f"{context.instrument} {days}",
            of={"source": context.bars_from.value, "bars": str(context.bars)},
        ),
    )


def _context_sentence(context: MarketContext) -> str:
    notes = "".join(f" Note: {NOTES.get(note, note)}." for note in context.notes)
    if context.close is None or context.bars_from is None or context.last_day is None:
        return f"{context.instrument}:{notes.removeprefix(' Note:')}"
    currency = figures.currency_of(context.instrument)
    close = figures.price(context.close, currency)
    parts = [f"closed at {close} on {context.last_day.isoformat()}"]
    if context.trend is not None and context.sma20 is not None and context.sma50 is not None:
        sma20, sma50 = (figures.money(sma, currency) for sma in (context.sma20, context.sma50))
        parts.append(f"{TRENDS[context.trend]} (SMA20 {sma20}, SMA50 {sma50})")
    if context.volatility20_pct is not None and context.volatility is not None:
        vol = figures.count(round(context.volatility20_pct, 2), currency)
        parts.append(f"volatility {vol} % a year, {context.volatility.value.lower()}")
    if context.atr14 is not None and context.atr14_pct is not None:
        atr = figures.money(context.atr14, currency)
        share = figures.count(round(context.atr14_pct, 2), currency)
        parts.append(f"ATR14 {atr}, {share} % of the close")
    source = SOURCES[context.bars_from]
    return f"{context.instrument} {'; '.join(parts)}. From {context.bars} of {source}.{notes}"
