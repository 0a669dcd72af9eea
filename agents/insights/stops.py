"""Where the stops and targets of an account are, how far away, and what has none."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.account import account_evidence, held_for
from agents.insights.brief import IST
from agents.insights.insight import Cited, Insight, cited_quote, inputs_used, number
from agents.insights.protected import ON_FILL
from agents.intent.model import QueryTopic
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.insights import StopFact
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.snapshots import Position, Quote
from tools.ports import AccountView

Prices: TypeAlias = Mapping[InstrumentRef, Decimal]

NONE_KEPT: Final = "No stop and no target is kept."
AT_BROKER: Final = "at the broker"
NOT_THERE: Final = "not at the broker now"
WATCHED: Final = "watched by SigmaTrader, only while the server runs"
PLACES: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)


def stops_insight(
    view: AccountView,
    shown: Sequence[StopFact],
    only: Sequence[InstrumentRef],
    quotes: Sequence[Quote],
) -> Insight:
    """Answer with each kept stop and target, and with the positions that no stop guards.

    `only` are the instruments asked about, which `shown` are of; without one all are told.
    """
    prices = {quote.instrument: quote.last for quote in quotes}
    bare = [each for each in unguarded(view, shown) if not only or each.instrument in only]
    named = [(fact.entry_order_id, *fact.stop_order_ids) for fact in shown]
    orders = [Cited(kind="order", id=order_id) for row in named for order_id in row]
    return Insight(
        title="Stops and targets",
        fields={
            "stops": [_row(fact, prices) for fact in shown],
            "unprotected": [str(each.instrument) for each in bare],
            "warning": view.warning,
        },
        said=tuple(_said(view, shown, bare, only, prices)),
        cited=(*account_evidence(view), *map(cited_quote, quotes), *orders),
        inputs=inputs_used(view),
    )


def unguarded(view: AccountView, kept: Sequence[StopFact]) -> tuple[Position, ...]:
    """Return what is held, delivered or not, that no stop rests for at the broker."""
    guarded = {(fact.instrument, fact.product) for fact in kept if fact.stop_rests}
    held = held_for(view, QueryTopic.POSITIONS)
    return tuple(each for each in held if (each.instrument, each.product) not in guarded)


def distance_pct(price: Decimal | None, last: Decimal | None) -> Decimal | None:
    """Return how far a price is from the last one, in percent of the last; below is negative."""
    if price is None or not last:
        return None
    return ((price - last) * HUNDRED / last).quantize(PLACES)


def _said(
    view: AccountView,
    shown: Sequence[StopFact],
    bare: Sequence[Position],
    only: Sequence[InstrumentRef],
    prices: Prices,
) -> list[str]:
    said = [view.warning] if view.warning else []
    said += [_sentence(fact, prices) for fact in shown]
    if not shown:
        said.append(f"No stop is kept for {_names(only)}." if only else NONE_KEPT)
    if bare:
        said.append(f"Held without a stop at the broker: {_names([b.instrument for b in bare])}.")
    return said


def _sentence(fact: StopFact, prices: Prices) -> str:
    last, currency = prices.get(fact.instrument), figures.currency_of(fact.instrument)
    stop = f"stop {_part(fact.stop_price, last, currency)}, {stop_place(fact)}"
    target = f"target {_part(fact.target_price, last, currency)}, {target_place(fact)}"
    parts = [stop] if fact.stop_price is not None else ["no stop"]
    parts += [target] if fact.target_price is not None else []
    note = f" ({fact.note})" if fact.note else ""
    return f"{fact.instrument}: {'; '.join(parts)}{note}."


def stop_place(fact: StopFact) -> str:
    """Say who holds a stop and since when."""
    if fact.waits_for_fill:
        return ON_FILL
    if not fact.stop_rests:
        return NOT_THERE
    since = "" if fact.stop_since is None else f" since {fact.stop_since.astimezone(IST):%H:%M} IST"
    held = figures.count(fact.stop_quantity, figures.currency_of(fact.instrument))
    quantity = f" for {held}" if fact.stop_quantity else ""
    return f"{AT_BROKER}{quantity}{since}"


def target_place(fact: StopFact) -> str:
    """Say who holds a target."""
    if fact.waits_for_fill:
        return ON_FILL
    return AT_BROKER if fact.target_rests else WATCHED


def _part(price: Decimal | None, last: Decimal | None, currency: str) -> str:
    away = distance_pct(price, last)
    text = "" if price is None else figures.price(price, currency)
    if away is None:
        return text
    side = "below" if away < 0 else "above"
    return f"{text} ({decimal_text(abs(away))} % {side} the last price)"


def _names(refs: Sequence[InstrumentRef]) -> str:
    return ", ".join(dict.fromkeys(map(str, refs)))


def _row(fact: StopFact, prices: Prices) -> JsonValue:
    last = prices.get(fact.instrument)
    places = [stop_place(fact)] if fact.stop_price is not None else []
    places += [f"target {target_place(fact)}"] if fact.target_price is not None else []
    return {
        "instrument": str(fact.instrument),
        "side": None if fact.side is None else fact.side.value,
        "product": None if fact.product is None else fact.product.value,
        "stop_price": number(fact.stop_price),
        "stop_distance_pct": number(distance_pct(fact.stop_price, last)),
        "stop_rests": fact.stop_rests,
        "stop_since": None if fact.stop_since is None else time_text(fact.stop_since),
        "target_price": number(fact.target_price),
        "target_distance_pct": number(distance_pct(fact.target_price, last)),
        "target_rests": fact.target_rests,
        "last": number(last),
        "status": fact.status,
        "note": "; ".join(filter(None, (*places, fact.note))) or None,
        "evidence": [
            fact.entry_order_id,
            *fact.stop_order_ids,
            *([str(fact.instrument)] if last is not None else []),
        ],
    }
