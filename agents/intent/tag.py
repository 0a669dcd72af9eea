"""Stage 2: from tokens to items: numbers, known phrases, instrument names, and the unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from unicodedata import category

from agents.intent.normalise import Reading, Token
from agents.intent.numbers import Amount, read_amount
from agents.intent.vocabulary.lexicon import LEXICON, LONGEST
from agents.intent.vocabulary.orders import (
    FIRST_ONLY,
    LAST_ONLY,
    MONEY_SIZED,
    MONEY_VERB,
    NAMED,
    SIZED,
)
from agents.intent.vocabulary.placing import (
    LAYS_MONEY,
    LAYS_STOPS,
    LETTERS,
    LINE_LETTERS,
    ON_A_TICKET,
    SPENDING,
    TAKES,
    TOWARDS,
)
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef

Names = Mapping[str, tuple[InstrumentRef, ...]]
LONGEST_NAME: Final = 8
# What may stand before the first word of an order.
BEFORE_AN_ORDER: Final = frozenset(
    {Tag.FILLER, Tag.CAN_YOU, Tag.COMMA, Tag.YES, Tag.AND, Tag.BREAK, Tag.MARKER, Tag.EMOJI}
)
PLACED: Final = (
    Tag.STOP, Tag.TRIGGER, Tag.TARGET, Tag.LIMIT, Tag.VALIDITY, Tag.TRAIL, Tag.SL_ORDER,
    Tag.SLM_ORDER, Tag.ORDER, Tag.MY,
)  # fmt: skip
GUARDS: Final = (Tag.STOP, Tag.TRAIL, Tag.SL_ORDER, Tag.SLM_ORDER)
POSSESSIVE: Final = "'s"
LISTED: Final = frozenset({"-eq", ".ns", ".nse", "-nse"})
NOT_ALWAYS: Final = frozenset({FIRST_ONLY, SIZED, NAMED, MONEY_SIZED})
PICTURES: Final = frozenset({"So", "Sk"})
BESIDE_A_TICKET: Final = (Tag.SYMBOL, Tag.NUM, Tag.UNIT, Tag.LOT, Tag.EACH, Tag.SCALED)
SIZES: Final = frozenset({Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.FRAC})
MONEY: Final = frozenset({Tag.NUM, Tag.SCALED, Tag.MONEY})
BEFORE_A_NAME: Final = (
    Tag.UNIT, Tag.LOT, Tag.OF, Tag.WORTH, Tag.MY, Tag.EACH, Tag.FILLER, Tag.IN,
)  # fmt: skip
FARTHEST_NAME: Final = 5


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of the message with every meaning it may have; `message[start:end] == text`."""

    meanings: Mapping[Tag, str]
    start: int
    end: int
    text: str
    folded: str
    value: Decimal | None = None
    refs: tuple[InstrumentRef, ...] = field(default=())

    def has(self, *tags: Tag) -> bool:
        meanings = self.meanings
        return any(tag in meanings for tag in tags)


def tag(reading: Reading, names: Names) -> tuple[Item, ...]:
    """Cut the message into the longest known pieces.

    Of equally long ones a number comes first, then a word of the vocabulary, then a name, so
    that "ko" is a Hinglish particle before it is Coca-Cola. A word that is both a setting and a
    name, as IOC is, is the name where the message names nothing else.
    """
    items: list[Item] = []
    at, begins, clause = 0, True, True
    while at < len(reading.tokens):
        item, count = _piece(reading, at, names, begins, clause)
        clause = item.has(*BEFORE_AN_ORDER)
        begins = begins and clause
        items.append(item)
        at += count
    return _settled(items)


def _piece(reading: Reading, at: int, names: Names, begins: bool, clause: bool) -> tuple[Item, int]:
    marker = _marker(reading, at)
    if marker:
        return _item(reading, at, marker, {Tag.COMMA: "", Tag.MARKER: ""}), marker
    amount = read_amount(reading, at)
    phrase = _phrase(reading, at, begins, names if clause else None)
    name = _name(reading, at, names)
    longest = max(amount.count if amount else 0, phrase[1], name[1])
    if amount is not None and amount.count == longest:
        return _number(reading, at, amount, phrase), longest
    is_named = name[1] == longest and _is_only_filler(phrase[0]) and _shouts(reading, at)
    if phrase[1] and phrase[1] == longest and not is_named:
        refs = name[0] if name[1] == longest and Tag.VALIDITY in phrase[0] else ()
        return _item(reading, at, longest, phrase[0], refs=refs), longest
    if longest:
        return _item(reading, at, longest, {Tag.SYMBOL: ""}, refs=name[0]), longest
    return _item(reading, at, 1, {_unread(reading.tokens[at]): ""}), 1


def _unread(token: Token) -> Tag:
    """Say what a piece is that no table knows: a picture, or a word."""
    pictures = all(category(char) in PICTURES or char == "\ufe0f" for char in token.text)
    return Tag.EMOJI if pictures else Tag.UNKNOWN


def _settled(items: list[Item]) -> tuple[Item, ...]:
    _place_not_buy(items)
    _ticket(items)
    _put_in(items)
    _stop_not_money(items)
    _taken_down(items)
    named = any(item.has(Tag.SYMBOL) for item in items)
    for at, item in enumerate(items):
        if item.refs and not item.has(Tag.SYMBOL):
            meanings = item.meanings if named else {Tag.SYMBOL: ""}
            items[at] = replace(item, meanings=meanings, refs=() if named else item.refs)
            named = True
    return tuple(items)


def _place_not_buy(items: list[Item]) -> None:
    """Read "put stop at 205" and "put infy sl at 205" as placing one, and "put 20 in infy" as
    buying, where a clause begins.

    Anywhere else "put" is an option's.
    """
    spoken = [at for at, item in enumerate(items) if not item.has(Tag.FILLER, Tag.MARKER)]
    for place, at in enumerate(spoken[:-1]):
        begins = place == 0 or items[spoken[place - 1]].has(Tag.COMMA, Tag.AND, Tag.BREAK)
        if items[at].folded != "put" or not begins:
            continue
        follows, after = items[spoken[place + 1]], spoken[place + 2 : place + 3]
        guards = any(items[each].has(*GUARDS) for each in after)
        sized = _is_a_guards_size(items, spoken[place + 1 : place + 4])
        if follows.has(*PLACED) or (follows.has(Tag.SYMBOL) and guards) or sized:
            items[at] = replace(items[at], meanings={Tag.PLACE: ""})
        elif follows.has(*MONEY) and any(items[each].has(Tag.IN, Tag.INTO) for each in after):
            items[at] = replace(items[at], meanings={Tag.BUY: ""})


def _is_a_guards_size(items: Sequence[Item], places: Sequence[int]) -> bool:
    """Say whether "5% stop" or "20 points sl" follows: how far a stop stands, and no size."""
    said = [items[at] for at in places]
    words = said[2:] if any(item.has(Tag.POINTS, Tag.ATR) for item in said[1:2]) else said[1:2]
    measured = bool(said) and said[0].has(Tag.PCT, Tag.NUM)
    return measured and any(item.has(*GUARDS, Tag.TARGET) for item in words)


def _put_in(items: list[Item]) -> None:
    """Read "infy me 50 hazar laga do" as buying: money is placed, and no stop or order is."""
    placed = [at for at, item in enumerate(items) if item.folded in LAYS_MONEY]
    money = any(item.has(Tag.SCALED, Tag.MONEY) for item in items) or (
        any(item.has(Tag.CAPITAL) for item in items)
        and any(item.has(Tag.PCT, Tag.FRAC) for item in items)
    )
    if len(placed) != 1 or not money or _sets(items):
        return
    items[placed[0]] = replace(items[placed[0]], meanings={Tag.BUY: MONEY_VERB})


def _stop_not_money(items: list[Item]) -> None:
    """Read "infy ka stop loss 149 pe daal do" as placing one: its only number is the stop's."""
    numbers = [item for item in items if item.has(*MONEY, Tag.PCT)]
    if len(numbers) != 1 or not any(item.has(Tag.STOP, Tag.TRAIL, Tag.TARGET) for item in items):
        return
    for at, item in enumerate(items):
        if item.folded in LAYS_STOPS and item.meanings.get(Tag.BUY) == MONEY_VERB:
            items[at] = replace(item, meanings={Tag.PLACE: ""})


def _taken_down(items: list[Item]) -> None:
    """Read "take reliance down to 25" as selling: how far down says which way, not the verb."""
    if not any(item.has(Tag.DOWN_TO) for item in items):
        return
    for at, item in enumerate(items):
        if item.folded in TAKES and item.has(Tag.BUY):
            items[at] = replace(item, meanings={Tag.FILLER: ""})


def _sets(items: list[Item]) -> bool:
    """Say whether a stop, an order or an alert is placed; "my" alone says none of them."""
    return any(
        item.has(*(each for each in PLACED if each is not Tag.MY), Tag.ALERT) for item in items
    )


def _ticket(items: list[Item]) -> None:
    """Read a letter behind a name or a number as the verb that the message lacks."""
    if any(item.has(Tag.BUY, Tag.SELL, Tag.EXIT) for item in items):
        return
    for at in range(1, len(items)):
        verb = ON_A_TICKET.get(items[at].folded)
        if verb and items[at].has(Tag.UNKNOWN) and items[at - 1].has(*BESIDE_A_TICKET):
            items[at] = replace(items[at], meanings={verb: ""})


def _number(
    reading: Reading, at: int, amount: Amount, phrase: tuple[Mapping[Tag, str], int]
) -> Item:
    """Tag an amount; "first" and "third" keep the other meanings of the same words."""
    meanings = {amount.tag: ""}
    if amount.count == phrase[1] and amount.tag is Tag.FRAC:
        meanings |= {tag: value for tag, value in phrase[0].items() if tag is Tag.ORDINAL}
    return _item(reading, at, amount.count, meanings, value=amount.value)


def _item(
    reading: Reading,
    at: int,
    count: int,
    meanings: Mapping[Tag, str],
    value: Decimal | None = None,
    refs: tuple[InstrumentRef, ...] = (),
) -> Item:
    return Item(
        meanings,
        reading.tokens[at].start,
        reading.tokens[at + count - 1].end,
        reading.typed(at, count),
        reading.phrase(at, count),
        value,
        refs,
    )


def _phrase(
    reading: Reading, at: int, begins: bool, names: Names | None
) -> tuple[Mapping[Tag, str], int]:
    if reading.tokens[at].text == ">" and _starts_a_line(reading, at):
        return {Tag.QUOTE: ""}, 1
    left = len(reading.tokens) - at
    for count in range(min(LONGEST, left), 0, -1):
        found = LEXICON.get(reading.phrases[at][count - 1])
        meanings = _here(found, begins, ends=count == left) if found else None
        if found and names is not None:
            meanings = _sized(found, reading, at + count, names) or meanings
        if meanings:
            return meanings, count
    return {}, 0


def _is_only_filler(meanings: Mapping[Tag, str]) -> bool:
    return set(meanings) <= {Tag.FILLER}


def _here(meanings: Mapping[Tag, str], begins: bool, ends: bool) -> Mapping[Tag, str]:
    """Return the meanings that a phrase has at its place in the message."""
    only = {tag: value for tag, value in meanings.items() if value == FIRST_ONLY}
    if begins and only:
        return only
    return {
        tag: value
        for tag, value in meanings.items()
        if value not in NOT_ALWAYS and (value != LAST_ONLY or ends)
    }


def _sized(
    meanings: Mapping[Tag, str], reading: Reading, after: int, names: Names
) -> Mapping[Tag, str]:
    """Return the verb that a phrase is only before the size of an order: "get 10 infy"."""
    lettered = after and reading.tokens[after - 1].text in LETTERS
    if not lettered and not {SIZED, NAMED, MONEY_SIZED} & set(meanings.values()):
        return {}
    amount = read_amount(reading, after) if after < len(reading.tokens) else None
    if amount is None or amount.tag not in SIZES or amount.value is None:
        return _of_a_name(meanings, reading, after, names)
    end = after + amount.count
    if not _named_at(reading, end, names):
        return {}
    spends = amount.tag in MONEY and reading.tokens[end].text in TOWARDS
    if spends and MONEY_SIZED in meanings.values():
        return {Tag.BUY: MONEY_VERB}
    counts = {SIZED, NAMED, FIRST_ONLY} if lettered else {SIZED, NAMED}
    return {tag: value for tag, value in meanings.items() if value in counts}


def _of_a_name(
    meanings: Mapping[Tag, str], reading: Reading, after: int, names: Names
) -> Mapping[Tag, str]:
    """Return the verb of "get infy" and "get infy for 1 lac rupees": nothing else follows."""
    named = _name(reading, after, names)[1] if after < len(reading.tokens) else 0
    end = after + named
    alone = named and (end == len(reading.tokens) or _is_sized(reading, end))
    return {tag: value for tag, value in meanings.items() if alone and value == NAMED}


def _is_sized(reading: Reading, at: int) -> bool:
    """Say whether a plain size stands at a place: "for 1 lac rupees", "worth 50k", "20 shares"."""
    spends = reading.tokens[at].text in SPENDING
    amount = read_amount(reading, at + spends) if at + spends < len(reading.tokens) else None
    if amount is None:
        return False
    if spends:
        return amount.tag in {Tag.SCALED, Tag.MONEY}
    end = at + amount.count
    counted = end < len(reading.tokens) and Tag.UNIT in LEXICON.get(reading.tokens[end].text, {})
    return amount.tag is Tag.NUM and counted


def _named_at(reading: Reading, at: int, names: Names) -> bool:
    """Say whether a name stands at a place, behind no more than words such as "shares of"."""
    for place in range(at, min(at + FARTHEST_NAME, len(reading.tokens))):
        if _name(reading, place, names)[1]:
            return True
        text = reading.tokens[place].text
        known = LEXICON.get(text, {})
        if not (text in TOWARDS or any(tag in known for tag in BEFORE_A_NAME)):
            return False
    return False


def _name(reading: Reading, at: int, names: Names) -> tuple[tuple[InstrumentRef, ...], int]:
    for count in range(min(LONGEST_NAME, len(reading.tokens) - at), 0, -1):
        said = reading.phrases[at][count - 1]
        refs = names.get(said) or names.get(said.removesuffix(POSSESSIVE))
        if refs and _is_listed(reading, at + count):
            return refs, count + 2
        if refs and not _runs_on(reading, at + count):
            return refs, count
    return (), 0


def _is_listed(reading: Reading, after: int) -> bool:
    """Say whether the ending of a home listing follows, as in TCS.NS and TCS-EQ."""
    pair = reading.tokens[after : after + 2]
    glued = len(pair) == 2 and all(token.glued for token in pair)
    return glued and pair[0].text + pair[1].text in LISTED


def _runs_on(reading: Reading, after: int) -> bool:
    """Say whether a name goes on without a space, as in INFY-BE: then it is another name."""
    if after >= len(reading.tokens):
        return False
    return _is_inner(reading.tokens[after]) and (
        after + 1 < len(reading.tokens)
        and reading.tokens[after + 1].glued
        and reading.tokens[after + 1].text[0].isalnum()
    )


def _is_inner(token: Token) -> bool:
    return token.glued and token.text in {"-", "&", "_", "/", "."}


def _marker(reading: Reading, at: int) -> int:
    """Return how many tokens only count the lines of a list, as "1)" and "2." do; else 0."""
    pair = reading.tokens[at : at + 2]
    if len(pair) < 2 or not _counts_lines(pair[0].text):
        return 0
    if pair[1].text == ")" and pair[1].glued and "(" not in reading.message:
        return 2
    follows = reading.tokens[at + 2 : at + 3]
    pointed = pair[0].text.isdigit() and pair[1].text == "." and pair[1].glued
    is_point = pointed and _starts_a_line(reading, at)
    return 2 if is_point and follows and not follows[0].glued else 0


def _counts_lines(text: str) -> bool:
    return (len(text) == 1 and text.isdigit()) or text in LINE_LETTERS


def _starts_a_line(reading: Reading, at: int) -> bool:
    before = reading.message[: reading.tokens[at].start].rstrip(" \t\r")
    return before == "" or before.endswith("\n")


def _shouts(reading: Reading, at: int) -> bool:
    """Say whether a word stands in capitals in a message that is not all capitals."""
    return reading.typed(at, 1).isupper() and not reading.message.isupper()
