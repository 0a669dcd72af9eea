"""What is asked of orders that rest and of alerts that are set: cancels and changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from agents.intent.amending import without_replaced
from agents.intent.model import (
    Changes,
    HeldPosition,
    MessageKind,
    OpenOrder,
    ParseContext,
    ParsedMessage,
    QueryDetail,
    SaidValidity,
)
from agents.intent.moods import asks, cut_clauses, guarded, has
from agents.intent.resolve import Resolver
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import AMOUNTS, GUARDS, VERBS, Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderType, Product, Side

IN_A_CANCEL: Final = frozenset(
    {*QUIET, Tag.CANCEL, Tag.ORDER, Tag.PENDING, Tag.ALL, Tag.SYMBOL, Tag.NUM, Tag.EXCHANGE,
     Tag.PRONOUN, Tag.BUY, Tag.SELL, Tag.DROP, Tag.LIMIT, Tag.MARKET, Tag.ALERT,
     Tag.EACH, Tag.STOP, Tag.VALIDITY, Tag.PRODUCT, Tag.TRIGGER, Tag.TARGET, Tag.METRIC}
)  # fmt: skip
# Words of changing that are too common to be one alone.
NO_CHANGE: Final = (Tag.FILLER, Tag.AND, Tag.BUY, Tag.TO, Tag.BREAK)
# What guards a position, and words that also place such a guard.
TRAILS: Final = "trail "
NO_MOVE: Final = (Tag.PLACE, Tag.FILLER, Tag.TO)
# A word that cancels only beside the word for what is cancelled.
SOFT: Final = "soft"
ORDERS_OF_A_SIDE: Final = frozenset({"buy order", "sell order"})
# "cancel mat karo" cancels nothing.
REFUSING: Final = frozenset(
    {"no", "nahi", "nope", "mat", "mat karo", "don't", "not now", "nothing", "never mind",
     "nevermind", "leave", "leave it", "rehne do"}
)  # fmt: skip
# Which orders are meant is not known by these: an order that rests is not told by them.
NARROWING: Final = (Tag.PRODUCT, Tag.LIMIT, Tag.MARKET, Tag.VALIDITY, Tag.METRIC)
SIDES: Final = ((Tag.BUY, Side.BUY), (Tag.SELL, Side.SELL))
SIDE_WORDS: Final = (("buy", Side.BUY), ("sell", Side.SELL))
NEAR: Final = Decimal("0.4")
SHORTEST_ID: Final = 9
# With one of these a clause beside a cancel may ask for more than it.
NO_REASON: Final = (
    Tag.CANCEL, Tag.SYMBOL, Tag.IF, Tag.ASK, Tag.SPEECH, Tag.HYPOTHESIS, Tag.QUOTE, Tag.PLACE,
    Tag.ALL, Tag.PRONOUN, Tag.HEDGE, Tag.MARKET,
)  # fmt: skip
SHOULD: Final = "should"
FROM: Final = "from"
LESSENING: Final = frozenset(
    {"reduce", "lower", "decrease", "cut", "drop", "trim", "kam", "ghata", "ghatao", "shrink",
     "lessen", "less", "fewer"}
)  # fmt: skip
# What a number is, by the word nearest before it.
NOUNS: Final = (
    ("trigger_price", (Tag.STOP, Tag.TRIGGER, Tag.SL_ORDER, Tag.SLM_ORDER)),
    ("limit_price", (Tag.LIMIT, Tag.AT, Tag.CAP)),
    ("quantity", (Tag.UNIT, Tag.LOT)),
)


@dataclass(frozen=True, slots=True)
class Requests:
    """Reads cancels and changes in the light of the orders that rest."""

    resolver: Resolver
    context: ParseContext

    def cancel(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Return the cancel that a message asks for, None when any word of it is not one's."""
        items = self._without_reason(_without_afterthought(items))
        words = [item for item in items if item.has(Tag.CANCEL) or self._cancels_told(item)]
        others = [item for item in items if item not in words]
        if not words or guarded(others) or asks(items) or _refuses(others):
            return None
        plain = any(item.meanings.get(Tag.CANCEL) != SOFT for item in words)
        noun = has(items, Tag.ORDER, Tag.ALERT, Tag.PENDING) or bool(self._order_ids(items))
        noun = noun or self._names_a_resting(items)
        noun = noun or any(item.folded in ORDERS_OF_A_SIDE for item in items)
        guards = {tag for item in items for tag in GUARDS if item.has(tag)}
        if all(word.has(*GUARDS) for word in words):
            guards = set()
        if not (plain or noun or guards):
            return None
        if not all(IN_A_CANCEL & set(item.meanings) for item in items) or _orders_too(items):
            return None
        if has(items, Tag.ALERT):
            return self._alerts(items)
        if guards == {Tag.TARGET}:
            return self._guard_change(items)
        target = self._target(items)
        return target.model_copy(update={"stops_only": bool(guards)})

    def _without_reason(self, items: Sequence[Item]) -> Sequence[Item]:
        """Leave out why "that order" goes, but for its name: "i no longer want it, cancel ..."."""
        parts = cut_clauses(items)
        last, told = parts[-1] if parts else (), [item for part in parts[:-1] for item in part]
        names = [item for item in told if item.has(Tag.SYMBOL)]
        spoken = [item for item in last if not item.has(*QUIET) or item.has(Tag.ORDER)]
        points = has(last, Tag.ORDER) and not has(last, Tag.SYMBOL) and len(names) == 1
        cancels = [i for i in spoken if i.has(Tag.CANCEL) or i.folded.startswith("cancel")]
        others = [item for item in spoken if item not in cancels]
        plainly = all(item.has(Tag.ORDER, Tag.PENDING, Tag.PRONOUN) for item in others)
        if not (points and plainly and len(cancels) == 1) or self._is_of_another_side(told):
            return items
        if has(told, Tag.CANCEL, Tag.ASK, Tag.SPEECH, Tag.HYPOTHESIS, Tag.QUOTE, Tag.NUM):
            return items
        rests = any(ref in self._resting() for ref in names[0].refs)
        cancel = replace(cancels[0], meanings={Tag.CANCEL: ""})
        return (cancel, *others, *names) if rests else items

    def _is_of_another_side(self, told: Sequence[Item]) -> bool:
        """Say whether the side told is of no order that rests for the name: which one is meant?"""
        sides = {side for tag, side in SIDES if has(told, tag)}
        refs = {ref for item in told for ref in item.refs}
        rest = {order.side for order in self.context.open_orders if order.instrument in refs}
        return len(sides) == 1 and not sides & rest

    def guard(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Return the change of a stop or a target that is kept: "move my stop on tcs to 3250"."""
        moves = [item for item in items if item.has(Tag.MODIFY) and not item.has(*NO_MOVE)]
        moves += [item for item in items if item.has(Tag.TRAIL) and item.folded.startswith(TRAILS)]
        others = [item for item in items if item not in moves]
        if not moves or not has(items, *GUARDS) or guarded(others) or has(others, *VERBS):
            return None
        if has(items, Tag.TRAIL) and has(items, *AMOUNTS, Tag.PCT):
            return None
        if has(items, Tag.IF, Tag.ASK, Tag.ORDER, Tag.PLACE):
            return None
        return self._guard_change(items)

    def _guard_change(self, items: Sequence[Item]) -> ParsedMessage:
        names = [item for item in items if item.has(Tag.SYMBOL)]
        named = self.resolver.quoted(names, frozenset(row.instrument for row in self._held()))
        return ParsedMessage(
            kind=MessageKind.MODIFY,
            detail=QueryDetail.STOPS,
            symbols=named.refs,
            ambiguous=named.ambiguous,
            missing=() if named.refs else ("order",),
        )

    def _held(self) -> Sequence[HeldPosition]:
        return (*self.context.positions, *self.context.holdings)

    def modify(self, items: Sequence[Item]) -> ParsedMessage | None:
        """Return the change of an order that a message asks for."""
        items = self._without_should(without_replaced(items))
        if not self._is_change(items):
            return None
        ids = self._order_ids(items)
        named = self.resolver.quoted(
            (item for item in items if item.has(Tag.SYMBOL)), self._resting()
        )
        orders = self._orders(ids, named.refs)
        changes = changes_in(self._without_ids(items), orders[0] if len(orders) == 1 else None)
        side = None if ids or named.refs or named.ambiguous else self._side_said(items)
        missing = () if ids or named.refs or side is not None else ("order",)
        return ParsedMessage(
            kind=MessageKind.MODIFY,
            side=side,
            symbols=named.refs,
            order_ids=ids,
            ambiguous=named.ambiguous,
            changes=None if changes.is_empty else changes,
            missing=(*missing, *(("changes",) if changes.is_empty else ())),
        )

    def _side_said(self, items: Sequence[Item]) -> Side | None:
        """Return the side of "all my buy orders"; "my buy order" is known where one rests."""
        sides = {
            side
            for word, noun in pairwise(items)
            for tag, side in SIDES
            if word.has(tag) and noun.has(Tag.ORDER, Tag.PENDING)
        }
        sides |= _sides_named(items)
        resting = [order for order in self.context.open_orders if order.side in sides]
        several = has(items, Tag.ALL, Tag.EACH) or _is_plural(items)
        known = len(sides) == 1 and bool(resting) and (several or len(resting) == 1)
        return sides.pop() if known else None

    def _without_should(self, items: Sequence[Item]) -> Sequence[Item]:
        """Leave out the "should" behind an order's number, and the side that the order has:
        "order 1002 should sell 8, change it"."""
        known = {order.order_id: order.side for order in self.context.open_orders}
        for at, (number, word) in enumerate(pairwise(items)):
            if number.folded not in known or word.folded != SHOULD:
                continue
            before, rest = items[: at + 1], items[at + 2 :]
            own = Tag.BUY if known[number.folded] is Side.BUY else Tag.SELL
            spoken = rest[1:] if has(rest[:1], own) else rest
            asking = asks((*before, *rest)) or not has(rest, Tag.MODIFY, Tag.AMEND)
            return items if asking or has(spoken, *VERBS) else (*before, *spoken)
        return items

    def _cancels_told(self, item: Item) -> bool:
        """Say whether "cancel it" is about the orders just told of, not about a request."""
        told = bool(self.context.told_orders) and self.context.draft is None
        return told and item.has(Tag.DROP) and item.folded.startswith("cancel")

    def _is_change(self, items: Sequence[Item]) -> bool:
        if self._reprices(items):
            return True
        scales = has(items, Tag.DOUBLE) and has(items, Tag.ORDER) and not has(items, *VERBS)
        if not (has(items, Tag.MODIFY, Tag.AMEND) or scales):
            return False
        others = [item for item in items if not item.has(Tag.MODIFY, Tag.ORDER, Tag.AMEND)]
        if guarded(others) or has(items[:1], Tag.ASK):
            return False
        if self.context.told_orders and not has(others, Tag.SYMBOL, *VERBS):
            return True
        names = [item for item in items if item.has(Tag.SYMBOL)]
        rests = bool(names) and any(
            ref in self._resting() for ref in self.resolver.quoted(names, self._resting()).refs
        )
        ids = bool(self._order_ids(items))
        about_an_order = has(items, Tag.ORDER) or ids or self._names_a_resting(items)
        if has(others, *VERBS) and not about_an_order:
            return False
        changes_it = scales or any(
            item.has(Tag.MODIFY, Tag.AMEND) and not item.has(*NO_CHANGE) for item in items
        )
        if about_an_order:
            return changes_it and (has(items, *AMOUNTS, Tag.SYMBOL, Tag.MARKET) or not names)
        priced = has(items, Tag.STOP, Tag.TRIGGER, Tag.LIMIT, Tag.AT, Tag.UNIT, Tag.TO)
        trades = any(item.has(*VERBS) for item in items)
        return rests and changes_it and priced and not trades

    def _reprices(self, items: Sequence[Item]) -> bool:
        """Say whether an order number stands first and one new value behind it."""
        first = next((item for item in items if not item.has(Tag.COMMA, Tag.FILLER)), None)
        known = {order.order_id for order in self.context.open_orders}
        if first is None or first.folded not in known or guarded(items) or has(items, Tag.ASK):
            return False
        rest = [item for item in items if item is not first]
        return not has(rest, Tag.CANCEL, *VERBS) and len([i for i in rest if i.has(*AMOUNTS)]) == 1

    def _names_a_resting(self, items: Sequence[Item]) -> bool:
        """Say whether "the hdfc bank sell" is a resting order: its name, then its side."""
        sides = {(order.instrument, order.side) for order in self.context.open_orders}
        spoken = [item for item in items if not item.has(*QUIET)]
        moves = has(spoken[:1], Tag.MODIFY, Tag.AMEND, Tag.CANCEL)
        for name, verb in pairwise(items):
            if not (moves and name.has(Tag.SYMBOL) and verb.has(Tag.BUY, Tag.SELL)):
                continue
            side = Side.BUY if verb.has(Tag.BUY) else Side.SELL
            if any((ref, side) in sides for ref in name.refs):
                return True
        return False

    def _resting(self) -> frozenset[InstrumentRef]:
        return frozenset(order.instrument for order in self.context.open_orders)

    def _orders(self, ids: Sequence[str], refs: Sequence[InstrumentRef]) -> list[OpenOrder]:
        return [
            order
            for order in self.context.open_orders
            if order.order_id in ids or (not ids and order.instrument in refs)
        ]

    def _alerts(self, items: Sequence[Item]) -> ParsedMessage:
        named = self.resolver.quoted(item for item in items if item.has(Tag.SYMBOL))
        everything = not named.refs and has(items, Tag.ALL, Tag.EACH)
        return ParsedMessage(
            kind=MessageKind.CANCEL,
            alerts=True,
            symbols=named.refs,
            cancel_all=everything,
            ambiguous=named.ambiguous,
            missing=() if named.refs or everything else ("order",),
        )

    def _target(self, items: Sequence[Item]) -> ParsedMessage:
        names, ids = [item for item in items if item.has(Tag.SYMBOL)], self._order_ids(items)
        if names or ids:
            named = self.resolver.quoted(names, self._resting())
            sides = {side for word, side in SIDE_WORDS if _says(items, word)}
            return ParsedMessage(
                kind=MessageKind.CANCEL,
                symbols=named.refs,
                order_ids=ids,
                side=sides.pop() if len(sides) == 1 else None,
                ambiguous=named.ambiguous,
                problems=named.problems,
                missing=()
                if (named.refs and self._whole(items, named.refs)) or ids
                else ("order",),
            )
        sides = {side for tag, side in SIDES if has(items, tag)} | _sides_named(items)
        if len(sides) == 1:
            return self._of_side(sides.pop())
        everything = has(items, Tag.ALL, Tag.EACH) or _is_plural(items)
        narrowed = has(items, *NARROWING) or _says(items, "limit")
        if narrowed or (sides and not _sides_of_orders(items)):
            # "cancel intraday orders" is not all; "cancel buy orders and sell everything" is two.
            everything = False
        return ParsedMessage(
            kind=MessageKind.CANCEL,
            cancel_all=everything,
            missing=() if everything else ("order",),
        )

    def _whole(self, items: Sequence[Item], refs: Sequence[InstrumentRef]) -> bool:
        """Say whether the numbers said are those of the orders named: "cancel 5 infy" of ten may
        mean a part of them."""
        numbers = {item.value for item in items if item.has(Tag.NUM)}
        rest = [order for order in self.context.open_orders if order.instrument in refs]
        return not rest or numbers <= {value for row in rest for value in (row.quantity, row.price)}

    def _of_side(self, side: Side) -> ParsedMessage:
        orders = self.context.open_orders
        matching = tuple(order.order_id for order in orders if order.side is side)
        return ParsedMessage(
            kind=MessageKind.CANCEL,
            side=side,
            order_ids=matching,
            missing=() if matching else ("order",),
        )

    def _order_ids(self, items: Sequence[Item]) -> tuple[str, ...]:
        """Return the order numbers said, or those just told of where a message names nothing."""
        known = {order.order_id for order in self.context.open_orders}
        spoken = [item for item in items if not item.has(Tag.COMMA)]
        named = has(items, Tag.SYMBOL)
        found = []
        for at, item in enumerate(spoken):
            counted = has(spoken[at + 1 : at + 2], Tag.UNIT, Tag.LOT)
            follows = at > 0 and spoken[at - 1].has(Tag.ORDER) and not (named or counted)
            long = item.has(Tag.NUM) and item.folded.isdigit() and len(item.folded) >= SHORTEST_ID
            if item.folded in known or long or (item.has(Tag.NUM) and follows):
                found.append(item.text)
        everything = has(items, Tag.ALL, Tag.SYMBOL, Tag.ALERT)
        return tuple(found) or (() if everything else self.context.told_orders)

    def _without_ids(self, items: Sequence[Item]) -> list[Item]:
        ids = self._order_ids(items)
        return [item for item in items if item.text not in ids]


def _without_afterthought(items: Sequence[Item]) -> Sequence[Item]:
    """Leave out why what is named goes: "cancel my tcs sell, i don't want to sell any more"."""
    first, *rest = cut_clauses(items) or [()]
    named = has(first, Tag.CANCEL) and has(first, Tag.SYMBOL)
    return first if named and rest and all(map(_is_a_reason, rest)) and not asks(items) else items


def _is_a_reason(clause: Sequence[Item]) -> bool:
    refused = has(clause, Tag.NEGATION) and has(clause, *VERBS)
    if has(clause, *NO_REASON, *AMOUNTS):
        return False
    return clause[0].has(Tag.BECAUSE) or refused


def _refuses(items: Sequence[Item]) -> bool:
    return any(item.folded in REFUSING for item in items)


def _orders_too(items: Sequence[Item]) -> bool:
    """Say whether a clause of a cancel is an order of its own: "... and buy 10 tcs"."""
    spoken = [item for item in items if not item.has(Tag.FILLER) or item.has(*VERBS)]
    for at, item in enumerate(spoken):
        begins = at == 0 or spoken[at - 1].has(Tag.COMMA, Tag.AND, Tag.BREAK)
        follows = has(spoken[at + 1 : at + 2], Tag.NUM, Tag.SYMBOL, Tag.ALL)
        ordered = has(spoken[at + 1 : at + 4], Tag.ORDER, Tag.PENDING, Tag.ALERT)
        if begins and item.has(*VERBS) and follows and not ordered:
            return True
    return False


def _says(items: Sequence[Item], word: str) -> bool:
    return any(item.folded.split()[0] == word for item in items if item.folded.strip())


def _sides_named(items: Sequence[Item]) -> set[Side]:
    """Return the sides of phrases such as "buy order"."""
    orders = [item for item in items if item.folded in ORDERS_OF_A_SIDE]
    return {side for word, side in SIDE_WORDS if _says(orders, word)}


def _sides_of_orders(items: Sequence[Item]) -> bool:
    """Say whether the last side said is of orders: "buy and sell orders"."""
    last = max((at for at, item in enumerate(items) if item.has(Tag.BUY, Tag.SELL)), default=0)
    return any(
        item.has(Tag.ORDER, Tag.PENDING) or item.folded in ORDERS_OF_A_SIDE
        for item in items[last : last + 2]
    )


def _is_plural(items: Sequence[Item]) -> bool:
    """Say whether "cancel my open orders" means all of them; "my order" means one."""
    return any(
        item.has(Tag.ORDER, Tag.PENDING) and item.folded.endswith("orders") for item in items
    )


def changes_in(items: Sequence[Item], order: OpenOrder | None) -> Changes:
    """Return what words change; a number without a noun is what it is near to in the order."""
    values: dict[str, object] = {}
    spoken = _without_old([item for item in items if not item.has(Tag.COMMA, Tag.SYMBOL)])
    for at, item in enumerate(spoken):
        if item.has(*AMOUNTS) and item.value is not None:
            name = _noun(spoken, at) or _nearest(item.value, order)
            if name is not None and name not in values:
                values[name] = _changed(spoken, at, name, item.value, order)
        elif item.has(Tag.DOUBLE, Tag.FRAC) and order is not None and order.quantity:
            factor = item.value or Decimal(item.meanings.get(Tag.DOUBLE, "0")) + 1
            values["quantity"] = order.quantity * factor
    if has(spoken, Tag.MARKET):
        values["order_type"] = OrderType.MARKET
    if has(spoken, Tag.SLM_ORDER):
        values["order_type"] = OrderType.SL_M
    said = [item for item in spoken if item.has(Tag.PRODUCT)]
    if said:
        values["product"] = Product(said[0].meanings[Tag.PRODUCT])
    said = [item for item in spoken if item.has(Tag.VALIDITY)]
    if said:
        values["validity"] = SaidValidity(said[0].meanings[Tag.VALIDITY])
    values = {name: value for name, value in values.items() if value is not None}
    return Changes.model_validate(values)


def _without_old(items: Sequence[Item]) -> list[Item]:
    """Take out the old value of "from 200 to 150"."""
    for at, item in enumerate(items):
        old, rest = items[at + 1 : at + 2], items[at + 2 :]
        to = next((place for place, each in enumerate(rest) if each.has(Tag.TO)), None)
        if item.folded == FROM and has(old, *AMOUNTS) and to is not None:
            return [*items[:at], *rest]
    return list(items)


def _noun(items: Sequence[Item], at: int) -> str | None:
    after = items[at + 1] if at + 1 < len(items) else None
    if after is not None and after.has(Tag.UNIT, Tag.LOT):
        return "quantity"
    for item in reversed(items[:at]):
        if item.has(*AMOUNTS):
            break
        for name, tags in NOUNS:
            if item.has(*tags):
                return name
    if after is not None and after.has(Tag.LIMIT):
        return "limit_price"
    return None


def _nearest(value: Decimal, order: OpenOrder | None) -> str | None:
    """Say whether a bare number is near the order's price; else it may be its quantity."""
    if order is None:
        return None
    price = order.price
    if price is not None and abs(value - price) <= NEAR * price:
        return "trigger_price" if order.waits_for_trigger else "limit_price"
    return "quantity" if order.quantity is not None and value == int(value) else None


def _changed(
    items: Sequence[Item], at: int, name: str, value: Decimal, order: OpenOrder | None
) -> Decimal | None:
    """Return a new value; "by 10" is added to, or taken from, the old one."""
    if not at or not items[at - 1].has(Tag.BY):
        return value
    old = None if order is None else order.quantity if name == "quantity" else order.price
    if old is None:
        return None
    less = any(LESSENING & {*item.folded.split()} for item in items)
    return old - value if less else old + value
