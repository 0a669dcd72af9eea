"""Grounding: every field that decides an order is in the person's own words, or was chosen in
the page, or is a stored default; checked by code, whichever parser read the message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.intent.model import ParseContext, ParsedMessage, Problem, TradeDraft
from agents.intent.normalise import read
from agents.intent.problems import problem
from agents.intent.readers import Readers, amounts, is_validity, order_types, products
from agents.intent.spans import is_deceptive, pieces
from agents.intent.tag import Item, tag
from agents.intent.vocabulary.numbers import CURRENCIES
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import Offset, Provenance, ProvenanceSource, Sizing
from tools.ports import InstrumentDirectory

Says = Callable[[Readers, TradeDraft, Sequence[Item]], bool]


def _says_side(readers: Readers, trade: TradeDraft, said: Sequence[Item]) -> bool:
    return trade.side in readers.sides(said, trade)


def _says_symbols(readers: Readers, trade: TradeDraft, said: Sequence[Item]) -> bool:
    return set(trade.symbols) <= readers.symbols(said)


def _says_sizing(readers: Readers, trade: TradeDraft, said: Sequence[Item]) -> bool:
    sizing = trade.sizing
    return isinstance(sizing, Sizing) and sizing.value in readers.sizes(said, trade)


def _says_number(name: str) -> Says:
    def says(_: Readers, trade: TradeDraft, said: Sequence[Item]) -> bool:
        value = getattr(trade, name)
        return (value.value if isinstance(value, Offset) else value) in amounts(said)

    return says


# A field that is not here needs a source too; only its value is not read a second time.
SAYS: Final[Mapping[str, Says]] = {
    "side": _says_side,
    "symbols": _says_symbols,
    "sizing": _says_sizing,
    "limit_price": _says_number("limit_price"),
    "trigger_price": _says_number("trigger_price"),
    "stop_loss": _says_number("stop_loss"),
    "target": _says_number("target"),
    "product": lambda _, trade, said: trade.product in products(said),
    "order_type": lambda _, trade, said: trade.order_type in order_types(said),
    "validity": lambda _, trade, said: is_validity(trade.validity, said),
}


# Amounts of money, which are taken to be in the currency of what is traded.
AMOUNTS: Final = ("sizing", "limit_price", "trigger_price", "stop_loss", "target")


@dataclass(frozen=True, slots=True)
class Ground:
    """A message, its items, and what its words may refer to."""

    message: str
    items: tuple[Item, ...]
    readers: Readers
    context: ParseContext

    @classmethod
    def of(
        cls,
        message: str,
        items: tuple[Item, ...],
        directory: InstrumentDirectory,
        context: ParseContext,
    ) -> "Ground":
        return cls(message, items, Readers(directory, context), context)

    def ungrounded(self, trade: TradeDraft) -> tuple[Problem, ...]:
        """Return a problem for each field of a trade that nothing allowed stands behind."""
        names = (name for name in TradeDraft.model_fields if name != "provenance")
        said = [name for name in names if getattr(trade, name) not in (None, ())]
        found = tuple(filter(None, (self._problem(trade, name) for name in said)))
        return found or self.in_other_money(trade)

    def in_other_money(self, trade: TradeDraft) -> tuple[Problem, ...]:
        """Return a problem for rupees that would be taken for dollars, whenever they were said."""
        rows = [self.readers.directory.get(ref) for ref in trade.symbols]
        own = {row.currency.value for row in rows if row is not None}
        texts = {name: trade.provenance[name].text for name in AMOUNTS if name in trade.provenance}
        return tuple(
            problem("CURRENCY_MISMATCH", name, text, ", ".join(sorted(own)))
            for name, text in texts.items()
            if own and not _currencies(text) <= own
        )

    def _problem(self, trade: TradeDraft, name: str) -> Problem | None:
        source = trade.provenance.get(name)
        if source is None:
            return problem("PROV-001", name, name.replace("_", " "))
        if self._is_from_before(trade, name, source):
            return None
        if source.source is ProvenanceSource.UI:
            focus = self.context.focus_symbol
            others = any(item.has(Tag.SYMBOL) and focus not in item.refs for item in self.items)
            chosen = name == "symbols" and trade.symbols == (focus,) and not others
            return None if chosen else problem("PROV-004", name, source.text)
        if source.source is not ProvenanceSource.USER_SPAN:
            return problem("PROV-004", name, source.text)
        return self._span_problem(trade, name, source)

    def _is_from_before(self, trade: TradeDraft, name: str, source: Provenance) -> bool:
        """Say whether a field is the unfinished request's own, which was checked in its turn."""
        draft = self.context.draft
        if draft is None or draft.trade.provenance.get(name) != source:
            return False
        before: object = getattr(draft.trade, name)
        return before == getattr(trade, name) or self._leaves_otherwise(trade, name, source)

    def _leaves_otherwise(self, trade: TradeDraft, name: str, source: Provenance) -> bool:
        """Say whether an exit took the side that leaves what is only now known to be meant."""
        said = tag(read(source.text), {})
        return name == "side" and trade.side in self.readers.sides(said, trade)

    def _span_problem(self, trade: TradeDraft, name: str, source: Provenance) -> Problem | None:
        start, end = source.start or 0, source.end or 0
        if self.message[start:end] != source.text:
            return problem("PROV-002", name, source.text)
        if is_deceptive(source.text):
            return problem("PROV-005", name, source.text)
        says = SAYS.get(name)
        if says is None or says(self.readers, trade, pieces(self.items, start, end)):
            return None
        return problem("PROV-003", name, source.text, name.replace("_", " "))


def _currencies(text: str) -> set[str]:
    words = {token.text for token in read(text).tokens}
    return {currency for currency, signs in CURRENCIES.items() if words & signs}


def grounded(parsed: ParsedMessage, ground: Ground) -> ParsedMessage:
    """Return a message whose trades stand on allowed sources; what does not is refused, whole.

    A trade that names the words of an earlier turn is right only as far as it was right then.
    """
    problems = tuple(each for trade in parsed.trades for each in ground.ungrounded(trade))
    if not problems:
        return parsed
    return ParsedMessage(kind=parsed.kind, problems=problems, missing=parsed.missing)
