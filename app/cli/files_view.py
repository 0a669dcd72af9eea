"""Files in the terminal: their names and cells as quoted text, never as anything that acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, TypeAlias

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from app.cli.text import decimal, safe

Json: TypeAlias = Mapping[str, Any]
Draw: TypeAlias = Callable[[Any, str], list[RenderableType]]

# What the row's number and the space after a column take.
ROW_NUMBER: Final = 10
BETWEEN: Final = 3
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
            parts.append(_Rows(each=each))
        parts += [Text(note, style="dim") for note in (*_more(each), *each["notes"])]
    return parts


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Rows of a file with as many columns as fit whole: a figure that is cut is another figure."""

    each: Json

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        columns = self._fitting(options.max_width)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
        table.add_column("Row", justify="right")
        for column in columns:
            right = column["type"] == "number"
            table.add_column(Text(_cut(column["name"])), justify="right" if right else "left")
        for row in self.each["rows"]:
            cells = [*row["cells"], *[""] * len(columns)][: len(columns)]
            table.add_row(str(row["number"]), *(Text(_cut(cell)) for cell in cells))
        yield table
        hidden = self.each["columns"][len(columns) :]
        if hidden:
            names = ", ".join(f"“{_cut(column['name'])}”" for column in hidden)
            yield Text(f"Not shown for want of room: {names}.", style="dim")

    def _fitting(self, room: int) -> Sequence[Json]:
        columns: Sequence[Json] = self.each["columns"]
        ends = list(accumulate(self._width(at) for at in range(len(columns))))
        fits = sum(end <= room - ROW_NUMBER for end in ends)
        return columns[: max(fits, 1)]

    def _width(self, at: int) -> int:
        words_of_name = _cut(self.each["columns"][at]["name"]).split() or [""]
        cells = [_cut(row["cells"][at]) for row in self.each["rows"] if at < len(row["cells"])]
        return max(map(cell_len, (*words_of_name, *cells))) + BETWEEN


def _more(each: Json) -> list[str]:
    found = each.get("matching")
    count, what = (each["row_count"], "rows") if found is None else (found, "matching rows")
    if len(each["rows"]) >= count:
        return []
    return [f"The first {len(each['rows'])} of {decimal(count)} {what}."]


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
