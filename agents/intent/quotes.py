"""Quoted words: they count only when the person takes them over in words of their own."""

from collections.abc import Sequence

from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag


def adopted(items: Sequence[Item]) -> tuple[Item, ...] | None:
    """Return the quoted words that the person says to follow, None where there are none.

    The words of taking over stand outside the quotation; words in it cannot adopt themselves.
    """
    quotes = [at for at, item in enumerate(items) if item.has(Tag.QUOTE)]
    takes = [at for at, item in enumerate(items) if item.has(Tag.ADOPT)]
    if len(takes) != 1 or any(item.has(Tag.NEGATION, Tag.ASK) for item in items):
        return None
    take = takes[0]
    if len(quotes) == 2:
        first, last = quotes
        if first < take < last:
            return None
        return tuple(items[first + 1 : last])
    colon = take + 1
    follows = colon < len(items) and items[colon].folded in {":", "-", "–", "—"}
    return tuple(items[colon + 1 :]) if not quotes and follows else None
