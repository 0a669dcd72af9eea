"""How large an order is, from the sizes said."""

from decimal import Decimal
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.problems import problem
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import Sizing, SizingMethod

METHODS: Final[dict[Slot, SizingMethod]] = {
    Slot.QUANTITY: SizingMethod.QUANTITY,
    Slot.NUMBER: SizingMethod.QUANTITY,
    Slot.LOTS: SizingMethod.LOTS,
    Slot.NOTIONAL: SizingMethod.NOTIONAL,
    Slot.FRACTION: SizingMethod.FRACTION,
    Slot.ALL: SizingMethod.FRACTION,
    Slot.EQUITY_PCT: SizingMethod.EQUITY_PCT,
    Slot.RISK_AMOUNT: SizingMethod.RISK_AMOUNT,
    Slot.RISK_PCT: SizingMethod.RISK_PCT,
}
WORDS_BESIDE_A_BARE_NUMBER: Final = frozenset(
    {Slot.BUY, Slot.SELL, Slot.EXIT, Slot.LONG, Slot.SHORT, Slot.PLACE, Slot.SYMBOL, Slot.EACH,
     Slot.PRONOUN}
)  # fmt: skip
HUNDRED: Final = Decimal(100)


def put_size(fields: Fields, matches: Matches, *, leaving: bool, answering: bool = False) -> None:
    """Set the size when exactly one was said; two are a contradiction, none is asked for.

    `leaving` says that the order sells or exits, which only then can be of all or of a part;
    `answering` that a number need not stand beside the words of an order.
    """
    said = matches.of(*METHODS, Slot.UNCLEAR_SIZE)
    if not leaving and len(said) > 1:
        # "buy infy 10, tcs 5, all at market"
        said = tuple(size for size in said if size.slot is not Slot.ALL)
    if len(said) > 1:
        quoted = fields.message[said[0].start : said[-1].end]
        fields.problems.append(problem("CONTRADICTORY", "size", quoted))
    exits = matches.of(Slot.EXIT)
    if len(said) != 1:
        if not said and exits:
            fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), exits[0])
        return
    size = said[0]
    if size.slot is Slot.UNCLEAR_SIZE or _is_strange(size, leaving):
        return
    if size.slot is Slot.NUMBER and not (answering or _stands_beside_words(size, matches)):
        return
    _put(fields, size)


def _is_strange(size: Match, leaving: bool) -> bool:
    """Say whether a part of a position was said of an order that leaves none."""
    return size.slot in {Slot.FRACTION, Slot.ALL} and not leaving


def _stands_beside_words(size: Match, matches: Matches) -> bool:
    """Say whether a bare number can only be a size; in "exit infy 1480" it may be a price."""
    at = matches.found.index(size)
    before, after = matches.found[max(at - 1, 0) : at], matches.found[at + 1 : at + 2]
    if before and before[0].slot is Slot.SYMBOL and matches.has(Slot.EXIT):
        return False
    beside = (*before, *after)
    return not beside or any(match.slot in WORDS_BESIDE_A_BARE_NUMBER for match in beside)


def _put(fields: Fields, size: Match) -> None:
    value = Decimal(1) if size.slot is Slot.ALL else size.value
    if value is None:
        text = size.amounts[0].text
        fields.problems.append(problem("QUANTITY_INVALID", "size", text, "it is no such number"))
        return
    fields.put("sizing", Sizing(method=METHODS[size.slot], value=_scaled(size, value)), size)


def _scaled(size: Match, value: Decimal) -> Decimal:
    """Turn 25 % of a position into 0.25, and a quarter of the account into 25 %."""
    is_percent = bool(size.amounts) and size.amounts[0].has(Tag.PCT)
    if size.slot is Slot.FRACTION and is_percent:
        return value / HUNDRED
    if size.slot is Slot.EQUITY_PCT and not is_percent:
        return value * HUNDRED
    return value
