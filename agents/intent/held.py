"""Questions about a part of what is held, and about the stops that guard it."""

from typing import Final

from agents.intent.model import (
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryDetail,
    QueryTopic,
)
from agents.intent.moods import has
from agents.intent.normalise import Reading
from agents.intent.phrases import Found, PhraseTable
from agents.intent.resolve import Resolver, held_by
from agents.intent.tag import Item
from agents.intent.vocabulary.held import (
    ABOUT_GUARDS,
    BARE,
    GUARDS,
    NOUN_PHRASES,
    PART_PHRASES,
    WHICH,
)
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.questions import EXPLAINING
from agents.intent.vocabulary.tags import Tag

_PARTS: Final = PhraseTable(PART_PHRASES)
_PART_ORDER: Final = tuple(row for row, _ in PART_PHRASES)
_NOUNS: Final = PhraseTable(NOUN_PHRASES)
_GUARDS: Final = PhraseTable([("guard", GUARDS)])
_EXPLAINING: Final = PhraseTable([("explain", EXPLAINING)])
# What is shown is one's own, whether "my" is said or not.
SHOWN: Final = frozenset({"winners", "losers"})
# With one of these outside the phrase itself a message is no plain question about the book.
OTHERWISE: Final = (
    Tag.BUY, Tag.SELL, Tag.EXIT, Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PCT, Tag.FRAC, Tag.PAST,
    Tag.SPEECH, Tag.HYPOTHESIS, Tag.QUOTE, Tag.HEDGE, Tag.ADVICE, Tag.IF, Tag.UNKNOWN, Tag.PLACE,
)  # fmt: skip


class HeldQuestions:
    """Reads questions about the book that need no symbol."""

    def __init__(self, reading: Reading, resolver: Resolver, context: ParseContext) -> None:
        self._reading = reading
        self._resolver = resolver
        self._context = context

    def part(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        """Return the part of what is held that a message asks for: "show my losing holdings"."""
        found = {each.row: each for each in reversed(_PARTS.found(self._reading))}
        row = next((row for row in _PART_ORDER if row in found), None)
        if row is None or has(items, Tag.SYMBOL) or not _asks(items, WHICH):
            return None
        nouns = _NOUNS.found(self._reading)
        others = self._outside(items, (found[row], *nouns))
        if has(others, *OTHERWISE, Tag.NEGATION, Tag.METRIC):
            return None
        words = {each.text.casefold() for each in self._reading.tokens}
        mine = has(items, Tag.MY, Tag.HOLDINGS, Tag.POSITIONS) or "i" in words
        bare = row in BARE and not any(not each.has(*QUIET, Tag.SHOW, Tag.ASK) for each in others)
        shown = row in SHOWN and has(items, Tag.SHOW)
        if not ((nouns and (mine or shown)) or bare):
            return None
        book = nouns[0].row if nouns else "positions"
        return ParsedMessage(
            kind=MessageKind.QUERY, topic=QueryTopic(book), detail=QueryDetail(row)
        )

    def stops(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        """Return the question where stops are, what guards a name, or what nothing guards."""
        found = _GUARDS.found(self._reading)
        if not found or not _asks(items, ABOUT_GUARDS) or _EXPLAINING.found(self._reading):
            return None
        others = self._outside(items, found)
        changes = Tag.CANCEL, Tag.MODIFY, Tag.TRAIL, Tag.ORDER, Tag.MONITOR, Tag.ALERT
        shows = [each for each in others if not each.has(Tag.SHOW, Tag.ASK, *QUIET)]
        if has(others, *OTHERWISE) or has(shows, *changes):
            return None
        if has(items, Tag.NO_EXTRA) and not has(items, Tag.ASK, Tag.SHOW):
            return None
        names = [item for item in items if item.has(Tag.SYMBOL)]
        mine = has(items, Tag.MY, Tag.POSITIONS, Tag.HOLDINGS, Tag.SHOW, Tag.ALL)
        if not (names or mine or not shows):
            return None
        held = frozenset(row.instrument for row in held_by(self._context))
        named = self._resolver.quoted(names, held)
        return ParsedMessage(
            kind=MessageKind.QUERY,
            topic=QueryTopic.ORDERS,
            detail=QueryDetail.STOPS,
            symbols=named.refs,
            ambiguous=named.ambiguous,
            missing=("symbol",) if named.ambiguous else (),
        )

    def _outside(self, items: tuple[Item, ...], phrases: tuple[Found, ...]) -> list[Item]:
        """Return the items that no part of any of the phrases stands in."""
        spans = []
        for phrase in phrases:
            tokens = self._reading.tokens[phrase.first : phrase.first + phrase.count]
            spans.append((tokens[0].start, tokens[-1].end))
        return [
            item
            for item in items
            if not any(item.start < end and start < item.end for start, end in spans)
        ]


def _asks(items: tuple[Item, ...], words: frozenset[str]) -> bool:
    """Say whether a message shows, names, or asks with one of these words and with no other."""
    asking = [item for item in items if item.has(Tag.ASK)]
    return all(item.folded in words or item.has(Tag.SHOW) for item in asking)
