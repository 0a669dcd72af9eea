"""Quoted words: they count only when the person takes them over in words of their own."""

import re
from collections.abc import Sequence
from typing import Final

from agents.intent.moods import NEVER, TELLING, pictured_doubt
from agents.intent.tag import Item
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.tags import VERBS, Tag
from agents.intent.vocabulary.telling import CALLED, ONES_OWN

# Words that take over only the quotation that they stand before.
BEFORE_A_QUOTE: Final = "before a quote"
# Beside these the words of taking over are told, asked or doubted themselves.
NOT_TAKING_OVER: Final = (
    *(tag for tag in NEVER if tag is not Tag.QUOTE),
    *TELLING,
    Tag.ASK,
    Tag.DROP,
    Tag.IF,
    Tag.CANCEL,
)

STRUCK: Final = re.compile(r"~~|^\s*(?://|/\*|--\s|<!--)")
ENDS_A_HEADING: Final = re.compile(r"\s*:|\s+[-\u2013\u2014]+\s+|\s*\n")


def adopted(items: Sequence[Item]) -> tuple[Item, ...] | None:
    """Return the quoted words that the person says to follow, None where there are none.

    The words of taking over stand outside the quotation; words in it cannot adopt themselves.
    """
    quotes = [at for at, item in enumerate(items) if item.has(Tag.QUOTE)]
    takes = [at for at, item in enumerate(items) if item.has(Tag.ADOPT) and _adopts(items, at)]
    if len(takes) != 1:
        return None
    take = takes[0]
    first, last = (quotes[0], quotes[1]) if len(quotes) == 2 else (take + 1, len(items))
    own = [item for at, item in enumerate(items) if not first <= at <= last and at != take]
    if any(item.has(*NOT_TAKING_OVER) or item.folded == "?" for item in own):
        return None
    if pictured_doubt(own, buys=True):
        return None
    if len(quotes) == 2:
        return None if first < take < last else tuple(items[first + 1 : last])
    colon = take + 1
    follows = colon < len(items) and items[colon].folded in {":", "-", "–", "—"}
    return tuple(items[colon + 1 :]) if not quotes and follows else None


def is_a_call(message: str) -> bool:
    """Say whether a heading says whose words follow: "sir ji ki call: ...", "tip - ..."."""
    heading, *rest = ENDS_A_HEADING.split(message, maxsplit=1)
    words = heading.casefold().split()
    orders = any(LEXICON.get(word, {}).get(verb) == "" for word in words for verb in VERBS)
    own = orders or ONES_OWN & {*words} or any(char.isdigit() for char in heading)
    return bool(rest and CALLED & {*words}) and not own


def is_struck(message: str) -> bool:
    """Say whether words are struck out or commented out, as "~~buy 10 infy~~" and "// buy 10"."""
    return STRUCK.search(message) is not None


def _adopts(items: Sequence[Item], at: int) -> bool:
    """Say whether words take over what is quoted; "do it" only does so just before it."""
    if items[at].meanings[Tag.ADOPT] != BEFORE_A_QUOTE:
        return True
    after = [item for item in items[at + 1 :] if not item.has(Tag.FILLER, Tag.EMOJI)]
    return len(after) > 1 and after[0].has(Tag.COMMA) and after[1].has(Tag.QUOTE)
