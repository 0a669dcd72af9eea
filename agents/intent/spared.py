"""What a person says to leave as it is, beside an order for something else."""

from collections.abc import Sequence
from typing import Final

from agents.intent.moods import has
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import VERBS, Tag
from agents.intent.vocabulary.telling import SPARED, SPARING

BETWEEN: Final = (Tag.AND, Tag.FILLER, Tag.MY)
JOINING: Final = (Tag.AND, Tag.COMMA, Tag.BREAK)


def without_spared(items: Sequence[Item]) -> tuple[Item, ...]:
    """Take out "leave tata steel alone" where an order names something else.

    Beside "everything" the spared is an exception from it, and nothing is taken out.
    """
    for at, item in enumerate(items):
        if item.folded not in SPARING:
            continue
        end = at + 1
        while end < len(items) and items[end].has(Tag.SYMBOL, *BETWEEN):
            end += 1
        if end == len(items) or items[end].folded not in SPARED:
            continue
        spared = {ref for each in items[at:end] for ref in each.refs}
        rest = (*_ended(items[:at]), *_begun(items[end + 1 :]))
        named = {ref for each in rest for ref in each.refs}
        return rest if spared and named and has(rest, *VERBS) and not spared & named else (*items,)
    return tuple(items)


def _ended(items: Sequence[Item]) -> Sequence[Item]:
    return items[:-1] if items and items[-1].has(*JOINING) else items


def _begun(items: Sequence[Item]) -> Sequence[Item]:
    return items[1:] if items and items[0].has(*JOINING) else items
