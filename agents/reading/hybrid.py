"""The reader with a model beside it: the tables read first, the model only where they are unsure,
and whatever the two do not both read for sure is asked of the person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.intent.compose import Composed, Composer, join, missing_of
from agents.intent.decide import STARTS_AN_ORDER
from agents.intent.grounding import Ground
from agents.intent.model import (
    MessageKind,
    ParseContext,
    ParsedMessage,
    QueryTopic,
    TradeDraft,
)
from agents.intent.moods import NEVER, TELLING
from agents.intent.problems import problem
from agents.intent.split import pairs, segments
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag
from agents.reading.model_answer import ModelAnswer
from agents.reading.model_port import Shows, TurnModel
from agents.reading.model_reading import ModelDraft, draft_of, symbols_of
from agents.reading.planner import Planner
from agents.reading.reader import MEANING, OfflineReader, Understood
from riskgate.contracts.base import decimal_text
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Offset, OffsetKind, Provenance, Sizing, SizingMethod
from riskgate.contracts.models import ModelFailure
from tools.ports import InstrumentDirectory

BY_MODEL: Final = "model"
BOTH: Final = "offline+model"
# Words that tell of no order now; a model cannot make an order of a message that has one.
GUARDS: Final = (*NEVER, *TELLING)
# What is wrong with a message that another reading may put right.
CURABLE: Final = frozenset(
    {"NOT_UNDERSTOOD", "SYMBOL_UNKNOWN", "SYMBOL_AMBIGUOUS", "SYMBOL_NEEDS_CONTRACT"}
)
ASKED_AS: Final = {"symbols": "symbol", "sizing": "size"}
NUMBERS: Final = frozenset({"sizing", "limit_price", "trigger_price", "stop_loss", "target"})
# Fields that are said in words; the number beside them belongs to another.
WORDED: Final = frozenset({"side", "symbols", "product", "order_type", "validity"})
SUGGESTED: Final = frozenset({MessageKind.CANCEL, MessageKind.MODIFY, MessageKind.MONITOR})


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables made of a message: their answer, and the draft in it even where they
    would not stand by it."""

    parsed: ParsedMessage
    partial: Composed
    items: tuple[Item, ...]


class HybridReader:
    """Implements MessageReader. With `always` the model reads every message and the tables check
    it; else only those that the tables are unsure of."""

    def __init__(
        self,
        offline: OfflineReader,
        planner: Planner,
        directory: InstrumentDirectory,
        *,
        always: bool,
    ) -> None:
        self._offline = offline
        self._planner = planner
        self._directory = directory
        self._always = always

    async def read(
        self, message: str, context: ParseContext, model: TurnModel, looker: Shows
    ) -> Understood:
        """Return the reading; the tables' own where the model is not asked or has no answer."""
        parsed = self._offline.parse(message, context)
        items = self._offline.items(message, context)
        if not worth_asking(parsed, items, context, always=self._always):
            return Understood(parsed=parsed)
        answer = await self._planner.ask(message, context, model, looker)
        if isinstance(answer, ModelFailure):
            return Understood(parsed=parsed, notes=(answer.code,))
        ground = Ground.of(message, items, self._directory, context)
        tables = Tables(parsed, self._partial(message, items, context), items)
        understood = _in_own_money(combine(tables, answer, ground), ground)
        if answer.wants == "portfolio_detail" and model.may_ask_for_more:
            return replace(understood, wants_more=True)
        return understood

    def _partial(self, message: str, items: tuple[Item, ...], context: ParseContext) -> Composed:
        composer = Composer(message, self._directory, context)
        return join([composer.compose(pair) for part in segments(items) for pair in pairs(part)])


def _in_own_money(understood: Understood, ground: Ground) -> Understood:
    """Refuse a trade in which both readings together take money for that of another currency."""
    trades = understood.parsed.trades
    problems = tuple(each for trade in trades for each in ground.in_other_money(trade))
    if not problems:
        return understood
    refused = ParsedMessage(kind=understood.parsed.kind, problems=problems)
    return replace(understood, parsed=refused, question=None)


def worth_asking(
    parsed: ParsedMessage, items: Sequence[Item], context: ParseContext, *, always: bool
) -> bool:
    """Say whether a model may help: the tables are unsure and the person did not say no.

    An answer to a question is left to the tables, and so is what is unsafe or refused.
    """
    codes = {each.code for each in parsed.problems}
    if parsed.kind is MessageKind.REFUSE or codes - CURABLE or parsed.drops_draft:
        return False
    # What a waiting card shows does not keep a new trade from being read.
    waits = context.draft is not None and context.draft.card_id is not None
    if parsed.amends_draft or (context.draft is not None and parsed.trades and not waits):
        return False
    if always:
        return True
    if parsed.kind in {MessageKind.TRADE, MessageKind.QUERY}:
        return bool(parsed.missing or parsed.ambiguous)
    return (
        parsed.kind is MessageKind.CHAT
        and not _any(items, *GUARDS)
        and (bool(codes) or _any(items, *STARTS_AN_ORDER, Tag.SYMBOL, Tag.CANCEL))
    )


def combine(tables: Tables, answer: ModelAnswer, ground: Ground) -> Understood:
    """Weigh the tables' reading against the model's; what they differ in is a question."""
    if answer.kind is MessageKind.TRADE and len(answer.orders) == 1:
        return _both_trades(tables, draft_of(answer.orders[0], ground))
    parsed = tables.parsed
    if parsed.kind is MessageKind.TRADE and not (parsed.missing or parsed.problems):
        return _is_it(parsed.trades[0], tables, f"model read {answer.kind.value}")
    if parsed.kind is not MessageKind.CHAT:
        return Understood(parsed=parsed, notes=(f"model read {answer.kind.value}",))
    if answer.kind is MessageKind.QUERY and answer.topic is not None:
        return _query(parsed, answer, answer.topic, ground)
    if answer.kind is MessageKind.REFUSE:
        return Understood(parsed=ParsedMessage(kind=MessageKind.REFUSE), by=BY_MODEL)
    if answer.kind in SUGGESTED:
        said = problem("SAY_IT_PLAINLY", "message", answer.kind.value)
        return Understood(parsed=parsed.model_copy(update={"problems": (said,)}), by=BY_MODEL)
    return Understood(parsed=parsed, notes=(f"model read {answer.kind.value}",))


def _query(
    parsed: ParsedMessage, answer: ModelAnswer, topic: QueryTopic, ground: Ground
) -> Understood:
    """Take a question, which changes nothing, about instruments that its words name."""
    named, choices = symbols_of(answer.symbols, ground)
    if answer.symbols and named is None and not choices:
        return Understood(parsed=parsed, notes=("model named what the words do not",))
    refs = named.value if named is not None else ()
    query = ParsedMessage(
        kind=MessageKind.QUERY,
        topic=topic,
        symbols=refs,
        ambiguous=choices,
        missing=("symbol",) if choices or (topic is QueryTopic.QUOTE and not refs) else (),
    )
    return Understood(parsed=query, by=BY_MODEL)


def _both_trades(tables: Tables, read: ModelDraft) -> Understood:
    """Take what both read. What only the model read is shown to the person, and where something
    is missing besides, it is left out: a question for one thing must not settle another."""
    parsed, partial = tables.parsed, tables.partial
    notes = tuple(f"not in the words: {name}" for name in read.refused)
    if tells_of_no_order(tables.items) or parsed.kind not in {MessageKind.TRADE, MessageKind.CHAT}:
        return Understood(parsed=parsed, notes=(*notes, "model read trade"))
    if len(partial.trades) != 1 or {each.code for each in partial.problems} - CURABLE:
        return Understood(parsed=parsed, notes=notes)
    ours = partial.trades[0]
    whole = parsed.kind is MessageKind.TRADE and not (parsed.missing or parsed.problems)
    trade, differ = agreed(ours, read.trade)
    if whole and not differ and not read.refused and trade == ours:
        return Understood(parsed=parsed, by=BOTH)
    lacks = missing_of(trade, (*partial.missing, *(ASKED_AS.get(name, name) for name in differ)))
    still = tuple(name for name in lacks if not _now_said(name, ours, trade))
    if not still:
        return _is_it(trade, tables, *notes)
    return _still_unclear(tables, _without(ours, differ), differ, read.choices, notes)


def _now_said(missing: str, ours: TradeDraft, both: TradeDraft) -> bool:
    """Say whether the model read, in the person's words, what the tables would ask for."""
    field = next((name for name, asked in ASKED_AS.items() if asked == missing), missing)
    before, now = getattr(ours, field, None), getattr(both, field, None)
    return before in (None, ()) and now not in (None, ())


def _still_unclear(
    tables: Tables,
    trade: TradeDraft,
    differ: Sequence[str],
    choices: tuple[InstrumentRef, ...],
    notes: tuple[str, ...],
) -> Understood:
    partial = tables.partial
    asked = (ASKED_AS.get(name, name) for name in differ)
    unclear = ParsedMessage(
        kind=MessageKind.TRADE,
        trades=(trade,),
        missing=missing_of(trade, (*partial.missing, *asked)),
        ambiguous=() if trade.symbols else partial.ambiguous or choices,
    )
    return Understood(parsed=unclear, by=BOTH, notes=notes)


def agreed(tables: TradeDraft, model: TradeDraft) -> tuple[TradeDraft, tuple[str, ...]]:
    """Put two drafts together; fields that they read differently are left out and named.

    A number that the tables read in one field is not read again in another.
    """
    ours, theirs = _said_in(tables), _said_in(model)
    differ = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    taken = {name for name in NUMBERS & theirs.keys() if _is_taken(model, name, tables)}
    new = {name: value for name, value in theirs.items() if name not in ours.keys() | taken}
    values = {name: value for name, value in {**ours, **new}.items() if name not in differ}
    said = {**model.provenance, **tables.provenance}
    sources = {name: said[name] for name in values}
    return TradeDraft.model_validate({**values, "provenance": sources}), tuple(differ)


def _said_in(trade: TradeDraft) -> dict[str, object]:
    names = (name for name in TradeDraft.model_fields if name != "provenance")
    return {name: getattr(trade, name) for name in names if getattr(trade, name) not in (None, ())}


def _is_taken(model: TradeDraft, name: str, tables: TradeDraft) -> bool:
    mine = model.provenance[name]
    return any(
        _overlap(mine, said) for other, said in tables.provenance.items() if other not in WORDED
    )


def _overlap(one: Provenance, other: Provenance) -> bool:
    return (one.start or 0) < (other.end or 0) and (other.start or 0) < (one.end or 0)


def _without(trade: TradeDraft, names: Sequence[str]) -> TradeDraft:
    kept = {name: value for name, value in _said_in(trade).items() if name not in names}
    sources = {name: trade.provenance[name] for name in kept}
    return TradeDraft.model_validate({**kept, "provenance": sources})


def _is_it(trade: TradeDraft, tables: Tables, *notes: str) -> Understood:
    """Ask whether a reading is what was meant; only a person's yes makes an order of it."""
    asked = ParsedMessage(kind=MessageKind.TRADE, trades=(trade,), missing=(MEANING,))
    unread = " ".join(item.text for item in tables.partial.left)
    return Understood(parsed=asked, by=BOTH, question=meaning_question(trade, unread), notes=notes)


def meaning_question(trade: TradeDraft, unread: str) -> str:
    """Say a reading in typed words, and the words that nothing was read in."""
    unknown = f" I do not know '{unread}'." if unread else ""
    return f"I read this as: {draft_text(trade)}.{unknown} Say 'yes' if it is, or 'never mind'."


def draft_text(trade: TradeDraft) -> str:
    """Write a draft in one line: its typed values, and the person's words for the rest."""
    written = {
        "side": trade.side,
        "sizing": trade.sizing and _size_text(trade.sizing),
        "symbols": ", ".join(str(ref) for ref in trade.symbols),
        "order_type": trade.order_type,
        "limit_price": trade.limit_price and f"limit {decimal_text(trade.limit_price)}",
        "trigger_price": trade.trigger_price and f"trigger {decimal_text(trade.trigger_price)}",
        "stop_loss": trade.stop_loss and f"stop {_offset_text(trade.stop_loss)}",
        "target": trade.target and f"target {_offset_text(trade.target)}",
        "product": trade.product,
        "validity": trade.validity,
    }
    rest = [said.text for name, said in trade.provenance.items() if name not in written]
    return " ".join([str(part) for part in written.values() if part] + rest)


def _size_text(size: Sizing) -> str:
    shares = size.method is SizingMethod.QUANTITY
    return decimal_text(size.value) + ("" if shares else f" {size.method.value}")


def _offset_text(offset: Offset) -> str:
    unit = "" if offset.kind is OffsetKind.PRICE else f" {offset.kind.value}"
    return decimal_text(offset.value) + unit


def tells_of_no_order(items: Sequence[Item]) -> bool:
    """Say whether words tell of no order now, or ask; no model makes an order of those."""
    asked = any(item.has(Tag.ASK) and not item.has(Tag.FILLER) for item in items)
    asked = asked or any(item.folded == "?" for item in items)
    return _any(items, *GUARDS) or (asked and not _any(items, Tag.CAN_YOU))


def _any(items: Sequence[Item], *tags: Tag) -> bool:
    return any(item.has(*tags) for item in items)
