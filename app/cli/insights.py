"""What an insight card holds, part by part: pure functions from its fields to Rich renderables."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agents.insights import figures
from app.cli import files_view as files
from app.cli.charts import exposures
from app.cli.text import (
    NOTHING,
    clock,
    day_and_clock,
    decimal,
    instrument,
    money,
    safe,
    sign_of,
    words,
)

Json: TypeAlias = Mapping[str, Any]
Draw: TypeAlias = Callable[[Any, str], list[RenderableType]]

BLOCKS: Final = "▁▂▃▄▅▆▇█"
CELLS: Final = 16
# A hash is told by its beginning; the card in JSON has all of it.
HASH_LENGTH: Final = 64
HASH_SHOWN: Final = 12
IDS_SHOWN: Final = 6
COUNTED: Final = frozenset({"orders", "positions", "messages", "units"})
TRENDS: Final = {"UP": "green", "DOWN": "red"}


def line_of(values: Sequence[object], scale: Sequence[object] = ()) -> str:
    """Draw values as a line of blocks, a gap where one is missing.

    The ends are the lowest and the highest of `scale`, or of the values themselves.
    """
    numbers = [_number(value) for value in values]
    ends = [each for each in map(_number, scale or values) if each is not None]
    if sum(number is not None for number in numbers) < 2:
        return ""
    return "".join(_block(number, min(ends), max(ends)) for number in numbers)


def evidence_line(rows: Sequence[Json]) -> Text:
    """Name what the figures rest on, each kind once with its first ids."""
    by_kind: dict[str, list[str]] = {}
    for row in rows:
        by_kind.setdefault(words(row.get("kind")), []).append(_short(row.get("id")))
    said = "; ".join(f"{kind} {_first(ids)}" for kind, ids in by_kind.items())
    return Text(f"Evidence: {said}", style="dim")


def _short(found: object) -> str:
    text = safe(found)
    return text[:HASH_SHOWN] if len(text) == HASH_LENGTH else text


def _first(ids: Sequence[str]) -> str:
    more = len(ids) - IDS_SHOWN
    return ", ".join(ids[:IDS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _block(value: Decimal | None, low: Decimal, high: Decimal) -> str:
    if value is None:
        return " "
    return BLOCKS[int((value - low) * (len(BLOCKS) - 1) / (high - low)) if high > low else 0]


def _decision(value: Json, _currency: str) -> list[RenderableType]:
    who = "A program asked" if value.get("asked_by") == "program" else "You asked"
    facts = [
        words(value.get("outcome")),
        f"gate {words(value['verdict'])}" if value.get("verdict") else "",
        f"approved by {safe(value['approved_by'])}" if value.get("approved_by") else "",
        clock(value.get("at")),
    ]
    said = " · ".join(fact for fact in facts if fact)
    return [Text(f"{who}: “{safe(value.get('asked'))}”", style="bold"), Text(said, style="dim")]


def _what_if(value: Json, _currency: str) -> list[RenderableType]:
    currency = str(value.get("currency"))
    lines: list[RenderableType] = []
    if value.get("verdict"):
        passes = value["verdict"] == "ALLOW"
        quantity = decimal(value.get("quantity"), currency=currency)
        what = f"{safe(value.get('side'))} {quantity} {instrument(value.get('instrument'))}"
        worth = f", {money(value.get('notional'), currency)}"
        verdict = ("would pass", "green") if passes else ("would be refused", "red")
        lines.append(Text.assemble((what, "bold"), f"{worth} ", verdict))
    most = value.get("largest")
    said = "no quantity is refused" if most is None else decimal(most, currency=currency)
    return [*lines, Text(f"The most that would pass: {said}")]


def _exposure(value: Json, _currency: str) -> list[RenderableType]:
    return exposures({"fields": {"exposure": value}})


def _violations(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for row in rows:
        head = Text.assemble((safe(row.get("rule_id")), "bold red"), f"  {safe(row['message'])}")
        lines += [head, Text(f"  → {safe(row.get('remedy'))}")]
    return lines


def _passing(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    return [Text(f"Would pass: {safe(row.get('text'))}.", style="green") for row in rows]


def _reasons(rows: Sequence[str], _currency: str) -> list[RenderableType]:
    return [Text(f"• {safe(text)}") for text in rows]


def _checks(rows: Sequence[Json], currency: str) -> list[RenderableType]:
    def shown(row: Json, name: str) -> str:
        number = _number(row.get(name))
        if number is None:
            return safe(row.get(name))
        return figures.metric(str(row.get("metric")), number, currency)

    found = [
        f"{safe(figures.metric_name(str(row.get('metric'))))} {shown(row, 'value')}"
        + (f" of {shown(row, 'limit')}" if row.get("limit") else "")
        for row in rows
    ]
    return [Text(f"Gate: {'; '.join(found)}", style="dim")]


def _kill_switch(value: Json, _currency: str) -> list[RenderableType]:
    if value.get("level") == "RUNNING":
        return []
    why = f": {safe(value['reason'])}" if value.get("reason") else ""
    return [Text(f"! kill switch {safe(value.get('level'))}{why}", style="bold red")]


def _hours(value: Json, _currency: str) -> list[RenderableType]:
    state = {"True": "open", "False": "closed"}.get(str(value.get("is_open")), "not known")
    today = "no session today"
    if value.get("opens_at"):
        today = f"today {clock(value['opens_at'])} to {clock(value.get('closes_at'))}"
    ours = "; the simulated market is always open" if value.get("simulated") else ""
    opens = value.get("next_opens_at")
    next_one = f"; opens next {day_and_clock(opens)}" if opens else ""
    return [Text(f"{safe(value.get('exchange'))} {state}; {today}{next_one}{ours}")]


def _login(value: Json, _currency: str) -> list[RenderableType]:
    return [Text(safe(value.get("headline")))]


def _day(value: Json, currency: str) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    names = ("change", "realised", "unrealised")
    shown = [name for name in names if value.get(name) is not None]
    labels = {"change": "today", "realised": "realised, before charges"}
    grid.add_row(*(Text(labels.get(name, name), style="dim") for name in shown))
    grid.add_row(*(_gain(value[name], currency) for name in shown))
    return [grid]


def _equity_line(rows: Sequence[Json], currency: str) -> list[RenderableType]:
    drawn = line_of([row.get("equity") for row in rows])
    if not drawn:
        return []
    ends = " → ".join(money(row.get("equity"), currency) for row in (rows[0], rows[-1]))
    return [Text.assemble(("Equity ", "dim"), (drawn, "blue"), f" {ends}")]


def _limits(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    table = _table(("Limit", False), ("", False), ("Used", True), ("Of", True), ("Left", True))
    for row in rows:
        left = Text("reached", style="red") if row.get("reached") else Text(_amount(row, "left"))
        name = f"{safe(row.get('name'))} ({safe(row.get('rule_id'))})"
        used, limit = _amount(row, "used"), _amount(row, "limit")
        table.add_row(Text(name), _bar(row), Text(used), Text(limit), left)
    return [table]


def _context(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for row in rows:
        trend = Text(words(row.get("trend")), style=TRENDS.get(str(row.get("trend")), ""))
        lines.append(Text.assemble((instrument(row.get("instrument")), "bold"), "  trend ", trend))
        days = row.get("line") or []
        scale = [day.get(name) for day in days for name in ("close", "sma20", "sma50")]
        for name, label in (("close", "close"), ("sma20", "SMA20"), ("sma50", "SMA50")):
            drawn = line_of([day.get(name) for day in days], scale)
            if drawn:
                shown = decimal(row.get(name), places=2)
                lines.append(Text.assemble((f"{label:6}", "dim"), (drawn, "blue"), f" {shown}"))
        figures = [
            f"volatility {safe(row['volatility20_pct'])} % {words(row.get('volatility'))}"
            if row.get("volatility20_pct")
            else "",
            f"ATR14 {safe(row['atr14'])} ({safe(row.get('atr14_pct'))} %)"
            if row.get("atr14")
            else "",
            *(words(note) for note in row.get("notes") or []),
        ]
        lines.append(Text(" · ".join(each for each in figures if each), style="dim"))
    return lines


def _fills(rows: Sequence[Json], currency: str) -> list[RenderableType]:
    table = _table(("Fill", False), ("Qty", True), ("Price", True), ("At", False))
    for row in rows:
        name = f"{safe(row.get('side'))} {instrument(row.get('instrument'))}"
        quantity = decimal(row.get("quantity"), currency=currency)
        price, at = money(row.get("price"), currency), clock(row.get("traded_at"))
        table.add_row(Text(name), Text(quantity), Text(price), Text(at))
    return [table]


def _realised(rows: Sequence[Json], currency: str) -> list[RenderableType]:
    table = _table(("Closed", False), ("Qty", True), ("Realised", True))
    for row in rows:
        quantity = decimal(row.get("quantity"), currency=currency)
        name = Text(instrument(row.get("instrument")))
        table.add_row(name, Text(quantity), _gain(row.get("gain"), currency))
    return [table]


def _stops(rows: Sequence[Json], currency: str) -> list[RenderableType]:
    table = _table(("Kept for", False), ("Stop", True), ("Target", True), ("", False))
    for row in rows:
        stop, target = (money(row.get(n), currency) for n in ("stop_price", "target_price"))
        name = Text(instrument(row.get("instrument")))
        note = Text(safe(row["note"]) if row.get("note") else "", style="dim")
        table.add_row(name, Text(stop), Text(target), note)
    return [table]


def _unprotected(names: Sequence[str], _currency: str) -> list[RenderableType]:
    text = f"Held without a stop at the broker: {', '.join(map(safe, names))}."
    return [Text(text, style="yellow")]


def _decisions(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    table = _table(("Asked", False), ("Came to", False), ("Decision", False))
    for row in rows:
        why = ", ".join(map(safe, row.get("rules") or [])) or safe(row.get("error_code") or "")
        why = "" if why == NOTHING else f" ({why})"
        came = f"{words(row.get('outcome'))}{why}"
        table.add_row(Text(safe(row.get("asked"))), Text(came), Text(safe(row.get("decision_id"))))
    return [table]


# Where these are empty there is nothing to say.
SILENT: Final = frozenset({"unprotected"})
PARTS: Final[Mapping[str, Draw]] = {
    **files.PARTS,
    "decision": _decision,
    "what_if": _what_if,
    "exposure": _exposure,
    "violations": _violations,
    "would_pass": _passing,
    "reasons": _reasons,
    "checks": _checks,
    "kill_switch": _kill_switch,
    "hours": _hours,
    "login": _login,
    "day": _day,
    "equity_line": _equity_line,
    "limits": _limits,
    "context": _context,
    "fills": _fills,
    "realised": _realised,
    "stops": _stops,
    "unprotected": _unprotected,
    "decisions": _decisions,
}


def _bar(row: Json) -> Text:
    used, limit = _number(row.get("used")), _number(row.get("limit"))
    if used is None or limit is None or limit <= 0:
        return Text("")
    full = min(int(used * CELLS / limit), CELLS)
    cells = max(full, 1) if used > 0 else 0
    style = "red" if row.get("reached") else "blue"
    return Text("█" * cells, style=style).append("░" * (CELLS - cells), "dim")


def _amount(row: Json, name: str) -> str:
    value = row.get(name)
    if value is None or row.get("unit") in COUNTED:
        return decimal(value)
    number = _number(value)
    return money(value if number is None else round(number, 2), str(row.get("unit")))


def _gain(value: object, currency: str) -> Text:
    number = _number(value)
    shown = money(value if number is None else round(number, 2), currency)
    sign = sign_of(value)
    if sign == 0:
        return Text(shown)
    return Text(shown, style="red") if sign < 0 else Text(f"+{shown}", style="green")


def _table(*columns: tuple[str, bool]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for label, right in columns:
        table.add_column(label, justify="right" if right else "left", no_wrap=right)
    return table


def _number(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
