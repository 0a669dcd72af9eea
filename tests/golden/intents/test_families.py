"""Ways to say one thing, and what only looks like them: courtesies, verbs, caps, tips, wishes.

A line of `families_traded.txt` is what is read, then the words; `families_not_traded.txt` holds
words of which no trade may be made.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import pytest

from agents.intent.model import HeldPosition, ParseContext, TradeDraft
from agents.intent.offline import OfflineParser
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.golden.intents.records import FOLDER, parser_of

HELD: Final = {"INFY": 120, "TCS": 40, "RELIANCE": 60}
CONTEXT: Final = ParseContext(
    now=datetime(2026, 3, 10, 4, 45, tzinfo=UTC),
    holdings=tuple(
        HeldPosition(
            instrument=InstrumentRef(exchange=Exchange.NSE, tradingsymbol=name),
            quantity=Decimal(count),
        )
        for name, count in HELD.items()
    ),
)


@pytest.fixture(scope="module")
def parser() -> OfflineParser:
    return parser_of(Directory(load_master()))


def lines_of(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def said_of(trade: TradeDraft) -> str:
    said = [trade.side.value if trade.side else "?"]
    said.append("+".join(ref.tradingsymbol for ref in trade.symbols))
    if trade.sizing is not None:
        said.append(f"{trade.sizing.method.value.lower()}={decimal_text(trade.sizing.value)}")
    if trade.limit_price is not None:
        said.append(f"limit={decimal_text(trade.limit_price)}")
    return " ".join(said)


def test_an_order_is_read_in_all_the_ways_people_say_it(parser: OfflineParser) -> None:
    wrong = []
    for line in lines_of("families_traded.txt"):
        wanted, words = line.split(" | ", 1)
        parsed = parser.parse(words, CONTEXT)
        got = " & ".join(said_of(trade) for trade in parsed.trades)
        if got != wanted or parsed.missing:
            wrong.append((words, wanted, got, parsed.missing))
    assert wrong == []


def test_every_field_of_them_quotes_the_words_themselves(parser: OfflineParser) -> None:
    for line in lines_of("families_traded.txt"):
        words = line.split(" | ", 1)[1]
        for trade in parser.parse(words, CONTEXT).trades:
            assert {"side", "symbols", "sizing"} <= {*trade.provenance}
            for source in trade.provenance.values():
                assert words[source.start : source.end] == source.text


def test_what_only_looks_like_an_order_is_none(parser: OfflineParser) -> None:
    traded = [
        words
        for words in lines_of("families_not_traded.txt")
        if parser.parse(words, CONTEXT).trades
    ]
    assert traded == []
