"""The labelled corpus: nothing false, and no fewer right than before."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from agents.intent.model import Draft, HeldPosition, OpenOrder, ParseContext
from agents.intent.offline import OfflineParser
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import InstrumentRef
from tests.golden.intents.scoring import Tally

CORPUS: Final = Path(__file__).parent / "corpus.jsonl"
# Raise it when the parser gets better; never lower it.
STRICT_AT_LEAST: Final = 170

Record = dict[str, Any]


@pytest.fixture(scope="module")
def tally() -> Tally:
    directory = Directory(load_master())
    parser = OfflineParser(directory)
    tally = Tally()
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        record = json.loads(line, parse_float=Decimal)
        draft = _draft_before(parser, directory, record)
        context = _context(directory, record, draft)
        tally.add(record, parser.parse(record["utterance"], context))
    return tally


def test_nothing_is_traded_that_was_not_asked_for(tally: Tally) -> None:
    assert tally.records == 241
    assert tally.false_trades == []
    assert tally.wrong_side == []
    assert tally.wrong_size == []
    assert tally.wrong_symbol == []


def test_no_fewer_are_right_than_before(tally: Tally) -> None:
    assert len(tally.strict) >= STRICT_AT_LEAST


def _draft_before(parser: OfflineParser, directory: Directory, record: Record) -> Draft | None:
    draft = None
    for turn in record.get("turns", []):
        if turn["role"] != "user":
            continue
        parsed = parser.parse(turn["text"], _context(directory, record, draft))
        draft = None
        if parsed.trades and parsed.missing:
            draft = Draft(
                trade=parsed.trades[0],
                missing=parsed.missing,
                ambiguous=parsed.ambiguous,
                message=turn["text"],
            )
    return draft


def _context(directory: Directory, record: Record, draft: Draft | None) -> ParseContext:
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
