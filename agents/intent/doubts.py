"""Bare numbers that may be a size or a price: they are asked about, never guessed."""

from agents.intent.match import Match, Matches
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.base import decimal_text

COUNTED = (Slot.QUANTITY, Slot.LOTS, Slot.FRACTION, Slot.ALL, Slot.NOTIONAL, Slot.UNCLEAR_SIZE)
# Beside a word that lacks its number a bare number may be that.
OTHER_PRICES = (Slot.STOP, Slot.TRAIL, Slot.TRIGGER)
RANGES = frozenset({"-", "–", "—"})


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
    if len(numbers) == 1 and len(prices) == 1 and _either_way(matches, numbers[0], prices[0]):
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


def price_offers(number: Match) -> tuple[str, ...]:
    """Write a number as the limit that it may be."""
    return (f"limit {_text(number)}",)


def is_range(message: str, sizes: tuple[Match, ...]) -> bool:
    """Say whether two numbers are the ends of a range: "10-15"."""
    return len(sizes) == 2 and message[sizes[0].end : sizes[1].start].strip() in RANGES


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
