"""What protects an entry: its stop and target as a row, and in one sentence each."""

from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.insight import number
from agents.state import as_sentence
from riskgate.contracts.insights import StopFact

ON_FILL: Final = "placed once the order fills"


def stop_row(stop: StopFact) -> JsonValue:
    """Return a kept stop and target as cards carry them."""
    absent = "the stop is not at the broker now" if is_missing(stop) else None
    absent = ON_FILL if stop.waits_for_fill else absent
    return {
        "instrument": str(stop.instrument),
        "stop_price": number(stop.stop_price),
        "target_price": number(stop.target_price),
        "stop_rests": stop.stop_rests,
        "note": "; ".join(filter(None, (absent, stop.note))) or None,
        "evidence": [stop.entry_order_id],
    }


def is_missing(stop: StopFact) -> bool:
    """Say whether something filled has a stop that rests nowhere."""
    return stop.stop_price is not None and not stop.stop_rests and not stop.waits_for_fill


def protection_sentences(stops: Sequence[StopFact]) -> list[str]:
    """Say where the stop and the target of each entry are now."""
    return [as_sentence("; ".join(_parts(stop))) for stop in stops]


def _parts(stop: StopFact) -> Iterator[str]:
    currency = figures.currency_of(stop.instrument)
    if stop.stop_price is not None:
        price = figures.price(stop.stop_price, currency)
        why = f" ({stop.note})" if stop.note else ""
        where = "rests at the broker" if stop.stop_rests else f"is NOT at the broker now{why}"
        where = f"is {ON_FILL}" if stop.waits_for_fill else where
        yield f"the stop of {stop.instrument} at {price} {where}"
    if stop.target_price is not None:
        price = figures.price(stop.target_price, currency)
        where = (
            "rests at the broker"
            if stop.target_rests
            else "is kept by SigmaTrader, which works only while the server runs"
        )
        where = f"is {ON_FILL}" if stop.waits_for_fill else where
        yield f"the target at {price} {where}"
