"""Stage 3: which instruments the names, pronouns and "everything" of a message mean."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.intent.contracts import ALL_OF_THEM
from agents.intent.match import Match, Matches
from agents.intent.model import HeldPosition, ParseContext, Problem
from agents.intent.problems import problem
from agents.intent.tag import Item
from agents.intent.vocabulary.contracts import INDEX_UNDERLYINGS
from agents.intent.vocabulary.patterns import Slot
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.derivatives import parse_tradingsymbol
from riskgate.contracts.instruments import Exchange, InstrumentKind, InstrumentRef
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

    def named(self, matches: Matches, antecedent: Item | None = None) -> Named:
        """Resolve the instruments an order is for; "it" is the `antecedent` where there is one."""
        words = matches.of(Slot.SYMBOL)
        if matches.has(Slot.CONTRACT):
            said = " ".join(match.items[-1].text for match in matches.of(Slot.CONTRACT))
            return Named(problems=(problem("SYMBOL_NEEDS_CONTRACT", "symbol", said),))
        if words:
            return self._from_words(matches, words)
        if antecedent is not None:
            match = Match(Slot.SYMBOL, (antecedent,), 0)
            return self._from_words(matches, (match,))
        return self._from_context(matches)

    def quoted(
        self, items: Iterable[Item], preferred: frozenset[InstrumentRef] = frozenset()
    ) -> Named:
        """Resolve the instruments a question is about; an index is as good as any.

        Of several candidates the only one that is `preferred` is meant.
        """
        refs: list[InstrumentRef] = []
        for item in items:
            found = self._index(item.refs) or self._in_currency(item.refs)
            liked = tuple(ref for ref in found if ref in preferred)
            found = liked if len(liked) == 1 else found
            if len(found) != 1:
                return Named(ambiguous=found, problems=(_ambiguous(item.text),))
            refs += found
        return Named(refs=tuple(dict.fromkeys(refs)))

    def one(self, item: Item, exchange: str = "", *, mine: bool = False) -> Named:
        """Resolve one name; `mine` lets what is held decide among candidates."""
        if item.meanings.get(Tag.SYMBOL) == ALL_OF_THEM:
            return Named(refs=item.refs)
        refs = self._on_exchange(item, exchange) if exchange else self._in_currency(item.refs)
        if not refs:
            problems = (problem("SYMBOL_UNKNOWN", "symbol", item.text),)
            return Named(refs=self._elsewhere(item.refs, exchange), problems=problems)
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
        problems: list[Problem] = []
        for item in filter(None, map(symbol_in, words)):
            named = self.one(item, exchange, mine=mine)
            if named.ambiguous and matches.has(Slot.EXIT, Slot.ALL) and self._index(item.refs):
                # "exit all nifty positions" are all the contracts held on it.
                named = Named(refs=named.ambiguous) if matches.has(Slot.ALL) else named
            if not named.refs:
                return named
            refs += named.refs
            problems += named.problems
        every = sorted((*words, *matches.of(Slot.EXCHANGE)), key=lambda match: match.start)
        return Named(tuple(dict.fromkeys(refs)), tuple(every), problems=tuple(problems))

    def _from_context(self, matches: Matches) -> Named:
        focus = self._context.focus_symbol
        pronouns = matches.of(Slot.PRONOUN)
        if pronouns and focus is not None:
            moved = self.moved((focus,), matches)
            return moved or Named(refs=(focus,), words=pronouns[:1])
        return Named()

    def moved(self, refs: tuple[InstrumentRef, ...], matches: Matches) -> Named | None:
        """Resolve "on bse" for an instrument known before; None where no one exchange is said."""
        words = matches.of(Slot.EXCHANGE)
        if len(refs) != 1 or len(words) != 1:
            return None
        exchange, name = words[0].items[0].meanings[Tag.EXCHANGE], refs[0].tradingsymbol
        if refs[0].exchange == exchange:
            return Named(refs=refs, words=words)
        found = self._directory.resolve(f"{exchange}:{name}").candidates
        listed = tuple(candidate.ref for candidate in found)
        if len(listed) == 1:
            return Named(refs=listed, words=words)
        problems = (problem("SYMBOL_UNKNOWN", "symbol", name),)
        return Named(refs=self._elsewhere(refs, exchange), words=words, problems=problems)

    def _on_exchange(self, item: Item, exchange: str) -> tuple[InstrumentRef, ...]:
        found = self._directory.resolve(f"{exchange}:{item.folded}")
        return tuple(candidate.ref for candidate in found.candidates)

    def _elsewhere(
        self, refs: tuple[InstrumentRef, ...], exchange: str
    ) -> tuple[InstrumentRef, ...]:
        """Return what was named on an exchange whose list does not have it: said, not known."""
        home = [ref for ref in refs if ref.exchange is Exchange.NSE]
        if exchange != Exchange.BSE or len(home) != 1 or self._index(refs):
            return ()
        return (InstrumentRef(exchange=Exchange.BSE, tradingsymbol=home[0].tradingsymbol),)

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
        index = self._index(refs)
        if index:
            names = {INDEX_UNDERLYINGS.get(ref.tradingsymbol, (None, ""))[1] for ref in index}
            names.add(said.replace(" ", "").upper())
            return tuple(dict.fromkeys(ref for ref in held if _underlying(ref) in names))
        return tuple(dict.fromkeys(ref for ref in held if ref in refs))


def _underlying(ref: InstrumentRef) -> str | None:
    derivative = parse_tradingsymbol(ref)
    return derivative.underlying if derivative else None


def symbol_in(match: Match) -> Item | None:
    """Return the name within some words."""
    return next((item for item in match.items if item.has(Tag.SYMBOL)), None)


def held_by(context: ParseContext) -> tuple[HeldPosition, ...]:
    """Return everything held that is not flat, positions before holdings."""
    return tuple(held for held in (*context.positions, *context.holdings) if held.quantity != 0)


def _ambiguous(said: str) -> Problem:
    return problem("SYMBOL_AMBIGUOUS", "symbol", said)
