"""The gate's own documents: an order, a portfolio, a market and what was sent, as JSON objects.

They are the documents of policygate-capital 0.2.0 and optional keys beside those; what differs is
in docs/reference/policygate-differences.md.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from riskgate.book import Book
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Exchange
from riskgate.contracts.orders import OrderType
from riskgate.facts import (
    SMALLEST_LOT,
    Account,
    Candidate,
    Listing,
    Market,
    Price,
    Rates,
    Situation,
)
from riskgate.figures import exactly
from riskgate.policy import Policy
from riskgate.reading import Block, Faults, parse_time

INTENT: Final = "intent"
PORTFOLIO: Final = "portfolio"
MARKET: Final = "market"
EXECUTION: Final = "execution"
# The execution document of an account that sent nothing lately.
IDLE: Final[Mapping[str, object]] = {}

_SIDES: Final = {"buy": 1, "sell": -1}
_ORDER_TYPES: Final = {"market": OrderType.MARKET, "limit": OrderType.LIMIT}
_ASSET_CLASSES: Final = {name: name for name in ("equity", "crypto", "fx", "futures")}
_LEVELS: Final = {level.value: level for level in KillSwitchLevel}
_TIGHTNESS: Final = (KillSwitchLevel.RUNNING, KillSwitchLevel.REDUCE_ONLY, KillSwitchLevel.HALTED)

_TERMS_KEYS: Final = frozenset(
    {"multiplier", "currency", "lot_size", "tick_size", "sector", "underlying"}
)
_INSTRUMENT_KEYS: Final = _TERMS_KEYS | {"symbol", "asset_class"}
_INTENT_KEYS: Final = frozenset(
    {
        *("intent_id", "timestamp", "strategy_id", "account_id", "instrument", "side"),
        *("order_type", "qty", "limit_price"),
    }
)
_PORTFOLIO_KEYS: Final = frozenset(
    {
        *("equity", "start_of_day_equity", "peak_equity", "positions"),
        *("realized_pnl_today", "unrealized_pnl"),
        *("currency", "week_start_equity", "month_start_equity", "month_spent", "available"),
        *("in_flight", "instruments"),
    }
)
_IN_FLIGHT_KEYS: Final = frozenset({"order_id", "symbol", "side", "qty", "limit_price"})
_MARKET_KEYS: Final = frozenset({"timestamp", "prices", "prices_as_of", "fx", "is_open"})
_EXECUTION_KEYS: Final = frozenset(
    {
        *("orders_last_60s_global", "orders_last_60s_by_strategy", "violations_last_window"),
        *("kill_switch_active", "kill_switch_level"),
        *("orders_last_60s_by_symbol", "messages_last_1s", "messages_last_60s", "orders_today"),
    }
)


class Terms(NamedTuple):
    """What a document says of one instrument; None is not said. A multiplier not said is 1."""

    multiplier: Decimal | None = None
    currency: str | None = None
    lot_size: Decimal | None = None
    tick_size: Decimal | None = None
    sector: str | None = None
    underlying: str | None = None


class Intent(NamedTuple):
    """The order that is asked for. The timestamp is any text, as it was written."""

    intent_id: str
    timestamp: str
    strategy_id: str
    account_id: str
    symbol: str
    asset_class: str
    terms: Terms
    sign: int
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None


class InFlight(NamedTuple):
    """An order at the broker that may still fill."""

    order_id: str
    symbol: str
    sign: int
    quantity: Decimal
    limit_price: Decimal | None


class Portfolio(NamedTuple):
    """Equity, signed positions, and what is known of the instruments held."""

    equity: Decimal
    day_start: Decimal
    peak: Decimal
    positions: Mapping[str, Decimal]
    currency: str | None
    week_start: Decimal | None
    month_start: Decimal | None
    month_spent: bool
    available: Decimal | None
    in_flight: tuple[InFlight, ...]
    instruments: Mapping[str, Terms]


class Prices(NamedTuple):
    """Last prices, of which some may be no numbers; `fx` is account money for one of a currency."""

    timestamp: str
    last: Mapping[str, Decimal]
    as_of: Mapping[str, datetime]
    fx: Mapping[str, Decimal]
    is_open: bool | None

    def time_of(self, symbol: str) -> datetime | None:
        """Return the time of a price: its own, else the market's where that is a time."""
        return self.as_of.get(symbol) or parse_time(self.timestamp)


class Execution(NamedTuple):
    """What was sent lately, the rules broken lately as (time, rule id), and the kill switch."""

    orders_global: int = 0
    orders_by_strategy: Mapping[str, int] = {}
    orders_by_symbol: Mapping[str, int] = {}
    messages_1s: int = 0
    messages_60s: int = 0
    orders_today: int = 0
    violations: tuple[tuple[str, str], ...] = ()
    kill_switch: KillSwitchLevel = KillSwitchLevel.RUNNING


class Documents(NamedTuple):
    """The four documents of one case, and the time it is judged at; None where no price has one."""

    intent: Intent
    portfolio: Portfolio
    market: Prices
    execution: Execution
    at: datetime | None


class Case(NamedTuple):
    """All that a Judge of the policy is asked with."""

    policy: Policy
    candidate: Candidate
    book: Book
    situation: Situation


def read_documents(
    *,
    intent: object,
    portfolio: object,
    market: object,
    execution: object = IDLE,
    at: datetime | None = None,
) -> Documents:
    """Read one case's documents, decoded by `decode_json`. Without an execution nothing was sent.

    Prices with times are judged at `at`, or else at the order's own time. Raises DocumentInvalid
    with every fault of all four.
    """
    faults = Faults()
    found = Documents(
        intent=read_intent(intent, faults),
        portfolio=read_portfolio(portfolio, faults),
        market=read_market(market, faults),
        execution=read_execution(execution, faults),
        at=at,
    )
    _check_together(found, faults)
    faults.raise_any()
    if at is None:
        found = found._replace(at=parse_time(found.intent.timestamp))
    return found


def case_of(policy: Policy, documents: Documents) -> Case:
    """Put a case together for a Judge of the policy: its order, book and situation."""
    intent, portfolio, market = documents.intent, documents.portfolio, documents.market
    listings = _listings(intent, portfolio, market)
    with exactly():
        book = book_of(listings, portfolio, market)
    candidate = candidate_of(intent, listings[intent.symbol])
    return Case(policy, candidate, book, _situation(documents))


def candidate_of(intent: Intent, listing: Listing) -> Candidate:
    """Return the order that an intent asks for, of an instrument as it is known."""
    # A market order has no limit to be valued at; rules of listed instruments refuse one that does.
    named = intent.order_type is OrderType.LIMIT or listing.listed
    return Candidate(
        listing=listing,
        sign=intent.sign,
        quantity=intent.quantity,
        order_type=intent.order_type,
        limit_price=intent.limit_price if named else None,
        strategy_id=intent.strategy_id,
    )


def read_intent(value: object, faults: Faults) -> Intent:
    """Read an order; faults are noted, and nothing may be used before they were raised."""
    block = Block(faults, INTENT, value, _INTENT_KEYS)
    instrument = block.block("instrument", _INSTRUMENT_KEYS)
    return Intent(
        intent_id=block.text("intent_id"),
        timestamp=block.text("timestamp"),
        strategy_id=block.text("strategy_id"),
        account_id=block.text("account_id"),
        symbol=instrument.name("symbol"),
        asset_class=instrument.word("asset_class", _ASSET_CLASSES, "equity"),
        terms=_terms(instrument),
        sign=block.word("side", _SIDES, 1),
        order_type=block.word("order_type", _ORDER_TYPES, OrderType.MARKET),
        quantity=block.above_zero("qty"),
        limit_price=block.not_below_zero_or_none("limit_price"),
    )


def read_portfolio(value: object, faults: Faults) -> Portfolio:
    """Read a portfolio; faults are noted as by read_intent."""
    block = Block(faults, PORTFOLIO, value, _PORTFOLIO_KEYS)
    block.number("realized_pnl_today")
    block.number("unrealized_pnl")
    instruments = {}
    for symbol, terms in block.blocks("instruments", _TERMS_KEYS | {"asset_class"}):
        if "asset_class" in terms:
            terms.word("asset_class", _ASSET_CLASSES, "equity")
        instruments[symbol] = _terms(terms)
    return Portfolio(
        equity=block.above_zero("equity"),
        day_start=block.above_zero("start_of_day_equity"),
        peak=block.above_zero("peak_equity"),
        positions=block.numbers("positions"),
        currency=block.name_or_none("currency"),
        week_start=block.above_zero_or_none("week_start_equity"),
        month_start=block.above_zero_or_none("month_start_equity"),
        month_spent=block.flag("month_spent"),
        available=block.number_or_none("available"),
        in_flight=_in_flight(block),
        instruments=instruments,
    )


def read_market(value: object, faults: Faults) -> Prices:
    """Read a market; faults are noted as by read_intent. A price need not be a finite number."""
    block = Block(faults, MARKET, value, _MARKET_KEYS)
    return Prices(
        timestamp=block.text("timestamp"),
        last=block.prices("prices"),
        as_of=block.times("prices_as_of"),
        fx=block.rates("fx"),
        is_open=block.flag_or_none("is_open"),
    )


def read_execution(value: object, faults: Faults) -> Execution:
    """Read what was sent; faults are noted as by read_intent.

    Of the two kill switch keys the tighter holds. Orders are messages, so at least as many of the
    last 60 s are counted.
    """
    block = Block(faults, EXECUTION, value, _EXECUTION_KEYS)
    active = KillSwitchLevel.REDUCE_ONLY if block.flag("kill_switch_active") else _TIGHTNESS[0]
    level = _TIGHTNESS[0]
    if "kill_switch_level" in block:
        level = block.word("kill_switch_level", _LEVELS, level)
    orders = block.count("orders_last_60s_global")
    return Execution(
        orders_global=orders,
        orders_by_strategy=block.counts("orders_last_60s_by_strategy"),
        orders_by_symbol=block.counts("orders_last_60s_by_symbol"),
        messages_1s=block.count("messages_last_1s"),
        messages_60s=max(orders, block.count("messages_last_60s")),
        orders_today=block.count("orders_today"),
        violations=_violations(block),
        kill_switch=max(active, level, key=_TIGHTNESS.index),
    )


def _terms(block: Block) -> Terms:
    return Terms(
        multiplier=block.above_zero_or_none("multiplier"),
        currency=block.name_or_none("currency"),
        lot_size=block.above_zero_or_none("lot_size"),
        tick_size=block.above_zero_or_none("tick_size"),
        sector=block.name_or_none("sector"),
        underlying=block.name_or_none("underlying"),
    )


def _in_flight(block: Block) -> tuple[InFlight, ...]:
    orders: list[InFlight] = []
    seen: set[str] = set()
    for place, item in block.listed("in_flight"):
        one = Block(block.faults, block.document, item, _IN_FLIGHT_KEYS, place)
        order = InFlight(
            order_id=one.name("order_id"),
            symbol=one.name("symbol"),
            sign=one.word("side", _SIDES, 1),
            quantity=one.above_zero("qty"),
            limit_price=one.not_below_zero_or_none("limit_price"),
        )
        if order.order_id in seen:
            one.fault("order_id", "is given twice", "keep one of them")
        seen.add(order.order_id)
        orders.append(order)
    return tuple(orders)


def _violations(block: Block) -> tuple[tuple[str, str], ...]:
    found = []
    for place, item in block.listed("violations_last_window"):
        match item:
            case [str() as at, str() as rule_id]:
                found.append((at, rule_id))
            case [_, _, _, *_]:
                block.fault(place, "must be a time and a rule id", "remove what follows them")
            case list():
                for number, name in enumerate(("time", "rule id")):
                    if len(item) <= number or not isinstance(item[number], str):
                        block.fault(f"{place}.{number}", f"must be the {name}", "write it as text")
            case _:
                block.fault(place, "must be a time and a rule id", 'write ["2026-...", "EXP-001"]')
    return tuple(found)


def _check_together(documents: Documents, faults: Faults) -> None:
    """Note what no document shows alone: a missing clock or currency, and contradictions."""
    intent, portfolio, market = documents.intent, documents.portfolio, documents.market
    if market.as_of and documents.at is None and parse_time(intent.timestamp) is None:
        message = "must be a time with its offset where prices have times"
        faults.add(INTENT, "timestamp", message, "write it as 2026-03-02T06:00:00Z")
    for symbol in market.as_of:
        if symbol not in market.last:
            message = "is the time of a price that is not given"
            faults.add(MARKET, f"prices_as_of.{symbol}", message, "add the price, or remove it")
    if portfolio.currency is None and any(
        terms.currency for terms in (intent.terms, *portfolio.instruments.values())
    ):
        message = "is missing, and an instrument has a currency"
        faults.add(PORTFOLIO, "currency", message, "add the account's currency")
    held = portfolio.instruments.get(intent.symbol)
    for name, asked, known in zip(Terms._fields, intent.terms, held or (), strict=False):
        if asked is not None and asked != known:
            message = "differs from what the portfolio says of the instrument"
            faults.add(INTENT, f"instrument.{name}", message, "leave it out, or correct one")


def _listings(intent: Intent, portfolio: Portfolio, market: Prices) -> dict[str, Listing]:
    symbols = dict.fromkeys(
        (intent.symbol, *portfolio.positions, *(o.symbol for o in portfolio.in_flight))
    )
    known = {intent.symbol: intent.terms, **portfolio.instruments}
    return {
        symbol: listing_of(symbol, known.get(symbol, Terms()), portfolio.currency, market.fx)
        for symbol in symbols
    }


def listing_of(
    symbol: str, terms: Terms, currency: str | None, fx: Mapping[str, Decimal]
) -> Listing:
    """Return the instrument; in a currency without a rate, what a point is worth is not known."""
    exchange, _colon, name = symbol.partition(":")
    on_exchange = bool(name) and exchange in set(Exchange)
    multiplier: Decimal | None = terms.multiplier or Decimal(1)
    converted = terms.currency not in (None, currency)
    if terms.currency is not None and multiplier is not None and converted:
        rate = fx.get(terms.currency)
        with exactly():
            multiplier = None if rate is None else multiplier * rate
    return Listing(
        key=symbol,
        names=(symbol, name) if on_exchange else (symbol,),
        listed=terms.lot_size is not None and terms.tick_size is not None,
        lot=terms.lot_size or SMALLEST_LOT,
        tick=terms.tick_size,
        multiplier=multiplier,
        sector=terms.sector or "",
        underlying=terms.underlying or symbol,
        exchange=Exchange(exchange) if on_exchange else None,
        currency=terms.currency,
        converted=converted and multiplier is not None,
    )


def book_of(listings: Mapping[str, Listing], portfolio: Portfolio, market: Prices) -> Book:
    """Return a book of the positions and orders in flight, priced where the market has a price.

    A price without a time of its own has the market's, where that is a time.
    """
    book = Book()
    for symbol, listing in listings.items():
        book.know(listing)
        if symbol in market.last:
            book.set_price(symbol, Price(market.last[symbol], market.time_of(symbol)))
    for symbol, quantity in portfolio.positions.items():
        book.hold(symbol, None, quantity)
    for order in portfolio.in_flight:
        candidate = Candidate(
            listings[order.symbol], order.sign, order.quantity, limit_price=order.limit_price
        )
        book.place(order.order_id, candidate)
    return book


def _situation(documents: Documents) -> Situation:
    portfolio, execution, intent = documents.portfolio, documents.execution, documents.intent
    account = Account(
        portfolio.equity,
        day_start=portfolio.day_start,
        week_start=portfolio.week_start,
        month_start=portfolio.month_start,
        peak=portfolio.peak,
        month_spent=portfolio.month_spent,
        available=portfolio.available,
        currency=portfolio.currency,
    )
    rates = Rates(
        orders_global=execution.orders_global,
        orders_strategy=execution.orders_by_strategy.get(intent.strategy_id, 0),
        orders_symbol=execution.orders_by_symbol.get(intent.symbol, 0),
        messages_1s=execution.messages_1s,
        messages_60s=execution.messages_60s,
        orders_today=execution.orders_today,
    )
    return Situation(
        account=account,
        rates=rates,
        market=Market(documents.market.is_open),
        kill_switch=execution.kill_switch,
        as_of=documents.at,
    )
