"""An order that names no instrument is for the one chosen on the page, where one was chosen."""

from collections.abc import Sequence
from typing import Final

from agents.intent.model import MessageKind, ParseContext, ParsedMessage
from agents.intent.moods import has
from agents.intent.tag import Item
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.intents import Provenance, ProvenanceSource

# Words that name something else, or the whole book: what they leave out is asked for.
NAMES_OTHERS: Final = (Tag.SYMBOL, Tag.UNKNOWN, Tag.EXIT, Tag.ALL)


def about_chosen(
    answer: ParsedMessage, items: Sequence[Item], context: ParseContext
) -> ParsedMessage:
    """Fill in the instrument of the page for one order whose words name none at all.

    An exit is asked about: which side leaves is known only of what was said.
    """
    focus = context.focus_symbol
    if focus is None or not _names_none(answer) or has(items, *NAMES_OTHERS):
        return answer
    trade = answer.trades[0]
    source = Provenance(source=ProvenanceSource.UI, text=str(focus))
    chosen = trade.model_copy(
        update={"symbols": (focus,), "provenance": {**trade.provenance, "symbols": source}}
    )
    missing = tuple(name for name in answer.missing if name != "symbol")
    return answer.model_copy(update={"trades": (chosen,), "missing": missing})


def _names_none(answer: ParsedMessage) -> bool:
    one_trade = answer.kind is MessageKind.TRADE and len(answer.trades) == 1
    unclear = answer.problems or answer.ambiguous
    return one_trade and not unclear and "symbol" in answer.missing
