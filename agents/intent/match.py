"""Stage 4a: fit the pattern table to the items of a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import PATTERNS, QUIET, SILENT, Slot
from agents.intent.vocabulary.tags import AMOUNTS, GUARDS, Tag

AMOUNT_TAGS: Final = (Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PCT, Tag.FRAC, Tag.TIME)


# Words whose number usually follows, though it may stand before: "1480 limit".
OF_THE_NEXT: Final = (Tag.LIMIT, Tag.TRIGGER, Tag.RISK, Tag.KEEP, Tag.STOP, Tag.TARGET)
# Before a bare number these may say what is spent, unless something is counted.
SPENDING: Final = (Tag.FOR, Tag.IN, Tag.INTO)
COUNTING: Final = (
    Tag.SYMBOL, Tag.UNIT, Tag.LOT, Tag.OF, Tag.POINTS, Tag.ATR, Tag.MINUTES, Tag.HOURS,
    Tag.SECONDS, Tag.LIMIT, Tag.STOP, Tag.TARGET, Tag.TRIGGER, Tag.TRAIL, Tag.CALL, Tag.PUT,
)  # fmt: skip
ARTICLES: Final = frozenset({"a", "an", "this", "that", "these", "those"})
COUNTS_THE_NEXT: Final = frozenset({"qty", "quantity", "qnty"})
WORTH_OF: Final = frozenset({"ka", "का"})
OTHER_SIZES: Final = (Tag.ALL, Tag.VAGUE, Tag.RISK, Tag.KEEP, Tag.DOUBLE, Tag.INCREASE)
JOINS: Final = (Tag.AT, Tag.OF, Tag.BY, Tag.TO, Tag.ABOUT, Tag.PE, Tag.PAR)


@dataclass(frozen=True, slots=True)
class Part:
    """One class of a pattern."""

    tags: tuple[Tag, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Items that together say one slot, in the order they stand in the message."""

    slot: Slot
    items: tuple[Item, ...]
    place: int

    @property
    def amounts(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.has(*AMOUNT_TAGS))

    @property
    def value(self) -> Decimal | None:
        return self.amounts[0].value if self.amounts else None

    @property
    def start(self) -> int:
        return self.items[0].start

    @property
    def end(self) -> int:
        return self.items[-1].end


@dataclass(frozen=True, slots=True)
class Matches:
    """All that was said, and the items that fit nowhere."""

    found: tuple[Match, ...]
    left: tuple[Item, ...]
    mine: bool = False
    # Whether an unknown word stands behind an article and counts as a thing: "this pen".
    determined: bool = False

    def of(self, *slots: Slot) -> tuple[Match, ...]:
        return tuple(match for match in self.found if match.slot in slots)

    def has(self, *slots: Slot) -> bool:
        return bool(self.of(*slots))

    def without(self, *matches: Match) -> "Matches":
        """Return the rest, without what is asked about."""
        kept = tuple(match for match in self.found if match not in matches)
        return Matches(kept, self.left, self.mine, self.determined)


def _compile(pattern: str) -> tuple[Part, ...]:
    return tuple(
        Part(tuple(Tag(tag) for tag in word.rstrip("?").split("|")), word.endswith("?"))
        for word in pattern.split()
    )


Row = tuple[Slot, tuple[Part, ...]]
_COMPILED: Final[tuple[Row, ...]] = tuple((slot, _compile(pattern)) for slot, pattern in PATTERNS)


def _may_begin(parts: tuple[Part, ...]) -> frozenset[Tag]:
    """Return the tags that the first item of a pattern may have."""
    tags: set[Tag] = set()
    for part in parts:
        tags.update(part.tags)
        if not part.optional:
            break
    return frozenset(tags)


_BEGINNINGS: Final = tuple((_may_begin(parts), (slot, parts)) for slot, parts in _COMPILED)


@lru_cache(maxsize=2048)
def _rows_for(tags: frozenset[Tag]) -> tuple[Row, ...]:
    return tuple(row for begins, row in _BEGINNINGS if begins & tags)


def match(items: Sequence[Item]) -> Matches:
    """Read items from left to right, the first row of the table that fits winning each place."""
    spoken = [item for item in items if not _is_silent(item)]
    found: list[Match] = []
    left: list[Item] = []
    at = 0
    while at < len(spoken):
        fitted = _fit_any(spoken, at)
        if fitted is None:
            left += [] if spoken[at].has(*QUIET) else [spoken[at]]
            at += 1
        else:
            found.append(fitted)
            at += len(fitted.items)
    mine = any(map(_is_mine, items)) or _is_of_a_position(items)
    return Matches(tuple(found), tuple(left), mine, _is_determined(items))


def _is_determined(items: Sequence[Item]) -> bool:
    """Say whether an article stands before an unknown word, and no size: "buy a coffee"."""
    if any(item.has(*AMOUNT_TAGS, Tag.UNIT, Tag.LOT) for item in items):
        return False
    return any(
        item.folded in ARTICLES and follows.has(Tag.UNKNOWN) for item, follows in pairwise(items)
    )


def _is_mine(item: Item) -> bool:
    return item.has(Tag.MY) or (item.has(Tag.ALL) and "my" in item.folded.split())


def _is_of_a_position(items: Sequence[Item]) -> bool:
    """Say whether "infy short ka sl" speaks of a position: whatever guards one guards one's own."""
    return any(
        items[at].has(Tag.SYMBOL)
        and items[at + 1].has(Tag.LONG, Tag.SHORT)
        and items[at + 2].has(Tag.OF)
        and items[at + 3].has(*GUARDS, Tag.SL_ORDER, Tag.SLM_ORDER)
        for at in range(len(items) - 3)
    )


def _is_silent(item: Item) -> bool:
    return bool(item.meanings) and set(item.meanings) <= SILENT


def _fit_any(items: Sequence[Item], at: int) -> Match | None:
    for slot, parts in _rows_for(frozenset(items[at].meanings)):
        end = _fit(parts, items, at)
        if end is None or (slot is Slot.LIMIT_PRICE and _counts_a_name(items, at, end)):
            continue
        if slot is Slot.STOP_PRICE and _is_another_number(items, at, end):
            continue
        if slot is Slot.EITHER and items[at].has(*SPENDING) and _is_counted(items, end):
            continue
        if not _takes_the_wrong_number(items, at, end):
            if slot is Slot.NUMBER and _is_of_a_name(items, end):
                slot = Slot.EITHER
            return Match(slot, tuple(items[at:end]), at)
    return None


def _takes_the_wrong_number(items: Sequence[Item], at: int, end: int) -> bool:
    """Say whether the word after a number is of the number that follows: "10 limit 1480"."""
    last = items[end - 1]
    if last.folded in COUNTS_THE_NEXT and items[at].has(Tag.CAP):
        return end < len(items) and items[end].has(*AMOUNTS)
    if not (items[at].has(*AMOUNTS) and last.has(*OF_THE_NEXT)):
        return False
    if _is_the_only_number(items, at, end):
        return True
    if any(item.has(Tag.OF, Tag.PE, Tag.PAR) for item in items[at + 1 : end - 1]):
        # "1480 ka limit": the small word ties the two together.
        return False
    after = end
    while after < len(items) and items[after].has(*JOINS) and not items[after].has(*AMOUNTS):
        after += 1
    if after >= len(items) or not items[after].has(*AMOUNTS):
        return False
    # "1480 limit 10 shares": the number that follows is counted, so it is a size.
    follows, beyond = items[after + 1 : after + 2], items[after + 2 : after + 3]
    if last.has(Tag.TRIGGER) and follows and follows[0].has(Tag.LIMIT):
        # "1350 trigger 1346 limit": each word stands behind its number.
        return bool(beyond) and beyond[0].has(*AMOUNTS, *JOINS)
    return not (follows and follows[0].has(Tag.UNIT, Tag.LOT))


def _is_the_only_number(items: Sequence[Item], at: int, end: int) -> bool:
    """Say whether the one number of an order stands between its name and "limit": a size."""
    if end - at != 2 or not items[at + 1].has(Tag.LIMIT) or not items[at].has(Tag.NUM):
        return False
    others = [item for place, item in enumerate(items) if place != at]
    sized = any(item.has(*AMOUNT_TAGS, *OTHER_SIZES) for item in others)
    verbs = any(item.has(Tag.BUY, Tag.SELL) for item in others)
    return verbs and not sized and at > 0 and items[at - 1].has(Tag.SYMBOL)


def _is_counted(items: Sequence[Item], end: int) -> bool:
    """Say whether what follows a number is what it counts: "an order for 10 infy"."""
    return any(item.has(*COUNTING) for item in items[end : end + 1])


def _is_of_a_name(items: Sequence[Item], end: int) -> bool:
    """Say whether "5000 ka infy" follows: so much of it, though no word says it is money."""
    joins = end < len(items) and items[end].folded in WORTH_OF
    return joins and end + 1 < len(items) and items[end + 1].has(Tag.SYMBOL)


def _is_another_number(items: Sequence[Item], at: int, end: int) -> bool:
    """Say whether the number behind "sl lagao" may be none of the stop: only one alone is."""
    if end - at < 3 or not items[at + 1].has(Tag.PLACE):
        return False
    others = [item for place, item in enumerate(items) if not at <= place < end]
    return any(item.has(*AMOUNTS) for item in others) or any(
        item.has(Tag.UNIT, Tag.LOT, Tag.MINUTES, Tag.HOURS) for item in items[end : end + 1]
    )


def _counts_a_name(items: Sequence[Item], at: int, end: int) -> bool:
    """Say whether a number counts the name that follows, as in "buy around 10 infy"."""
    if not items[at].has(Tag.CAP):
        return False
    before, follows = items[max(at - 1, 0) : at], items[end : end + 1]
    verb = bool(before) and before[0].has(Tag.BUY, Tag.SELL, Tag.EXIT)
    return verb and bool(follows) and follows[0].has(Tag.SYMBOL, Tag.OF, Tag.MY)


def _fit(parts: tuple[Part, ...], items: Sequence[Item], at: int) -> int | None:
    """Return where a pattern ends when it fits; an optional part is used when it can be."""
    if not parts:
        return at
    first, rest = parts[0], parts[1:]
    if at < len(items) and items[at].has(*first.tags):
        end = _fit(rest, items, at + 1)
        if end is not None:
            return end
    return _fit(rest, items, at) if first.optional else None
