"""Where one order of a message ends and the next begins."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import Tag

VERBS: Final = (Tag.BUY, Tag.SELL, Tag.EXIT)


def segments(items: Sequence[Item]) -> list[list[Item]]:
    """Cut before each verb when the message begins with one, after each when it ends with one.

    In any other order it is not cut, and two verbs will contradict each other.
    """
    verbs = [at for at, item in enumerate(items) if item.has(*VERBS)]
    if len(verbs) < 2:
        return [list(items)]
    if all(item.has(*QUIET, Tag.PLACE) for item in items[: verbs[0]]):
        cuts = [0, *verbs[1:], len(items)]
    elif all(item.has(*QUIET, Tag.PLACE) for item in items[verbs[-1] + 1 :]):
        cuts = [0, *(at + 1 for at in verbs[:-1]), len(items)]
    else:
        return [list(items)]
    return [list(items[start:end]) for start, end in pairwise(cuts)]


def pairs(items: Sequence[Item]) -> list[list[Item]]:
    """Cut "buy infy 10, tcs 5 at market" into one list for each pair of a name and a number.

    Pairs are adjacent and separated by a comma or "and"; the words around them belong to each.
    """
    spoken = [item for item in items if not item.has(Tag.FILLER, Tag.COMMA, Tag.AND, Tag.UNIT)]
    found = _pairs(spoken)
    if len(found) < 2 or len(found) != sum(item.has(Tag.SYMBOL) for item in spoken):
        return [list(items)]
    inside = [item for pair in found for item in pair]
    around = [item for item in items if item not in inside and not item.has(Tag.COMMA, Tag.AND)]
    return [sorted((*around, *pair), key=lambda item: item.start) for pair in found]


def _pairs(items: Sequence[Item]) -> list[tuple[Item, Item]]:
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
