"""Words that mean another thing beside certain others in the same message."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from agents.intent.numbered import (
    by_when,
    kind_beside_a_size,
    level_then,
    price_before_a_stop,
    size_of_a_guard,
    so_much_of,
    stop_before_a_size,
    told_price,
    told_sum,
)
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.placing import HOWEVER_MANY, MOVING, REACHING
from agents.intent.vocabulary.tags import AMOUNTS, GUARDS, VERBS, Tag

# "would you buy infy" asks for an opinion, but for a deed beside one of these.
PLEADING: Final = frozenset({"please", "pls", "plz", "kindly", "for me", "on my behalf"})
# Beside these "remove infy from my portfolio" is about something set, not about what is held.
SET: Final = (
    Tag.ORDER, Tag.ALERT, Tag.PENDING, Tag.STOP, Tag.TARGET, Tag.TRAIL, Tag.NEGATION, Tag.SHOW,
    Tag.ASK, Tag.MONITOR, *VERBS,
)  # fmt: skip
REMOVING: Final = frozenset(
    {"remove", "delete", "hata do", "hatao", "hata de", "hata dijiye", "drop", "clear",
     "take out", "take off", "pull", "pull out"}
)  # fmt: skip
LESSENING: Final = frozenset(
    {"reduce", "trim", "lighten", "lighten up on", "pare", "pare back", "pare down", "shed",
     "prune", "whittle down", "unload", "offload", "sell down", "liquidate part of"}
)  # fmt: skip
BOOK: Final = "book"
GAINS: Final = frozenset({"profit", "profits", "gain", "gains", "the profit", "my profit"})
STOP_WORDS: Final = frozenset({"stop", "stop loss", "stop-loss", "stoploss", "sl"})
ORDERS_OF_A_SIDE: Final = {"sell order": Tag.SELL, "buy order": Tag.BUY}
GETTING: Final = frozenset({"get", "grab", "fetch"})
# How "in the red", "that's down" and "losing money" begin, and "my losers" does not.
BEING: Final = frozenset(
    {"that", "that's", "thats", "that're", "which", "which're", "who", "in", "at", "making",
     "losing", "winning", "profitable", "underwater", "jo", "loss", "profit"}
)  # fmt: skip
SPANS_OF_A_LOSS: Final = frozenset({"today", "today only", "aaj", "this morning"})
TICKET: Final = (Tag.PRODUCT, Tag.LIMIT, Tag.MARKET, Tag.NUM)


def read_beside(items: Sequence[Item]) -> tuple[Item, ...]:
    """Give such words the meaning that they have in this message."""
    found = list(items)
    for reread in REREADINGS:
        reread(found)
    return tuple(found)


def _pleaded(items: list[Item]) -> None:
    if not any(item.folded in PLEADING for item in items):
        return
    for at, item in enumerate(items):
        if item.has(Tag.CAN_YOU) and item.folded.startswith("would you"):
            items[at] = replace(item, meanings={Tag.CAN_YOU: ""})


def _removed(items: list[Item]) -> None:
    """Read "remove infy from my portfolio" as leaving it."""
    words = [at for at, item in enumerate(items) if item.folded in REMOVING]
    others = [item for at, item in enumerate(items) if at not in words]
    held = any(item.has(Tag.HOLDINGS) for item in others)
    named = any(item.has(Tag.SYMBOL) for item in others)
    if len(words) == 1 and held and named and not any(item.has(*SET) for item in others):
        items[words[0]] = replace(items[words[0]], meanings={Tag.EXIT: ""})
        items[:] = [item for item in items if not item.has(Tag.HOLDINGS)]


def _position_named(items: list[Item]) -> None:
    """Read "the infy long" as the position; less of a short is a purchase, and is not guessed."""
    for at in range(1, len(items)):
        word, before = items[at], [item for item in items[:at] if item.has(*VERBS)]
        if not (word.has(Tag.LONG, Tag.SHORT) and items[at - 1].has(Tag.SYMBOL) and before):
            continue
        lessens = before[-1].has(Tag.SELL) and before[-1].folded in LESSENING
        if word.has(Tag.SHORT) and lessens:
            items[at] = replace(word, meanings={Tag.UNKNOWN: ""})
        elif word.has(Tag.LONG) and before[-1].has(Tag.SELL):
            items[at] = replace(word, meanings={Tag.FILLER: ""})


def _got_if(items: list[Item]) -> None:
    """Read "when infy breaks above 1500 get 10" as buying: its name stands in the condition."""
    if any(item.has(*VERBS) for item in items) or not items:
        return
    first = next((item for item in items if not item.has(*QUIET)), items[0])
    for at, item in enumerate(items[:-1]):
        named = any(each.has(Tag.SYMBOL) for each in items[:at])
        if first.has(Tag.IF) and named and item.folded in GETTING and items[at + 1].has(*AMOUNTS):
            items[at] = replace(item, meanings={Tag.BUY: ""})


def _day_of_a_ticket(items: list[Item]) -> None:
    """Read the "DAY" that ends "BUY 50 INFY LMT 1480 CNC DAY" as its validity."""
    if len(items) < 3 or items[-1].folded != "day" or not items[-2].has(*TICKET):
        return
    if any(item.has(Tag.PRODUCT, Tag.LIMIT, Tag.MARKET) for item in items):
        items[-1] = replace(items[-1], meanings={Tag.VALIDITY: "DAY"})


def _part_of_a_day(items: list[Item]) -> None:
    """Leave "in the red today" unread: what is lost today is another part than what is lost."""
    for at in range(len(items) - 1):
        word, span = items[at], items[at + 1]
        said = word.has(Tag.LOSERS, Tag.WINNERS) and word.folded.split()[0] in BEING
        if said and (span.folded in SPANS_OF_A_LOSS or span.has(Tag.EXPIRY, Tag.PAST)):
            items[at] = replace(word, meanings={Tag.UNKNOWN: ""})


def _bid(items: list[Item]) -> None:
    """Read "bid 1480 for 10 infy" as buying ten at 1480; the price is the larger of the two."""
    at = next((at for at, item in enumerate(items) if not item.has(*QUIET)), 0)
    bid, price, word, size = (*items[at : at + 4], None, None, None, None)[:4]
    if bid is None or price is None or word is None or size is None or bid.folded != "bid":
        return
    numbers = price.has(*AMOUNTS) and size.has(Tag.NUM) and word.folded == "for"
    named = any(item.has(Tag.SYMBOL) for item in items[at + 4 :])
    if numbers and named and (price.value or 0) > (size.value or 0):
        items[at] = replace(bid, meanings={Tag.BUY: ""})
        items[at + 2] = replace(word, meanings={Tag.PAR: ""})


def _all_alike(items: list[Item]) -> None:
    """Read the "all" of "sell itc 150, infy 30, all at market" as each of them."""
    sized = sum(item.has(*AMOUNTS) for item in items)
    named = sum(item.has(Tag.SYMBOL) for item in items)
    if named < 2 or sized < named:
        return
    for at in range(1, len(items) - 1):
        parted = items[at - 1].has(Tag.COMMA, Tag.AND)
        if items[at].has(Tag.ALL) and parted and _is_setting(items[at + 1 : at + 3]):
            items[at] = replace(items[at], meanings={Tag.FILLER: ""})


def _is_setting(items: Sequence[Item]) -> bool:
    joined = [item for item in items if not item.has(Tag.AT, Tag.IN, Tag.FOR, Tag.FILLER)]
    return bool(joined) and joined[0].has(Tag.MARKET, Tag.PRODUCT, Tag.VALIDITY, Tag.EXCHANGE)


def _moved(items: list[Item]) -> None:
    """Read "bring my sbin sl up to 1000" as moving a stop; "up to" is no cap there."""
    first = next((at for at, item in enumerate(items) if _begins(item)), None)
    numbers = [at for at, item in enumerate(items) if item.has(*AMOUNTS, Tag.PCT)]
    if first is None or not _moves(items[first]) or len(numbers) != 1:
        return
    before = [at for at in range(first, numbers[0]) if items[at].folded in REACHING]
    if not before or not any(item.has(*GUARDS) for item in items[first : before[-1]]):
        return
    others = [item for at, item in enumerate(items) if at != first]
    if not any(item.has(*VERBS, Tag.IF) for item in others):
        items[first] = replace(items[first], meanings={Tag.MODIFY: ""})
        items[before[-1]] = replace(items[before[-1]], meanings={Tag.TO: ""})


def _begins(item: Item) -> bool:
    return _moves(item) or not item.has(*QUIET)


def _moves(item: Item) -> bool:
    """Say whether a word is a verb of moving: "move", "raise the"."""
    verb, *rest = item.folded.split()
    return verb in MOVING and rest in ([], ["the"], ["my"])


def _all_that_is(items: list[Item]) -> None:
    """Read "jitni bhi position hai sab" as all once, and not twice."""
    every = [at for at, item in enumerate(items) if item.has(Tag.ALL)]
    for at in every if len(every) > 1 else ():
        if items[at].folded in HOWEVER_MANY:
            items[at] = replace(items[at], meanings={Tag.FILLER: ""})


def _booked(items: list[Item]) -> None:
    """Read "book half profit in tcs" as leaving half of it."""
    for at in range(2, len(items)):
        verb, part, word = items[at - 2 : at + 1]
        if verb.folded == BOOK and part.has(Tag.FRAC, Tag.PCT, Tag.VAGUE) and word.folded in GAINS:
            items[at] = replace(word, meanings={Tag.FILLER: ""})


def _headline(items: list[Item]) -> None:
    """Leave the verb of "infy to sell a unit" unread: it tells what a company will do."""
    spoken = [at for at, item in enumerate(items) if not item.has(Tag.COMMA, Tag.MARKER)][:3]
    if len(spoken) < 2 or not items[spoken[0]].has(Tag.SYMBOL):
        return
    verb = next((at for at in spoken[1:] if items[at].has(*VERBS)), None)
    said = [items[at].folded for at in spoken[1:] if verb is not None and at <= verb]
    if verb is not None and " ".join(said).startswith("to "):
        items[verb] = replace(items[verb], meanings={})


def _stop_order(items: list[Item]) -> None:
    """Read "stop sell order 120 infy, trigger 1452" as a sale that waits for its trigger."""
    if not any(item.has(Tag.TRIGGER) for item in items):
        return
    for at in range(len(items) - 1):
        side = ORDERS_OF_A_SIDE.get(items[at + 1].folded)
        if side is not None and items[at].folded in STOP_WORDS:
            items[at] = replace(items[at], meanings={Tag.SLM_ORDER: ""})
            items[at + 1] = replace(items[at + 1], meanings={side: ""})


REREADINGS: Final = (
    _pleaded, _removed, _position_named, _got_if, _day_of_a_ticket, _part_of_a_day, _bid,
    _all_alike, _all_that_is, _moved, _booked, level_then, told_price, by_when, _headline,
    so_much_of, _stop_order, kind_beside_a_size, size_of_a_guard, stop_before_a_size,
    price_before_a_stop, told_sum,
)  # fmt: skip
