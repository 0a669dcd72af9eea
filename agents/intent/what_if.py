"""Tell whether a message asks if a trade would pass, and what it names of that trade.

Nothing here can become an order: what is read is judged, and the answer says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from agents.intent.fields import span
from agents.intent.model import ParseContext
from agents.intent.moods import has
from agents.intent.normalise import read, refusal
from agents.intent.question import side_said
from agents.intent.resolve import Resolver
from agents.intent.tag import Item, tag
from agents.intent.vocabulary.tags import Tag
from agents.intent.vocabulary.what_if import BEFORE_A_PRICE, MOST, OF_THE_PAST, PASSING
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Provenance, Sizing, SizingMethod
from riskgate.contracts.orders import Side
from tools.ports import InstrumentDirectory

_PASSING: Final = tuple(re.compile(pattern) for pattern in PASSING)
_MOST: Final = tuple(re.compile(pattern) for pattern in MOST)
_PAST: Final = re.compile(OF_THE_PAST)
_PRICE: Final = re.compile(rf"(?:\b{BEFORE_A_PRICE}|[₹$@]|\brs\.?)\s*$")
# A size that is no number of shares or lots and no part of what is held is not asked about here.
_OTHER_SIZES: Final = (Tag.MONEY, Tag.PCT)
_PARTS: Final = (Tag.ALL, Tag.FRAC)


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A trade that is asked about, as far as it was said.

    Without a `sizing` the most that would pass is asked for; `said` quotes the number, and
    `side_words` and `symbol_words` the rest. Without symbols the trade of before is meant.
    """

    sizing: Sizing | None
    said: Provenance | None
    side: Side | None
    side_words: Provenance | None
    symbols: tuple[InstrumentRef, ...]
    symbol_words: Provenance | None


def what_if_of(
    message: str, directory: InstrumentDirectory, context: ParseContext
) -> WhatIf | None:
    """Return the trade that a question is about, None where the message asks no such thing."""
    folded = " ".join(message.casefold().replace("’", "'").split())
    asks_most = any(pattern.search(folded) for pattern in _MOST)
    if not asks_most and not any(pattern.search(folded) for pattern in _PASSING):
        return None
    if _PAST.search(folded) or refusal(message) is not None:
        return None
    items = tag(read(message), directory.names())
    numbers = [item for item in items if item.has(Tag.NUM, Tag.SCALED) and item.value is not None]
    if has(items, *_OTHER_SIZES) or any(_is_price(message, item) for item in numbers):
        return None
    sizes = numbers or _part_sold(message, items)
    if len(sizes) > 1 or (not sizes and not asks_most) or (numbers and has(items, Tag.FRAC)):
        return None
    return _asked(message, items, sizes, directory, context)


def _asked(
    message: str,
    items: Sequence[Item],
    sizes: Sequence[Item],
    directory: InstrumentDirectory,
    context: ParseContext,
) -> WhatIf | None:
    names = [item for item in items if item.has(Tag.SYMBOL)]
    named = Resolver(directory, context).quoted(names)
    if named.ambiguous or len(named.refs) > 1:
        return None
    verbs = [item for item in items if item.has(Tag.BUY, Tag.SELL)]
    return WhatIf(
        sizing=_sizing(items, sizes[0]) if sizes else None,
        said=_quoted(message, sizes),
        side=_side(message, tuple(items)),
        side_words=_quoted(message, verbs),
        symbols=tuple(named.refs),
        symbol_words=_quoted(message, names),
    )


def _part_sold(message: str, items: Sequence[Item]) -> list[Item]:
    """Return the "all" or "half" of a named sale; of a purchase neither says how many."""
    sold = has(items, Tag.SYMBOL) and _side(message, tuple(items)) is Side.SELL
    return [item for item in items if sold and item.has(*_PARTS)]


def _sizing(items: Sequence[Item], size: Item) -> Sizing:
    if size.has(*_PARTS):
        return Sizing(method=SizingMethod.FRACTION, value=size.value or Decimal(1))
    method = SizingMethod.LOTS if has(items, Tag.LOT) else SizingMethod.QUANTITY
    return Sizing(method=method, value=size.value or Decimal(0))


def _side(message: str, items: tuple[Item, ...]) -> Side | None:
    said = side_said(items)
    if said is not None:
        return said
    folded = message.casefold()
    sells = re.search(r"\b(?:sell|sold|short)\b", folded)
    return Side.SELL if sells else Side.BUY if re.search(r"\b(?:buy|bought)\b", folded) else None


def _is_price(message: str, item: Item) -> bool:
    return _PRICE.search(message[: item.start].casefold()) is not None


def _quoted(message: str, items: Sequence[Item]) -> Provenance | None:
    return span(message, items[0].start, items[0].end) if items else None
