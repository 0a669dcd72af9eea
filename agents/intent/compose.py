"""Stage 4: build drafts from what was matched. Anything left over makes the whole unsure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agents.intent.checks import value_problems
from agents.intent.fields import Fields
from agents.intent.match import Matches, match
from agents.intent.model import HeldPosition, ParseContext, Problem, TradeDraft
from agents.intent.prices import (
    put_order_type,
    put_prices,
    put_rules,
    put_settings,
    put_window,
)
from agents.intent.problems import problem
from agents.intent.resolve import Named, Resolver, held_by
from agents.intent.sizes import put_size
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import OffsetKind, Sizing, SizingMethod
from riskgate.contracts.orders import OrderType, Product, Side
from tools.ports import InstrumentDirectory

SIDE_OF: Final = {
    Slot.BUY: Side.BUY,
    Slot.LONG: Side.BUY,
    Slot.SELL: Side.SELL,
    Slot.SHORT: Side.SELL,
}
VERBS: Final = (Tag.BUY, Tag.SELL, Tag.EXIT)
Leaving = dict[InstrumentRef, frozenset[Side]]
NEEDS: Final = (("side", "side"), ("symbols", "symbol"), ("sizing", "size"))
RISK_SIZES: Final = frozenset({SizingMethod.RISK_AMOUNT, SizingMethod.RISK_PCT})


@dataclass(frozen=True, slots=True)
class Composed:
    """Drafts of one message, what they lack, and why they may not be one clear order."""

    trades: tuple[TradeDraft, ...]
    missing: tuple[str, ...] = ()
    ambiguous: tuple[InstrumentRef, ...] = ()
    problems: tuple[Problem, ...] = ()
    left: tuple[Item, ...] = ()


class Composer:
    """Turns items into drafts, in the light of what the account holds."""

    def __init__(self, message: str, directory: InstrumentDirectory, context: ParseContext) -> None:
        self._message = message
        self._context = context
        self._resolver = Resolver(directory, context)

    def compose(self, items: Sequence[Item], earlier: TradeDraft | None = None) -> Composed:
        """Build one draft of the items, or one for each kind of position that is left.

        `earlier` is the unfinished draft that the items only add to.
        """
        kept, condition_unclear = cut_conditions(items)
        matches = match(kept)
        fields = Fields(self._message)
        named = self._resolver.named(matches)
        if condition_unclear:
            fields.ask("condition")
        self._put_all(fields, matches, named, earlier)
        leaving = self._leaving(matches, named)
        if leaving:
            return leave(fields, matches, leaving, named)
        unknown = unknown_name(matches, named)
        problems = (*named.problems, *unknown)
        left = () if unknown else matches.left
        return finish(fields, named.ambiguous, problems, left)

    def _put_all(
        self, fields: Fields, matches: Matches, named: Named, earlier: TradeDraft | None
    ) -> None:
        put_side(fields, matches)
        if named.refs:
            fields.put("symbols", named.refs, *named.words)
        sized = without_strike(matches) if not named.refs else matches
        leaving = matches.has(Slot.EXIT) or fields.values.get("side") is Side.SELL
        if earlier is not None:
            leaving = leaving or earlier.side is Side.SELL
        if is_shared(sized, named):
            fields.ask("size")
        else:
            put_size(fields, sized, leaving=leaving, answering=earlier is not None)
        put_prices(fields, matches)
        put_order_type(fields, matches)
        put_settings(fields, matches)
        own = named if named.refs or earlier is None else Named(refs=earlier.symbols)
        put_rules(fields, matches, own, self._resolver)
        put_window(fields, matches, self._context)
        put_protection(fields, matches, named, self._context)

    def _leaving(self, matches: Matches, named: Named) -> Leaving:
        """Return the side that leaves each instrument an exit is about, by name or by book."""
        if named.refs and matches.has(Slot.EXIT):
            held = held_by(self._context)
            return {
                ref: sides_out([row for row in held if row.instrument == ref]) for ref in named.refs
            }
        if matches.has(Slot.SYMBOL) or not matches.has(Slot.EXIT, Slot.SELL):
            return {}
        book = self._book(matches)
        return {row.instrument: sides_out([row]) for row in book}

    def _book(self, matches: Matches) -> tuple[HeldPosition, ...]:
        if matches.has(Slot.HOLDINGS):
            return self._context.holdings
        if not matches.has(Slot.POSITIONS) and not (
            matches.has(Slot.EXIT) and matches.has(Slot.ALL)
        ):
            return ()
        said = {Product(part.items[0].meanings[Tag.PRODUCT]) for part in matches.of(Slot.PRODUCT)}
        rows = (row for row in self._context.positions if row.quantity != 0)
        return tuple(row for row in rows if not said or row.product in said)


def sides_out(rows: Sequence[HeldPosition]) -> frozenset[Side]:
    """Return the sides that leave some positions; what is not held is taken to be sold."""
    sides = frozenset(Side.SELL if row.quantity > 0 else Side.BUY for row in rows)
    return sides or frozenset({Side.SELL})


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
    books = matches.of(Slot.HOLDINGS, Slot.POSITIONS)
    if books and "sizing" not in fields.values:
        fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), books[0])
    words = named.words or books or matches.of(Slot.ALL)
    legs = []
    for side in (Side.SELL, Side.BUY):
        refs = tuple(ref for ref, out in leaving.items() if side in out)
        if refs:
            leg = fields.copy()
            leg.put("side", side, matches.of(Slot.EXIT, Slot.SELL)[0])
            leg.put("symbols", refs, *words)
            legs.append(finish(leg, (), named.problems, matches.left))
    return join(legs)


def cut_conditions(items: Sequence[Item]) -> tuple[list[Item], bool]:
    """Take out each "if ..." that is not a price condition, up to the next comma or verb.

    Its numbers must not be read as sizes or prices. Returns whether anything was taken out.
    """
    kept: list[Item] = []
    cutting = found = False
    for at, item in enumerate(items):
        if item.has(Tag.IF):
            cutting = not _is_price_rule(items[at:])
            found = found or cutting
        elif cutting and (item.has(*VERBS) or item.folded == ","):
            cutting = False
        if not cutting:
            kept.append(item)
    return kept, found


def _is_price_rule(items: Sequence[Item]) -> bool:
    first = match(items).found[:1]
    return (
        bool(first)
        and first[0].slot in {Slot.RULE_ABOVE, Slot.RULE_BELOW}
        and (first[0].start == items[0].start)
    )


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
    sides = {SIDE_OF[match.slot] for match in said}
    if len(sides) == 1:
        fields.put("side", sides.pop(), said[0])
    elif sides:
        quoted = fields.message[said[0].start : said[-1].end]
        fields.problems.append(problem("CONTRADICTORY", "side", quoted))


def put_protection(fields: Fields, matches: Matches, named: Named, context: ParseContext) -> None:
    """Turn "place a stop at 1350 on X" into the order that would leave what is held of X."""
    stops = matches.of(Slot.STOP_PRICE)
    held = [held for held in held_by(context) if held.instrument in named.refs]
    if not stops or len(held) != 1 or not matches.has(Slot.PLACE):
        return
    if matches.has(Slot.BUY, Slot.SELL, Slot.EXIT) or "sizing" in fields.values:
        return
    if "stop_loss" not in fields.values:
        return
    fields.drop("stop_loss")
    fields.put("side", Side.SELL if held[0].quantity > 0 else Side.BUY, stops[0])
    fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), stops[0])
    fields.put("order_type", OrderType.SL_M, stops[0])
    fields.put("trigger_price", stops[0].value, stops[0])


def is_shared(matches: Matches, named: Named) -> bool:
    """Say whether one size stands for several instruments without "each"."""
    counted = matches.has(Slot.NUMBER, Slot.QUANTITY, Slot.LOTS, Slot.NOTIONAL)
    return len(named.refs) > 1 and counted and not matches.has(Slot.EACH)


def without_strike(matches: Matches) -> Matches:
    """Forget a bare number after a name: on an index it is a level, not a size."""
    kept = tuple(
        part
        for at, part in enumerate(matches.found)
        if part.slot is not Slot.NUMBER or at == 0 or matches.found[at - 1].slot is not Slot.SYMBOL
    )
    return Matches(kept, matches.left, matches.mine)


def unknown_name(matches: Matches, named: Named) -> tuple[Problem, ...]:
    """Read a run of unknown words as the name of nothing known, when no name was found."""
    unknown = [item for item in matches.left if item.has(Tag.UNKNOWN)]
    if named.refs or named.problems or not unknown or len(unknown) > 3:
        return ()
    if len(unknown) < len(matches.left):
        return ()
    said = " ".join(item.text for item in unknown)
    return (problem("SYMBOL_UNKNOWN", "symbol", said),)


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
    )


def join(parts: Sequence[Composed]) -> Composed:
    """Put the orders of one message side by side."""
    return Composed(
        trades=tuple(trade for part in parts for trade in part.trades),
        missing=tuple(dict.fromkeys(name for part in parts for name in part.missing)),
        ambiguous=tuple(dict.fromkeys(ref for part in parts for ref in part.ambiguous)),
        problems=tuple(dict.fromkeys(item for part in parts for item in part.problems)),
        left=tuple({item.start: item for part in parts for item in part.left}.values()),
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
    if draft.stop_loss and draft.stop_loss.kind is OffsetKind.ATR:
        lacks.append("stop_loss")
    return tuple(dict.fromkeys((*lacks, *asked)))
