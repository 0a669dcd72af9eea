"""The instrument master as a file: one row an instrument, checked before anything uses it."""

import csv
import io
from importlib import resources
from typing import Annotated, Final

from pydantic import Field, ValidationError

from riskgate.contracts.base import Contract
from riskgate.contracts.instruments import Exchange, Instrument, InstrumentRef

COLUMNS: Final = frozenset(
    {
        "exchange",
        "tradingsymbol",
        "name",
        "aliases",
        "kind",
        "currency",
        "lot_size",
        "tick_size",
        "freeze_quantity",
        "multiplier",
    }
)


class MasterInvalid(ValueError):
    """The instrument master has a row that cannot be used; the message names its line."""


class MasterRow(Contract):
    """One instrument and what people call it."""

    instrument: Instrument
    aliases: Annotated[tuple[str, ...], Field(max_length=50)]


def load_master() -> tuple[MasterRow, ...]:
    """Read the master that ships with the package."""
    source = resources.files("app.instruments.data").joinpath("instruments.csv")
    return parse_master(source.read_text(encoding="utf-8"))


def parse_master(text: str) -> tuple[MasterRow, ...]:
    """Read a master from CSV text.

    Raises MasterInvalid naming the line for a missing column, a bad value or a repeated row.
    """
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = sorted(COLUMNS - set(reader.fieldnames or ()))
    if missing:
        raise MasterInvalid(f"line 1: missing columns {', '.join(missing)}")
    lines: dict[InstrumentRef, int] = {}
    rows: list[MasterRow] = []
    for record in reader:
        row = _row(record, reader.line_num)
        ref = row.instrument.ref
        if ref in lines:
            raise MasterInvalid(f"line {reader.line_num}: {ref} is already on line {lines[ref]}")
        lines[ref] = reader.line_num
        rows.append(row)
    return tuple(rows)


def _row(record: dict[str, str], line: int) -> MasterRow:
    if None in record or None in record.values():
        raise MasterInvalid(f"line {line}: has not as many fields as the header")
    try:
        return MasterRow(
            instrument=Instrument.model_validate(
                {
                    "ref": InstrumentRef(
                        exchange=Exchange(record["exchange"]), tradingsymbol=record["tradingsymbol"]
                    ),
                    "name": record["name"],
                    "kind": record["kind"],
                    "currency": record["currency"],
                    "lot_size": record["lot_size"],
                    "tick_size": record["tick_size"] or None,
                    "freeze_quantity": record["freeze_quantity"] or None,
                    "multiplier": record["multiplier"] or "1",
                }
            ),
            aliases=tuple(alias for alias in record["aliases"].split("|") if alias),
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MasterInvalid(
            f"line {line}: {where} {first['msg']}, was {first['input']!r}"
        ) from error
    except ValueError as error:
        raise MasterInvalid(f"line {line}: {error}") from error
