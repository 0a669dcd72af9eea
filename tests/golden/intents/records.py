"""Records of the corpora, and what the words of each may refer to."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

from agents.intent.model import Draft, HeldPosition, OpenOrder, ParseContext
from agents.intent.offline import OfflineParser
from app.instruments.directory import Directory
from riskgate.contracts.instruments import InstrumentRef

FOLDER: Final = Path(__file__).parent
Record: TypeAlias = dict[str, Any]


def records_of(name: str) -> Iterator[Record]:
    """Yield the records of a corpus, numbers exact."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line, parse_float=Decimal)


def draft_before(parser: OfflineParser, directory: Directory, record: Record) -> Draft | None:
    draft = None
    for turn in record.get("turns", []):
        if turn["role"] != "user":
            continue
        parsed = parser.parse(turn["text"], context_of(directory, record, draft))
        draft = None
        if parsed.trades and parsed.missing:
            draft = Draft(
                trade=parsed.trades[0],
                missing=parsed.missing,
                ambiguous=parsed.ambiguous,
                message=turn["text"],
            )
    return draft


def context_of(directory: Directory, record: Record, draft: Draft | None) -> ParseContext:
    said = record["context"]
    return ParseContext(
        now=datetime.fromisoformat(record["now"]),
        positions=tuple(_held(row) for row in said["positions"]),
        holdings=tuple(_held(row) for row in said["holdings"]),
        open_orders=tuple(
            OpenOrder(
                order_id=row["order_id"],
                instrument=_named(directory, row["symbol"]),
                side=row["side"],
            )
            for row in said["open_orders"]
        ),
        focus_symbol=_named(directory, said["focus_symbol"]) if said["focus_symbol"] else None,
        equity=said["equity"],
        draft=draft,
    )


def _held(row: Record) -> HeldPosition:
    return HeldPosition(
        instrument=InstrumentRef(exchange=row["exchange"], tradingsymbol=row["symbol"]),
        quantity=row["qty"],
        product=row.get("product"),
        last=row["ltp"],
    )


def _named(directory: Directory, symbol: str) -> InstrumentRef:
    found = directory.resolve(symbol).instrument
    assert found is not None
    return found.ref
