"""From a model's answer to a draft that holds only what our own readers find in its words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from agents.intent.fields import span
from agents.intent.grounding import Ground
from agents.intent.model import TradeDraft
from agents.intent.spans import pieces, places
from agents.reading.model_answer import OrderAnswer, Said, SaidOffset, SaidSize
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Offset, Provenance, Sizing
from riskgate.contracts.orders import OrderType, Product, Side, Validity

Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Claim:
    """One field as the model has it, and where its words may stand."""

    name: str
    value: object
    spans: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class ModelDraft:
    """What of an answer stands in the words, the fields that do not, and what names may mean."""

    trade: TradeDraft
    refused: tuple[str, ...]
    choices: tuple[InstrumentRef, ...] = ()


def draft_of(order: OrderAnswer, ground: Ground) -> ModelDraft:
    """Keep each claim whose words are there and say it; drop the others by name.

    The instruments come first, because what an exit or a part means depends on them.
    """
    trade, refused = TradeDraft(), []
    named, choices = symbols_of(order.symbols, ground)
    if named is not None and not ground.ungrounded(_with(trade, named, named.spans[0])):
        trade = _with(trade, named, named.spans[0])
    elif order.symbols:
        refused.append("symbols")
    for claim in _claims(order, ground.message):
        kept = next((_with(trade, claim, at) for at in claim.spans
                     if not ground.ungrounded(_only(trade, claim, at))), None)  # fmt: skip
        trade = kept or trade
        refused += [] if kept else [claim.name]
    return ModelDraft(trade, tuple(refused), choices)


def symbols_of(
    said: Sequence[Said], ground: Ground
) -> tuple[Claim | None, tuple[InstrumentRef, ...]]:
    """Resolve names by their words alone; a name for several instruments gives the choices.

    What the model calls the instrument must be one that the words may mean, or there is none.
    """
    refs: list[InstrumentRef] = []
    spans: list[Provenance] = []
    for each in said:
        found = next(iter(_spans(ground.message, each.words)), None)
        if found is None or found.start is None or found.end is None:
            return None, ()
        meant = ground.readers.one_symbol(pieces(ground.items, found.start, found.end))
        if len(meant) != 1:
            return None, meant
        if each.value.upper().rpartition(":")[2] != meant[0].tradingsymbol:
            return None, ()
        refs.append(meant[0])
        spans.append(found)
    if not refs:
        return None, ()
    starts, ends = [at.start or 0 for at in spans], [at.end or 0 for at in spans]
    return Claim(
        "symbols",
        tuple(dict.fromkeys(refs)),
        (span(ground.message, min(starts), max(ends)),),
    ), ()


def _claims(order: OrderAnswer, message: str) -> Iterator[Claim]:
    for name, said, value in _values(order):
        yield Claim(name, value, _spans(message, said.words) if value is not None else ())


def _values(order: OrderAnswer) -> Iterator[tuple[str, Said | SaidSize | SaidOffset, object]]:
    if order.side:
        yield "side", order.side, _member(Side, order.side.value)
    if order.size:
        yield "sizing", order.size, _size(order.size)
    if order.product:
        yield "product", order.product, _member(Product, order.product.value)
    if order.order_type:
        yield "order_type", order.order_type, _member(OrderType, order.order_type.value)
    if order.validity:
        yield "validity", order.validity, _member(Validity, order.validity.value)
    for name in ("limit_price", "trigger_price"):
        said: Said | None = getattr(order, name)
        if said:
            yield name, said, _number(said.value)
    for name in ("stop_loss", "target"):
        offset: SaidOffset | None = getattr(order, name)
        if offset:
            yield name, offset, _offset(offset)


def _size(said: SaidSize) -> Sizing | None:
    value = _number(said.value)
    return None if value is None else Sizing(method=said.method, value=value)


def _offset(said: SaidOffset) -> Offset | None:
    value = _number(said.value)
    return None if value is None else Offset(kind=said.kind, value=value)


def _spans(message: str, words: str) -> tuple[Provenance, ...]:
    return tuple(span(message, start, end) for start, end in places(message, words))


def _with(trade: TradeDraft, claim: Claim, at: Provenance) -> TradeDraft:
    sources = {**trade.provenance, claim.name: at}
    return trade.model_copy(update={claim.name: claim.value, "provenance": sources})


def _only(trade: TradeDraft, claim: Claim, at: Provenance) -> TradeDraft:
    """Return a trade of one claim and of the instruments it is judged by."""
    beside = {name: source for name, source in trade.provenance.items() if name == "symbols"}
    bare = TradeDraft(symbols=trade.symbols, provenance=beside)
    return _with(bare, claim, at)


def _member(kind: type[Kind], value: str) -> Kind | None:
    try:
        return kind(value.upper())
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    small = value.is_finite() and abs(value.adjusted()) < 18 and len(value.as_tuple().digits) < 19
    return value if small else None
