"""The desk at a glance: hours, what is held, what is open, what went wrong, what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from pydantic import JsonValue

from agents.insights.account import (
    Master,
    account_evidence,
    gain_sentences,
    held_for,
    held_sentence,
    margins_row,
    money_sentence,
    position_rows,
)
from agents.insights.insight import Cited, Insight, Json, inputs_used
from agents.insights.orders import cited_exception, cited_order, exception_row, order_row
from agents.insights.protected import is_missing, stop_row
from agents.insights.risk import (
    kill_switch_row,
    kill_switch_sentences,
    limit_rows,
    limit_sentences,
    standing_evidence,
    tightest,
)
from agents.intent.model import QueryTopic
from riskgate.contracts.insights import MarketHours, StopFact
from riskgate.contracts.standing import Standing
from riskgate.contracts.traces import SubmittedOrder
from tools.ports import AccountView, BrokerLogin, StoredException

IST: Final = timezone(timedelta(hours=5, minutes=30))
SHOWN_LIMITS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Desk:
    """All that a brief tells of."""

    view: AccountView
    standing: Standing | None
    orders: Sequence[SubmittedOrder]
    stops: Sequence[StopFact]
    exceptions: Sequence[StoredException]
    login: BrokerLogin | None
    hours: MarketHours


def brief_insight(desk: Desk, master: Master) -> Insight:
    """Answer with the whole desk; each part cites what it is from."""
    view, standing = desk.view, desk.standing
    held = held_for(view, QueryTopic.POSITIONS)
    pending = [order for order in desk.orders if not order.state.final]
    fields: Json = {
        "hours": hours_row(desk.hours),
        "login": None if desk.login is None else _login_row(desk.login),
        "kill_switch": None if standing is None else kill_switch_row(standing),
        "positions": position_rows(view, held, master),
        "orders": [order_row(order) for order in pending],
        "stops": [stop_row(stop) for stop in desk.stops],
        "exceptions": [_exception_row(each, desk.hours) for each in desk.exceptions],
        "limits": _limits(standing),
        "margins": margins_row(view),
        "warning": view.warning,
    }
    evidence = account_evidence(view) if standing is None else standing_evidence(view, standing)
    return Insight(
        title="Morning brief",
        fields=fields,
        said=tuple(_sentences(desk, master)),
        cited=(
            *account_evidence(view),
            *evidence,
            *map(cited_order, pending),
            *map(cited_exception, desk.exceptions),
            *(Cited(kind="order", id=stop.entry_order_id) for stop in desk.stops),
            _calendar(desk.hours),
        ),
        inputs=inputs_used(view),
    )


def _limits(standing: Standing | None) -> list[JsonValue]:
    return [] if standing is None else limit_rows(standing, tightest(standing, SHOWN_LIMITS))


def hours_row(hours: MarketHours) -> JsonValue:
    """Return the day of an exchange as cards carry it."""
    return {**hours.model_dump(mode="json"), "evidence": [_calendar(hours).id]}


def hours_sentence(hours: MarketHours) -> str:
    """Say when the exchange trades today, in India's time."""
    if hours.is_open is None:
        said = f"The hours of {hours.exchange} today are not known."
    elif hours.is_open and hours.closes_at is not None:
        said = f"{hours.exchange} is open until {_clock(hours.closes_at)}."
    elif hours.next_opens_at is not None:
        at = hours.next_opens_at.astimezone(IST)
        said = f"{hours.exchange} is closed; it opens on {at:%Y-%m-%d} at {at:%H:%M} IST."
    else:
        said = f"{hours.exchange} is closed."
    return f"{said} The simulated market is always open." if hours.simulated else said


def is_overnight(opened_at: datetime, hours: MarketHours) -> bool:
    """Say whether something happened since a session ended last."""
    return hours.last_closed_at is not None and opened_at >= hours.last_closed_at


def _sentences(desk: Desk, master: Master) -> list[str]:
    view, standing = desk.view, desk.standing
    said = [view.warning] if view.warning else []
    said.append(hours_sentence(desk.hours))
    if desk.login is not None and not desk.login.is_active:
        said.append(desk.login.headline)
    said += [] if standing is None else kill_switch_sentences(standing)
    said += [held_sentence(held_for(view, QueryTopic.POSITIONS)), *gain_sentences(view, master)]
    said.append(_counted(desk))
    said += [] if standing is None else limit_sentences(standing)
    return [*said, money_sentence(view.snapshot.margins if view.snapshot else None)]


def _counted(desk: Desk) -> str:
    pending = sum(not order.state.final for order in desk.orders)
    overnight = sum(is_overnight(each.opened_at, desk.hours) for each in desk.exceptions)
    exceptions = f"{len(desk.exceptions)} open exceptions ({overnight} since the last close)"
    missing = sum(map(is_missing, desk.stops))
    waiting = sum(stop.waits_for_fill for stop in desk.stops)
    asides = [f"{missing} with no stop at the broker now"] if missing else []
    asides += [f"{waiting} more once their orders fill"] if waiting else []
    beside = f" ({', '.join(asides)})" if asides else ""
    kept = f"{len(desk.stops) - waiting} kept stops and targets{beside}"
    orders = "1 open order" if pending == 1 else f"{pending} open orders"
    return f"{orders}, {kept}, {exceptions}."


def _calendar(hours: MarketHours) -> Cited:
    return Cited(kind="calendar", id=f"calendar-{hours.exchange}")


def _login_row(login: BrokerLogin) -> JsonValue:
    return {"state": login.state, "is_active": login.is_active, "headline": login.headline}


def _exception_row(each: StoredException, hours: MarketHours) -> JsonValue:
    return {**exception_row(each), "overnight": is_overnight(each.opened_at, hours)}


def _clock(at: datetime) -> str:
    return f"{at.astimezone(IST):%H:%M} IST"
