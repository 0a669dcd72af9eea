"""Stage 5: what a message is for. Order is asked last, and only of words that are all known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.intent.compose import VERBS, Composed, Composer, join
from agents.intent.model import MessageKind, ParseContext, ParsedMessage, Problem, QueryTopic
from agents.intent.problems import problem
from agents.intent.resolve import Resolver
from agents.intent.split import pairs, segments
from agents.intent.tag import Item
from agents.intent.vocabulary.patterns import QUIET
from agents.intent.vocabulary.tags import Tag
from agents.intent.vocabulary.talk import WEAK_QUOTE
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import Side
from tools.ports import InstrumentDirectory

SIDES: Final = (*VERBS, Tag.LONG, Tag.SHORT)
STARTS_AN_ORDER: Final = (*SIDES, Tag.PLACE, Tag.LIMIT)
IN_A_CANCEL: Final = frozenset(
    {*QUIET, Tag.CANCEL, Tag.ORDER, Tag.PENDING, Tag.ALL, Tag.SYMBOL, Tag.NUM, Tag.EXCHANGE,
     Tag.PRONOUN, Tag.BUY, Tag.SELL, Tag.TOPIC, Tag.DROP, Tag.LIMIT, Tag.MARKET}
)  # fmt: skip
CHAT: Final = ParsedMessage(kind=MessageKind.CHAT)


@dataclass(frozen=True, slots=True)
class Decider:
    """Says what kind of message the items make."""

    message: str
    directory: InstrumentDirectory
    context: ParseContext

    def decide(self, items: Sequence[Item]) -> ParsedMessage:
        """Try the kinds from the safest to the one that may trade."""
        if any(item.has(Tag.REFUSE) for item in items):
            return ParsedMessage(kind=MessageKind.REFUSE)
        return (
            self._monitor(items)
            or self._modify(items)
            or self._cancel(items)
            or self._query(items)
            or self._trade(items)
            or CHAT
        )

    def order(self, items: Sequence[Item]) -> ParsedMessage:
        """Read the items as an order, whatever words introduce it."""
        composer = Composer(self.message, self.directory, self.context)
        parts = segments(items)
        drafts = join([composer.compose(pair) for part in parts for pair in pairs(part)])
        return as_message(drafts)

    def _monitor(self, items: Sequence[Item]) -> ParsedMessage | None:
        if not _any(items, Tag.MONITOR) or (_any(items, *SIDES) and _any(items, Tag.ASK)):
            return None
        if items_mean_query(items):
            return None
        named = Resolver(self.directory, self.context).quoted(_symbols(items))
        missing = ["condition"] if named.refs else ["symbol", "condition"]
        return ParsedMessage(
            kind=MessageKind.MONITOR,
            symbols=named.refs,
            ambiguous=named.ambiguous,
            missing=tuple(missing),
        )

    def _modify(self, items: Sequence[Item]) -> ParsedMessage | None:
        if not _any(items, Tag.MODIFY) or not _any(items, Tag.ORDER):
            return None
        if any(item.has(Tag.MODIFY) and item.has(Tag.FILLER) for item in items):
            return None
        if _guarded(items):
            return None
        ids = self._order_ids(items)
        named = Resolver(self.directory, self.context).quoted(_symbols(items))
        missing = () if ids or named.refs else ("order",)
        return ParsedMessage(
            kind=MessageKind.MODIFY,
            symbols=named.refs,
            order_ids=ids,
            missing=(*missing, "changes"),
        )

    def _cancel(self, items: Sequence[Item]) -> ParsedMessage | None:
        if not _any(items, Tag.CANCEL) or _guarded(items):
            return None
        if not all(IN_A_CANCEL & set(item.meanings) for item in items):
            return None
        return self._cancel_target(items)

    def _cancel_target(self, items: Sequence[Item]) -> ParsedMessage:
        symbols, ids = _symbols(items), self._order_ids(items)
        named = Resolver(self.directory, self.context).quoted(symbols)
        sides = {
            side for tag, side in ((Tag.BUY, Side.BUY), (Tag.SELL, Side.SELL)) if _any(items, tag)
        }
        if symbols or ids:
            return ParsedMessage(
                kind=MessageKind.CANCEL,
                symbols=named.refs,
                order_ids=ids,
                ambiguous=named.ambiguous,
                problems=named.problems,
                missing=() if named.refs or ids else ("order",),
            )
        if sides:
            orders = self.context.open_orders
            matching = tuple(order.order_id for order in orders if {order.side} == sides)
            return ParsedMessage(
                kind=MessageKind.CANCEL,
                order_ids=matching,
                missing=() if matching else ("order",),
            )
        everything = _any(items, Tag.ALL)
        return ParsedMessage(
            kind=MessageKind.CANCEL,
            cancel_all=everything,
            missing=() if everything else ("order",),
        )

    def _order_ids(self, items: Sequence[Item]) -> tuple[str, ...]:
        """Return the numbers said that follow "order" or are the id of an open order."""
        known = {order.order_id for order in self.context.open_orders}
        spoken = [item for item in items if not item.has(Tag.COMMA)]
        found = []
        for before, item in zip([None, *spoken], spoken, strict=False):
            follows = before is not None and before.has(Tag.ORDER)
            if item.folded in known or (item.has(Tag.NUM) and follows):
                found.append(item.text)
        return tuple(found)

    def _query(self, items: Sequence[Item]) -> ParsedMessage | None:
        topic = _topic(items)
        asks = _asks(items)
        if topic is None or (_any(items, *SIDES) and not asks):
            return None
        if _any(items, Tag.REFUSE, Tag.QUOTE, Tag.NOT_NOW) or _advice(items):
            return None
        symbols = _symbols(items)
        named = Resolver(self.directory, self.context).quoted(symbols)
        focus = self.context.focus_symbol
        refs = named.refs
        if topic is QueryTopic.QUOTE and not symbols and _any(items, Tag.PRONOUN) and focus:
            refs = (focus,)
        if topic is QueryTopic.QUOTE and not symbols and not refs and not _strong(items):
            return None
        needs = topic is QueryTopic.QUOTE and not refs
        return ParsedMessage(
            kind=MessageKind.QUERY,
            topic=topic,
            symbols=refs,
            ambiguous=named.ambiguous,
            missing=("symbol",) if needs or named.ambiguous else (),
        )

    def _trade(self, items: Sequence[Item]) -> ParsedMessage | None:
        if not _any(items, *STARTS_AN_ORDER) or _guarded(items) or _asks(items):
            return None
        unknown = [item for item in items if item.has(Tag.UNKNOWN)]
        if len(unknown) > 3 and not _symbols(items):
            return None
        return self.order(items)


def as_message(drafts: Composed) -> ParsedMessage:
    """Make a trade of drafts, or a question when any word of theirs fits nowhere."""
    if drafts.left:
        said = " ".join(item.text for item in drafts.left)
        return CHAT.model_copy(update={"problems": (problem("NOT_UNDERSTOOD", "message", said),)})
    clashes = tuple(item for item in drafts.problems if item.code == "CONTRADICTORY")
    if clashes:
        return CHAT.model_copy(update={"problems": clashes})
    several: tuple[Problem, ...] = ()
    if len(drafts.trades) > 1:
        several = (problem("ONE_ORDER_AT_A_TIME", "message", str(len(drafts.trades))),)
    return ParsedMessage(
        kind=MessageKind.TRADE,
        trades=drafts.trades,
        missing=drafts.missing,
        ambiguous=drafts.ambiguous,
        problems=(*drafts.problems, *several),
    )


def items_mean_query(items: Sequence[Item]) -> bool:
    """Say whether a monitoring word only names what is asked about, as in "list my alerts"."""
    return bool(items) and items[0].has(Tag.ASK) and not items[0].has(Tag.MONITOR)


def _guarded(items: Sequence[Item]) -> bool:
    """Say whether words tell of no order now: the past, others, doubts, negations, quotations."""
    return _any(items, Tag.NOT_NOW, Tag.NEGATION, Tag.QUOTE, Tag.REFUSE)


def _asks(items: Sequence[Item]) -> bool:
    """Say whether a message is a question; "can you buy" is none."""
    first = next((item for item in items if not item.has(Tag.COMMA)), None)
    if first is None:
        return False
    asks = first.has(Tag.ASK) or any(
        item.has(Tag.ASK) and not item.has(Tag.FILLER) for item in items
    )
    polite = _any(items, Tag.CAN_YOU)
    return asks or (any(item.folded == "?" for item in items) and not polite)


def _advice(items: Sequence[Item]) -> bool:
    return _any(items, *SIDES) and any(item.folded in {"should", "should i"} for item in items)


def _topic(items: Sequence[Item]) -> QueryTopic | None:
    said = [item.meanings[Tag.TOPIC] for item in items if item.has(Tag.TOPIC)]
    strong = [topic for topic in said if topic not in {WEAK_QUOTE, QueryTopic.QUOTE}]
    if strong:
        return QueryTopic(strong[0])
    if QueryTopic.QUOTE in said or (said and not _any(items, Tag.UNKNOWN)):
        return QueryTopic.QUOTE
    return None


def _strong(items: Sequence[Item]) -> bool:
    return any(item.meanings.get(Tag.TOPIC) == QueryTopic.QUOTE for item in items)


def _symbols(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.has(Tag.SYMBOL))


def _any(items: Sequence[Item], *tags: Tag) -> bool:
    return any(item.has(*tags) for item in items)


def chosen(items: Sequence[Item], choices: Sequence[InstrumentRef]) -> InstrumentRef | None:
    """Return the choice that "the first one" means."""
    said = {int(item.meanings[Tag.ORDINAL]) for item in items if item.has(Tag.ORDINAL)}
    if len(said) != 1:
        return None
    place = said.pop()
    return choices[place] if -len(choices) <= place < len(choices) else None
