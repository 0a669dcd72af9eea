"""Bare numbers that may be a size or a price: they are asked about, never guessed."""

from decimal import Decimal
from typing import Final

from agents.intent.match import Match, Matches
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.base import decimal_text

COUNTED: Final = (
    Slot.QUANTITY,
    Slot.LOTS,
    Slot.FRACTION,
    Slot.ALL,
    Slot.NOTIONAL,
    Slot.UNCLEAR_SIZE,
)
# Beside a word that lacks its number a bare number may be that.
OTHER_PRICES: Final = (Slot.STOP, Slot.TRAIL, Slot.TRIGGER, Slot.SL_ORDER, Slot.SLM_ORDER)
GUARDS: Final = (Slot.STOP_PRICE, Slot.TARGET_PRICE, Slot.TRIGGER_PRICE)
NEAR: Final = Decimal("0.35")
# Words that make a Hinglish sentence: in one "1400 pe" is at 1400, in English it may be a put.
HINGLISH: Final = frozenset(
    [
        "ka",
        "ke",
        "ki",
        "ko",
        "me",
        "mein",
        "se",
        "lo",
        "le",
        "do",
        "de",
        "lelo",
        "ledo",
        "kar",
        "karo",
        "kardo",
        "karna",
        "hai",
        "hain",
        "ho",
        "bech",
        "becho",
        "bechdo",
        "bechna",
        "kharid",
        "kharido",
        "kharidlo",
        "kharidna",
        "lagao",
        "laga",
        "lena",
        "dena",
        "dedo",
        "wala",
        "wale",
        "wali",
        "bhi",
        "aur",
        "bhai",
        "yaar",
        "rupaye",
        "rupay",
        "sab",
        "saare",
        "saara",
        "mere",
        "mera",
        "meri",
        "abhi",
        "aaj",
        "agar",
        "jab",
        "tak",
        "daal",
        "daalo",
        "dalo",
        "utha",
        "nikal",
        "nikalo",
        "kaat",
        "rakho",
    ]
)
RANGES: Final = frozenset({"-", "–", "—"})


def two_bare_numbers(matches: Matches) -> tuple[Match, ...]:
    """Return two numbers of which no word says which is the size and which the price.

    "infy 10 1480" is such a pair, and "infy 1480 limit 10" where the larger one would be the size;
    a number with places after the point can only be the price.
    """
    numbers, prices = matches.of(Slot.NUMBER), matches.of(Slot.LIMIT_PRICE)
    if matches.has(*COUNTED, *OTHER_PRICES) or any(not each.value for each in numbers):
        return ()
    if len(numbers) == 2 and not prices:
        return numbers
    if (
        len(numbers) == 1
        and len(prices) == 1
        and (
            _either_way(matches, numbers[0], prices[0])
            or _either_way_round(matches, numbers[0], prices[0])
        )
    ):
        return (*numbers, *prices)
    return ()


def pair_offers(pair: tuple[Match, ...]) -> tuple[str, ...]:
    """Write the readings of a pair as answers that tell size and price."""
    first, second = pair
    ways = ((first, second), (second, first))
    return tuple(f"{_text(size)} at limit {_text(price)}" for size, price in ways if _whole(size))


def beside_a_size(matches: Matches) -> tuple[Match, ...]:
    """Return a number that nothing names beside a size that is counted: it may be a price."""
    numbers = matches.of(Slot.NUMBER)
    counted = matches.of(Slot.QUANTITY, Slot.LOTS)
    if len(numbers) != 1 or len(counted) != 1 or matches.has(Slot.LIMIT_PRICE, Slot.MARKET):
        return ()
    return numbers


def near_a_guard(matches: Matches) -> tuple[Match, ...]:
    """Return a bare number behind a name that is as large as the stop or target said: a price?"""
    numbers, names = matches.of(Slot.NUMBER), matches.of(Slot.SYMBOL)
    if len(numbers) != 1 or not names or matches.has(*COUNTED, Slot.LIMIT_PRICE):
        return ()
    number = numbers[0]
    prices = [each.value for each in matches.of(*GUARDS) if each.value]
    if number.value is None or number.place < names[0].place:
        return ()
    near = any(abs(number.value - price) <= NEAR * price for price in prices)
    return numbers if near else ()


def either(matches: Matches) -> tuple[Match, ...]:
    """Return ranges and "for 3300": sizes where none is said besides, else prices."""
    return matches.of(Slot.EITHER)


def either_offers(found: tuple[Match, ...], *, sized: bool) -> tuple[str, ...]:
    """Write what such numbers may mean as answers."""
    values = [item for match in found for item in match.amounts if item.value is not None]
    texts = [decimal_text(item.value) for item in values if item.value is not None]
    if sized:
        return tuple(f"limit {text}" for text in texts)
    if len(texts) == 1:
        return (f"{texts[0]} shares", f"{texts[0]} worth")
    return tuple(texts)


def put_or_price(message: str, matches: Matches) -> Match | None:
    """Return a "1400 pe" that may be a put as well as a price, in a sentence in English."""
    if HINGLISH & {*message.casefold().replace(",", " ").split()}:
        return None
    for match in matches.of(Slot.LIMIT_PRICE):
        only = len(match.items) == 2 and match.items[1].has(Tag.PE)
        if only and match.items[0].has(Tag.NUM):
            return match
    return None


def price_offers(number: Match) -> tuple[str, ...]:
    """Write a number as the limit that it may be."""
    return (f"limit {_text(number)}",)


def is_range(message: str, sizes: tuple[Match, ...]) -> bool:
    """Say whether two numbers are the ends of a range: "10-15"."""
    return len(sizes) == 2 and message[sizes[0].end : sizes[1].start].strip() in RANGES


def _either_way_round(matches: Matches, number: Match, price: Match) -> bool:
    """Say whether "limit 10 infy 1500" may mean ten at 1500: the limit stands before the name."""
    at = matches.found.index(price)
    follows = [part.slot for part in matches.found[at + 1 : at + 3]]
    plain = _only_limit_and_number(price) and _whole(price)
    return (
        plain and follows == [Slot.SYMBOL, Slot.NUMBER] and (number.value or 0) > (price.value or 0)
    )


def _either_way(matches: Matches, number: Match, price: Match) -> bool:
    """Say whether the two stand together and the one called a limit may be the size."""
    at = matches.found.index(number)
    together = price in matches.found[max(at - 1, 0) : at + 2]
    if not together or not _only_limit_and_number(price) or not _whole(price):
        return False
    first = number.place < price.place
    follows = matches.found[at + 2 : at + 3]
    if first and follows and follows[0].slot is Slot.SYMBOL:
        return True
    return not _whole(number) or (number.value or 0) > (price.value or 0)


def _only_limit_and_number(price: Match) -> bool:
    return len(price.items) == 2 and price.items[0].has(Tag.LIMIT) and price.items[1].has(Tag.NUM)


def _whole(number: Match) -> bool:
    return number.value is not None and number.value == int(number.value)


def _text(number: Match) -> str:
    return decimal_text(number.value) if number.value is not None else number.amounts[0].text
