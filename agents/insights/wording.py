"""What a model may change of an answer: nothing but the words between its facts.

Every figure, symbol, id and quotation is replaced by a mark before a model sees the sentences, and
put back afterwards. A wording counts only when all marks, and all words that decide what is meant,
stand in it in the same order, and no other word is new but small ones that claim nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MARK: Final = re.compile(r"⟦(\d+)⟧")
# A quotation, a remark in brackets, or a word that is no plain word.
_FACT: Final = re.compile(r"“[^”]*”|\([^)]*\)|[^\s“”()]+")
_WORD: Final = re.compile(r"⟦\d+⟧|[^\W\d_]+(?:['’][^\W\d_]+)?")
_ALLOWED: Final = re.compile(r"[^\W\d_]|[\s.,;:!?'’⟦⟧\d–-]")
_EDGES: Final = ".,;:!?"
GROWS_AT_MOST: Final = 2
# Words that decide what a sentence means: sides, verdicts, states, measures, directions, negations,
# numbers and advice.
DECIDING: Final = frozenset(
    """
    buy sell bought sold long short allow allowed allows refuse refused deny denied reject
    rejected executed filled open closed cancelled expired failed stopped waited waits
    approved pass passes reached left up down sideways trend high low normal equity available
    used realised unrealised limit limits cap position positions holdings orders order stop
    stops target targets margin volatility loss gain profit change total simulated live paper
    not no none never nothing cannot without only at least most more less above below before
    after since until today now half double twice one two three four five six seven eight nine
    ten hundred thousand lakh crore dozen should must recommend advise good bad safe risky
    sure certain guaranteed
    """.split()  # noqa: SIM905  # a table of words reads best as words
)
# Words that claim nothing.
SMALL: Final = frozenset(
    """
    a an the and or but so also then there here it its this that these those is are was were
    be been has have had you your i we of in on for from to by with as per which what where
    when while currently right stands stand shows show comes came per each all in sum overall
    well still just meanwhile further finally first next
    """.split()  # noqa: SIM905  # a table of words reads best as words
)


@dataclass(frozen=True, slots=True)
class Masked:
    """Sentences with their facts taken out: `text` has a mark for each of `facts`, in order."""

    text: str
    facts: tuple[str, ...]


def masked(sentences: Sequence[str]) -> Masked:
    """Take every fact out of sentences."""
    facts: list[str] = []

    def mark(found: re.Match[str]) -> str:
        whole = found[0]
        core = whole.rstrip(_EDGES)
        if not _is_fact(core):
            return whole
        facts.append(core)
        return f"⟦{len(facts)}⟧{whole[len(core) :]}"

    return Masked(_FACT.sub(mark, " ".join(sentences)), tuple(facts))


def reworded(wording: str, given: Masked) -> str | None:
    """Return a wording with the facts put back; None where it changes, adds or leaves out any."""
    said = " ".join(wording.split())
    if len(said) > GROWS_AT_MOST * len(given.text) or not _is_plain(said):
        return None
    if _skeleton(said) != _skeleton(given.text) or _words(said) - _words(given.text) - SMALL:
        return None
    return MARK.sub(lambda found: given.facts[int(found[1]) - 1], said)


def _is_fact(text: str) -> bool:
    is_plain_word = text.replace("'", "").replace("’", "").isalpha()
    return bool(text) and (not is_plain_word or sum(map(str.isupper, text)) > 1)


def _is_plain(text: str) -> bool:
    """Say whether a text has letters, stops and marks, and no digit outside a mark."""
    return all(map(_ALLOWED.fullmatch, text)) and not re.search(r"\d|[⟦⟧]", MARK.sub("", text))


def _skeleton(text: str) -> list[str]:
    pieces = (piece.casefold() for piece in _WORD.findall(text))
    return [piece for piece in pieces if piece in DECIDING or piece.startswith("⟦")]


def _words(text: str) -> set[str]:
    return {piece.casefold() for piece in _WORD.findall(text)} - DECIDING
