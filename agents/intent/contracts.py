"""Stage 3: the words of a future or an option become one name of one contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from agents.intent.expiries import ContractMeant, ExpirySaid, TradingDays, contract_ref
from agents.intent.model import ParseContext
from agents.intent.tag import Item
from agents.intent.vocabulary.contracts import COMMODITIES, INDEX_UNDERLYINGS
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.derivatives import Derivative, parse_tradingsymbol
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef
from tools.ports import InstrumentDirectory

# In the meanings of a name: all of its instruments are meant together.
ALL_OF_THEM: Final = "all"
ANCHORS: Final = (Tag.CALL, Tag.PUT, Tag.FUTURE, Tag.STRATEGY)
EXPIRY_TAGS: Final = (Tag.EXPIRY, Tag.MONTH)
# Words that may stand within the name of a contract.
BETWEEN_WORDS: Final = (
    Tag.FILLER, Tag.OF, Tag.COMMA, Tag.EXPIRY_WORD, Tag.EXPIRY, Tag.MONTH, Tag.NUM, Tag.MY, Tag.IN,
    Tag.SYMBOL, Tag.LOT, Tag.UNIT, Tag.EACH,
)  # fmt: skip
KINDS: Final = {
    Tag.CALL: InstrumentKind.CALL,
    Tag.PUT: InstrumentKind.PUT,
    Tag.FUTURE: InstrumentKind.FUTURE,
}
DERIVATIVE_EXCHANGES: Final = (Exchange.NFO, Exchange.BFO, Exchange.MCX)
_GLUED: Final = re.compile(r"([a-z&\-]+?)(\d{2,6})(ce|pe)")
LAST_DAY: Final = 31
# Strikes of one message lie no further apart than by this factor.
FARTHEST: Final = 2
LONGEST_COMMODITY: Final = 3


@dataclass(frozen=True, slots=True)
class Contracts:
    """Finds contracts among items, by the calendar or by what is held."""

    message: str
    directory: InstrumentDirectory
    context: ParseContext
    trades_on: TradingDays

    def named(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return the items with each contract as one name; what names none stays as it was."""
        prepared = [each for item in self._commodities(items) for each in self._whole(item)]
        prepared = _named_leg_by_leg(prepared)
        anchors = [at for at, item in enumerate(prepared) if self._is_anchor(prepared, at)]
        made, used, parts = self._made(prepared, anchors, ExpirySaid())
        once = _said_once(parts)
        if once is not None:
            shared, used, _ = self._made(prepared, anchors, once)
            made = shared if len({item.refs for item in shared.values()}) == len(shared) else made
        kept = [made.get(at) or (None if at in used else item) for at, item in enumerate(prepared)]
        named = any(item.refs for item in made.values())
        return tuple(
            item
            for item in kept
            # "bull call spread" only describes contracts that are named one by one.
            if item is not None and not (named and set(item.meanings) == {Tag.OPTION})
        )

    def _made(
        self, prepared: Sequence[Item], anchors: Sequence[int], shared: ExpirySaid
    ) -> tuple[dict[int, Item], set[int], list["Parts"]]:
        """Return the contracts at their places, the places used, and their parts.

        `shared` is the expiry of each contract that names none.
        """
        used: set[int] = set()
        made: dict[int, Item] = {}
        every: list[Parts] = []
        before = _Before()
        for place, anchor in enumerate(anchors):
            start = anchors[place - 1] + 1 if place else 0
            end = anchors[place + 1] if place + 1 < len(anchors) else len(prepared)
            parts = self._parts(prepared, anchor, start, end, used)
            if parts.expiry.is_nothing:
                later = _later_expiry(prepared, anchors[place:])
                parts = replace(parts, expiry=shared if later.is_nothing else later)
            every.append(parts)
            merged = self._merged(prepared, parts, before)
            if merged is not None:
                used |= parts.places
                made[_place(prepared, parts)] = merged
        return made, used, every

    def _commodities(self, items: Sequence[Item]) -> list[Item]:
        """Join the words for goods, which count only beside the words of a contract."""
        found: list[Item] = []
        at = 0
        while at < len(items):
            count = next(
                (n for n in range(LONGEST_COMMODITY, 0, -1) if self._goods(items[at : at + n], n)),
                0,
            )
            if count:
                last = items[at + count - 1]
                text = self.message[items[at].start : last.end]
                meanings = {**items[at].meanings, Tag.SYMBOL: COMMODITIES[text.casefold()]}
                found.append(replace(items[at], meanings=meanings, end=last.end, text=text))
            found += [] if count else [items[at]]
            at += max(count, 1)
        has_contract = any(item.has(*ANCHORS) for item in items)
        return found if has_contract else list(items)

    def _goods(self, items: Sequence[Item], count: int) -> bool:
        if len(items) < count or any(item.has(Tag.SYMBOL) for item in items):
            return False
        return self.message[items[0].start : items[-1].end].casefold() in COMMODITIES

    def _whole(self, item: Item) -> list[Item]:
        """Return a contract's full or glued name as a name, and a future's alias as its words."""
        if item.has(Tag.UNKNOWN):
            return self._written(item)
        rows = [self.directory.get(ref) for ref in item.refs]
        is_future = rows and all(row and row.kind is InstrumentKind.FUTURE for row in rows)
        if is_future and all(item.folded != ref.tradingsymbol.casefold() for ref in item.refs):
            return [replace(item, meanings={Tag.SYMBOL: "future", Tag.FUTURE: ""})]
        return [item]

    def _written(self, item: Item) -> list[Item]:
        upper = item.text.upper()
        glued = _GLUED.fullmatch(item.folded)
        if glued is not None:
            names = self.directory.names().get(glued[1])
            if names:
                tag = Tag.CALL if glued[3] == "ce" else Tag.PUT
                strike = replace(item, meanings={Tag.NUM: ""}, value=Decimal(glued[2]))
                return [
                    replace(item, meanings={Tag.SYMBOL: ""}, refs=names),
                    strike,
                    replace(item, meanings={tag: ""}),
                ]
        for exchange in DERIVATIVE_EXCHANGES if upper.isascii() and len(upper) > 8 else ():
            try:
                ref = InstrumentRef(exchange=exchange, tradingsymbol=upper)
            except ValueError:
                return [item]
            read = parse_tradingsymbol(ref)
            if read is not None and self._lists(exchange, read.underlying):
                return [replace(item, meanings={Tag.SYMBOL: ""}, refs=(ref,))]
        return [item]

    def _lists(self, exchange: Exchange, underlying: str) -> bool:
        """Say whether contracts on an underlying may be listed on an exchange."""
        if (exchange, underlying) in INDEX_UNDERLYINGS.values():
            return True
        if exchange is Exchange.MCX:
            return underlying in COMMODITIES.values()
        equity = InstrumentRef(exchange=Exchange.NSE, tradingsymbol=underlying)
        return exchange is Exchange.NFO and self.directory.get(equity) is not None

    def _is_anchor(self, items: Sequence[Item], at: int) -> bool:
        item = items[at]
        if item.has(*ANCHORS) and not item.has(Tag.BUY):
            return True
        if not item.has(Tag.PE) or not at or not items[at - 1].has(Tag.NUM):
            return False
        if _is_far_from_a_strike(items, at) or _prices_a_future(items, at):
            return False
        named = [each for each in items[:at] if each.has(Tag.SYMBOL)]
        is_index = bool(named) and self._is_index(named[-1])
        return is_index or item.text.isupper() or any(each.has(Tag.LOT) for each in items)

    def _is_index(self, item: Item) -> bool:
        rows = [self.directory.get(ref) for ref in item.refs]
        return any(row is not None and row.kind is InstrumentKind.INDEX for row in rows)

    def _parts(
        self, items: Sequence[Item], anchor: int, start: int, end: int, used: set[int]
    ) -> "Parts":
        """Gather the words around one anchor that may belong to its contract."""
        free = [at for at in range(start, end) if at not in used]
        names = [at for at in free if items[at].has(Tag.SYMBOL)]
        earlier = [at for at in names if at <= anchor]
        name = earlier[-1] if earlier else next(iter(names), None)
        if name is not None and _is_apart(items, name, anchor):
            name = None
        # What stands behind the next name is of the next contract: "nifty fut, nifty april fut".
        behind = max(anchor, anchor if name is None else name)
        own = min((at for at in names if at > behind), default=end)
        dates, expiry = _expiry_in(items, [at for at in free if at < own])
        strikes = _strikes(items, anchor, free, dates)
        places = {anchor, *dates, *strikes, *([] if name is None else [name])}
        places |= {at for at in free if items[at].has(Tag.EXPIRY_WORD)}
        return Parts(anchor, name, strikes, expiry, frozenset(places))

    def _merged(self, items: Sequence[Item], parts: "Parts", before: "_Before") -> Item | None:
        anchor = items[parts.anchor]
        named = None if parts.name is None else items[parts.name]
        under = self._underlying(named) if named is not None else before.underlying
        expiry = before.expiry if parts.expiry.is_nothing and named is None else parts.expiry
        strikes = [items[at].value or Decimal(0) for at in parts.strikes]
        refs = self._held(items, anchor, under, strikes)
        if not refs and under is not None:
            refs = self._by_calendar(anchor, under, strikes, expiry)
        if not refs and named is None and not strikes:
            return None
        before.underlying, before.expiry = under, expiry
        pieces = sorted(parts.places)
        first, last = items[pieces[0]], items[pieces[-1]]
        meanings = {Tag.SYMBOL: ALL_OF_THEM} if refs else {Tag.OPTION: ""}
        text = self.message[first.start : max(items[at].end for at in pieces)]
        return Item(
            meanings, first.start, max(last.end, first.start + len(text)), text, text.casefold(),
            refs=refs,
        )  # fmt: skip

    def _underlying(self, item: Item) -> tuple[Exchange, str] | None:
        commodity = item.meanings.get(Tag.SYMBOL, "")
        if not item.refs:
            return (Exchange.MCX, commodity) if commodity else None
        for ref in item.refs:
            if ref.tradingsymbol in INDEX_UNDERLYINGS:
                return INDEX_UNDERLYINGS[ref.tradingsymbol]
            derivative = parse_tradingsymbol(ref)
            if derivative is not None:
                return derivative.exchange, derivative.underlying
        home = [ref for ref in item.refs if ref.exchange in {Exchange.NSE, Exchange.BSE}]
        return (Exchange.NFO, home[0].tradingsymbol) if len(home) == 1 else None

    def _held(
        self,
        items: Sequence[Item],
        anchor: Item,
        under: tuple[Exchange, str] | None,
        strikes: Sequence[Decimal],
    ) -> tuple[InstrumentRef, ...]:
        """Return the held contracts that an exit, or "my", speaks of."""
        if not any(item.has(Tag.EXIT, Tag.MY) for item in items):
            return ()
        kinds = {kind for tag, kind in KINDS.items() if anchor.has(tag)}
        kinds |= {InstrumentKind.PUT} if anchor.has(Tag.PE) and not kinds else set()
        found = []
        for row in self.context.positions:
            held = parse_tradingsymbol(row.instrument) if row.quantity else None
            if held is not None and _is_meant(held, under, kinds, strikes):
                found.append(row.instrument)
        return tuple(found)

    def _by_calendar(
        self,
        anchor: Item,
        under: tuple[Exchange, str],
        strikes: Sequence[Decimal],
        expiry: ExpirySaid,
    ) -> tuple[InstrumentRef, ...]:
        wanted = _legs(anchor, sorted(strikes))
        refs = [
            contract_ref(
                ContractMeant(under[0], under[1], kind, strike),
                expiry,
                now=self.context.now,
                trades_on=self.trades_on,
            )
            for kind, strike in wanted
        ]
        return tuple(ref for ref in refs if ref) if refs and all(refs) else ()


def _is_apart(items: Sequence[Item], name: int, anchor: int) -> bool:
    """Say whether a name is no part of a contract: a quotation or, before it, a verb parts them."""
    between = items[min(name, anchor) : max(name, anchor)]
    verbs = name > anchor and any(item.has(Tag.BUY, Tag.SELL, Tag.EXIT) for item in between)
    return verbs or any(item.has(Tag.QUOTE) for item in between)


def _named_leg_by_leg(items: Sequence[Item]) -> list[Item]:
    """Let "strangle" only describe the contracts that are then named: "24000 pe and 25000 ce"."""
    legs = [at for at in range(1, len(items)) if _is_leg(items, at)]
    if len(legs) < 2:
        return list(items)
    return [
        replace(item, meanings={Tag.OPTION: ""}) if item.has(Tag.STRATEGY) else item
        for item in items
    ]


def _is_leg(items: Sequence[Item], at: int) -> bool:
    return items[at].has(Tag.CALL, Tag.PUT, Tag.PE) and items[at - 1].has(Tag.NUM)


def _is_far_from_a_strike(items: Sequence[Item], at: int) -> bool:
    """Say whether the number before "pe" is a price: strikes beside each other are alike."""
    value = items[at - 1].value or Decimal(0)
    strikes = [
        items[leg - 1].value or Decimal(0) for leg in range(1, at - 1) if _is_leg(items, leg)
    ]
    return any(not strike / FARTHEST <= value <= strike * FARTHEST for strike in strikes)


def _prices_a_future(items: Sequence[Item], at: int) -> bool:
    """Say whether "24650 pe" is the price of the one order of a future before it."""
    future = max((place for place in range(at) if items[place].has(Tag.FUTURE)), default=None)
    verbs = [item for item in items if item.has(Tag.BUY, Tag.SELL, Tag.EXIT)]
    if future is None or len(verbs) > 1:
        return False
    return not any(item.has(Tag.COMMA, Tag.AND, Tag.SYMBOL) for item in items[future + 1 : at])


def _later_expiry(items: Sequence[Item], anchors: Sequence[int]) -> ExpirySaid:
    """Return the expiry said with a later contract that names nothing else of its own."""
    for place, anchor in enumerate(anchors[1:], 1):
        end = anchors[place + 1] if place + 1 < len(anchors) else len(items)
        if any(items[at].has(Tag.SYMBOL) for at in range(anchors[place - 1] + 1, end)):
            break
        said = _expiry_in(items, range(anchor + 1, end))[1]
        if not said.is_nothing:
            return said
    return ExpirySaid()


def _said_once(parts: Sequence["Parts"]) -> ExpirySaid | None:
    """Return the one expiry of several contracts of which some name none."""
    said = {each.expiry for each in parts if not each.expiry.is_nothing}
    return said.pop() if len(said) == 1 and any(each.expiry.is_nothing for each in parts) else None


def _place(items: Sequence[Item], parts: "Parts") -> int:
    """Return where a contract stands: at its name, or after the verb that follows the name."""
    between = items[parts.first : parts.anchor]
    verbs = any(item.has(Tag.BUY, Tag.SELL, Tag.EXIT) for item in between)
    return parts.anchor if verbs else parts.first


@dataclass(frozen=True, slots=True)
class Parts:
    """Places of the words that make one contract."""

    anchor: int
    name: int | None
    strikes: tuple[int, ...]
    expiry: ExpirySaid
    places: frozenset[int]

    @property
    def first(self) -> int:
        return self.anchor if self.name is None else self.name


@dataclass
class _Before:
    """What the contract before named, for "24800 ce and 24200 pe"."""

    underlying: tuple[Exchange, str] | None = None
    expiry: ExpirySaid = field(default_factory=ExpirySaid)


def _legs(anchor: Item, strikes: Sequence[Decimal]) -> list[tuple[InstrumentKind, Decimal | None]]:
    """Return kind and strike of each contract that the words are for."""
    call, put = InstrumentKind.CALL, InstrumentKind.PUT
    strategy = anchor.meanings.get(Tag.STRATEGY)
    if anchor.has(Tag.FUTURE):
        return [(InstrumentKind.FUTURE, None)]
    if strategy == "straddle":
        return [(call, strikes[0]), (put, strikes[0])] if len(strikes) == 1 else []
    if strategy == "strangle":
        return [(put, strikes[0]), (call, strikes[1])] if len(strikes) == 2 else []
    kind = call if anchor.has(Tag.CALL) else put
    return [(kind, strikes[0])] if len(strikes) == 1 else []


def _is_meant(
    held: Derivative,
    under: tuple[Exchange, str] | None,
    kinds: set[InstrumentKind],
    strikes: Sequence[Decimal],
) -> bool:
    if under is not None and (held.exchange, held.underlying) != under:
        return False
    if under is None and not strikes and not kinds:
        return False
    return (not kinds or held.kind in kinds) and (not strikes or held.strike in strikes)


def _expiry_in(items: Sequence[Item], free: Sequence[int]) -> tuple[tuple[int, ...], ExpirySaid]:
    """Return the places of the words for an expiry, and what they say."""
    for at in free:
        item = items[at]
        if item.has(Tag.MONTH):
            month = int(item.meanings[Tag.MONTH])
            around = [near for near in _beside(items, at) if near in free]
            day = next((near for near in around if _is_day(items, near)), None)
            if day is None:
                return (at,), ExpirySaid(month=month)
            return (day, at), ExpirySaid(month=month, day=int(items[day].value or 0))
    words = [at for at in free if items[at].has(Tag.EXPIRY)]
    if not words:
        return (), ExpirySaid()
    return (words[0],), ExpirySaid(word=items[words[0]].meanings[Tag.EXPIRY])


def _beside(items: Sequence[Item], at: int) -> list[int]:
    """Return the neighbours that may be the day of a month: before it, then after it."""
    before = at - 1
    while before > 0 and items[before].has(Tag.FILLER, Tag.OF) and not items[before].has(Tag.NUM):
        before -= 1
    return [place for place in (before, at + 1) if 0 <= place < len(items)]


def _is_day(items: Sequence[Item], at: int) -> bool:
    item = items[at]
    value = item.value
    if not item.has(Tag.NUM) or value is None or not 1 <= value <= LAST_DAY:
        return False
    after = items[at + 1] if at + 1 < len(items) else None
    return after is None or not after.has(Tag.LOT, Tag.UNIT)


def _strikes(
    items: Sequence[Item], anchor: int, free: Sequence[int], dates: Sequence[int]
) -> tuple[int, ...]:
    """Return the numbers just before the anchor's word, or two of them for a strangle."""
    if items[anchor].has(Tag.FUTURE):
        return ()
    wanted = 2 if items[anchor].meanings.get(Tag.STRATEGY) == "strangle" else 1
    found: list[int] = []
    for at in range(anchor - 1, -1, -1):
        if at in dates:
            continue
        if at not in free or not items[at].has(*BETWEEN_WORDS, Tag.AND):
            break
        if _is_strike(items, at):
            found.append(at)
        if len(found) == wanted:
            break
    if items[anchor].has(Tag.STRATEGY):
        found += _strikes_after(items, anchor, free, wanted - len(found))
    return tuple(found)


def _strikes_after(
    items: Sequence[Item], anchor: int, free: Sequence[int], wanted: int
) -> list[int]:
    """Return the numbers just after the name of a strategy: "strangle 24000 25000"."""
    found: list[int] = []
    for at in range(anchor + 1, len(items)):
        if len(found) == wanted or at not in free or not items[at].has(*BETWEEN_WORDS, Tag.AND):
            break
        if _is_strike(items, at):
            found.append(at)
    return found


def _is_strike(items: Sequence[Item], at: int) -> bool:
    item = items[at]
    after = items[at + 1] if at + 1 < len(items) else None
    counted = after is not None and after.has(Tag.LOT, Tag.UNIT, Tag.EACH)
    return item.has(Tag.NUM) and bool(item.value) and not counted
