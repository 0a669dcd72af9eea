"""What a question is about, and what is to be researched."""

from typing import Final

from agents.intent.model import (
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryDetail,
    QueryTopic,
    ResearchTopic,
)
from agents.intent.moods import asks, has
from agents.intent.normalise import Reading
from agents.intent.phrases import Found, PhraseTable
from agents.intent.resolve import Resolver, held_by
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.questions import (
    DETAIL_PHRASES,
    EXPLAINING,
    LOOKING_BACK,
    NO_TOPIC,
    PROGRESS,
    RESEARCH_PHRASES,
    TOPIC_PHRASES,
    WEAK_PHRASES,
    WEAK_QUOTE,
    WHY_ALONE,
)
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.orders import Side

_TOPICS: Final = PhraseTable([*TOPIC_PHRASES, (WEAK_QUOTE, WEAK_PHRASES)])
_NO_TOPIC: Final = PhraseTable([("none", NO_TOPIC)])
_EXPLAINING: Final = PhraseTable([("explain", EXPLAINING)])
_DETAILS: Final = PhraseTable((detail, said) for detail, _, said in DETAIL_PHRASES)
_DETAIL_OF: Final = {detail: topic for detail, topic, _ in DETAIL_PHRASES}
_PROGRESS: Final = PhraseTable([("progress", PROGRESS)])
_ORDER: Final = {name: at for at, (name, _) in enumerate(TOPIC_PHRASES)}
_RESEARCH: Final = PhraseTable((name, said) for name, said, _ in RESEARCH_PHRASES)
_BESIDE: Final = PhraseTable((name, beside) for name, _, beside in RESEARCH_PHRASES if beside)
_NEEDS_BESIDE: Final = frozenset(name for name, _, beside in RESEARCH_PHRASES if beside)
_RESEARCH_ORDER: Final = tuple(name for name, _, _ in RESEARCH_PHRASES)
SIDES: Final = (Tag.BUY, Tag.SELL, Tag.EXIT, Tag.LONG, Tag.SHORT)
# Topics of orders already given, or of facts: a verb of trading is no order in them.
OF_THE_PAST: Final = frozenset(
    {QueryTopic.TRADES, QueryTopic.ORDERS, QueryTopic.DECISION, QueryTopic.PNL, QueryTopic.RISK,
     QueryTopic.POSITIONS, QueryTopic.PLAN, QueryTopic.JOBS, QueryTopic.HOLDINGS,
     QueryTopic.EXCEPTIONS, QueryTopic.QUOTE, QueryTopic.MARGIN, QueryTopic.INSTRUMENT}
)  # fmt: skip
# What a contract is does not hang on who buys it: "which lot size do i get if i buy it".
IF_ONE: Final = frozenset({"if i", "if we"})
NEEDS_A_NAME: Final = frozenset({QueryTopic.QUOTE, QueryTopic.HISTORY})
MARKS: Final = frozenset({"?", ".", "!", "..", "...", "…", ","})
TOPIC_NAMES: Final = {"margins": QueryTopic.MARGIN, "cost": QueryTopic.QUOTE}


def topic_of(reading: Reading) -> tuple[QueryTopic | str, Found] | None:
    """Return the topic of the first row that has a phrase in the message."""
    none = frozenset[int]().union(*(each.places for each in _NO_TOPIC.found(reading)))
    found = [each for each in _TOPICS.found(reading) if not each.places & none]
    strong = [each for each in found if each.row != WEAK_QUOTE]
    if strong:
        first = min(strong, key=lambda each: _ORDER[each.row])
        return TOPIC_NAMES.get(first.row) or QueryTopic(first.row), first
    return (WEAK_QUOTE, found[0]) if found else None


def detail_of(reading: Reading, topic: QueryTopic) -> QueryDetail | None:
    """Return what is wanted of a topic: the first row of the topic's that has a phrase."""
    said = {each.row for each in _DETAILS.found(reading)}
    found = (detail for detail, of in _DETAIL_OF.items() if detail in said and of == topic)
    detail = next(found, None)
    return None if detail is None else QueryDetail(detail)


def only_why(reading: Reading) -> bool:
    """Say whether a message is a mere "why?" and so about what was decided last."""
    words = [token.text for token in reading.tokens if token.text.isalpha()]
    marks = {token.text for token in reading.tokens if not token.text.isalpha()}
    return " ".join(words) in WHY_ALONE and marks <= MARKS


def side_said(items: tuple[Item, ...]) -> Side | None:
    """Return the side that a question about the past names; None where it names both or none."""
    buys, sells = has(items, Tag.BUY), has(items, Tag.SELL)
    if buys is sells:
        return None
    return Side.BUY if buys else Side.SELL


def research_of(reading: Reading) -> ResearchTopic | None:
    """Return what is to be researched, None where nothing is."""
    said = {each.row: each for each in reversed(_RESEARCH.found(reading))}
    beside = _BESIDE.found(reading)
    for name in _RESEARCH_ORDER:
        mine = said.get(name)
        if mine is None:
            continue
        others = [each for each in beside if each.row == name and not each.places & mine.places]
        if others or name not in _NEEDS_BESIDE:
            return ResearchTopic(name)
    return None


class Questioner:
    """Answers what a question is about in the light of what is held and looked at."""

    def __init__(self, reading: Reading, resolver: Resolver, context: ParseContext) -> None:
        self._reading = reading
        self._resolver = resolver
        self._context = context

    def research(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        """Return the research a message asks for; an order beside it makes it none."""
        topic = research_of(self._reading)
        if topic is None or has(items, Tag.QUOTE, Tag.SPEECH):
            return None
        if (asks(items) or has(items, Tag.SHOW)) and _PROGRESS.found(self._reading):
            return ParsedMessage(kind=MessageKind.QUERY, topic=QueryTopic.JOBS)
        names = [item for item in items if item.has(Tag.SYMBOL)]
        named = self._resolver.quoted(names)
        return ParsedMessage(
            kind=MessageKind.RESEARCH,
            research=topic,
            symbols=named.refs,
            ambiguous=named.ambiguous,
            missing=("symbol",) if named.ambiguous else (),
        )

    def query(self, items: tuple[Item, ...], *, asking: bool) -> ParsedMessage | None:
        """Return what a question is about, None for one that no data answers."""
        if only_why(self._reading):
            return ParsedMessage(
                kind=MessageKind.QUERY, topic=QueryTopic.DECISION, detail=QueryDetail.WHY
            )
        found = topic_of(self._reading)
        if found is None or has(items, Tag.QUOTE) or _EXPLAINING.found(self._reading):
            return None
        topic, phrase = found
        others = self._beside(items, phrase.row)
        if not self._is_question(items, others, asking, topic):
            return None
        names = [item for item in items if item.has(Tag.SYMBOL)]
        if topic == WEAK_QUOTE:
            if not names or has(others, Tag.UNKNOWN, Tag.ADVICE):
                return None
            topic = QueryTopic.QUOTE
        return self._about(QueryTopic(topic), items, names)

    def _beside(self, items: tuple[Item, ...], row: str) -> list[Item]:
        """Return the items that are no part of a phrase for the topic."""
        tokens = self._reading.tokens
        spans = [
            (tokens[each.first].start, tokens[each.first + each.count - 1].end)
            for each in _TOPICS.found(self._reading)
            if each.row == row
        ]
        return [
            item
            for item in items
            if not any(item.start < end and start < item.end for start, end in spans)
        ]

    def _is_question(
        self, items: tuple[Item, ...], others: list[Item], asking: bool, topic: QueryTopic | str
    ) -> bool:
        factual = IF_ONE if topic is QueryTopic.INSTRUMENT else frozenset[str]()
        supposed = [item for item in others if item.has(Tag.HYPOTHESIS)]
        advice = others if topic is QueryTopic.DECISION else items
        if has(advice, Tag.ADVICE) or any(item.folded not in factual for item in supposed):
            return False
        if has(items, Tag.HEDGE) and topic is not QueryTopic.DECISION:
            return False
        if has(items, *SIDES) and not (asking or has(items, Tag.SHOW)):
            return False
        if has(items, *SIDES) and topic not in {*OF_THE_PAST, WEAK_QUOTE}:
            return False
        if _cancels(items) and not (asking or has(items, Tag.SHOW)):
            return False
        if asking or has(items, Tag.SHOW):
            return True
        # A bare "positions" or "price of infy" asks too; a story that mentions one does not.
        if topic is QueryTopic.HISTORY:
            others = [item for item in others if item.folded not in LOOKING_BACK]
        return not has(others, Tag.PAST, Tag.NEGATION, Tag.SPEECH, Tag.UNKNOWN)

    def _about(
        self, topic: QueryTopic, items: tuple[Item, ...], names: list[Item]
    ) -> ParsedMessage | None:
        held = frozenset(row.instrument for row in held_by(self._context))
        mine = held if has(items, Tag.MY) or topic is QueryTopic.HOLDINGS else frozenset()
        named = self._resolver.quoted(names, mine)
        focus = self._context.focus_symbol
        refs = named.refs
        if not names and focus and has(items, Tag.PRONOUN):
            refs = (focus,)
        if topic is QueryTopic.QUOTE and not names and not refs and not self._plainly(items):
            return None
        needs = topic in NEEDS_A_NAME and not refs
        return ParsedMessage(
            kind=MessageKind.QUERY,
            topic=topic,
            detail=detail_of(self._reading, topic),
            symbols=refs,
            side=side_said(items) if topic is QueryTopic.DECISION else None,
            ambiguous=named.ambiguous,
            missing=("symbol",) if needs or named.ambiguous else (),
        )

    def _plainly(self, items: tuple[Item, ...]) -> bool:
        """Say whether a message asks for a price and for nothing else."""
        return all(item.has(*QUIET, Tag.AT, Tag.METRIC, Tag.ASK, Tag.SHOW) for item in items)


def _cancels(items: tuple[Item, ...]) -> bool:
    return any(item.has(Tag.CANCEL) and not item.meanings[Tag.CANCEL] for item in items)
