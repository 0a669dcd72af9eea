"""Stage 2: from tokens to items: numbers, known phrases, instrument names, and the unknown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agents.intent.normalise import Reading, Token
from agents.intent.numbers import Amount, read_amount
from agents.intent.vocabulary.lexicon import LEXICON, LONGEST
from agents.intent.vocabulary.orders import FIRST_ONLY
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef

Names = Mapping[str, tuple[InstrumentRef, ...]]
LONGEST_NAME = 8


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
        return any(tag in self.meanings for tag in tags)


def tag(reading: Reading, names: Names) -> tuple[Item, ...]:
    """Cut the message into the longest known pieces.

    Of equally long ones a number comes first, then a word of the vocabulary, then a name, so
    that "ko" is a Hinglish particle before it is Coca-Cola.
    """
    items: list[Item] = []
    at = 0
    while at < len(reading.tokens):
        item, count = _piece(reading, at, names)
        items.append(item)
        at += count
    return tuple(items)


def _piece(reading: Reading, at: int, names: Names) -> tuple[Item, int]:
    if _is_marker(reading, at):
        return _item(reading, at, 2, {Tag.COMMA: ""}), 2
    amount = read_amount(reading, at)
    phrase = _phrase(reading, at)
    name = _name(reading, at, names)
    longest = max(amount.count if amount else 0, phrase[1], name[1])
    if amount is not None and amount.count == longest:
        return _number(reading, at, amount), longest
    is_named = name[1] == longest and _is_only_filler(phrase[0]) and _shouts(reading, at)
    if phrase[1] and phrase[1] == longest and not is_named:
        return _item(reading, at, longest, phrase[0]), longest
    if longest:
        return _item(reading, at, longest, {Tag.SYMBOL: ""}, refs=name[0]), longest
    return _item(reading, at, 1, {Tag.UNKNOWN: ""}), 1


def _number(reading: Reading, at: int, amount: Amount) -> Item:
    return _item(reading, at, amount.count, {amount.tag: ""}, value=amount.value)


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


def _phrase(reading: Reading, at: int) -> tuple[Mapping[Tag, str], int]:
    if reading.tokens[at].text == ">" and _starts_a_line(reading, at):
        return {Tag.QUOTE: ""}, 1
    for count in range(min(LONGEST, len(reading.tokens) - at), 0, -1):
        found = LEXICON.get(reading.phrase(at, count))
        if found:
            meanings = _first(found) if at == 0 else _not_first(found)
            if meanings:
                return meanings, count
    return {}, 0


def _is_only_filler(meanings: Mapping[Tag, str]) -> bool:
    return set(meanings) <= {Tag.FILLER}


def _first(meanings: Mapping[Tag, str]) -> Mapping[Tag, str]:
    only = {tag: value for tag, value in meanings.items() if value == FIRST_ONLY}
    return only or meanings


def _not_first(meanings: Mapping[Tag, str]) -> Mapping[Tag, str]:
    return {tag: value for tag, value in meanings.items() if value != FIRST_ONLY}


def _name(reading: Reading, at: int, names: Names) -> tuple[tuple[InstrumentRef, ...], int]:
    for count in range(min(LONGEST_NAME, len(reading.tokens) - at), 0, -1):
        refs = names.get(reading.phrase(at, count))
        if refs and not _runs_on(reading, at + count):
            return refs, count
    return (), 0


def _runs_on(reading: Reading, after: int) -> bool:
    """Say whether a name goes on without a space, as in INFY-BE: then it is another name."""
    if after >= len(reading.tokens):
        return False
    return _is_inner(reading.tokens[after]) and (
        after + 1 < len(reading.tokens) and reading.tokens[after + 1].glued
    )


def _is_inner(token: Token) -> bool:
    return token.glued and token.text in {"-", "&", "_", "/", "."}


def _is_marker(reading: Reading, at: int) -> bool:
    """Say whether a number only counts the lines of a list, as "1)" does."""
    pair = reading.tokens[at : at + 2]
    if len(pair) < 2 or not (len(pair[0].text) == 1 and pair[0].text.isdigit()):
        return False
    return pair[1].text == ")" and pair[1].glued and "(" not in reading.message


def _starts_a_line(reading: Reading, at: int) -> bool:
    before = reading.message[: reading.tokens[at].start].rstrip(" \t\r")
    return before == "" or before.endswith("\n")


def _shouts(reading: Reading, at: int) -> bool:
    """Say whether a word stands in capitals in a message that is not all capitals."""
    return reading.typed(at, 1).isupper() and not reading.message.isupper()
