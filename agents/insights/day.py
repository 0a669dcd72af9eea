"""Profit and loss: what the day realised, what is unrealised, and how equity went."""

from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from agents.insights import figures
from agents.insights.account import (
    Master,
    account_evidence,
    held_for,
    margins_row,
    money_sentence,
    position_rows,
    total_unrealised,
)
from agents.insights.insight import (
    Cited,
    Insight,
    Json,
    cited_view,
    ids,
    inputs_used,
    number,
)
from agents.intent.model import QueryTopic
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.insights import EquityPoint, Gains, Realised
from riskgate.contracts.snapshots import Margins
from tools.ports import AccountView

UNKNOWN: Final = "a price on one side of a trade is not known to us"


def day_insight(view: AccountView, gains: Gains, master: Master) -> Insight:
    """Answer with realised and unrealised gains and the day's change of equity."""
    held = held_for(view, QueryTopic.POSITIONS)
    gain = total_unrealised(view, held, master) if view.snapshot else None
    margins = view.snapshot.margins if view.snapshot else None
    change = _change(margins, gains)
    day: Json = {
        "since": time_text(gains.since),
        "currency": gains.currency.value,
        "start_equity": number(gains.day_start_equity),
        "equity": None if margins is None else decimal_text(margins.equity),
        "change": number(change),
        "realised": number(gains.realised_total),
        "unrealised": number(gain),
        "evidence": ids((cited_view(view), *_closing_fills(gains))),
    }
    fields: Json = {
        "day": day,
        "equity_line": [_point(point) for point in line_of(view, gains)],
        "realised": [_realised(each) for each in gains.realised],
        "positions": position_rows(view, held, master),
        "margins": margins_row(view),
        "warning": view.warning,
    }
    said = [view.warning] if view.warning else []
    said += _sentences(gains, gain, change)
    return Insight(
        title="P&L",
        fields=fields,
        said=(*said, money_sentence(margins)),
        cited=(*account_evidence(view), *_closing_fills(gains), *_points(view, gains)),
        inputs=inputs_used(view),
    )


def line_of(view: AccountView, gains: Gains) -> tuple[EquityPoint, ...]:
    """Return the day's line of equity, the view's own at its end."""
    snapshot = view.snapshot
    if snapshot is None or snapshot.margins is None:
        return gains.line
    now = EquityPoint(
        at=snapshot.as_of, equity=snapshot.margins.equity, snapshot_id=snapshot.snapshot_id
    )
    before = (point for point in gains.line if point.snapshot_id != now.snapshot_id)
    return (*before, now)


def _change(margins: Margins | None, gains: Gains) -> Decimal | None:
    if margins is None or gains.day_start_equity is None:
        return None
    return margins.equity - gains.day_start_equity


def _sentences(gains: Gains, gain: Decimal | None, change: Decimal | None) -> list[str]:
    def money(value: Decimal) -> str:
        return figures.money(value, gains.currency)

    said: list[str] = []
    if change is not None and gains.day_start_equity is not None:
        start = money(gains.day_start_equity)
        said.append(f"Today {money(change)}, from an equity of {start}.")
    if gains.realised_total is None:
        said.append(f"What was realised cannot be said: {UNKNOWN}.")
    else:
        said.append(f"Realised {money(gains.realised_total)} before charges.")
    if gain is not None:
        said.append(f"Unrealised P&L {money(gain)}.")
    return said


def _realised(each: Realised) -> JsonValue:
    return {
        "instrument": str(each.instrument),
        "product": each.product.value,
        "quantity": decimal_text(each.quantity),
        "gain": number(each.gain),
        "evidence": list(each.trade_ids),
    }


def _point(point: EquityPoint) -> JsonValue:
    return {
        "at": time_text(point.at),
        "equity": decimal_text(point.equity),
        "evidence": [point.snapshot_id],
    }


def _closing_fills(gains: Gains) -> tuple[Cited, ...]:
    return tuple(
        Cited(kind="fill", id=trade_id) for each in gains.realised for trade_id in each.trade_ids
    )


def _points(view: AccountView, gains: Gains) -> tuple[Cited, ...]:
    return tuple(
        Cited(kind="broker_snapshot", id=point.snapshot_id, as_of=point.at)
        for point in line_of(view, gains)
    )
