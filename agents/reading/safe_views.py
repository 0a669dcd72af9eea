"""What a model may see of what our tools give: a registered view, or nothing.

The operator's view, raw, stays here. A view is made of names out of closed lists, exact symbols
and numbers; no text that somebody else wrote (reasons, names of companies, messages, tags) is in
any. A tool without a row is withheld.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from pydantic import JsonValue

from agents.intent.model import HeldPosition, ParseContext
from agents.reading.file_views import files_digest, files_full
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.models import PortfolioTier
from riskgate.contracts.snapshots import Position, Quote
from riskgate.contracts.traces import SubmittedOrder
from tools.ports import AccountView

Hide: TypeAlias = Callable[[str], str]
SYMBOL: Final = re.compile(r"[A-Z0-9&.\-]{1,25}( [A-Z0-9]{1,10})?")


class Tier(StrEnum):
    """What kind of thing a tool tells. NEVER is identity, secrets and whatever changes state."""

    MARKET = "market"
    PORTFOLIO = "portfolio"
    NEVER = "never"


class Withheld(StrEnum):
    """Why a model does not see something."""

    UNKNOWN_TOOL = "TOOL_UNKNOWN"
    NEVER_SHOWN = "TOOL_NEVER_SHOWN"
    PORTFOLIO_OFF = "PORTFOLIO_OFF"
    NO_VIEW = "VIEW_MISSING"


@dataclass(frozen=True, slots=True)
class SafeView:
    """How one tool's result is shown: as magnitudes, and in full where that may be."""

    tier: Tier
    digest: Callable[[object, Hide], JsonValue | None]
    full: Callable[[object, Hide], JsonValue | None]


def magnitude(value: Decimal) -> str:
    """Write a number as its power of ten, with its sign: 149310 is 10^5, -20 is -10^1."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    return f"{sign}10^{value.adjusted()}"


def symbol_text(ref: InstrumentRef) -> str:
    """Write an instrument's symbol; one so long that it may be a sentence is not written."""
    return str(ref) if SYMBOL.fullmatch(ref.tradingsymbol) else f"{ref.exchange}:(unusual name)"


def _quotes(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, Sequence):
        return None
    return [_quote(each) for each in result if isinstance(each, Quote)]


def _quote(quote: Quote) -> JsonValue:
    return {
        "symbol": symbol_text(quote.instrument),
        "last": decimal_text(quote.last),
        "bid": None if quote.bid is None else decimal_text(quote.bid),
        "ask": None if quote.ask is None else decimal_text(quote.ask),
        "as_of": time_text(quote.as_of),
        "source": quote.source.value,
    }


def _instruments(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, Sequence):
        return None
    return [symbol_text(each) for each in result if isinstance(each, InstrumentRef)]


def _account_digest(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, AccountView):
        return None
    held = _held_in(result)
    margins = result.snapshot.margins if result.snapshot else None
    return {
        "instruments_held": magnitude(Decimal(len(held))),
        "worth": magnitude(
            sum((abs(row.quantity) * row.average_price for row in held), Decimal(0))
        ),
        "cash": None if margins is None else magnitude(margins.available),
        "broker_answers": result.snapshot is not None,
    }


def _account_full(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, AccountView):
        return None
    rows: list[JsonValue] = [
        {
            "symbol": symbol_text(row.instrument),
            "product": row.product.value,
            "quantity": decimal_text(row.quantity),
            "average": decimal_text(row.average_price),
        }
        for row in _held_in(result)
    ]
    return {"held": rows, "broker_answers": result.snapshot is not None}


def _held_in(view: AccountView) -> tuple[Position, ...]:
    if view.snapshot is None:
        return view.ledger.expected_positions
    return (*view.snapshot.positions, *view.snapshot.holdings)


def _orders_digest(result: object, _: Hide) -> JsonValue | None:
    orders = _orders_in(result)
    if orders is None:
        return None
    return {"open_orders": magnitude(Decimal(sum(not order.state.final for order in orders)))}


def _orders_full(result: object, hide: Hide) -> JsonValue | None:
    orders = _orders_in(result)
    if orders is None:
        return None
    return [
        {
            "id": hide(order.order_id),
            "symbol": symbol_text(order.instrument),
            "side": order.side.value,
            "quantity": decimal_text(order.quantity),
            "type": order.order_type.value,
            "state": order.state.value,
            "filled": decimal_text(order.filled_quantity),
        }
        for order in orders
    ]


def _orders_in(result: object) -> list[SubmittedOrder] | None:
    if not isinstance(result, Sequence):
        return None
    return [each for each in result if isinstance(each, SubmittedOrder)]


def _exceptions(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, Sequence):
        return None
    return {"open_exceptions": magnitude(Decimal(len(result)))}


def _book_digest(result: object, _: Hide) -> JsonValue | None:
    if not isinstance(result, ParseContext):
        return None
    return {
        "instruments_held": magnitude(Decimal(len(_rows_of(result)))),
        "open_orders": magnitude(Decimal(len(result.open_orders))),
        "currency": result.currency.value,
    }


def _book_full(result: object, hide: Hide) -> JsonValue | None:
    if not isinstance(result, ParseContext):
        return None
    held: list[JsonValue] = [
        {"symbol": symbol_text(row.instrument), "quantity": decimal_text(row.quantity)}
        for row in _rows_of(result)
    ]
    orders: list[JsonValue] = [
        {"id": hide(row.order_id), "symbol": symbol_text(row.instrument), "side": row.side.value}
        for row in result.open_orders
    ]
    return {"held": held, "open_orders": orders, "currency": result.currency.value}


def _rows_of(context: ParseContext) -> tuple[HeldPosition, ...]:
    return (*context.positions, *context.holdings)


def _files_digest(result: object, _: Hide) -> JsonValue | None:
    return files_digest(result)


def _files_full(result: object, _: Hide) -> JsonValue | None:
    return files_full(result)


def _nothing(_: object, __: Hide) -> JsonValue | None:
    return None


NEVER: Final = SafeView(Tier.NEVER, _nothing, _nothing)
# The name of what the words of a message may refer to, which no tool gives.
BOOK: Final = "book"
VIEWS: Final[Mapping[str, SafeView]] = {
    "find_instruments": SafeView(Tier.MARKET, _instruments, _instruments),
    "get_quotes": SafeView(Tier.MARKET, _quotes, _quotes),
    "view_account": SafeView(Tier.PORTFOLIO, _account_digest, _account_full),
    "list_orders": SafeView(Tier.PORTFOLIO, _orders_digest, _orders_full),
    "list_exceptions": SafeView(Tier.PORTFOLIO, _exceptions, _exceptions),
    "view_file": SafeView(Tier.PORTFOLIO, _files_digest, _files_full),
    BOOK: SafeView(Tier.PORTFOLIO, _book_digest, _book_full),
    # Rows of a file are somebody's words.
    "find_file_rows": NEVER,
    "net_file_quantities": NEVER,
    # Says what a person typed before; state-changing tools tell nothing to anybody but people.
    "find_repeat": NEVER,
    "compose_plan": NEVER,
    "judge_plan": NEVER,
    "request_approval": NEVER,
    "submit_plan": NEVER,
    "cancel_order": NEVER,
    "reconcile_account": NEVER,
}


def safe_view(
    tool: str, result: object, portfolio: PortfolioTier, hide: Hide
) -> JsonValue | Withheld:
    """Return what a model may see of a tool's result; anything not foreseen is withheld."""
    refusal = withheld(tool, portfolio)
    if refusal is not None:
        return refusal
    view = VIEWS[tool]
    in_full = view.tier is Tier.MARKET or portfolio is PortfolioTier.FULL_SANITIZED
    shown = (view.full if in_full else view.digest)(result, hide)
    return Withheld.NO_VIEW if shown is None else shown


def withheld(tool: str, portfolio: PortfolioTier) -> Withheld | None:
    """Say why a tool's result is not shown, before it is even called."""
    view = VIEWS.get(tool)
    if view is None:
        return Withheld.UNKNOWN_TOOL
    if view.tier is Tier.NEVER:
        return Withheld.NEVER_SHOWN
    if view.tier is Tier.PORTFOLIO and portfolio is PortfolioTier.OFF:
        return Withheld.PORTFOLIO_OFF
    return None
