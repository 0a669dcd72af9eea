"""Words that change an unsent trade: what they replace, take away, or say in another sense."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from agents.intent.moods import CONTRASTING, without_denied
from agents.intent.tag import Item
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import VERBS, Tag

# What "instead of" may name of a draft.
REPLACED: Final = (
    Tag.NUM, Tag.MONEY, Tag.SCALED, Tag.PCT, Tag.PRODUCT, Tag.MARKET, Tag.LIMIT, Tag.SYMBOL,
    Tag.VALIDITY, Tag.BUY, Tag.SELL,
)  # fmt: skip
# A request about what is held is never about a draft.
OF_THE_BOOK: Final = (
    Tag.HOLDINGS, Tag.POSITIONS, Tag.FNO, Tag.LONGS, Tag.SHORTS, Tag.WINNERS, Tag.LOSERS, Tag.EXIT,
)  # fmt: skip
AMOUNT_WORDS: Final = (Tag.UNIT, Tag.LOT, Tag.AT, Tag.PAR, Tag.STOP, Tag.TARGET, Tag.TO, Tag.ABOUT)
TAKES_AWAY: Final = (Tag.CANCEL, Tag.NEGATION, Tag.DROP, Tag.NO_EXTRA)
# Words that only hold a person up before what is meant.
NOES: Final = frozenset(
    {"no", "nahi", "nope", "na", "nai", "nahin", "wait", "hmm", "hold on", "ruko", "ruk", "oops",
     "oh wait", "no no", "never mind", "nevermind", "scratch that"}
)  # fmt: skip
DROPS: Final = frozenset({"drop the", "drop", "remove the", "take off the", "without the"})
PRICE: Final = "price"
ADD: Final = "add"
# Words that put one thing beside another, as "and tcs" may.
BESIDES: Final = frozenset({"and", "also", "too", "as well", "bhi", "with", "aur", "plus", "add"})
SIZES: Final = (Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.FRAC, Tag.PCT, Tag.ALL)
REACHING: Final = (Tag.TO, Tag.DOWN_TO, Tag.KEEP)


def without_replaced(items: Sequence[Item]) -> tuple[Item, ...]:
    """Take out what is replaced, as in "20 instead of 10", and a "no" before what is meant."""
    items = without_denied(items, REPLACED)
    kept: list[Item] = []
    at = _after_no(items)
    while at < len(items):
        word, follows = items[at], at + 1
        while follows < len(items) and _is_filler(items[follows]):
            follows += 1
        placed = word.has(Tag.NEGATION) and word.folded in CONTRASTING
        placed = placed and (bool(kept) or _has_another(items, follows))
        if placed and follows < len(items) and items[follows].has(*REPLACED):
            at = follows + 1
            continue
        kept.append(word)
        at += 1
    return tuple(kept)


def of_a_draft(items: Sequence[Item]) -> tuple[Item, ...]:
    """Read words as they are meant beside a trade: "the price" of it, "ioc" as its validity."""
    return tuple(map(_of_a_draft, items))


def reached(items: Sequence[Item]) -> tuple[Item, ...]:
    """Read "down to 5" and "keep 5" of a draft as its new size: nothing is held of it yet."""
    spoken = [item for item in items if not item.has(*QUIET) or item.has(*REACHING)]
    if not all(item.has(*REACHING, Tag.NUM, Tag.UNIT, Tag.PRONOUN) for item in spoken):
        return tuple(items)
    return tuple(item for item in items if not item.has(*REACHING))


def adds(items: Sequence[Item]) -> bool:
    """Say whether a message adds a number to what was said, as "add 10" may."""
    return any(word.folded == ADD and number.has(Tag.NUM) for word, number in pairwise(items))


def is_beside(items: Sequence[Item]) -> bool:
    """Say whether a name may be meant beside that of the trade: "and tcs", "tcs too".

    With a verb and a size it is plainly an order of its own.
    """
    replaced = any(item.has(Tag.SAME, Tag.INSTEAD) for item in items)
    replaced = replaced or any(item.has(Tag.AMEND) and item.folded not in BESIDES for item in items)
    beside = any(item.folded in BESIDES for item in items)
    whole = any(item.has(*VERBS) for item in items) and any(item.has(*SIZES) for item in items)
    return beside and not (replaced or whole) and any(item.has(Tag.SYMBOL) for item in items)


def hedges(items: Sequence[Item]) -> bool:
    """Say whether a change is only thought of: "maybe 20"; a question is none."""
    spoken = [item for item in items if not item.has(*QUIET) or item.has(Tag.HEDGE)]
    doubts = [item for item in spoken if item.has(Tag.HEDGE) and item.folded not in NOES]
    others = [item for item in spoken if not item.has(Tag.HEDGE)]
    plain = others and all(item.has(*REPLACED, Tag.AMEND, *AMOUNT_WORDS) for item in others)
    return bool(doubts and plain)


def begins_afresh(said: Sequence[Item]) -> bool:
    """Say whether words are about what is held, and so no change of a draft."""
    return any(item.has(*OF_THE_BOOK) for item in said)


def drops_guard(items: Sequence[Item]) -> str | None:
    """Return the field that a message takes away and nothing else: "remove the stop", "no sl"."""
    spoken = [item for item in items if not item.has(*QUIET)]
    guards = [item for item in spoken if item.has(Tag.STOP, Tag.TARGET, Tag.NO_EXTRA)]
    takes = [item for item in spoken if item.has(*TAKES_AWAY) or item.folded in DROPS]
    if not guards or not takes or len({*map(id, guards), *map(id, takes)}) < len(spoken):
        return None
    if len(takes) == 1 and takes[0].folded == guards[0].folded and not takes[0].has(Tag.NO_EXTRA):
        return None
    targets = [item.has(Tag.TARGET) or "target" in item.text.casefold() for item in guards]
    return "target" if all(targets) else None if any(targets) else "stop_loss"


def _after_no(items: Sequence[Item]) -> int:
    """Return where what is meant begins: after a "no" that more follows."""
    if not items or items[0].folded not in NOES:
        return 0
    rest = [item for item in items[1:] if item.has(*REPLACED)]
    return 1 if rest and not any(item.has(Tag.NEGATION, Tag.DROP) for item in items[1:]) else 0


def _has_another(items: Sequence[Item], at: int) -> bool:
    """Say whether what is refused first is followed by what is meant: "not cipla, lupin"."""
    tags = [tag for tag in REPLACED if at < len(items) and items[at].has(tag)]
    return any(item.has(*tags) for item in items[at + 1 :]) if tags else False


def _is_filler(item: Item) -> bool:
    return item.has(Tag.FILLER) and not item.has(*REPLACED)


def _of_a_draft(item: Item) -> Item:
    if item.meanings.get(Tag.METRIC) == PRICE:
        return replace(item, meanings={Tag.AT: ""})
    validity = LEXICON.get(item.folded, {}).get(Tag.VALIDITY)
    if item.has(Tag.SYMBOL) and validity is not None:
        return replace(item, meanings={Tag.VALIDITY: validity}, refs=())
    return item
