"""Stage 6: what a message is for. Order is asked last, and only of words that are all known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.intent.answer import CHAT, chosen
from agents.intent.asides import without_aside
from agents.intent.compose import Composed, Composer, join
from agents.intent.conditions import COMPARING
from agents.intent.held import HeldQuestions
from agents.intent.model import MessageKind, ParseContext, ParsedMessage, Problem, TradeDraft
from agents.intent.moods import (
    asks,
    clauses,
    guarded,
    has,
    names_an_order,
    pictured_doubt,
    question_clause,
    without_contrast,
    without_lead,
    without_signature,
)
from agents.intent.musing import after_decision
from agents.intent.normalise import Reading, read
from agents.intent.prices import VARIETY
from agents.intent.problems import problem
from agents.intent.question import Questioner
from agents.intent.quotes import adopted, is_a_call, is_struck
from agents.intent.requests import Requests
from agents.intent.resolve import Resolver
from agents.intent.spared import without_spared
from agents.intent.split import pairs, segments
from agents.intent.tag import Item
from agents.intent.vocabulary.questions import SPANS
from agents.intent.vocabulary.tags import VERBS, Tag
from agents.intent.watch import Watcher, is_watch
from riskgate.contracts.orders import Side
from tools.ports import InstrumentDirectory

__all__ = ["CHAT", "Decider", "as_message", "chosen"]

# Problems that leave no one reading of a message.
UNTRADABLE: Final = frozenset({"CONTRADICTORY", "TIME_UNCLEAR"})
BOOKS: Final = (
    Tag.HOLDINGS, Tag.POSITIONS, Tag.FNO, Tag.LONGS, Tag.SHORTS, Tag.WINNERS, Tag.LOSERS,
)  # fmt: skip
SIDES: Final = (*VERBS, Tag.LONG, Tag.SHORT)
STARTS_AN_ORDER: Final = (
    *SIDES, Tag.PLACE, Tag.LIMIT, Tag.KEEP, Tag.DOWN_TO, Tag.DOUBLE, Tag.INCREASE,
)  # fmt: skip
PROTECTS: Final = (Tag.STOP, Tag.TRAIL, Tag.VALIDITY)
# Beside a name and a number these make an order of which only the side is not said.
NEEDS_A_SIDE: Final = (
    Tag.AT, Tag.MARKET, Tag.UNIT, Tag.PRODUCT, Tag.LIMIT, Tag.LOT, Tag.CAP,
)  # fmt: skip
THE_REST: Final = frozenset(
    {"the rest", "rest", "rest of", "the rest of", "the remaining", "remaining", "baaki", "baki",
     "the balance", "the remainder", "remainder"}
)  # fmt: skip
# A bare topic with one of these is no question.
OF_AN_ORDER: Final = (
    Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PLACE, Tag.STOP, Tag.TARGET, Tag.TRIGGER, Tag.KEEP,
    Tag.DOUBLE, Tag.INCREASE, Tag.PCT, Tag.FRAC,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decider:
    """Says what kind of message the items make."""

    message: str
    reading: Reading
    directory: InstrumentDirectory
    context: ParseContext

    def decide(self, items: tuple[Item, ...]) -> ParsedMessage:
        """Try the kinds from the safest to the one that may trade."""
        quoted = adopted(items)
        if quoted is not None:
            return self._trade(quoted) or CHAT
        if is_a_call(self.message) or is_struck(self.message):
            return CHAT
        resolver = Resolver(self.directory, self.context)
        requests = Requests(resolver, self.context)
        questioner = Questioner(self.reading, resolver, self.context)
        held = HeldQuestions(self.reading, resolver, self.context)
        return (
            self._monitor(items, resolver)
            or questioner.research(items)
            or requests.modify(items)
            or requests.cancel(items)
            or requests.guard(items)
            or held.part(items)
            or held.stops(items)
            or self._query(items, questioner)
            or self._trade(items)
            or CHAT
        )

    def order(self, items: Sequence[Item], antecedent: Item | None = None) -> ParsedMessage:
        """Read the items as an order, whatever words introduce it."""
        return as_message(self._orders(items, antecedent))

    def _orders(self, items: Sequence[Item], antecedent: Item | None = None) -> Composed:
        composer = Composer(self.message, self.directory, self.context)
        parts = segments(items)
        parts = [_without_rest(part, alone=len(parts) == 1) for part in parts]
        return join(
            [composer.compose(pair, None, antecedent) for part in parts for pair in pairs(part)]
        )

    def _monitor(self, items: tuple[Item, ...], resolver: Resolver) -> ParsedMessage | None:
        if not is_watch(items) or has(items, Tag.QUOTE, Tag.SPEECH):
            return None
        items = without_aside(items)
        if has(items, Tag.HYPOTHESIS):
            return None
        if _lists(items) or (has(items, Tag.CANCEL) and has(items, Tag.ALERT)):
            return None
        orders = [item for item in items if item.has(*SIDES)]
        if orders and not has(items, Tag.PROPOSE, Tag.NEGATION):
            return None
        if has(items, Tag.ADVICE) and not has(items, Tag.PROPOSE):
            return None
        if has(items, Tag.NEGATION):
            told = clauses(_without_sides(items))
            watching = _watching_clause(items) if told is None or orders else items
            if not watching:
                return None
            items = _with_the_name(watching, items)
        return Watcher(resolver, self.context).watch(items)

    def _query(self, items: tuple[Item, ...], questioner: Questioner) -> ParsedMessage | None:
        question = asks(items)
        orders = has(without_spans(items), *OF_AN_ORDER) and self._may_be_an_order(items)
        if not question and not has(items, Tag.SHOW) and orders:
            return None
        return questioner.query(items, asking=question) or self._asked(items)

    def _asked(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        """Read the clause that asks in a message that mostly tells something."""
        clause = question_clause(items)
        if not clause or len(clause) == len(items) or has(clause, *SIDES):
            return None
        start, end = clause[0].start, clause[-1].end
        resolver = Resolver(self.directory, self.context)
        reading = read(self.message[start:end])
        names = {item.refs: item for item in items if item.refs}
        moved = [replace(item, start=item.start - start, end=item.end - start) for item in clause]
        if len(names) == 1 and not has(clause, Tag.SYMBOL):
            moved += [replace(next(iter(names.values())), start=end, end=end)]
        return Questioner(reading, resolver, self.context).query(tuple(moved), asking=True)

    def _trade(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        answer = self._ordered(items)
        if answer is None or answer.kind is not MessageKind.TRADE:
            return answer
        buys = any(trade.side is not Side.SELL for trade in answer.trades)
        if not pictured_doubt(items, buys=buys):
            return answer
        clash = problem("CONTRADICTORY", "message", self.message.strip())
        return CHAT.model_copy(update={"problems": (clash,)})

    def _ordered(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        items = after_decision(items)
        if not self._may_be_an_order(items) or asks(items) or names_an_order(items):
            return None
        if has(items, Tag.EXIT) and has(items, Tag.ORDER) and not has(items, Tag.SYMBOL, Tag.PLACE):
            # "exit all orders" is of orders that rest, and no sale of what is held.
            return None
        items = without_lead(without_spared(without_contrast(without_signature(items))))
        unknown = [item for item in items if item.has(Tag.UNKNOWN)]
        told_nothing = not guarded(items) and (len(unknown) <= 3 or has(items, Tag.SYMBOL))
        answer = self.order(items) if told_nothing else None
        if has(items, Tag.EMOJI) and answer is not None and answer.missing:
            # Pictures stand around tips; an order of one's own beside them is whole.
            return CHAT
        if answer is not None and (answer.kind is MessageKind.TRADE or not _retries(answer)):
            return answer
        return self._instructed(items) or answer

    def _instructed(self, items: tuple[Item, ...]) -> ParsedMessage | None:
        """Read only the clauses that instruct, where the others merely tell something."""
        parts = clauses(items)
        if parts is None or not parts.told:
            return None
        named = {item.refs: item for clause in parts.told for item in clause if item.refs}
        own = [item for clause in parts.instructions for item in clause]
        antecedent = next(iter(named.values())) if len(named) == 1 else None
        if has(own, Tag.SYMBOL, *BOOKS):
            # "square off all my f&o" is of more than the name that is told of.
            antecedent = None
        elif any(item.has(Tag.ALL) and item.folded in THE_REST for item in own):
            # "the rest" of what was told of is not everything that is held.
            return None
        answer = self.order(own, antecedent)
        if answer.kind is not MessageKind.TRADE or _left_open(parts.told, answer):
            return None
        return answer

    def _may_be_an_order(self, items: Sequence[Item]) -> bool:
        if has(items, *STARTS_AN_ORDER):
            return True
        if not has(items, Tag.SYMBOL):
            return False
        if has(items, *PROTECTS) and has(items, Tag.NUM, Tag.MONEY, Tag.PCT):
            return True
        return has(items, Tag.NUM) and has(items, *NEEDS_A_SIDE)


def _without_rest(items: Sequence[Item], *, alone: bool) -> list[Item]:
    """Leave "the rest" unread where it is not said of what: of another order, or beside a half."""
    named = has(items, Tag.SYMBOL, Tag.PRONOUN, Tag.HOLDINGS, Tag.POSITIONS)
    parted = has(items, Tag.FRAC, Tag.PCT)
    if has(items, Tag.KEEP) or not (parted or not (alone or named)):
        return list(items)
    return [
        replace(item, meanings={}) if item.has(Tag.ALL) and item.folded in THE_REST else item
        for item in items
    ]


def _left_open(told: Sequence[Sequence[Item]], answer: ParsedMessage) -> bool:
    """Say whether something is refused, as in "not at market", and nothing said in its place.

    A default might be the very thing that was refused.
    """
    refused = [item for clause in told if has(clause, Tag.NEGATION) for item in clause]
    return any(
        (has(refused, Tag.MARKET) and trade.order_type is None)
        or (has(refused, Tag.PRODUCT) and trade.product is None)
        for trade in answer.trades
    )


def _retries(read: ParsedMessage) -> bool:
    """Say whether words were left over, which a told clause may explain."""
    return any(each.code in {"NOT_UNDERSTOOD", "CONTRADICTORY"} for each in read.problems)


def without_spans(items: Sequence[Item]) -> list[Item]:
    """Take out "6" of "the last 6 months": it counts time, and is no size and no price."""
    following = [*items[1:], None]
    return [
        item
        for item, after in zip(items, following, strict=True)
        if not (item.has(Tag.NUM) and after is not None and after.folded in SPANS)
    ]


def _lists(items: Sequence[Item]) -> bool:
    """Say whether a monitoring word only names what is asked about, as in "list my alerts"."""
    first = next((item for item in items if not item.has(Tag.COMMA, Tag.MARKER)), None)
    if first is None:
        return False
    asks_for = first.has(Tag.ASK, Tag.SHOW) and not first.has(Tag.IF)
    return asks_for and has(items, Tag.ALERT) and not has(items, Tag.IF)


def _without_sides(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if not item.has(*SIDES))


def _watching_clause(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return what follows the refusal in "don't buy anything, just tell me if ..."."""
    for at, item in enumerate(items):
        rest = items[at + 1 :]
        breaks = item.has(Tag.BREAK) or item.folded in {",", ".", ";"}
        if breaks and has(rest, Tag.MONITOR) and not has(rest, *SIDES, Tag.NEGATION):
            return tuple(rest)
    return _watching_before(items)


def _with_the_name(clause: tuple[Item, ...], items: Sequence[Item]) -> tuple[Item, ...]:
    """Put the one name of a message before a clause that only says "it"."""
    names = [item for item in items if item.has(Tag.SYMBOL)]
    return clause if has(clause, Tag.SYMBOL) or len(names) != 1 else (names[0], *clause)


def _watching_before(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return what stands before the refusal in "tell me if it hits 3400, don't sell"."""
    for at, item in enumerate(items):
        first, rest = items[:at], items[at + 1 :]
        breaks = item.has(Tag.BREAK) or item.folded in {",", ".", ";"}
        refuses = has(rest, Tag.NEGATION) and not has(rest, Tag.MONITOR, Tag.IF, *COMPARING)
        if breaks and refuses and has(first, Tag.MONITOR) and not has(first, *SIDES, Tag.NEGATION):
            return tuple(first)
    return ()


def as_message(drafts: Composed) -> ParsedMessage:
    """Make a trade of drafts, or a question when any word of theirs fits nowhere."""
    if drafts.left:
        said = " ".join(item.text for item in drafts.left)
        return CHAT.model_copy(update={"problems": (problem("NOT_UNDERSTOOD", "message", said),)})
    clashes = tuple(item for item in drafts.problems if item.code in UNTRADABLE)
    if clashes:
        return CHAT.model_copy(update={"problems": clashes})
    kinds = tuple(item for item in drafts.problems if item.field == VARIETY)
    if kinds and drafts.ambiguous:
        # Asked for its name first, the order would be finished without its kind.
        return CHAT.model_copy(update={"problems": kinds})
    if len(drafts.trades) > 1 and any(map(_is_empty, drafts.trades)):
        return CHAT.model_copy(update={"problems": (problem("NOT_UNDERSTOOD", "message", "and"),)})
    several: tuple[Problem, ...] = ()
    if len(drafts.trades) > 1:
        several = (problem("ONE_ORDER_AT_A_TIME", "message", str(len(drafts.trades))),)
    return ParsedMessage(
        kind=MessageKind.TRADE,
        trades=drafts.trades,
        missing=drafts.missing,
        offers=drafts.offers,
        ambiguous=drafts.ambiguous,
        problems=(*drafts.problems, *several),
    )


def _is_empty(trade: TradeDraft) -> bool:
    """Say whether a verb stands alone: "buy low, sell high" is no pair of orders."""
    return not trade.symbols and trade.sizing is None
