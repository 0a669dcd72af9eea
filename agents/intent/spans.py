"""Spans of a person's message: which words they hold, and whether those are what they look like."""

import unicodedata
from collections.abc import Iterable, Sequence

from agents.intent.normalise import is_unsafe
from agents.intent.tag import Item


def pieces(items: Sequence[Item], start: int, end: int) -> tuple[Item, ...]:
    """Return the items that lie whole within a span: half a number or name says nothing."""
    return tuple(item for item in items if start <= item.start and item.end <= end)


def places(message: str, words: str) -> tuple[tuple[int, int], ...]:
    """Return where words stand in a message as whole words, in any case; none if they do not."""
    if not words.strip():
        return ()
    exact = _places(message, words)
    folded = message.casefold()
    if exact or len(folded) != len(message):
        return exact
    return _places(folded, words.casefold())


def _places(message: str, words: str) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    at = message.find(words)
    while at >= 0:
        end = at + len(words)
        if not (_joined(message, at) or _joined(message, end)):
            found.append((at, end))
        at = message.find(words, at + 1)
    return tuple(found)


def _joined(message: str, at: int) -> bool:
    """Say whether a word or a number goes on across a place."""
    return 0 < at < len(message) and message[at - 1].isalnum() and message[at].isalnum()


def is_deceptive(text: str) -> bool:
    """Say whether words may not be what they look like: hidden characters, or two alphabets
    within one word, as in a CIPLA that ends in a Greek letter."""
    folded = unicodedata.normalize("NFKC", text)
    return any(map(is_unsafe, text)) or any(len(_alphabets(word)) > 1 for word in _words(folded))


def _words(text: str) -> Iterable[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()


def _alphabets(word: str) -> frozenset[str]:
    return frozenset(
        unicodedata.name(char, "?").partition(" ")[0] for char in word if char.isalpha()
    )
