"""Stage 3: which instruments the names, pronouns and "everything" of a message mean."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.intent.match import Match, Matches
from agents.intent.model import HeldPosition, ParseContext, Problem
from agents.intent.problems import problem
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentKind, InstrumentRef
from tools.ports import InstrumentDirectory


@dataclass(frozen=True, slots=True)
class Named:
    """The instruments said, the words for them, and what stands in the way of exactly one."""

    refs: tuple[InstrumentRef, ...] = ()
    words: tuple[Match, ...] = ()
    ambiguous: tuple[InstrumentRef, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


class Resolver:
    """Answers each name with one instrument, candidates, or nothing; never a guess."""

    def __init__(self, directory: InstrumentDirectory, context: ParseContext) -> None:
        self._directory = directory
        self._context = context

    def named(self, matches: Matches) -> Named:
        """Resolve the instruments an order is for."""
        words = matches.of(Slot.SYMBOL) or in_rules(matches)
        if matches.has(Slot.CONTRACT):
            said = " ".join(match.items[-1].text for match in matches.of(Slot.CONTRACT))
            return Named(problems=(problem("SYMBOL_NEEDS_CONTRACT", "symbol", said),))
        if words:
            return self._from_words(matches, words)
        return self._from_context(matches)

    def quoted(self, items: Iterable[Item]) -> Named:
        """Resolve the instruments a question is about; an index is as good as any."""
        refs: list[InstrumentRef] = []
        for item in items:
            found = self._index(item.refs) or self._in_currency(item.refs)
            if len(found) != 1:
                return Named(ambiguous=found, problems=(_ambiguous(item.text),))
            refs += found
        return Named(refs=tuple(dict.fromkeys(refs)))

    def one(self, item: Item, exchange: str = "", *, mine: bool = False) -> Named:
        """Resolve one name; `mine` lets what is held decide among candidates."""
        refs = self._on_exchange(item, exchange) if exchange else self._in_currency(item.refs)
        if not refs:
            return Named(problems=(problem("SYMBOL_UNKNOWN", "symbol", item.text),))
        held = self._held(refs, item.folded) if mine else ()
        if mine and held and len(refs) + len(self._index(refs)) > 1:
            refs = held
        if self._index(refs):
            return Named(problems=(problem("SYMBOL_NEEDS_CONTRACT", "symbol", item.text),))
        if len(refs) > 1:
            return Named(ambiguous=refs, problems=(_ambiguous(item.text),))
        return Named(refs=refs)

    def _from_words(self, matches: Matches, words: tuple[Match, ...]) -> Named:
        exchanges = {match.items[0].meanings[Tag.EXCHANGE] for match in matches.of(Slot.EXCHANGE)}
        if len(exchanges) > 1:
            return Named(problems=(problem("CONTRADICTORY", "symbol", " / ".join(exchanges)),))
        exchange = next(iter(exchanges), "")
        mine = matches.has(Slot.EXIT) or matches.mine
        refs: list[InstrumentRef] = []
        for item in filter(None, map(symbol_in, words)):
            named = self.one(item, exchange, mine=mine)
            if not named.refs:
                return named
            refs += named.refs
        return Named(refs=tuple(dict.fromkeys(refs)), words=words)

    def _from_context(self, matches: Matches) -> Named:
        focus = self._context.focus_symbol
        pronouns = matches.of(Slot.PRONOUN)
        if pronouns and focus is not None:
            return Named(refs=(focus,), words=pronouns[:1])
        return Named()

    def _on_exchange(self, item: Item, exchange: str) -> tuple[InstrumentRef, ...]:
        found = self._directory.resolve(f"{exchange}:{item.folded}")
        return tuple(candidate.ref for candidate in found.candidates)

    def _in_currency(self, refs: tuple[InstrumentRef, ...]) -> tuple[InstrumentRef, ...]:
        """Prefer rows in the account's own currency, when a name has any."""
        own = tuple(ref for ref in refs if self._currency(ref) == self._context.currency)
        return own or refs

    def _currency(self, ref: InstrumentRef) -> str | None:
        row = self._directory.get(ref)
        return row.currency if row else None

    def _index(self, refs: tuple[InstrumentRef, ...]) -> tuple[InstrumentRef, ...]:
        rows = (self._directory.get(ref) for ref in refs)
        return tuple(row.ref for row in rows if row and row.kind is InstrumentKind.INDEX)

    def _held(self, refs: tuple[InstrumentRef, ...], said: str) -> tuple[InstrumentRef, ...]:
        """Return the held candidates; for an index, the held contracts on it."""
        held = [position.instrument for position in held_by(self._context)]
        if self._index(refs):
            return tuple(ref for ref in held if self._underlying(ref) == said.replace(" ", ""))
        return tuple(dict.fromkeys(ref for ref in held if ref in refs))

    def _underlying(self, ref: InstrumentRef) -> str | None:
        row = self._directory.get(ref)
        return row.name.casefold() if row and row.kind is InstrumentKind.FUTURE else None


def in_rules(matches: Matches) -> tuple[Match, ...]:
    """Return conditions that name an instrument: "buy if INFY is above 1500" names the order's."""
    rules = matches.of(Slot.RULE_ABOVE, Slot.RULE_BELOW)
    return tuple(rule for rule in rules if symbol_in(rule) is not None)


def symbol_in(match: Match) -> Item | None:
    """Return the name within some words."""
    return next((item for item in match.items if item.has(Tag.SYMBOL)), None)


def held_by(context: ParseContext) -> tuple[HeldPosition, ...]:
    """Return everything held that is not flat, positions before holdings."""
    return tuple(held for held in (*context.positions, *context.holdings) if held.quantity != 0)


def _ambiguous(said: str) -> Problem:
    return problem("SYMBOL_AMBIGUOUS", "symbol", said)
