"""What the parser reads stands in the words; what anybody claims beside it does not."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pytest

from agents.intent.grounding import Ground
from agents.intent.model import TradeDraft
from agents.intent.record import context_before
from app.instruments.directory import Directory
from app.instruments.master import load_master
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.intents import Offset, Sizing
from riskgate.contracts.orders import Product, Side
from tests.golden.intents.records import parser_of, records_of

ELSE: Final = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="ZYDUSLIFE")
ODD: Final = Decimal("7.77")


@pytest.fixture(scope="module")
def read_trades() -> list[tuple[Ground, TradeDraft]]:
    directory = Directory(load_master())
    parser = parser_of(directory)
    found = []
    for name in ("corpus.jsonl", "own_corpus.jsonl"):
        for record in records_of(name):
            said = record["utterance"]
            context = context_before(record, parser, directory)
            ground = Ground.of(said, parser.items(said, context), directory, context)
            found += [(ground, trade) for trade in parser.parse(said, context).trades]
    return found


def test_every_field_that_the_parser_reads_stands_in_the_words(
    read_trades: list[tuple[Ground, TradeDraft]],
) -> None:
    assert len(read_trades) > 300
    refused = [
        (ground.message, problem.code, problem.field)
        for ground, trade in read_trades
        for problem in ground.ungrounded(trade)
    ]
    assert refused == []


def test_no_other_value_stands_in_the_same_words(
    read_trades: list[tuple[Ground, TradeDraft]],
) -> None:
    believed, claims = [], 0
    for ground, trade in read_trades:
        for name, value in _false_claims(trade):
            claims += 1
            false = trade.model_copy(update={name: value})
            if name not in {problem.field for problem in ground.ungrounded(false)}:
                believed.append((ground.message, name, value))
    assert claims > 1000
    assert believed == []


def test_a_span_that_is_not_in_the_message_is_refused(
    read_trades: list[tuple[Ground, TradeDraft]],
) -> None:
    for ground, trade in read_trades:
        if ground.context.draft is not None or not trade.provenance:
            continue
        elsewhere = Ground.of("", (), ground.readers.directory, ground.context)
        assert {problem.code for problem in elsewhere.ungrounded(trade)} == {"PROV-002"}


def _false_claims(trade: TradeDraft) -> Iterator[tuple[str, object]]:
    said = trade.provenance
    if trade.side is not None and not _leaves(trade):
        yield "side", trade.side.opposite
    if trade.symbols and ELSE not in trade.symbols:
        yield "symbols", (*trade.symbols[:-1], ELSE)
    if trade.sizing is not None:
        for value in {trade.sizing.value * 10, ODD} - {trade.sizing.value}:
            yield "sizing", Sizing(method=trade.sizing.method, value=value)
    for name in ("limit_price", "trigger_price"):
        if getattr(trade, name) is not None:
            yield name, getattr(trade, name) + ODD
    for name in ("stop_loss", "target"):
        offset: Offset | None = getattr(trade, name)
        if offset is not None:
            yield name, Offset(kind=offset.kind, value=offset.value + ODD)
    if trade.product is not None and "product" in said:
        yield "product", next(other for other in Product if other is not trade.product)


def _leaves(trade: TradeDraft) -> bool:
    """Say whether the side is that of the way out, which the book decides and not the words."""
    word = trade.provenance["side"].text.casefold()
    return trade.side is Side.SELL and not any(verb in word for verb in ("sell", "bech", "short"))
