"""Records of the corpora, and a parser that knows the calendar."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

from agents.intent.offline import OfflineParser
from app.calendars.expiry_days import trading_days
from app.calendars.table import load
from app.instruments.directory import Directory

FOLDER: Final = Path(__file__).parent
Record: TypeAlias = dict[str, Any]


def records_of(name: str) -> Iterator[Record]:
    """Yield the records of a corpus, numbers exact."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line, parse_float=Decimal)


def parser_of(directory: Directory) -> OfflineParser:
    """Return the parser as the application builds it."""
    return OfflineParser(directory, trading_days(load()))
