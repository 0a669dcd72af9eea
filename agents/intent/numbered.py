"""Numbers that are told, or of something else, where they stand: a price, a time, a sum."""

from dataclasses import replace
from typing import Final

from agents.intent.tag import Item
from agents.intent.vocabulary.numbers import (
    BEFORE_ITS_NUMBER,
    BY,
    HAVING,
    OF_MONEY,
    PRICES_NOW,
    THEN,
    TRADES_NOW,
)
from agents.intent.vocabulary.tags import AMOUNTS, VERBS, Tag

COUNTED: Final = (Tag.UNIT, Tag.LOT, Tag.SYMBOL)
KINDS: Final = (Tag.STOP, Tag.TRIGGER, Tag.SL_ORDER, Tag.SLM_ORDER, Tag.LIMIT)


def size_of_a_guard(items: list[Item]) -> None:
    """Put the "sl" of "sl 10 shares at 1400" behind the size: shares are no price."""
    for at in range(len(items) - 2):
        guard, number, unit = items[at : at + 3]
        before = [item for item in items[:at] if not item.has(Tag.OF, Tag.PE, Tag.PAR, Tag.FILLER)]
        priced = bool(before) and before[-1].has(*AMOUNTS)
        if priced or not (guard.has(*KINDS, Tag.TARGET) and number.has(Tag.NUM)):
            continue
        later = [item for item in items[at + 3 :] if not item.has(Tag.COMMA, Tag.OF)]
        named_before = unit.folded in BEFORE_ITS_NUMBER or (later and later[0].has(Tag.NUM))
        if unit.has(Tag.UNIT, Tag.LOT) and not named_before:
            items.insert(at + 2, items.pop(at))


def kind_beside_a_size(items: list[Item]) -> None:
    """Put the kind of "10 stop order infy 1400" behind the name; two numbers in a row behind a
    kind may be either way round."""
    for at in range(len(items) - 2):
        if not (items[at].has(*KINDS) and items[at].folded.endswith("order")):
            continue
        first, second = items[at + 1 : at + 3]
        between = bool(at) and items[at - 1].has(Tag.NUM) and second.has(Tag.SYMBOL)
        if first.has(Tag.NUM) and (second.has(Tag.NUM) or between):
            items[at + 1] = replace(first, meanings={})
        elif at and items[at - 1].has(Tag.NUM) and first.has(Tag.SYMBOL) and second.has(Tag.NUM):
            if (second.value or 0) > (items[at - 1].value or 0):
                items.insert(at + 1, items.pop(at))
            else:
                items[at - 1] = replace(items[at - 1], meanings={})


def told_sum(items: list[Item]) -> None:
    """Leave the number of "i have 50000 in my account, exit infy" unread: it is no size."""
    for at in range(len(items) - 1):
        if items[at].folded not in HAVING or not items[at + 1].has(*AMOUNTS):
            continue
        later = [item for item in items[at + 2 :] if not item.has(Tag.OF, Tag.FILLER, Tag.MY)]
        if not (later and later[0].has(Tag.UNIT, Tag.LOT, Tag.SYMBOL)):
            items[at + 1] = replace(items[at + 1], meanings={})


def level_then(items: list[Item]) -> None:
    """Leave the number of "infy 1500 then sell" unread: it says when, and is no size."""
    for at in range(1, len(items) - 2):
        spoken = [
            item for item in items[at + 1 :] if not item.has(Tag.FILLER) or item.has(Tag.THEN)
        ]
        then = len(spoken) > 1 and spoken[0].folded in THEN and spoken[1].has(*VERBS)
        if items[at].has(*AMOUNTS) and then and not any(item.has(*VERBS) for item in items[:at]):
            items[at] = replace(items[at], meanings={})


def told_price(items: list[Item]) -> None:
    """Leave the "at" of "infy is trading at 1480" unread: it tells a price and sets none.

    The number of "cmp 1480" may tell one, too, and is no sure size.
    """
    for at in range(len(items) - 2):
        word, joint, number = items[at : at + 3]
        if word.folded in TRADES_NOW and joint.has(Tag.AT, Tag.CAP) and number.has(*AMOUNTS):
            items[at + 1] = replace(joint, meanings={})
    for at in range(1, len(items)):
        counted = any(item.has(Tag.UNIT, Tag.LOT, Tag.SYMBOL) for item in items[at + 1 : at + 2])
        if items[at].has(*AMOUNTS) and items[at - 1].folded in PRICES_NOW and not counted:
            items[at] = replace(items[at], meanings={Tag.VAGUE: ""})


def by_when(items: list[Item]) -> None:
    """Leave the "by" of "buy 10 infy by 3" unread: its number is no size beside another."""
    for at in range(1, len(items) - 1):
        sized = [each for each in range(at) if items[each].has(Tag.NUM)]
        apart = any(item.has(Tag.COMMA, Tag.AND) for item in items[sized[-1] if sized else at : at])
        if items[at].folded == BY and items[at + 1].has(Tag.NUM) and sized and not apart:
            items[at] = replace(items[at], meanings={})


def so_much_of(items: list[Item]) -> None:
    """Read the number of "infy 5000 ka le lo" as a size that may be money or shares."""
    for at in range(1, len(items) - 1):
        number, word, verb = items[at - 1 : at + 2]
        if number.has(Tag.NUM) and word.folded in OF_MONEY and verb.has(Tag.BUY):
            items[at] = replace(word, meanings={Tag.ABOUT_AFTER: ""})


def price_before_a_stop(items: list[Item]) -> None:
    """Read "58000 pe sl 57800" as a price and then a stop with one of its own."""
    for at in range(1, len(items) - 2):
        word, guard = items[at], items[at + 1]
        if not (word.has(Tag.PE, Tag.PAR) and items[at - 1].has(*AMOUNTS)):
            continue
        after = at + 2 + items[at + 2].has(Tag.AT, Tag.OF, Tag.TO)
        own = after < len(items) and items[after].has(*AMOUNTS)
        counted = any(item.has(*COUNTED) for item in items[after + 1 : after + 2])
        if guard.has(Tag.STOP, Tag.TARGET) and own and not counted:
            items[at] = replace(word, meanings={Tag.LIMIT: ""})


def stop_before_a_size(items: list[Item]) -> None:
    """Put the kind of "sell stop order 10 infy 1400" behind the name: ten are its size.

    Where the number behind the name is no larger, either may be the size, and it is left unread.
    """
    for at in range(1, len(items) - 2):
        kind = items[at].folded.endswith("order") or items[at].folded == "stop"
        if not (items[at].has(*KINDS) and kind and items[at - 1].has(Tag.BUY, Tag.SELL)):
            continue
        number = at + 1 + items[at + 1].has(Tag.FOR, Tag.OF)
        name = number + 1
        while name < len(items) and items[name].has(Tag.UNIT, Tag.OF, Tag.FILLER):
            name += 1
        if name >= len(items) or not (items[number].has(Tag.NUM) and items[name].has(Tag.SYMBOL)):
            continue
        size = items[number].value or 0
        later = [item.value or 0 for item in items[name:] if item.has(*AMOUNTS)]
        if later and max(later) <= size:
            items[number] = replace(items[number], meanings={})
        else:
            items.insert(name, items.pop(at))
