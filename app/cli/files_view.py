"""Files in the terminal: their names and cells as quoted text, never as anything that acts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from app.cli.text import decimal, safe

Json: TypeAlias = Mapping[str, Any]
Draw: TypeAlias = Callable[[Any, str], list[RenderableType]]

COLUMNS_SHOWN: Final = 8
CELL_SHOWN: Final = 40
HASH_SHOWN: Final = 12


def file_line(file: Json) -> Text:
    """Name a file in one line: its name, how much is in it, its id."""
    sheets = file.get("sheets") or []
    rows = sum(sheet["rows"] for sheet in sheets)
    of = f" in {len(sheets)} sheets" if len(sheets) > 1 else ""
    return Text.assemble(
        ("file ", "cyan"),
        f"“{safe(file.get('name'))}”",
        (f"  {decimal(rows)} rows{of}  {safe(file.get('file_id'))}", "dim"),
    )


def file_head(value: Json, _currency: str = "") -> list[RenderableType]:
    """Say whose words follow."""
    sheet = "" if value.get("kind") == "csv" else f", sheet “{safe(value.get('sheet'))}”"
    facts = f"  {decimal(value.get('row_count'))} rows  {safe(value.get('sha256'))[:HASH_SHOWN]}"
    return [Text.assemble(("file ", "cyan"), f"“{safe(value.get('name'))}”{sheet}", (facts, "dim"))]


def file_tables(tables: Sequence[Json], _currency: str) -> list[RenderableType]:
    """Draw the first or the matching rows of files."""
    parts: list[RenderableType] = []
    for each in tables:
        parts += file_head(each)
        if len(each["sheets"]) > 1:
            names = ", ".join(f"{safe(s['name'])} ({decimal(s['rows'])})" for s in each["sheets"])
            parts.append(Text(f"Sheets: {names}", style="dim"))
        if each["rows"]:
            parts.append(_rows(each))
        parts += [Text(note, style="dim") for note in (*_more(each), *each["notes"])]
    return parts


def _rows(each: Json) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("Row", justify="right")
    columns = each["columns"][:COLUMNS_SHOWN]
    for column in columns:
        right = column["type"] == "number"
        table.add_column(Text(_cut(column["name"])), justify="right" if right else "left")
    for row in each["rows"]:
        cells = [*row["cells"], *[""] * len(columns)][: len(columns)]
        table.add_row(str(row["number"]), *(Text(_cut(cell)) for cell in cells))
    return table


def _more(each: Json) -> list[str]:
    found = each.get("matching")
    count, what = (each["row_count"], "rows") if found is None else (found, "matching rows")
    left = len(each["columns"]) - COLUMNS_SHOWN
    lines = [f"{left} more columns are not shown here."] if left > 0 else []
    if len(each["rows"]) < count:
        lines.append(f"The first {len(each['rows'])} of {decimal(count)} {what}.")
    return lines


def _figures(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    return [
        Text.assemble(
            f"{safe(row['figure'])} of “{safe(row['column'])}”  ",
            (decimal(row["value"]), "bold"),
            (f"  over {decimal(row['numbers'])} numbers", "dim"),
        )
        for row in rows
    ]


def _columns(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    table = _plain("Column", "Type", "Filled", "Empty")
    for row in rows:
        counts = (decimal(row["filled"]), decimal(row["empty"]))
        table.add_row(Text(_cut(row["name"])), Text(safe(row["type"])), *map(Text, counts))
    return [table]


def _differences(rows: Sequence[Json], _currency: str) -> list[RenderableType]:
    if not rows:
        return [Text("Nothing differs.")]
    table = _plain("Symbol", "In the file", "Held", "Difference")
    for row in rows:
        figures = (decimal(row[name]) for name in ("in_file", "held", "difference"))
        table.add_row(Text(safe(row["symbol"])), *map(Text, figures))
    return [table]


def _plain(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for at, name in enumerate(names):
        table.add_column(name, justify="right" if at > 1 else "left")
    return table


def _cut(value: object) -> str:
    text = safe(value)
    return text if len(text) <= CELL_SHOWN else f"{text[:CELL_SHOWN]}…"


PARTS: Final[Mapping[str, Draw]] = {
    "file": file_head,
    "file_tables": file_tables,
    "file_figures": _figures,
    "file_columns": _columns,
    "file_differences": _differences,
}
