"""A part of what is held: winners, losers, the largest, what moved today."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from agents.insights import figures
from agents.insights.account import (
    Master,
    account_evidence,
    held_for,
    position_rows,
    prices_of,
    unrealised,
)
from agents.insights.insight import Insight, inputs_used
from agents.intent.model import QueryDetail, QueryTopic
from riskgate.contracts.snapshots import Position, Quote
from tools.ports import AccountView

Figure: TypeAlias = Callable[[Position, Quote | None, Master], Decimal | None]
Ranked: TypeAlias = tuple[Position, Decimal]
PLACES: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)
# What a part is called where something is in it, and where nothing is.
TITLES: Final[Mapping[QueryDetail, tuple[str, str]]] = {
    QueryDetail.WINNERS: ("In profit", "Nothing of it is in profit."),
    QueryDetail.LOSERS: ("In loss", "Nothing of it is in loss."),
    QueryDetail.LARGEST: ("Largest first", "Nothing is held."),
    QueryDetail.SMALLEST: ("Smallest first", "Nothing is held."),
    QueryDetail.UP_TODAY: ("Up today", "Nothing of it is up today."),
    QueryDetail.DOWN_TODAY: ("Down today", "Nothing of it is down today."),
}
SHOWN: Final = 10


def part_insight(
    view: AccountView, topic: QueryTopic, part: QueryDetail, master: Master
) -> Insight:
    """Answer with the part of what is held that was asked for, the most telling first.

    What has no price is in no part, and is said.
    """
    held = held_for(view, topic)
    prices = prices_of(view)
    figures = [(each, FIGURES[part](each, prices.get(each.instrument), master)) for each in held]
    chosen = _chosen(part, [(each, figure) for each, figure in figures if figure is not None])
    unpriced = [each.instrument for each, figure in figures if figure is None]
    title, nothing = TITLES[part]
    said = [view.warning] if view.warning else []
    said += [_sentence(title, part, chosen)] if chosen else [nothing]
    if unpriced:
        said.append(f"No figure is known for {', '.join(map(str, unpriced))}.")
    return Insight(
        title=title,
        fields={
            "positions": position_rows(view, [each for each, _ in chosen], master),
            "warning": view.warning,
        },
        said=tuple(said),
        cited=account_evidence(view),
        inputs=inputs_used(view),
    )


def value_now(item: Position, quote: Quote | None, master: Master) -> Decimal | None:
    """Return what a position is worth at the last price, shorts too; None without one."""
    row = master(item.instrument)
    if quote is None or row is None:
        return None
    return abs(item.quantity) * quote.last * row.multiplier


def move_today(item: Position, quote: Quote | None, master: Master) -> Decimal | None:  # noqa: ARG001
    """Return how far the price moved from the last close, in percent; None where not known."""
    if quote is None or not quote.previous_close:
        return None
    close = quote.previous_close
    return ((quote.last - close) * HUNDRED / close).quantize(PLACES)


FIGURES: Final[Mapping[QueryDetail, Figure]] = {
    QueryDetail.WINNERS: unrealised,
    QueryDetail.LOSERS: unrealised,
    QueryDetail.LARGEST: value_now,
    QueryDetail.SMALLEST: value_now,
    QueryDetail.UP_TODAY: move_today,
    QueryDetail.DOWN_TODAY: move_today,
}
RISING: Final = frozenset({QueryDetail.LOSERS, QueryDetail.DOWN_TODAY, QueryDetail.SMALLEST})
ABOVE: Final = frozenset({QueryDetail.WINNERS, QueryDetail.UP_TODAY})
BELOW: Final = frozenset({QueryDetail.LOSERS, QueryDetail.DOWN_TODAY})


def _chosen(part: QueryDetail, known: Sequence[Ranked]) -> list[Ranked]:
    meant = [
        (each, figure)
        for each, figure in known
        if not ((part in ABOVE and figure <= 0) or (part in BELOW and figure >= 0))
    ]
    return sorted(meant, key=lambda each: each[1], reverse=part not in RISING)


def _sentence(title: str, part: QueryDetail, chosen: Sequence[Ranked]) -> str:
    in_percent = FIGURES[part] is move_today
    shown = [
        f"{each.instrument} {_figure(each, figure, in_percent=in_percent)}"
        for each, figure in chosen[:SHOWN]
    ]
    more = len(chosen) - SHOWN
    return f"{title}: {'; '.join(shown)}{f'; and {more} more' if more > 0 else ''}."


def _figure(each: Position, figure: Decimal, *, in_percent: bool) -> str:
    currency = figures.currency_of(each.instrument)
    shown = (
        f"{figures.count(figure, currency)} %" if in_percent else figures.money(figure, currency)
    )
    return f"{'+' if figure > 0 else ''}{shown}"
