"""Daily bars from CSV text, each cell checked before any of them is believed."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from riskgate.contracts.bars import Bar
from riskgate.contracts.instruments import InstrumentRef

PRICE_COLUMNS: Final = ("open", "high", "low", "close")
_REQUIRED: Final = ("date", *PRICE_COLUMNS, "volume")
_SYMBOL_COLUMNS: Final = ("ticker", "symbol")
# 03/04/2024 is left out: it is April in one country and March in another.
_DATE_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y")
_NUMBER: Final = re.compile(r"(\d+|\d{1,3}(,\d{2,3})+)(\.\d+)?")


class BarsInvalid(ValueError):
    """A bar file cannot be believed; the message names the line and the column."""


def read_bars_csv(text: str, instrument: InstrumentRef) -> tuple[Bar, ...]:
    """Read daily bars, oldest first whatever the order of the file.

    Needs the columns Date, Open, High, Low, Close and Volume, in any case; others are ignored.
    Where there is a Ticker or Symbol column, only the instrument's own rows are read. A date is
    the session's day, kept as midnight UTC. Raises BarsInvalid for a missing column, a cell that
    is not a date or a number, a price that is not positive, a high or low that does not hold the
    open and close, and a day given twice.
    """
    seen: dict[datetime, int] = {}
    bars: list[Bar] = []
    for line, record in _own_records(text, instrument):
        bar = _bar(record, line, instrument)
        if bar.opened_at in seen:
            raise BarsInvalid(
                f"line {line}, date: {bar.opened_at:%Y-%m-%d} is already on line "
                f"{seen[bar.opened_at]}"
            )
        seen[bar.opened_at] = line
        bars.append(bar)
    if not bars:
        raise BarsInvalid(f"line 2: no bars of {instrument} in the file")
    return tuple(sorted(bars, key=lambda bar: bar.opened_at))


def _own_records(text: str, instrument: InstrumentRef) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, record in _records(text):
        symbol = next((record[name] for name in _SYMBOL_COLUMNS if name in record), None)
        if symbol is None or symbol.upper() == instrument.tradingsymbol:
            yield line, record


def _records(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise BarsInvalid(
                    f"line {reader.line_num}: has {len(cells)} cells, the header {len(header)}"
                )
            stripped = (cell.strip() for cell in cells)
            yield reader.line_num, dict(zip(header, stripped, strict=True))
    except csv.Error as error:
        raise BarsInvalid(f"line {reader.line_num}: not CSV: {error}") from error


def _check_header(header: Sequence[str]) -> None:
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        raise BarsInvalid(f"line 1: missing columns {', '.join(missing)}; found {header[:20]}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BarsInvalid(f"line 1: columns given twice: {', '.join(twice)}")


def _bar(record: Mapping[str, str], line: int, instrument: InstrumentRef) -> Bar:
    prices = {name: _price(record[name], line, name) for name in PRICE_COLUMNS}
    if prices["high"] < prices["low"]:
        raise BarsInvalid(f"line {line}, high: {prices['high']} is below low {prices['low']}")
    for name in ("open", "close"):
        if not prices["low"] <= prices[name] <= prices["high"]:
            raise BarsInvalid(
                f"line {line}, {name}: {prices[name]} is outside low {prices['low']} to "
                f"high {prices['high']}"
            )
    try:
        return Bar(
            instrument=instrument,
            opened_at=_date(record["date"], line),
            volume=_volume(record["volume"], line),
            **prices,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise BarsInvalid(f"line {line}, {first['loc'][0]}: {first['msg']}") from error


def _date(cell: str, line: int) -> datetime:
    day = re.split(r"[T ](?=\d\d:)", cell, maxsplit=1)[0]
    for shape in _DATE_FORMATS:
        try:
            return datetime.strptime(day, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BarsInvalid(
        f"line {line}, date: must be like 2024-03-31 or 31-Mar-2024, was {cell!r:.40}"
    )


def _price(cell: str, line: int, column: str) -> Decimal:
    price = _number(cell, line, column)
    if price <= 0:
        raise BarsInvalid(f"line {line}, {column}: must be above 0, was {cell}")
    return price


def _volume(cell: str, line: int) -> int:
    volume = _number(cell, line, "volume")
    if volume != int(volume):
        raise BarsInvalid(f"line {line}, volume: must be whole, was {cell}")
    return int(volume)


def _number(cell: str, line: int, column: str) -> Decimal:
    if not _NUMBER.fullmatch(cell) or not cell.isascii() or len(cell) > 40:
        raise BarsInvalid(f"line {line}, {column}: must be a plain number, was {cell!r:.40}")
    return Decimal(cell.replace(",", ""))
