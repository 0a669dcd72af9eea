"""Stage 1: from raw text to tokens that keep their place in the person's own message."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.intent.model import Problem
from agents.intent.problems import problem

MAX_CHARACTERS: Final = 4000
PLAIN_SPACE: Final = frozenset("\n\r\t")
UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
LONGEST_PHRASE: Final = 9
WORD_JOINERS: Final = frozenset("'’_")
# Digits of other scripts look like ours and are not: "1٠" is no ten.
NUMBER: Final = re.compile(r"(?:\d+(?:,\d+)*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


# "sl1450" is two words; "tgt1 1500" numbers its targets and stays one.
GLUED: Final = re.compile(
    r"(?:sl|tgt|tp|target|stop|stoploss|trg|trigger|lmt|limit|entry|qty)(?=\d{2})",
    re.ASCII | re.IGNORECASE,
)


class Shape(StrEnum):
    NUMBER = "number"
    WORD = "word"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the message: folded `text`, and where it stands in the original.

    `glued` is True when nothing separates it from the token before.
    """

    text: str
    shape: Shape
    start: int
    end: int
    glued: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A message and its tokens; `message[token.start:token.end]` is what was typed.

    `phrases[at][n - 1]` is what `n` tokens say from a place on, up to the longest known phrase.
    """

    message: str
    tokens: tuple[Token, ...]
    phrases: tuple[tuple[str, ...], ...]

    def phrase(self, first: int, count: int) -> str:
        """Join tokens as they were typed, folded, with one space for any gap."""
        if count <= LONGEST_PHRASE:
            return self.phrases[first][count - 1]
        return _joined(self.tokens[first : first + count])

    def typed(self, first: int, count: int) -> str:
        """Return the original words."""
        last = self.tokens[first + count - 1]
        return self.message[self.tokens[first].start : last.end]


def refusal(message: str) -> Problem | None:
    """Say why a message is not read at all. Length is judged first, so a huge one costs nothing."""
    if len(message) > MAX_CHARACTERS:
        return problem("MESSAGE_TOO_LONG", "message", str(len(message)))
    if not message.strip():
        return problem("MESSAGE_EMPTY", "message", "")
    unsafe = next((char for char in message if is_unsafe(char)), None)
    if unsafe is not None:
        return problem("TEXT_UNSAFE", "message", f"U+{ord(unsafe):04X}")
    return None


def is_unsafe(char: str) -> bool:
    return char not in PLAIN_SPACE and unicodedata.category(char) in UNSAFE_CATEGORIES


def read(message: str) -> Reading:
    """Cut a message into tokens. Each character is folded (NFKC) on its own, to keep its place."""
    folded, places = _fold(message)
    tokens: list[Token] = []
    at = 0
    while at < len(folded):
        if folded[at].isspace():
            at += 1
            continue
        end, shape = _token_end(folded, at)
        glued = bool(tokens) and at > 0 and not folded[at - 1].isspace()
        text = folded[at:end].casefold().replace("’", "'")
        tokens.append(Token(text, shape, places[at], places[end - 1] + 1, glued))
        at = end
    phrases = tuple(_phrases(tokens[at : at + LONGEST_PHRASE]) for at in range(len(tokens)))
    return Reading(message, tuple(tokens), phrases)


def _phrases(tokens: Sequence[Token]) -> tuple[str, ...]:
    said, so_far = "", []
    for token in tokens:
        said += token.text if token.glued or not said else f" {token.text}"
        so_far.append(said)
    return tuple(so_far)


def _joined(tokens: Sequence[Token]) -> str:
    said = ""
    for token in tokens:
        said += token.text if token.glued or not said else f" {token.text}"
    return said


def _fold(message: str) -> tuple[str, list[int]]:
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(message):
        # "10²" must not become 102.
        is_count = unicodedata.category(char) in {"No", "Nl"}
        for piece in char if is_count else unicodedata.normalize("NFKC", char):
            folded.append(piece)
            places.append(place)
    return "".join(folded), places


def _token_end(text: str, at: int) -> tuple[int, Shape]:
    number = NUMBER.match(text, at)
    if number is not None:
        return number.end(), Shape.NUMBER
    before_a_price = GLUED.match(text, at)
    if before_a_price is not None:
        return before_a_price.end(), Shape.WORD
    if _in_word(text[at]):
        return _word_end(text, at), Shape.WORD
    return at + 1, Shape.SYMBOL


def _word_end(text: str, at: int) -> int:
    end = at
    while end < len(text) and (_in_word(text[end]) or _joins(text, end)):
        end += 1
    return end


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def _joins(text: str, at: int) -> bool:
    return text[at] in WORD_JOINERS and at + 1 < len(text) and _in_word(text[at + 1])
