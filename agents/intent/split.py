"""Where one order of a message ends and the next begins, and which words all of them share."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import VERBS, Tag

ALL_VERBS: Final = (*VERBS, Tag.PLACE, Tag.LONG, Tag.SHORT)
SIZES: Final = (Tag.NUM, Tag.FRAC, Tag.PCT, Tag.ALL, Tag.SCALED, Tag.MONEY)
SEPARATORS: Final = (Tag.COMMA, Tag.AND)
# Settings that hold for every order of a list, said once before or after it.
SHARED: Final = (Tag.MARKET, Tag.PRODUCT, Tag.VALIDITY, Tag.EXCHANGE, Tag.EACH)
# What may stand before the first of several orders and hold for all: "1 lot each: sell ...".
COMMON: Final = (Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.LOT, Tag.EACH, *SHARED)
# Words that change how a number after them is read: such a number is no size.
PRICED: Final = (
    Tag.AT, Tag.STOP, Tag.TARGET, Tag.LIMIT, Tag.TRIGGER, Tag.CAP, Tag.TRAIL, Tag.RISK, Tag.KEEP,
    Tag.DOWN_TO, Tag.TO, Tag.SLIPPAGE, Tag.ABOVE, Tag.BELOW,
)  # fmt: skip


BOTH: Final = frozenset({"both", "dono"})


def segments(items: Sequence[Item]) -> list[list[Item]]:
    """Cut before each verb when the message begins with one, after each when it ends with one.

    In any other order it is not cut, and two verbs will contradict each other.
    """
    verbs = [at for at, item in enumerate(items) if item.has(*VERBS)]
    if len(verbs) < 2:
        return [list(items)]
    lead = list(items[: verbs[0]])
    if any(item.has(Tag.EACH) for item in lead) and all(item.has(*QUIET, *COMMON) for item in lead):
        cuts = [*verbs, len(items)]
        return [[*lead, *items[start:end]] for start, end in pairwise(cuts)]
    if all(item.has(*QUIET, Tag.PLACE) for item in lead):
        cuts = [0, *verbs[1:], len(items)]
    elif all(item.has(*QUIET, Tag.PLACE) for item in items[verbs[-1] + 1 :]):
        cuts = [0, *(at + 1 for at in verbs[:-1]), len(items)]
    else:
        cuts = _by_separators(items, verbs)
    return _with_common_size([list(items[start:end]) for start, end in pairwise(cuts)])


def _with_common_size(parts: list[list[Item]]) -> list[list[Item]]:
    """Give "1 lot each" at the end to every order that has no size of its own."""
    last = parts[-1]
    each = next((at for at, item in enumerate(last) if item.has(Tag.EACH)), None)
    if each is None or len(parts) < 2 or any(item.has(Tag.NUM) for item in parts[0]):
        return parts
    start = each
    while start and last[start - 1].has(Tag.NUM, Tag.LOT, Tag.UNIT, Tag.SCALED, Tag.MONEY):
        start -= 1
    return [*([*part, *last[start : each + 1]] for part in parts[:-1]), last]


def _by_separators(items: Sequence[Item], verbs: Sequence[int]) -> list[int]:
    """Cut at the one comma or "and" between each two verbs; no cut where there are several."""
    cuts = [0]
    for first, second in pairwise(verbs):
        between = [at for at in range(first, second) if items[at].has(*SEPARATORS)]
        if len(between) != 1:
            return [0, len(items)]
        cuts.append(between[0])
    return [*cuts, len(items)]


def pairs(items: Sequence[Item]) -> list[list[Item]]:
    """Cut "buy infy 10, tcs 5 at market" into one list for each name with its size.

    The words before the list, and settings said once, belong to each.
    """
    names = [item for item in items if item.has(Tag.SYMBOL)]
    verbs = [item for item in items if item.has(*ALL_VERBS)]
    unlike = len(verbs) > 1 and len(names) > 1 and _by_groups(items)
    alone = [item for item in items if item.folded not in BOTH]
    both = len(alone) < len(items) and len(names) > 1 and _by_groups(alone)
    if both:
        # "15 infy and 15 tcs, buy both": each name has a size of its own.
        return both
    if any(item.has(Tag.EACH) for item in items) and not unlike:
        return [_without_repeats(items)]
    if len(names) < 2:
        return [list(items)]
    return _by_groups(items) or _by_neighbours(items) or [list(items)]


def _without_repeats(items: Sequence[Item]) -> list[Item]:
    """Read "50 50 each" and "50-50 each" as fifty of each."""
    kept: list[Item] = []
    for item in items:
        before = kept[-1] if kept else None
        if before is not None and before.folded == "-" and len(kept) > 1 and item.has(Tag.NUM):
            before = kept[-2]
            if before.has(Tag.NUM) and before.value == item.value:
                kept.pop()
        if not (
            before and item.has(Tag.NUM) and before.has(Tag.NUM) and item.value == before.value
        ):
            kept.append(item)
    return kept


def _by_groups(items: Sequence[Item]) -> list[list[Item]] | None:
    """Cut at commas and "and" where every piece then has one name and its own size."""
    groups: list[list[Item]] = [[]]
    for item in items:
        if item.has(*SEPARATORS):
            groups.append([])
        else:
            groups[-1].append(item)
    joined = _joined(groups)
    if len(joined) < 2 or not all(_is_order(group) for group in joined):
        return None
    verbs = [item for group in joined for item in group if item.has(*ALL_VERBS)]
    shared = [item for group in (joined[0], joined[-1]) for item in group if item.has(*SHARED)]
    return [_with_shared(group, verbs, shared) for group in joined]


def _joined(groups: Sequence[list[Item]]) -> list[list[Item]]:
    """Put a piece without a name to the piece before it, or to the next at the beginning."""
    joined: list[list[Item]] = []
    for group in groups:
        named = any(item.has(Tag.SYMBOL) for item in group)
        alone = joined and not any(item.has(Tag.SYMBOL) for item in joined[-1])
        if joined and (not named or alone):
            joined[-1] = [*joined[-1], *group]
        elif group:
            joined.append(group)
    return joined


def _is_order(group: Sequence[Item]) -> bool:
    return sum(item.has(Tag.SYMBOL) for item in group) == 1 and bool(_sizes(group))


def _sizes(group: Sequence[Item]) -> list[Item]:
    spoken = [item for item in group if not item.has(Tag.FILLER)]
    return [
        item
        for at, item in enumerate(spoken)
        if item.has(*SIZES) and not (at and spoken[at - 1].has(*PRICED))
    ]


def _with_shared(
    group: Sequence[Item], verbs: Sequence[Item], shared: Sequence[Item]
) -> list[Item]:
    """Add verb and settings that a piece does not say itself."""
    has_verb = any(item.has(*ALL_VERBS) for item in group)
    priced = any(item.has(Tag.AT, Tag.LIMIT, Tag.MARKET, Tag.CAP) for item in group)
    own = {tag for item in group for tag in SHARED if item.has(tag)}
    added = [] if has_verb else list(verbs)
    added += [
        item
        for item in shared
        if not any(item.has(tag) for tag in own) and not (item.has(Tag.MARKET) and priced)
    ]
    every = [*group, *(item for item in added if item not in group)]
    return sorted(every, key=lambda item: item.start)


def _by_neighbours(items: Sequence[Item]) -> list[list[Item]] | None:
    """Cut "infy 10 tcs 5" at each pair of a name and a number."""
    spoken = [item for item in items if not item.has(Tag.FILLER, Tag.COMMA, Tag.AND, Tag.UNIT)]
    found = _neighbours(spoken)
    if len(found) < 2 or len(found) != sum(item.has(Tag.SYMBOL) for item in spoken):
        return None
    inside = [item for pair in found for item in pair]
    around = [item for item in items if item not in inside and not item.has(*SEPARATORS)]
    return [sorted((*around, *pair), key=lambda item: item.start) for pair in found]


def _neighbours(items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Return neighbours of name and number, all in the order the first of them has."""
    found: list[tuple[Item, Item]] = []
    at = 0
    while at + 1 < len(items):
        first, second = items[at], items[at + 1]
        shape = (first.has(Tag.SYMBOL), second.has(Tag.SYMBOL))
        is_pair = shape in {(True, False), (False, True)} and (
            first.has(Tag.NUM) or second.has(Tag.NUM)
        )
        if is_pair and (not found or found[0][0].has(Tag.SYMBOL) == shape[0]):
            found.append((first, second))
            at += 2
        else:
            at += 1
    return found
