"""Stage 2a: amounts as people write them, recognised as said even when nobody can trade them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agents.intent.normalise import Reading, Shape, Token
from agents.intent.vocabulary.numbers import (
    ALONE,
    ARTICLES,
    CLOCK_HALVES,
    CLOCK_WORDS,
    COUNTING,
    CURRENCY_AFTER,
    CURRENCY_BEFORE,
    FIRST_MORNING_HOUR,
    FRACTIONS,
    GLUED_SCALES,
    HYPHENED_SCALES,
    MIXED,
    NEGATIVE,
    NOT_NUMBERS,
    ONLY_SCALED,
    PARTS,
    PERCENT,
    SCALES,
    UNITS,
)
from agents.intent.vocabulary.tags import Tag

MAX_DIGITS: Final = 18
MAX_PLACES: Final = 12
FRACTION_STEP: Final = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of `count` tokens. `value` is None for one that no market can hold (NaN, 1e99)."""

    tag: Tag
    value: Decimal | None
    count: int


class _Cursor:
    """Walk over the tokens of one amount."""

    def __init__(self, reading: Reading, first: int) -> None:
        self.tokens = reading.tokens
        self.first = first
        self.at = first

    def peek(self, ahead: int = 0) -> Token | None:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def take(self, words: frozenset[str]) -> bool:
        token = self.peek()
        if token is None or token.text not in words:
            return False
        self.at += 1
        return True

    @property
    def count(self) -> int:
        return self.at - self.first


def read_amount(reading: Reading, first: int) -> Amount | None:
    """Read the longest amount that starts at a token, or None."""
    return (
        _clock(_Cursor(reading, first))
        or _ratio(_Cursor(reading, first))
        or _parts(_Cursor(reading, first))
        or _fraction_word(_Cursor(reading, first))
        or _amount(_Cursor(reading, first))
    )


def _amount(cursor: _Cursor) -> Amount | None:
    money = cursor.take(CURRENCY_BEFORE)
    if money:
        cursor.take(frozenset({"."}))
    sign = _sign(cursor)
    if sign is None:
        return None
    number = _not_a_number(cursor) or _digits(cursor) or _mixed(cursor) or _words(cursor)
    if number is None:
        return None
    value, tag = number
    tag = Tag.PCT if cursor.take(PERCENT) else tag
    if tag is not Tag.PCT and (_currency_after(cursor) or money):
        tag = Tag.MONEY
    return Amount(tag, value if value is None else sign * value, cursor.count)


def _currency_after(cursor: _Cursor) -> bool:
    token, following = cursor.peek(), cursor.peek(1)
    # "10 $5" and "10 $TCS": the sign belongs to what it is glued to.
    if following is not None and following.glued and following.shape is not Shape.SYMBOL:
        return token is not None and token.shape is Shape.WORD and cursor.take(CURRENCY_AFTER)
    return token is not None and cursor.take(CURRENCY_AFTER)


def _sign(cursor: _Cursor) -> int | None:
    token, following = cursor.peek(), cursor.peek(1)
    if token is None or token.text not in NEGATIVE:
        return 1
    is_word = token.shape is Shape.WORD
    if following is None or not (is_word or following.glued) or (token.glued and not is_word):
        return None
    cursor.at += 1
    return -1


def _not_a_number(cursor: _Cursor) -> tuple[None, Tag] | None:
    return (None, Tag.NUM) if cursor.take(NOT_NUMBERS) else None


def _digits(cursor: _Cursor) -> tuple[Decimal | None, Tag] | None:
    token = cursor.peek()
    if token is None or token.shape is not Shape.NUMBER:
        return None
    cursor.at += 1
    value = _decimal(token.text)
    scale, tag = _scale(cursor)
    return (None if value is None else value * scale), tag


def _decimal(text: str) -> Decimal | None:
    whole = text.partition(".")[0]
    if "," in whole and not _grouped(whole.split(",")):
        return None
    mantissa, _, exponent = text.replace(",", "").partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent.strip("+-")) > 2:
        return None
    value = Decimal(f"{mantissa}e{exponent or 0}")
    places = int(value.as_tuple().exponent)
    return value if places >= -MAX_PLACES and value.adjusted() <= MAX_DIGITS else None


def _grouped(groups: list[str]) -> bool:
    """Say whether commas stand where thousands or lakhs do: 1,50,000 or 150,000; not 10,20."""
    head, middle, last = groups[0], groups[1:-1], groups[-1]
    sizes = {len(group) for group in middle} or {3}
    return len(head) <= 3 and len(last) == 3 and (sizes in ({2}, {3}))


def _scale(cursor: _Cursor) -> tuple[int, Tag]:
    token = cursor.peek()
    if token is None:
        return 1, Tag.NUM
    if token.text in SCALES:
        cursor.at += 1
        return SCALES[token.text], Tag.NUM if token.text in COUNTING else Tag.SCALED
    after = cursor.peek(1)
    joined = after is not None and after.glued and after.text == "&"
    if token.glued and token.text in GLUED_SCALES and not joined:
        cursor.at += 1
        return GLUED_SCALES[token.text], Tag.SCALED
    return 1, Tag.NUM


def _words(cursor: _Cursor) -> tuple[Decimal | None, Tag] | None:
    """Read "two hundred fifty", "a dozen", "ek lakh": units add up, a scale closes its group."""
    total, group, said, tag = 0, 0, False, Tag.NUM
    while (token := cursor.peek()) is not None:
        following = cursor.peek(1)
        if token.text in ONLY_SCALED and not _is_scale(following):
            break
        if token.text in UNITS:
            if said and not _adds_up(cursor.peek(-1), UNITS[token.text]):
                break
            group += UNITS[token.text]
        elif token.text in SCALES and said and SCALES[token.text] == 100:
            group *= 100
        elif token.text in SCALES and said:
            total, group = total + group * SCALES[token.text], 0
            tag = Tag.NUM if token.text in COUNTING else Tag.SCALED
        elif token.text in ALONE and not said:
            group = SCALES[token.text]
            tag = Tag.NUM if token.text in COUNTING else Tag.SCALED
        elif said and (_joins_a_number(cursor) or _hyphenates(cursor)):
            pass
        elif token.text in ARTICLES and not said and _is_scale(following):
            group = 1
        else:
            break
        said, cursor.at = True, cursor.at + 1
    return (Decimal(total + group), tag) if said and total + group < 10**MAX_DIGITS else None


def _adds_up(before: Token | None, value: int) -> bool:
    """Say whether a word goes on with a number: "twenty five" does, "das bees" is 10 or 20."""
    last = 0 if before is None else UNITS.get(before.text, 0)
    return last == 0 or (last >= 20 and last % 10 == 0 and 0 < value < 10)


def _joins_a_number(cursor: _Cursor) -> bool:
    """Say whether "and" stands within a number, as in "a hundred and fifty"."""
    before, word, following = cursor.peek(-1), cursor.peek(), cursor.peek(1)
    if before is None or word is None or word.text != "and" or following is None:
        return False
    return before.text in SCALES and following.text in UNITS and following.text not in ONLY_SCALED


def _hyphenates(cursor: _Cursor) -> bool:
    """Say whether a hyphen stands within a number: "twenty-five", "two-hundred"; no range does."""
    before, hyphen, following = cursor.peek(-1), cursor.peek(), cursor.peek(1)
    if before is None or hyphen is None or hyphen.text != "-" or following is None:
        return False
    tens, ones = UNITS.get(before.text, 0), UNITS.get(following.text, 0)
    written = tens >= 20 and tens % 10 == 0 and 0 < ones < 10
    scaled = 0 < tens < 100 and following.text in HYPHENED_SCALES
    return hyphen.glued and following.glued and (written or scaled)


def _mixed(cursor: _Cursor) -> tuple[Decimal | None, Tag] | None:
    """Read "dedh lakh" and "dhai sau"; without a scale they are no amounts."""
    token, scale = cursor.peek(), cursor.peek(1)
    if token is None or scale is None or token.text not in MIXED or scale.text not in SCALES:
        return None
    cursor.at += 2
    tag = Tag.NUM if scale.text in COUNTING else Tag.SCALED
    return MIXED[token.text] * SCALES[scale.text], tag


def _is_scale(token: Token | None) -> bool:
    return token is not None and token.text in SCALES


def _fraction_word(cursor: _Cursor) -> Amount | None:
    """Read "half" and "a quarter"; "half a lakh" is an amount of money."""
    cursor.take(ARTICLES)
    token = cursor.peek()
    if token is None or token.text not in FRACTIONS:
        return None
    cursor.at += 1
    article = cursor.take(ARTICLES)
    following = cursor.peek()
    if following is not None and following.text in SCALES:
        cursor.at += 1
        scaled = FRACTIONS[token.text] * SCALES[following.text]
        tag = Tag.NUM if following.text in COUNTING else Tag.SCALED
        return Amount(tag, scaled, cursor.count)
    cursor.at -= article
    return Amount(Tag.FRAC, FRACTIONS[token.text], cursor.count)


def _parts(cursor: _Cursor) -> Amount | None:
    """Read "a third", "two thirds" and "one fourth"; "the third one" is a place, and no part."""
    token, following = cursor.peek(), cursor.peek(1)
    if token is None or following is None or following.text not in PARTS:
        return None
    if token.text not in ARTICLES and token.text not in UNITS:
        return None
    top = 1 if token.text in ARTICLES else UNITS[token.text]
    after = cursor.peek(2)
    if after is not None and after.text == "one":
        return None
    value = (top * PARTS[following.text]).quantize(FRACTION_STEP).normalize()
    return Amount(Tag.FRAC, value, 2) if 0 < value < 1 else None


def _ratio(cursor: _Cursor) -> Amount | None:
    """Read 3/4 as a fraction; 10/12 and dates such as 3/4/26 stay unread."""
    top, slash, bottom, after = (cursor.peek(place) for place in range(4))
    if top is None or slash is None or bottom is None or slash.text != "/":
        return None
    if not (slash.glued and bottom.glued and top.text.isdecimal() and bottom.text.isdecimal()):
        return None
    if (after is not None and after.text == "/") or len(top.text) > 1 or len(bottom.text) > 1:
        return None
    above, below = Decimal(top.text), Decimal(bottom.text)
    if not 0 < above < below:
        return None
    return Amount(Tag.FRAC, (above / below).quantize(FRACTION_STEP).normalize(), 3)


def _clock(cursor: _Cursor) -> Amount | None:
    """Read 10:30, 3:15, 2 pm, 2.30 pm and "3 baje" as minutes after midnight."""
    token = cursor.peek()
    if token is None:
        return None
    if token.text == "noon":
        return _time(12, 0, 1)
    hour, dot, part = token.text.partition(".")
    if not hour.isdecimal() or len(hour) > 2 or (dot and not (part.isdecimal() and len(part) == 2)):
        return None
    cursor.at += 1
    minutes = int(part) if dot else _minutes(cursor)
    half = cursor.peek()
    if half is not None and half.text in CLOCK_HALVES and int(hour) in range(1, 13):
        cursor.at += 1
        return _time(int(hour) % 12 + CLOCK_HALVES[half.text], minutes or 0, cursor.count)
    # No market is open in the small hours: "square off at 3:15" is for the afternoon.
    afternoon = 12 if int(hour) in range(1, FIRST_MORNING_HOUR) else 0
    if half is not None and half.text in CLOCK_WORDS and int(hour) in range(1, 24):
        cursor.at += 1
        return _time(int(hour) + afternoon, minutes or 0, cursor.count)
    if minutes is None or dot:
        return None
    return _time(int(hour) + afternoon, minutes, cursor.count)


def _minutes(cursor: _Cursor) -> int | None:
    colon, minute = cursor.peek(), cursor.peek(1)
    if colon is None or minute is None or colon.text != ":" or not minute.glued:
        return None
    if not (minute.text.isdecimal() and len(minute.text) == 2):
        return None
    cursor.at += 2
    return int(minute.text)


def _time(hour: int, minute: int, count: int) -> Amount:
    known = hour < 24 and minute < 60
    return Amount(Tag.TIME, Decimal(hour * 60 + minute) if known else None, count)
