"""A bare number that is near the price of what it stands behind may be that, not a size."""

from decimal import Decimal
from typing import Final

from agents.context import TurnContext
from agents.intent.model import Draft, MessageKind, ParsedMessage, TradeDraft
from riskgate.contracts.base import decimal_text
from riskgate.contracts.intents import ProvenanceSource, SizingMethod
from tools.read.get_quotes import get_quotes

NEAR: Final = Decimal("0.2")


async def price_not_size(context: TurnContext, parsed: ParsedMessage) -> ParsedMessage:
    """Ask which a number is that may be a price: "buy infy 1480" with INFY at 1490.

    Only a number without any word, behind the name, in an order without a price is looked up.
    """
    trade = _doubtful(parsed, context.parse_context.draft)
    if trade is None or trade.sizing is None:
        return parsed
    found = await get_quotes(context.toolbox, context.quotes, trade.symbols)
    said = trade.sizing.value
    if not any(abs(said - quote.last) <= NEAR * quote.last for quote in found):
        return parsed
    text = decimal_text(said)
    unsized = trade.model_copy(
        update={
            "sizing": None,
            "provenance": {k: v for k, v in trade.provenance.items() if k != "sizing"},
        }
    )
    return parsed.model_copy(
        update={
            "trades": (unsized,),
            "missing": ("size", *parsed.missing),
            "offers": (f"{text} shares", f"at limit {text}"),
        }
    )


def size_or_price_question(parsed: ParsedMessage) -> str:
    """Ask which of the two the number is."""
    return (
        f"Is that {parsed.offers[0]}, or a price? Say how many, and at what price if one is meant."
    )


def _doubtful(parsed: ParsedMessage, draft: Draft | None) -> TradeDraft | None:
    if parsed.kind is not MessageKind.TRADE or len(parsed.trades) != 1 or parsed.problems:
        return None
    trade = parsed.trades[0]
    size, name = trade.provenance.get("sizing"), trade.provenance.get("symbols")
    if trade.sizing is None or trade.sizing.method is not SizingMethod.QUANTITY:
        return None
    if trade.limit_price is not None or trade.trigger_price is not None or len(trade.symbols) != 1:
        return None
    if size is None or name is None:
        return None
    before = draft.trade.provenance if draft is not None and parsed.amends_draft else {}
    if before.get("sizing") == size:
        return None
    spans = (ProvenanceSource.USER_SPAN, ProvenanceSource.CLIENT_SPAN)
    if size.source not in spans or name.source not in spans:
        return None
    bare = size.text.replace(",", "").isdigit()
    # A number in a turn of its own stands behind the name of the turn before.
    behind = before.get("symbols") == name or (name.start or 0) < (size.start or 0)
    return trade if bare and behind and "size" not in _asked(draft) else None


def _asked(draft: Draft | None) -> tuple[str, ...]:
    """Return what was asked for: a number that answers "how many?" is no price."""
    return () if draft is None else draft.missing
