"""The names of columns that are known. Add a name to a row; nothing else is guessed."""

import re
from typing import Final

from riskgate.contracts.files import Meaning

_NAMES: Final[tuple[tuple[Meaning, str], ...]] = (
    (Meaning.SYMBOL, "symbol|tradingsymbol|trading symbol|instrument|scrip|scrip name|ticker"
        "|stock|stock symbol|stock name|security|script"),
    (Meaning.EXCHANGE, "exchange|exch|segment"),
    (Meaning.SIDE, "side|trade type|transaction type|type|buy sell|b s|action|buy or sell"),
    (Meaning.QUANTITY, "quantity|qty|quantity available|net qty|net quantity|shares|units"
        "|filled qty|traded qty|no of shares|qty available|holding qty|open quantity"),
    (Meaning.PRICE, "price|average price|avg price|avg cost|average cost|ltp|last price|rate"
        "|trade price|buy price|buy avg|previous closing price|close|cost price"),
    (Meaning.VALUE, "value|amount|total|cur val|current value|invested|invested value|net amount"
        "|trade value|turnover|buy value|sell value"),
    (Meaning.PNL, "pnl|p l|p and l|profit|profit loss|realised pnl|realized pnl|unrealised pnl"
        "|unrealized pnl|realised p l|realized p l|unrealised p l|unrealized p l|gain|gain loss"),
    (Meaning.PRODUCT, "product|product type"),
    (Meaning.DATE, "date|trade date|order date|time|trade time|order execution time|timestamp"),
    (Meaning.ISIN, "isin|isin code"),
)  # fmt: skip
_APART: Final = re.compile(r"[\W_]+")
MEANINGS: Final = {name: meaning for meaning, names in _NAMES for name in names.split("|")}


def plain_name(name: str) -> str:
    """Write a column's name as words alone: "P&L (Rs.)" is "p l"."""
    without = re.sub(r"\(.*?\)|\[.*?\]", " ", name)
    return " ".join(_APART.sub(" ", without.casefold()).split())


def meaning_of(name: str) -> Meaning | None:
    """Return what a column of this name is for, None for a name that is not known."""
    return MEANINGS.get(plain_name(name))
