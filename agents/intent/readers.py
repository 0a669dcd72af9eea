"""What words say by our own tables, whoever claims what about them.

Each reader answers with every value that the words may mean; a claim that is none of them is
not in the words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agents.intent.books import sides_out
from agents.intent.match import AMOUNT_TAGS
from agents.intent.model import ParseContext, TradeDraft
from agents.intent.resolve import Resolver, held_by
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderType, Product, Side
from tools.ports import InstrumentDirectory

HUNDRED: Final = Decimal(100)
BUYING: Final = (Tag.BUY, Tag.LONG)
SELLING: Final = (Tag.SELL, Tag.SHORT)
ADDING: Final = (Tag.DOUBLE, Tag.INCREASE)
LESSENING: Final = (Tag.KEEP, Tag.DOWN_TO, Tag.ALL_BUT)
# Words that mean the way out of what is held, whichever way that is.
LEAVING: Final = (
    Tag.EXIT,
    Tag.TRAIL,
    Tag.STOP,
    Tag.TRIGGER,
    Tag.SL_ORDER,
    Tag.SLM_ORDER,
    Tag.TARGET,
)
THE_WHOLE: Final = (
    *LEAVING, Tag.ALL, Tag.HOLDINGS, Tag.POSITIONS, Tag.FNO, Tag.WINNERS, Tag.LOSERS,
)  # fmt: skip
STOPPING: Final = (Tag.STOP, Tag.TRIGGER, Tag.SL_ORDER, Tag.SLM_ORDER)
POINTING: Final = (
    Tag.PRONOUN, Tag.ALL, Tag.HOLDINGS, Tag.POSITIONS, Tag.EXIT, Tag.MY, Tag.FNO, Tag.WINNERS,
    Tag.LOSERS, Tag.ALL_BUT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Readers:
    """Reads pieces of one message in the light of what its words may refer to."""

    directory: InstrumentDirectory
    context: ParseContext

    def sides(self, said: Sequence[Item], trade: TradeDraft) -> frozenset[Side]:
        """Return the sides that words may mean for a trade."""
        sides: set[Side] = set()
        if _any(said, *BUYING, *ADDING):
            sides.add(Side.BUY)
        if _any(said, *SELLING, *LESSENING):
            sides.add(Side.SELL)
        if not sides and _any(said, *LEAVING):
            rows = [row for row in held_by(self.context) if row.instrument in trade.symbols]
            sides |= sides_out(rows)
        return frozenset(sides)

    def symbols(self, said: Sequence[Item]) -> frozenset[InstrumentRef]:
        """Return the instruments that words may name or point at."""
        exchanges = [item.meanings[Tag.EXCHANGE] for item in said if item.has(Tag.EXCHANGE)]
        refs: set[InstrumentRef] = set()
        for item in said:
            refs |= set(item.refs)
            for exchange in exchanges if item.refs else ():
                named = Resolver(self.directory, self.context).one(item, exchange)
                refs |= set(named.refs)
        if _any(said, *POINTING):
            refs |= self._pointed_at()
        return frozenset(refs | self._contracts_on(said))

    def one_symbol(self, said: Sequence[Item]) -> tuple[InstrumentRef, ...]:
        """Return the one instrument that words name, or the several that they may."""
        resolver = Resolver(self.directory, self.context)
        exchanges = [item.meanings[Tag.EXCHANGE] for item in said if item.has(Tag.EXCHANGE)]
        names = [item for item in said if item.has(Tag.SYMBOL)]
        if len(names) == 1:
            named = resolver.one(names[0], next(iter(exchanges), ""))
            return named.refs or named.ambiguous
        focus = self.context.focus_symbol
        pointed = _any(said, Tag.PRONOUN) and not names and focus is not None
        return (focus,) if pointed and focus is not None else ()

    def sizes(self, said: Sequence[Item], trade: TradeDraft) -> frozenset[Decimal]:
        """Return every size that words may say: numbers, parts, all, or all but some."""
        numbers = amounts(said)
        sizes = set(numbers) | ({Decimal(1)} if _any(said, *THE_WHOLE) else set())
        for item in said:
            if item.value is not None and item.has(Tag.PCT):
                sizes.add(item.value / HUNDRED)
            of_capital = _any(said, Tag.CAPITAL, Tag.HOLDINGS)
            if item.value is not None and item.has(Tag.FRAC) and of_capital:
                sizes.add(item.value * HUNDRED)
            if item.has(Tag.DOUBLE):
                sizes.add(Decimal(item.meanings[Tag.DOUBLE]))
        sizes |= self._scaled(said)
        rows = held_by(self.context)
        held = [abs(row.quantity) for row in rows if row.instrument in trade.symbols]
        sizes |= {whole - number for whole in (*held, sum(held)) for number in numbers}
        return frozenset(sizes)

    def _scaled(self, said: Sequence[Item]) -> set[Decimal]:
        """Return what "half of it" and "double it" make of the size of the draft."""
        draft = self.context.draft
        if draft is None or draft.trade.sizing is None:
            return set()
        before = draft.trade.sizing.value
        parts = {item.value for item in said if item.has(Tag.FRAC) and item.value is not None}
        parts |= {Decimal(item.meanings[Tag.DOUBLE]) + 1 for item in said if item.has(Tag.DOUBLE)}
        return {before * part for part in parts}

    def _pointed_at(self) -> set[InstrumentRef]:
        focus = self.context.focus_symbol
        draft = self.context.draft
        earlier = draft.trade.symbols if draft else ()
        held = {row.instrument for row in held_by(self.context)}
        return held | set(earlier) | ({focus} if focus else set())

    def _contracts_on(self, said: Sequence[Item]) -> set[InstrumentRef]:
        """Return what is held of contracts whose underlying is named, as in "exit my nifty"."""
        names = {item.folded.replace(" ", "") for item in said if item.has(Tag.SYMBOL)}
        rows = [self.directory.get(row.instrument) for row in held_by(self.context)]
        return {row.ref for row in rows if row and row.name.casefold().replace(" ", "") in names}


def amounts(said: Sequence[Item]) -> frozenset[Decimal]:
    """Return the numbers that words say."""
    return frozenset(
        item.value for item in said if item.value is not None and item.has(*AMOUNT_TAGS)
    )


def products(said: Sequence[Item]) -> frozenset[Product]:
    """Return the products that words name."""
    return frozenset(Product(item.meanings[Tag.PRODUCT]) for item in said if item.has(Tag.PRODUCT))


def validities(said: Sequence[Item]) -> frozenset[str]:
    """Return the validities that words name."""
    return frozenset(item.meanings[Tag.VALIDITY] for item in said if item.has(Tag.VALIDITY))


def order_types(said: Sequence[Item]) -> frozenset[OrderType]:
    """Return the order types that words may mean; a price stands for the order that takes it."""
    types: set[OrderType] = set()
    if _any(said, Tag.MARKET):
        types.add(OrderType.MARKET)
    if _any(said, *STOPPING):
        types |= {OrderType.SL, OrderType.SL_M}
    if _any(said, Tag.LIMIT, Tag.CAP) or (amounts(said) and not _any(said, *STOPPING)):
        types |= {OrderType.LIMIT, OrderType.SL}
    return frozenset(types)


def is_validity(value: object, said: Sequence[Item]) -> bool:
    """Say whether words name a validity."""
    return str(value) in validities(said)


def _any(said: Sequence[Item], *tags: Tag) -> bool:
    return any(item.has(*tags) for item in said)
