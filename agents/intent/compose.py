"""Stage 5: build drafts from what was matched. Anything left over makes the whole unsure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agents.intent.books import (
    BOOKS,
    Leaving,
    leaving_book,
    leaving_names,
    names_a_book,
    sides_out,
)
from agents.intent.checks import value_problems
from agents.intent.conditions import Conditions, Said
from agents.intent.doubts import (
    beside_a_size,
    either,
    either_offers,
    is_range,
    near_a_guard,
    pair_offers,
    price_offers,
    put_or_price,
    two_bare_numbers,
)
from agents.intent.fields import Fields
from agents.intent.match import Matches, match
from agents.intent.model import ParseContext, Problem, TradeDraft
from agents.intent.prices import put_order_type, put_prices, put_settings, put_variety
from agents.intent.problems import problem
from agents.intent.protect import put_protection
from agents.intent.resolve import Named, Resolver, held_by
from agents.intent.rules import put_condition
from agents.intent.sizes import put_size
from agents.intent.tag import Item
from agents.intent.times import put_window
from agents.intent.vocabulary.common import COMMON_WORDS
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Sizing, SizingMethod
from riskgate.contracts.orders import Side
from tools.ports import InstrumentDirectory

__all__ = ["Composed", "Composer", "finish", "join", "missing_of", "sides_out"]

SIDE_OF: Final = {
    Slot.BUY: Side.BUY,
    Slot.LONG: Side.BUY,
    Slot.DOUBLE: Side.BUY,
    Slot.INCREASE: Side.BUY,
    Slot.SELL: Side.SELL,
    Slot.SHORT: Side.SELL,
}
LESSENING: Final = frozenset({"reduce", "trim", "shed", "offload", "part with"})
NEEDS: Final = (("side", "side"), ("symbols", "symbol"), ("sizing", "size"))
RISK_SIZES: Final = frozenset({SizingMethod.RISK_AMOUNT, SizingMethod.RISK_PCT})
BETWEEN_PRICE_AND_NAME: Final = (Tag.FILLER, Tag.FOR, Tag.OF, Tag.MY, Tag.IN)
SIZES: Final = (Slot.NUMBER, Slot.QUANTITY, Slot.LOTS, Slot.NOTIONAL, Slot.FRACTION, Slot.ALL)
EXCLUDING: Final = (Tag.EXCEPT, Tag.ALL_BUT)


@dataclass(frozen=True, slots=True)
class Composed:
    """Drafts of one message, what they lack, and why they may not be one clear order."""

    trades: tuple[TradeDraft, ...]
    missing: tuple[str, ...] = ()
    ambiguous: tuple[InstrumentRef, ...] = ()
    problems: tuple[Problem, ...] = ()
    left: tuple[Item, ...] = ()
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """The items of one order, matched, with what was taken out of them first."""

    matches: Matches
    said: tuple[Said, ...]
    excluded: tuple[InstrumentRef, ...]
    named: Named


class Composer:
    """Turns items into drafts, in the light of what the account holds."""

    def __init__(self, message: str, directory: InstrumentDirectory, context: ParseContext) -> None:
        self._message = message
        self._context = context
        self._resolver = Resolver(directory, context)

    def conditions(self, items: Sequence[Item]) -> Conditions:
        """Return the reader of conditions for an order of these items."""
        leaves = any(item.has(Tag.SELL, Tag.EXIT, Tag.SHORT) for item in items)
        buys = any(item.has(Tag.BUY, Tag.LONG) for item in items)
        names = [item for item in items if item.has(Tag.SYMBOL)]
        own = self._resolver.quoted(names[:1], self._held()).refs
        return Conditions(
            resolve=lambda item: self._resolver.quoted([item], self._held()).refs,
            held=held_by(self._context),
            buying=buys if buys != leaves else None,
            own=own[0] if own else self._context.focus_symbol,
        )

    def compose(
        self,
        items: Sequence[Item],
        earlier: TradeDraft | None = None,
        antecedent: Item | None = None,
    ) -> Composed:
        """Build one draft of the items, or one for each kind of position that is left.

        `earlier` is the unfinished draft that the items only add to; `antecedent` the name that
        "it" stands for.
        """
        part = self._part(items, antecedent, earlier)
        fields = Fields(self._message)
        leaving = self._leaving(part)
        self._put_all(fields, part, earlier)
        if leaving is None:
            fields.ask("symbol")
        elif leaving:
            return leave(fields, part.matches, leaving, part.named)
        unknown = unknown_name(part.matches, part.named)
        problems = (*part.named.problems, *unknown)
        left = () if unknown else part.matches.left
        return finish(fields, part.named.ambiguous, problems, left)

    def _part(
        self, items: Sequence[Item], antecedent: Item | None, earlier: TradeDraft | None
    ) -> _Part:
        kept, excluded = self._cut_exclusions(items)
        cut = self.conditions(items).cut(kept, bare=True)
        matches = match(prices_together(cut.kept))
        if antecedent is None and not matches.has(Slot.SYMBOL, *BOOKS):
            antecedent = next((said.subject for said in cut.said if said.subject), None)
        named = self._resolver.named(matches, antecedent)
        if earlier is not None and named == Named():
            named = self._resolver.moved(earlier.symbols, matches) or named
        return _Part(matches, cut.said, excluded, named)

    def _held(self) -> frozenset[InstrumentRef]:
        return frozenset(row.instrument for row in held_by(self._context))

    def _cut_exclusions(
        self, items: Sequence[Item]
    ) -> tuple[list[Item], tuple[InstrumentRef, ...]]:
        """Take out "except infy and tcs"; "all but infy" leaves "all" behind."""
        kept: list[Item] = []
        names: list[Item] = []
        cutting = False
        for at, item in enumerate(items):
            follows = items[at + 1] if at + 1 < len(items) else None
            if item.has(*EXCLUDING) and follows is not None and not follows.has(Tag.NUM):
                cutting = True
                if item.has(Tag.ALL_BUT):
                    kept.append(Item({Tag.ALL: ""}, item.start, item.end, item.text, item.folded))
            elif cutting and item.has(Tag.SYMBOL):
                names.append(item)
            elif not (cutting and item.has(Tag.COMMA, Tag.AND, Tag.FILLER, Tag.MY)):
                cutting = False
                kept.append(item)
        return kept, self._resolver.quoted(names, self._held()).refs

    def _put_all(self, fields: Fields, part: _Part, earlier: TradeDraft | None) -> None:
        named = part.named
        put_side(fields, part.matches)
        if named.refs:
            fields.put("symbols", named.refs, *named.words)
        chosen = bool(named.refs or named.ambiguous)
        known = chosen or earlier is not None
        matches = without_doubtful(fields, part.matches) if known else part.matches
        sized = matches if chosen else without_strike(matches)
        leaving = matches.has(Slot.EXIT) or fields.values.get("side") is Side.SELL
        if earlier is not None:
            leaving = leaving or earlier.side is Side.SELL
        if is_shared(sized):
            fields.ask("size")
        else:
            put_size(
                fields,
                sized,
                leaving=leaving or _only_keeps(matches),
                held=self._quantity(named),
                answering=earlier is not None,
            )
        put = put_or_price(fields.message, matches)
        if put is not None:
            quoted = fields.message[put.start : put.end]
            fields.problems.append(problem("CONTRADICTORY", "limit_price", quoted))
        put_prices(fields, matches)
        put_order_type(fields, matches)
        put_settings(fields, matches)
        put_variety(fields, matches)
        own = named if named.refs or earlier is None else Named(refs=earlier.symbols)
        put_condition(fields, part.said, own)
        put_window(fields, matches, self._context)
        put_protection(fields, matches, named, self._context)

    def _quantity(self, named: Named) -> Decimal | None:
        """Return how many are held of the one instrument meant."""
        rows = [row for row in held_by(self._context) if row.instrument in named.refs]
        return rows[0].quantity if len(named.refs) == 1 and len(rows) == 1 else None

    def _leaving(self, part: _Part) -> Leaving | None:
        """Return the side that leaves each instrument an exit is about; None when unknowable."""
        matches = part.matches
        if part.named.refs and matches.has(Slot.EXIT):
            return leaving_names(part.named.refs, matches, self._context)
        if matches.has(Slot.SYMBOL, Slot.CONTRACT) or not matches.has(Slot.EXIT, Slot.SELL):
            return {}
        if not names_a_book(matches):
            return {}
        return leaving_book(matches, self._context, part.excluded)


def prices_together(items: Sequence[Item]) -> list[Item]:
    """Put a name that stands between "stop" and its price before the two: "sl on infy at 1420"."""
    found = list(items)
    for at, item in enumerate(found):
        if not item.has(Tag.STOP, Tag.TRAIL, Tag.TARGET):
            continue
        place = at + 1
        while place < len(found) and found[place].has(*BETWEEN_PRICE_AND_NAME):
            place += 1
        follows = found[place + 1 : place + 2]
        named = place < len(found) and found[place].has(Tag.SYMBOL)
        counted = any(item.has(Tag.UNIT, Tag.LOT) for item in found[place + 2 : place + 3])
        if counted:
            continue
        if named and follows and follows[0].has(Tag.AT, Tag.BY, Tag.TO, Tag.NUM, Tag.PCT, Tag.OF):
            return [*found[:at], *found[at + 1 : place + 1], item, *found[place + 1 :]]
    return found


def leave(fields: Fields, matches: Matches, leaving: Leaving, named: Named) -> Composed:
    """Build one draft for what is sold and one for what is bought back.

    An instrument held long and short at once asks for the side, and so does "sell" of a short.
    """
    sides = frozenset[Side]().union(*leaving.values())
    unclear = any(len(out) > 1 for out in leaving.values())
    if unclear or (Side.BUY in sides and not matches.has(Slot.EXIT)):
        fields.drop("side")
        fields.ask("side")
        return finish(fields, (), named.problems, matches.left)
    books = matches.of(*BOOKS, Slot.WINNERS, Slot.LOSERS)
    if books and "sizing" not in fields.values:
        fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), books[0])
    words = named.words or books or matches.of(Slot.ALL) or matches.of(Slot.EXIT)
    legs = []
    for side in (Side.SELL, Side.BUY):
        refs = tuple(ref for ref, out in leaving.items() if side in out)
        if refs:
            leg = fields.copy()
            leg.put("side", side, matches.of(Slot.EXIT, Slot.SELL)[0])
            leg.put("symbols", refs, *words)
            legs.append(finish(leg, (), named.problems, matches.left))
    return join(legs)


def _only_keeps(matches: Matches) -> bool:
    """Say whether "bring it down to 300" is all that says which way."""
    return matches.has(Slot.KEEP) and not matches.has(Slot.EXIT, *SIDE_OF)


def put_side(fields: Fields, matches: Matches) -> None:
    """Set the side from the verb, or from "long" and "short" where no verb says it."""
    verbs = matches.of(Slot.BUY, Slot.SELL, Slot.EXIT)
    if matches.has(Slot.EXIT):
        fields.put("side", Side.SELL, matches.of(Slot.EXIT)[0])
        if matches.has(Slot.BUY, Slot.SELL):
            quoted = fields.message[verbs[0].start : verbs[-1].end]
            fields.problems.append(problem("CONTRADICTORY", "side", quoted))
        return
    said = matches.of(*SIDE_OF)
    if not said and matches.has(Slot.KEEP):
        fields.put("side", Side.SELL, matches.of(Slot.KEEP)[0])
        return
    if matches.has(Slot.SHORT) and any(part.items[0].folded in LESSENING for part in said):
        # Less of a short is bought, and "trim" is a word of selling.
        fields.ask("side")
        return
    sides = {SIDE_OF[match.slot] for match in said}
    if len(sides) == 1:
        fields.put("side", sides.pop(), said[0])
    elif sides:
        quoted = fields.message[said[0].start : said[-1].end]
        fields.problems.append(problem("CONTRADICTORY", "side", quoted))


def is_shared(matches: Matches) -> bool:
    """Say whether one size stands for several instruments without "each"."""
    counted = matches.has(Slot.NUMBER, Slot.QUANTITY, Slot.LOTS, Slot.NOTIONAL)
    several = len(matches.of(Slot.SYMBOL)) > 1
    return several and counted and not _each(matches)


def _each(matches: Matches) -> bool:
    return any(item.has(Tag.EACH) for part in matches.found for item in part.items)


def without_doubtful(fields: Fields, matches: Matches) -> Matches:
    """Leave out bare numbers that may be a size or a price, and ask for what they may say."""
    ranges = either(matches)
    if ranges:
        sized = matches.has(*SIZES)
        fields.ask("limit_price" if sized else "size", *either_offers(ranges, sized=sized))
        return matches.without(*ranges)
    pair = two_bare_numbers(matches)
    if pair and is_range(fields.message, pair):
        fields.ask("size", *(decimal_text(end.value) for end in pair if end.value is not None))
    elif pair:
        fields.ask("size", *pair_offers(pair))
        fields.ask("limit_price")
    else:
        pair = near_a_guard(matches)
        if pair:
            fields.ask("size")
        pair = pair or beside_a_size(matches)
        for number in pair:
            fields.ask("limit_price", *price_offers(number))
    return matches.without(*pair)


def without_strike(matches: Matches) -> Matches:
    """Forget a bare number after a name: on an index it is a level, not a size."""
    kept = tuple(
        part
        for at, part in enumerate(matches.found)
        if part.slot is not Slot.NUMBER or at == 0 or matches.found[at - 1].slot is not Slot.SYMBOL
    )
    return Matches(kept, matches.left, matches.mine, matches.determined)


def unknown_name(matches: Matches, named: Named) -> tuple[Problem, ...]:
    """Read a run of unknown words as the name of nothing known, when no name was found."""
    unknown = [item for item in matches.left if item.has(Tag.UNKNOWN)]
    if named.refs or named.problems or not unknown or len(unknown) > 3:
        return ()
    if len(unknown) < len(matches.left) or any(map(_is_common, unknown)):
        return ()
    if matches.determined:
        # "sell me this pen", "buy a coffee": instruments are named without an article.
        return ()
    said = " ".join(item.text for item in unknown)
    return (problem("SYMBOL_UNKNOWN", "symbol", said),)


def _is_common(item: Item) -> bool:
    word = item.folded
    return any(each in COMMON_WORDS for each in (word, word.removesuffix("s"), word[:-2]))


def finish(
    fields: Fields,
    ambiguous: tuple[InstrumentRef, ...],
    problems: tuple[Problem, ...],
    left: tuple[Item, ...],
) -> Composed:
    """Build the draft and say what it still lacks."""
    draft = fields.draft()
    return Composed(
        trades=(draft,),
        missing=missing_of(draft, fields.missing),
        ambiguous=ambiguous,
        problems=(*problems, *fields.problems, *value_problems(draft)),
        left=left,
        offers=tuple(fields.offers),
    )


def join(parts: Sequence[Composed]) -> Composed:
    """Put the orders of one message side by side."""
    return Composed(
        trades=tuple(trade for part in parts for trade in part.trades),
        missing=tuple(dict.fromkeys(name for part in parts for name in part.missing)),
        ambiguous=tuple(dict.fromkeys(ref for part in parts for ref in part.ambiguous)),
        problems=tuple(dict.fromkeys(item for part in parts for item in part.problems)),
        left=tuple({item.start: item for part in parts for item in part.left}.values()),
        offers=parts[0].offers if len(parts) == 1 else (),
    )


def missing_of(draft: TradeDraft, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Name what a person must still say before a draft can be an order."""
    lacks = [said for name, said in NEEDS if not getattr(draft, name)]
    order_type = draft.order_type
    if order_type and order_type.has_limit_price and draft.limit_price is None:
        lacks.append("limit_price")
    if order_type and order_type.has_trigger_price and draft.trigger_price is None:
        lacks.append("trigger_price")
    if draft.sizing and draft.sizing.method in RISK_SIZES and draft.stop_loss is None:
        lacks.append("stop_loss")
    return tuple(dict.fromkeys((*lacks, *asked)))
