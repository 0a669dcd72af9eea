"""How large an order is, from the sizes said."""

from decimal import Decimal
from typing import Final

from agents.intent.fields import Fields
from agents.intent.match import Match, Matches
from agents.intent.problems import problem
from agents.intent.vocabulary.orders import FIRST_ONLY, MONEY_VERB
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.base import decimal_text
from riskgate.contracts.intents import Sizing, SizingMethod
from riskgate.contracts.orders import Side

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
    Slot.KEEP: SizingMethod.QUANTITY,
}
# "exit X" alone leaves all of it; these say how much otherwise.
OTHER_SIZES: Final = (Slot.UNCLEAR_SIZE, Slot.DOUBLE)
WORDS_BESIDE_A_BARE_NUMBER: Final = frozenset(
    {Slot.BUY, Slot.SELL, Slot.EXIT, Slot.LONG, Slot.SHORT, Slot.PLACE, Slot.SYMBOL, Slot.EACH,
     Slot.PRONOUN, Slot.PRODUCT, Slot.MARKET, Slot.VALIDITY}
)  # fmt: skip
HUNDRED: Final = Decimal(100)
PUT: Final = "put"


def put_size(
    fields: Fields,
    matches: Matches,
    *,
    leaving: bool,
    held: Decimal | None = None,
    answering: bool = False,
) -> None:
    """Set the size when exactly one was said; two are a contradiction, none is asked for.

    `leaving` says that the order sells or exits, which only then can be of all or of a part;
    `held` how many are held of the one instrument meant; `answering` that a number need not
    stand beside the words of an order.
    """
    said = _said(matches, leaving)
    unclear = any(size.slot is Slot.UNCLEAR_SIZE and not _is_money(size, matches) for size in said)
    if unclear or _is_only_put(matches, said):
        fields.ask("size", *_offers(said))
        return
    if len(said) > 1:
        quoted = fields.message[said[0].start : said[-1].end]
        fields.problems.append(problem("CONTRADICTORY", "size", quoted))
    exits = matches.of(Slot.EXIT)
    if len(said) != 1:
        if not said and exits:
            fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=Decimal(1)), exits[0])
        return
    _put_one(fields, matches, said[0], leaving, held, answering)


def _offers(sizes: tuple[Match, ...]) -> tuple[str, ...]:
    """Return the sizes that unclear words may mean, each as an exact answer."""
    amounts = [item for size in sizes for item in size.amounts if item.value is not None]
    numbers = [decimal_text(item.value) for item in amounts if item.has(Tag.NUM) and item.value]
    scaled = [item.text for item in amounts if item.has(Tag.SCALED)]
    return (*numbers, *(f"{text} {way}" for text in scaled for way in ("shares", "worth")))


def _said(matches: Matches, leaving: bool) -> tuple[Match, ...]:
    said = matches.of(*METHODS, *OTHER_SIZES)
    if len(said) > 1 and any(size.slot is not Slot.ALL for size in said):
        # "buy infy 10, tcs 5, all at market"; "exit all but 100 of infy"
        said = (
            tuple(size for size in said if size.slot is not Slot.ALL)
            if not (leaving and any(size.slot is Slot.NUMBER for size in said))
            else said
        )
    return said


def _put_one(
    fields: Fields,
    matches: Matches,
    size: Match,
    leaving: bool,
    held: Decimal | None,
    answering: bool,
) -> None:
    if size.slot is Slot.EQUITY_PCT and leaving:
        return
    adding = not leaving and fields.values.get("side") is Side.BUY and _of_a_holding(matches)
    if size.slot is Slot.DOUBLE:
        value = Decimal(size.items[0].meanings[Tag.DOUBLE])
        fields.put("sizing", Sizing(method=SizingMethod.FRACTION, value=value), size)
    elif size.slot is Slot.KEEP:
        _put_rest(fields, size, held, leaving)
    elif _is_money(size, matches):
        _put(fields, size, SizingMethod.NOTIONAL)
    elif size.slot in {Slot.NUMBER, Slot.QUANTITY} and _is_dotted(size):
        whole = size.amounts[0].text.replace(".", "")
        fields.ask("size", size.amounts[0].text.partition(".")[0], whole)
    elif (_is_part(size) and not (leaving or adding)) or (
        size.slot is Slot.NUMBER and not (answering or _stands_beside_words(size, matches))
    ):
        return
    else:
        _put(fields, size, METHODS[size.slot])


def _is_dotted(size: Match) -> bool:
    """Say whether a size may be in thousands as the continent writes them: "10.000"."""
    whole, point, places = size.amounts[0].text.partition(".")
    return bool(point) and len(places) == 3 and places.isdigit() and 0 < len(whole) <= 3


def _put_rest(fields: Fields, size: Match, held: Decimal | None, leaving: bool) -> None:
    """Set what must go so that so many stay; what is held must be known."""
    if size.value is None or held is None or not leaving:
        fields.ask("size")
        return
    rest = abs(held) - size.value
    fields.put("sizing", Sizing(method=SizingMethod.QUANTITY, value=rest), size)


def _is_money(size: Match, matches: Matches) -> bool:
    """Say whether an amount is money because of its verb: "invest 20k", "put 10000 in it"."""
    verbs = matches.of(Slot.BUY)
    spends = any(
        verb.items[0].meanings.get(Tag.BUY) == MONEY_VERB or verb.items[0].folded == PUT
        for verb in verbs
    )
    is_amount = bool(size.amounts) and size.amounts[0].has(Tag.NUM, Tag.SCALED, Tag.MONEY)
    return spends and is_amount and size.slot in {Slot.UNCLEAR_SIZE, Slot.NUMBER, Slot.NOTIONAL}


def _is_only_put(matches: Matches, said: tuple[Match, ...]) -> bool:
    """Say whether "put 10 infy" leaves open what the number counts; "put 10 in infy" is money."""
    puts = any(
        verb.items[0].folded == PUT and verb.items[0].meanings.get(Tag.BUY) == FIRST_ONLY
        for verb in matches.of(Slot.BUY)
    )
    return puts and any(size.slot is Slot.NUMBER for size in said)


def _is_part(size: Match) -> bool:
    return size.slot in {Slot.FRACTION, Slot.ALL}


def _of_a_holding(matches: Matches) -> bool:
    """Say whether a part can only be one of what is held: "increase my infy by half"."""
    return matches.mine or matches.has(Slot.INCREASE, Slot.POSITIONS, Slot.HOLDINGS)


def _stands_beside_words(size: Match, matches: Matches) -> bool:
    """Say whether a bare number can only be a size; in "exit infy 1480" it may be a price."""
    at = matches.found.index(size)
    before, after = matches.found[max(at - 1, 0) : at], matches.found[at + 1 : at + 2]
    if before and before[0].slot is Slot.SYMBOL and matches.has(Slot.EXIT):
        return False
    beside = (*before, *after)
    return not beside or any(match.slot in WORDS_BESIDE_A_BARE_NUMBER for match in beside)


def _put(fields: Fields, size: Match, method: SizingMethod) -> None:
    value = Decimal(1) if size.slot is Slot.ALL else size.value
    if value is None:
        text = size.amounts[0].text
        fields.problems.append(problem("QUANTITY_INVALID", "size", text, "it is no such number"))
        return
    fields.put("sizing", Sizing(method=method, value=_scaled(size, value)), size)


def _scaled(size: Match, value: Decimal) -> Decimal:
    """Turn 25 % of a position into 0.25, and a quarter of the account into 25 %."""
    amounts = size.amounts
    is_percent = bool(amounts) and amounts[0].has(Tag.PCT)
    if size.slot is Slot.FRACTION and is_percent:
        return value / HUNDRED
    if size.slot is Slot.EQUITY_PCT and not is_percent:
        return value * HUNDRED
    return value
