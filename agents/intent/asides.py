"""What stands beside a watch and is no part of it: what it is for, what a person will do then."""

from collections.abc import Sequence
from typing import Final

from agents.intent.conditions import COMPARING
from agents.intent.moods import has
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag
from agents.intent.vocabulary.telling import ADDRESSING, OF_THEN, ONESELF, PERSONS, PURPOSES

SIDES: Final = (Tag.BUY, Tag.SELL, Tag.EXIT, Tag.LONG, Tag.SHORT)
# With one of these what follows may be a part of the watch.
OF_A_WATCH: Final = (Tag.MONITOR, Tag.IF, Tag.EVERY, Tag.CANCEL, Tag.PROPOSE, *COMPARING)
PARTING: Final = frozenset({",", ".", ";", "-"})
# How far behind "so that" its person stands: "so that then i can sell".
NEAR: Final = 2


def without_aside(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the watch without what may be done then: "ping me at 1400, i may buy more"."""
    for at, item in enumerate(items):
        watch, rest = items[:at], items[at + 1 :]
        if not has(watch, Tag.MONITOR) or has(watch, *SIDES):
            continue
        parted = item.has(Tag.BREAK, Tag.AND) or item.folded in PARTING
        if parted and has(rest, Tag.HEDGE):
            return watch
        if has(rest, *OF_A_WATCH) or _words(rest) & ADDRESSING:
            continue
        own = _words(rest) & ONESELF or _is_of_then(rest)
        if (parted and own) or _is_purpose(item, rest):
            return watch
    return items


def _is_purpose(item: Item, rest: Sequence[Item]) -> bool:
    """Say whether a person tells why: "so that i can sell", "taaki main bech saku"."""
    tells_why = item.has(Tag.BECAUSE) or item.folded in PURPOSES
    return tells_why and bool(_words(rest[:NEAR]) & PERSONS)


def _is_of_then(rest: Sequence[Item]) -> bool:
    """Say whether a person tells what they want to do then: "i want to buy some then"."""
    first, wants = rest[:NEAR], rest[1:]
    return bool(_words(first) & PERSONS and _words(wants) & OF_THEN)


def _words(items: Sequence[Item]) -> frozenset[str]:
    return frozenset(word for item in items for word in item.folded.split())
