"""Stage 2b: misspelt names and words, taken for the only thing that they are clearly near to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from rapidfuzz.distance import OSA

from agents.intent.tag import Item, Names
from agents.intent.vocabulary.common import COMMON_WORDS
from agents.intent.vocabulary.lexicon import LEXICON
from agents.intent.vocabulary.scripts import DEVANAGARI_NAMES
from agents.intent.vocabulary.tags import VERBS, Tag
from riskgate.contracts.instruments import InstrumentRef

SHORTEST: Final = 5
LONG: Final = 8
LONGEST_RUN: Final = 3
# Words of the vocabulary that a misspelling may be taken for; the guards are among them.
CORRECTED: Final = (
    Tag.BUY, Tag.SELL, Tag.EXIT, Tag.UNIT, Tag.PRODUCT, Tag.MARKET, Tag.LIMIT, Tag.TARGET,
    Tag.STOP, Tag.VALIDITY, Tag.TRIGGER, Tag.ASK, Tag.ADVICE, Tag.NEGATION, Tag.CANCEL,
    Tag.MODIFY, Tag.TRAIL, Tag.POSITIONS, Tag.HOLDINGS, Tag.ORDER, Tag.MONITOR, Tag.HEDGE,
    Tag.HYPOTHESIS,
)  # fmt: skip


class Speller:
    """Knows the names of an instrument master and the vocabulary, by first letter."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._by_letter: Mapping[str, Sequence[str]] = _by_letter(
            name for name in names if not any(char.isdigit() for char in name)
        )

    def spelt(self, items: Sequence[Item], message: str) -> tuple[Item, ...]:
        """Return the items with misspelt words corrected; their spans stay what was typed."""
        if not any(item.has(Tag.UNKNOWN) for item in items):
            return tuple(items)
        worded = [_corrected(item) for item in items]
        joined = self._joined_to_names(worded, message)
        found: list[Item] = []
        for unknown, run in groupby(joined, key=lambda item: item.has(Tag.UNKNOWN)):
            group = list(run)
            found += self._named(group, message) if unknown else group
        return _once(found, message)

    def _joined_to_names(self, items: Sequence[Item], message: str) -> list[Item]:
        """Read "hdfc bnk" as one misspelt name where it is clearly near to one."""
        found: list[Item] = []
        for item in items:
            before = found[-1] if found else None
            if item.has(Tag.UNKNOWN) and before is not None and before.has(Tag.SYMBOL):
                text = message[before.start : item.end]
                refs = self._nearest(" ".join(text.casefold().split()))
                if refs and set(refs) <= set(before.refs):
                    found[-1] = replace(before, end=item.end, text=text, refs=refs)
                    continue
            found.append(item)
        return found

    def _named(self, run: Sequence[Item], message: str) -> list[Item]:
        for count in range(min(LONGEST_RUN, len(run)), 0, -1):
            for at in range(len(run) - count + 1):
                piece = run[at : at + count]
                text = message[piece[0].start : piece[-1].end]
                refs = self._nearest(" ".join(text.casefold().split()))
                if refs:
                    item = replace(
                        piece[0], meanings={Tag.SYMBOL: ""}, end=piece[-1].end, text=text, refs=refs
                    )
                    return [*run[:at], item, *run[at + count :]]
        return list(run)

    def _nearest(self, word: str) -> tuple[InstrumentRef, ...]:
        """Return what the only name clearly near to a word stands for, else nothing."""
        if word in DEVANAGARI_NAMES:
            return self.names.get(DEVANAGARI_NAMES[word], ())
        if len(word) < SHORTEST or word in COMMON_WORDS or not word[0].isascii():
            return ()
        most = _most(word)
        near: dict[tuple[InstrumentRef, ...], int] = {}
        for name in self._by_letter.get(word[0], ()):
            distance = OSA.distance(word, name, score_cutoff=most)
            if distance <= most and _word_by_word(word, name):
                refs = self.names[name]
                near[refs] = min(distance, near.get(refs, most))
        best = min(near.values(), default=most + 1)
        closest = [refs for refs, distance in near.items() if distance == best]
        return closest[0] if len(closest) == 1 else ()


def _once(items: Sequence[Item], message: str) -> tuple[Item, ...]:
    """Read two words in a row for the same instrument as one name."""
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        if before is not None and item.refs and item.refs == before.refs:
            text = message[before.start : item.end]
            found[-1] = replace(before, end=item.end, text=text)
        else:
            found.append(item)
    return tuple(found)


def _word_by_word(typed: str, name: str) -> bool:
    """Say whether each word alone is near to its own: "bajaj pluto" is no "bajaj auto"."""
    ours, theirs = typed.split(), name.split()
    if len(ours) != len(theirs):
        return True
    pairs = zip(ours, theirs, strict=True)
    return all(OSA.distance(one, other) <= _most(one) for one, other in pairs)


def _most(word: str) -> int:
    return 2 if len(word) >= LONG else 1


def _by_letter(words: Iterable[str]) -> Mapping[str, Sequence[str]]:
    table: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        if len(word) >= SHORTEST - 1:
            table[word[0]].append(word)
    return dict(table)


def _is_corrected(word: str) -> bool:
    meanings = LEXICON.get(word, {})
    return Tag.FILLER not in meanings and any(tag in meanings for tag in CORRECTED)


# A misspelling is never taken for a filler: that would silence an unknown word.
_WORDS: Final = _by_letter(word for word in LEXICON if word.isalpha() and _is_corrected(word))


def _is_told(word: str) -> bool:
    """Say whether a word tells of what somebody does: "infy sells a unit" is no misspelt order."""
    stems = (word.removesuffix("s"), word.removesuffix("es"))
    verbs = (LEXICON.get(stem, {}) for stem in stems if stem != word)
    return any(tag in verb for verb in verbs for tag in VERBS)


def _corrected(item: Item) -> Item:
    """Give a misspelt word of the vocabulary its meanings."""
    if not item.has(Tag.UNKNOWN) or not item.folded.isascii() or item.folded in COMMON_WORDS:
        return item
    if _is_told(item.folded):
        return item
    squeezed = "".join(char for char, _ in groupby(item.folded))
    if squeezed != item.folded and len(squeezed) > 2 and _is_corrected(squeezed):
        return replace(item, meanings=LEXICON[squeezed])
    if len(item.folded) < SHORTEST:
        return item
    near = [
        word
        for word in _WORDS.get(item.folded[0], ())
        if len(word) >= SHORTEST and OSA.distance(item.folded, word, score_cutoff=1) <= 1
    ]
    meanings = [LEXICON[word] for word in near]
    same = meanings and all(set(other) == set(meanings[0]) for other in meanings)
    return replace(item, meanings=meanings[0]) if same else item
