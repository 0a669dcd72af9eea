"""Small charts of a plan as lines of text: its prices, and what is at risk before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.cli.text import instrument, money, safe

Json: TypeAlias = Mapping[str, Any]

CELLS: Final = 24
LINE: Final = 44
PAISA: Final = Decimal("0.01")
NAMES: Final = {"GROSS": "All positions", "NET": "Net of shorts"}
CHARGES: Final = {
    "brokerage": "brokerage",
    "stt": "STT",
    "exchange": "exchange",
    "investor_protection": "investor protection",
    "sebi": "SEBI",
    "stamp_duty": "stamp duty",
    "gst": "GST",
    "dp": "DP",
}


@dataclass(frozen=True, kw_only=True)
class _Level:
    name: str
    price: Decimal
    text: str
    style: str


def levels(card: Json, currency: str) -> list[RenderableType]:
    """Draw the prices of a plan with one leg on a line; nothing where it names no other price."""
    fields = card["fields"]
    legs = fields.get("legs") or []
    found = list(_levels(legs[0], currency)) if len(legs) == 1 else []
    if len(found) < 2:
        return []
    found.sort(key=lambda level: level.price)
    low, high = found[0].price, found[-1].price
    cells = ["─"] * LINE
    styles = ["dim"] * LINE
    places = [_place(level.price, low, high) for level in found]
    entry = next(at for level, at in zip(found, places, strict=True) if level.name == "entry")
    for level, at in zip(found, places, strict=True):
        if level.name in {"stop", "target"}:
            for cell in range(min(at, entry), max(at, entry) + 1):
                styles[cell] = level.style
    for level, at in zip(found, places, strict=True):
        cells[at], styles[at] = level.name[0].upper(), f"bold {level.style}"
    line = Text.assemble(*zip(cells, styles, strict=True))
    said = " · ".join(f"{level.name} {level.text}" for level in found)
    return [line, Text(said, style="dim")]


def exposures(card: Json) -> list[RenderableType]:
    """Draw what is at risk before and after, each against the most that it may be."""
    exposure = card["fields"].get("exposure") or {}
    rows = [row for row in exposure.get("rows") or [] if row.get("of") != "NET" or row.get("limit")]
    if not rows:
        return []
    currency = str(exposure.get("currency"))
    grid = Table.grid(padding=(0, 1))
    for row in rows:
        name = NAMES.get(str(row.get("of"))) or instrument(row.get("instrument"))
        grid.add_row(Text(name, style="dim"), _bar(row), Text(_change(row, currency)))
    return [grid]


def charges(card: Json) -> list[RenderableType]:
    """Write every line of the bill."""
    cost = card["fields"].get("cost")
    if not cost or not cost.get("lines"):
        return []
    currency = str(cost.get("currency"))
    said = " · ".join(
        f"{CHARGES.get(str(line.get('charge')), safe(line.get('charge')))}"
        f" {money(line.get('amount'), currency)}"
        for line in cost["lines"]
    )
    return [Text(f"Charges: {said}; rates of {safe(cost.get('rates_on'))}", style="dim")]


def _levels(leg: Json, currency: str) -> Iterator[_Level]:
    reference = _number(leg.get("reference_price"))
    for name, field, style in (
        ("entry", "reference_price", "blue"),
        ("limit", "limit_price", "yellow"),
        ("trigger", "trigger_price", "yellow"),
        ("stop", "stop_price", "red"),
        ("target", "target_price", "green"),
    ):
        price = _number(leg.get(field))
        if price is not None and reference is not None and (name == "entry" or price != reference):
            yield _Level(name=name, price=price, text=money(leg[field], currency), style=style)


def _place(price: Decimal, low: Decimal, high: Decimal) -> int:
    return int((price - low) * (LINE - 1) / (high - low))


def _bar(row: Json) -> Text:
    before, after, limit = (_number(row.get(name)) for name in ("before", "after", "limit"))
    after = after or Decimal(0)
    full = max(after, before or Decimal(0), limit or Decimal(0))
    ends = [_cells(before, full), _cells(after, full)]
    style = "red" if limit is not None and after > limit else "blue"
    text = Text("█" * min(ends), style=style)
    text.append("▓" * (max(ends) - min(ends)), style)
    text.append("░" * (CELLS - max(ends)), "dim")
    return text


def _cells(value: Decimal | None, full: Decimal) -> int:
    """Return how many cells a value fills; something is never nothing."""
    if value is None or value <= 0 or full <= 0:
        return 0
    return max(int(value * CELLS / full), 1)


def _change(row: Json, currency: str) -> str:
    change = f"{_rounded(row.get('before'), currency)} → {_rounded(row.get('after'), currency)}"
    return f"{change} of {_rounded(row['limit'], currency)}" if row.get("limit") else change


def _rounded(text: object, currency: str) -> str:
    value = _number(text)
    return money(text if value is None else value.quantize(PAISA, ROUND_HALF_UP), currency)


def _number(text: object) -> Decimal | None:
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
