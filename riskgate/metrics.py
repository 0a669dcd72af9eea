"""The figures that rules compare: the book with everything in flight, and what a plan does to it.

All arithmetic is exact; `engine` sets the decimal precision for it. Money is in the account's
currency.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple, Self

from pydantic import model_validator

from riskgate.contracts.base import (
    MAX_DECIMAL_DIGITS,
    MAX_DECIMAL_EXPONENT,
    Contract,
    Number,
    UtcTime,
    decimal_text,
)
from riskgate.contracts.decisions import Evidence, KillSwitchLevel
from riskgate.contracts.instruments import Exchange, Instrument, InstrumentRef
from riskgate.contracts.orders import OrderTerms, Product, Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.policy import Policy

ZERO: Final = Decimal(0)
_PERCENT: Final = Decimal("0.01")
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST_SHOWN: Final = Decimal("9" * MAX_DECIMAL_DIGITS)
_CASH_EXCHANGES: Final = frozenset(
    {Exchange.NSE, Exchange.BSE, Exchange.NASDAQ, Exchange.NYSE, Exchange.ARCA}
)


class GateInput(Contract):
    """Everything a verdict depends on, as it was when the verdict was asked for.

    `quotes` covers the plan, every held symbol and every symbol with an order in flight.
    `reserved` is what is open of our own orders, approved or sent, that the snapshot does not
    show yet, without this plan's own. `market_open` None means unknown, which denies; simulated
    markets pass True. `instruments` are the master's rows of held derivatives, whose value cannot
    be known without them.
    """

    plan: TradePlan
    broker: BrokerSnapshot | None
    ledger: LedgerSnapshot | None
    quotes: tuple[Quote, ...]
    as_of: UtcTime
    kill_switch: KillSwitchLevel
    reserved: tuple[OrderTerms, ...] = ()
    market_open: bool | None
    start_of_day_equity: Number | None
    instruments: tuple[Instrument, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _refuse_repeats("quotes of", (quote.instrument for quote in self.quotes))
        _refuse_repeats("rows of", (row.ref for row in self.instruments))
        _refuse_repeats("legs numbered", (leg.leg for leg in self.plan.legs))
        return self


def _refuse_repeats(what: str, keys: Iterable[object]) -> None:
    seen = set[object]()
    for key in keys:
        if key in seen:
            raise ValueError(f"needs one each, was given two {what} {key}")
        seen.add(key)


class BookKey(NamedTuple):
    """Products are apart: an intraday short does not close a delivery holding."""

    instrument: InstrumentRef
    product: Product


@dataclass(frozen=True, slots=True)
class Book:
    """One instrument in one product: what is held and how far orders in flight could move it.

    `bought` and `sold` are quantities in flight. `long_value` and `short_value` are the money in
    the position at either end of what may fill; the reliefs are what the plan closes of each.
    """

    held: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    long_value: Decimal = ZERO
    short_value: Decimal = ZERO
    long_relief: Decimal = ZERO
    short_relief: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        return bool(self.held or self.bought or self.sold)

    @property
    def exposure(self) -> Decimal:
        """The larger end of what may fill, counting on no order to close anything."""
        return max(self.long_value, self.short_value)

    @property
    def exposure_if_filled(self) -> Decimal:
        """The larger end once the plan's own orders have filled."""
        return max(self.long_value - self.long_relief, self.short_value - self.short_relief)

    def value(self, side: Side) -> Decimal:
        """Return the end of the position that an order of this side pushes out."""
        return self.long_value if side is Side.BUY else self.short_value

    def closable(self, side: Side) -> Decimal:
        """Return how much an order of this side could close, were all before it to fill."""
        left = -self.held - self.bought if side is Side.BUY else self.held - self.sold
        return max(left, ZERO)

    def after(self, side: Side, quantity: Decimal, unit: Decimal) -> "Book":
        """Return the book with one more order in flight, worth `unit` for each piece."""
        opened = (quantity - min(quantity, self.closable(side))) * unit
        if side is Side.BUY:
            return replace(self, bought=self.bought + quantity, long_value=self.long_value + opened)
        return replace(self, sold=self.sold + quantity, short_value=self.short_value + opened)

    def relieved(self, side: Side, value: Decimal) -> "Book":
        """Return the book with `value` of it taken to be closed by an order of this side."""
        if side is Side.BUY:
            return replace(self, short_relief=self.short_relief + value)
        return replace(self, long_relief=self.long_relief + value)


Books = dict[BookKey, Book]


@dataclass(frozen=True, slots=True)
class Prices:
    """What one piece of anything is worth; None where a price or a multiplier is not known."""

    quotes: Mapping[InstrumentRef, Quote]
    multipliers: Mapping[InstrumentRef, Decimal]

    def mark(self, instrument: InstrumentRef) -> Decimal | None:
        """Return the last price times the contract's multiplier."""
        quote, multiplier = self.quotes.get(instrument), self._multiplier(instrument)
        return None if quote is None or multiplier is None else quote.last * multiplier

    def unit(self, instrument: InstrumentRef, terms: OrderTerms | PlanLeg) -> Decimal | None:
        """Return the worst price of an order times the contract's multiplier."""
        quote, multiplier = self.quotes.get(instrument), self._multiplier(instrument)
        return (
            None if quote is None or multiplier is None else worst_price(terms, quote) * multiplier
        )

    def _multiplier(self, instrument: InstrumentRef) -> Decimal | None:
        default = Decimal(1) if instrument.exchange in _CASH_EXCHANGES else None
        return self.multipliers.get(instrument, default)


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One leg against the book as it would be after the legs before it.

    `closing` is the part that only closes what is held; the rest opens. `unit` is the money one
    piece costs at the worse of its own prices and the market's, `risk_unit` what one piece loses
    at the stop. `position_before` and `gross_before` are the money at risk before the leg, in its
    direction. Each is None where a price it needs is not known or there is no stop.
    """

    leg: PlanLeg
    quote: Quote | None
    closing: Decimal
    unit: Decimal | None
    risk_unit: Decimal | None
    position_before: Decimal | None
    gross_before: Decimal | None
    opens_instrument: bool

    @property
    def number(self) -> int:
        return self.leg.leg

    @property
    def name(self) -> str:
        return str(self.leg.instrument.ref)

    @property
    def quantity(self) -> Decimal:
        return self.leg.quantity

    @property
    def opening(self) -> Decimal:
        return self.quantity - self.closing

    @property
    def reduces(self) -> bool:
        """Whether the leg strictly lowers exposure: opposite to what is held and no larger."""
        return self.opening == 0

    @property
    def notional(self) -> Decimal | None:
        return None if self.unit is None else self.quantity * self.unit

    def largest(self, *, room: Decimal, unit: Decimal) -> Decimal:
        """Return the most whole lots whose opening part, at `unit` a piece, fits into `room`."""
        lot = self.leg.instrument.lot_size
        return (self.closing * unit + max(room, ZERO)) // (unit * lot) * lot


@dataclass(frozen=True, slots=True)
class Facts:
    """All that rules look at. `broker` is None unless it is the plan's own account's.

    `equity` and `start_of_day_equity` are None unless positive; `available` is free money less
    what our orders in flight will take. `unpriced` names what stands in the book, outside the
    plan, without a current quote or a known multiplier; any unknown price makes gross None.
    """

    gate_input: GateInput
    quotes: Mapping[InstrumentRef, Quote]
    broker: BrokerSnapshot | None
    equity: Decimal | None
    start_of_day_equity: Decimal | None
    available: Decimal | None
    unpriced: tuple[InstrumentRef, ...]
    legs: tuple[LegFacts, ...]
    open_before: int
    gross_before: Decimal | None
    gross_after: Decimal | None
    position_after: Mapping[InstrumentRef, Decimal]

    @property
    def plan(self) -> TradePlan:
        return self.gate_input.plan

    @property
    def product(self) -> Product:
        return self.plan.order_skeleton.product

    @property
    def opening_legs(self) -> tuple[LegFacts, ...]:
        return tuple(leg for leg in self.legs if not leg.reduces)


class _Figure(NamedTuple):
    metric: str
    leg: int | None
    value: Decimal | None
    limit: Decimal | None


def work_out(policy: Policy, gate_input: GateInput) -> Facts:
    """Work out every figure that the rules need, once, whatever may be missing."""
    quotes = {quote.instrument: quote for quote in gate_input.quotes if quote.last > 0}
    prices = Prices(quotes, _multipliers(gate_input))
    broker = _own_broker(gate_input)
    margins = broker.margins if broker else None
    books = _held(broker, prices)
    _place(books, _open_orders(broker), prices)
    reserved = _place(books, ((o, o.quantity) for o in gate_input.reserved), prices)
    unpriced = _unpriced(policy, gate_input, books, prices)
    open_before, gross_before = len(_open_instruments(books)), _gross(books)
    legs = tuple(_walk(gate_input.plan, books, prices))
    known = broker is not None and not unpriced and all(leg.unit is not None for leg in legs)
    return Facts(
        gate_input=gate_input,
        quotes=quotes,
        broker=broker,
        equity=_positive(margins.equity if margins else None),
        start_of_day_equity=_positive(gate_input.start_of_day_equity),
        available=margins.available - margin_needed(policy, reserved) if margins else None,
        unpriced=unpriced,
        legs=legs if known else tuple(replace(leg, gross_before=None) for leg in legs),
        open_before=open_before,
        gross_before=gross_before if known else None,
        gross_after=_gross_if_filled(books) if known else None,
        position_after=_positions_if_filled(books),
    )


def evidence(policy: Policy, facts: Facts) -> tuple[Evidence, ...]:
    """List the figures behind a verdict, of the account, then of each leg; unknown ones are out."""
    figures = (*_account_figures(policy, facts), *_leg_figures(policy, facts))
    return tuple(
        Evidence(
            metric=metric,
            value=shown(value),
            limit=None if limit is None else shown(limit),
            leg=leg,
        )
        for metric, leg, value, limit in figures
        if value is not None
    )


def margin_needed(policy: Policy, opened: Iterable[tuple[Product, Decimal]]) -> Decimal:
    """Return the money that newly opened notionals take, by their products."""
    return sum((value * margin_fraction(policy, product) for product, value in opened), ZERO)


def margin_fraction(policy: Policy, product: Product) -> Decimal:
    """Return the part of a notional that must be free: all of a delivery."""
    return Decimal(1) if product is Product.CNC else policy.margin.margin_fraction


def _account_figures(policy: Policy, facts: Facts) -> Iterator[_Figure]:
    equity = facts.equity
    gross_limit = _of(policy.exposure.max_gross_exposure_pct, equity)
    opened = [(facts.product, leg.opening * leg.unit) for leg in facts.legs if leg.unit is not None]
    daily_limit = -policy.loss.daily_loss_limit_pct
    yield _Figure("equity", None, equity, None)
    yield _Figure("daily_return_pct", None, _daily_return_pct(facts), daily_limit)
    yield _Figure("gross_exposure_before", None, facts.gross_before, gross_limit)
    yield _Figure("gross_exposure_after", None, facts.gross_after, gross_limit)
    yield _Figure("margin_needed", None, margin_needed(policy, opened), facts.available)
    yield _Figure("margin_available", None, facts.available, None)


def _leg_figures(policy: Policy, facts: Facts) -> Iterator[_Figure]:
    risk_limit = _of(policy.loss.max_risk_per_trade_pct, facts.equity)
    for leg in facts.legs:
        n = leg.number
        loss = None if leg.risk_unit is None else leg.opening * leg.risk_unit
        age = None if leg.quote is None else quote_age_s(facts.gate_input, leg.quote)
        after, cap = _position_pct_after(facts, leg), policy.exposure.max_position_pct
        yield _Figure("notional", n, leg.notional, policy.order.max_order_value)
        yield _Figure("position_pct_after", n, after, cap)
        yield _Figure("loss_at_stop", n, loss, risk_limit)
        yield _Figure("quote_age_s", n, age, policy.data.quote_age_max_s)


def _of(percent: Decimal, whole: Decimal | None) -> Decimal | None:
    return None if whole is None else percent_of(percent, whole)


def _daily_return_pct(facts: Facts) -> Decimal | None:
    start, equity = facts.start_of_day_equity, facts.equity
    return None if start is None or equity is None else ratio_pct(equity - start, start)


def _position_pct_after(facts: Facts, leg: LegFacts) -> Decimal | None:
    if facts.equity is None or leg.unit is None:
        return None
    return ratio_pct(facts.position_after[leg.leg.instrument.ref], facts.equity)


def _multipliers(gate_input: GateInput) -> dict[InstrumentRef, Decimal]:
    rows = (*gate_input.instruments, *(leg.instrument for leg in gate_input.plan.legs))
    return {row.ref: row.multiplier for row in rows}


def _own_broker(gate_input: GateInput) -> BrokerSnapshot | None:
    broker = gate_input.broker
    return broker if broker and broker.account_id == gate_input.plan.account_id else None


def _positive(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value > 0 else None


def _held(broker: BrokerSnapshot | None, prices: Prices) -> Books:
    quantities: dict[BookKey, Decimal] = {}
    for position in (*broker.holdings, *broker.positions) if broker else ():
        key = BookKey(position.instrument, position.product)
        quantities[key] = quantities.get(key, ZERO) + position.quantity
    return {key: _held_book(held, prices.mark(key.instrument)) for key, held in quantities.items()}


def _held_book(held: Decimal, mark: Decimal | None) -> Book:
    value = held * (mark or ZERO)
    return Book(held=held, long_value=max(value, ZERO), short_value=max(-value, ZERO))


def _open_orders(broker: BrokerSnapshot | None) -> Iterator[tuple[OrderTerms, Decimal]]:
    for order in broker.orders if broker else ():
        if order.open_quantity > 0:
            yield order, order.open_quantity


def _place(
    books: Books, orders: Iterable[tuple[OrderTerms, Decimal]], prices: Prices
) -> list[tuple[Product, Decimal]]:
    """Put orders in flight into the books; return what each opens, in money."""
    opened = []
    for order, quantity in orders:
        key = BookKey(order.instrument, order.product)
        book = books.get(key, Book())
        unit = prices.unit(order.instrument, order) or ZERO
        books[key] = book.after(order.side, quantity, unit)
        opened.append((order.product, books[key].value(order.side) - book.value(order.side)))
    return opened


def _unpriced(
    policy: Policy, gate_input: GateInput, books: Books, prices: Prices
) -> tuple[InstrumentRef, ...]:
    planned = {leg.instrument.ref for leg in gate_input.plan.legs}
    return tuple(
        ref
        for ref in _open_instruments(books)
        if ref not in planned
        and (prices.mark(ref) is None or not is_current(policy, gate_input, prices.quotes[ref]))
    )


def _walk(plan: TradePlan, books: Books, prices: Prices) -> Iterator[LegFacts]:
    for leg in plan.legs:
        key = BookKey(leg.instrument.ref, plan.order_skeleton.product)
        book = books.get(key, Book())
        facts = _leg_facts(plan, leg, book, books, prices)
        closed = facts.closing * (prices.mark(key.instrument) or ZERO)
        books[key] = book.after(leg.side, leg.quantity, facts.unit or ZERO).relieved(
            leg.side, closed
        )
        yield facts


def _leg_facts(plan: TradePlan, leg: PlanLeg, book: Book, books: Books, prices: Prices) -> LegFacts:
    ref = leg.instrument.ref
    quote, unit = prices.quotes.get(ref), prices.unit(ref, leg)
    turned = book.value(leg.side) - book.exposure
    return LegFacts(
        leg=leg,
        quote=quote,
        closing=min(leg.quantity, book.closable(leg.side)),
        unit=unit,
        risk_unit=None if quote is None else _risk_unit(plan, leg, quote),
        position_before=None if unit is None else _position(books, ref) + turned,
        gross_before=None if unit is None else _gross(books) + turned,
        opens_instrument=ref not in _open_instruments(books),
    )


def _risk_unit(plan: TradePlan, leg: PlanLeg, quote: Quote) -> Decimal | None:
    stop = leg.risk_model.stop_price or plan.risk_model.stop_price
    if stop is None:
        return None
    return (entry_price(leg, quote) - stop) * leg.side.sign * leg.instrument.multiplier


def _open_instruments(books: Books) -> dict[InstrumentRef, None]:
    return {key.instrument: None for key, book in books.items() if book.is_open}


def _position(books: Books, ref: InstrumentRef) -> Decimal:
    return sum((book.exposure for key, book in books.items() if key.instrument == ref), ZERO)


def _gross(books: Books) -> Decimal:
    return sum((book.exposure for book in books.values()), ZERO)


def _gross_if_filled(books: Books) -> Decimal:
    return sum((book.exposure_if_filled for book in books.values()), ZERO)


def _positions_if_filled(books: Books) -> dict[InstrumentRef, Decimal]:
    positions: dict[InstrumentRef, Decimal] = {}
    for key, book in books.items():
        positions[key.instrument] = positions.get(key.instrument, ZERO) + book.exposure_if_filled
    return positions


def percent_of(percent: Decimal, whole: Decimal) -> Decimal:
    """Return a percentage of an amount, exactly."""
    return percent * whole * _PERCENT


def seconds_between(earlier: datetime, later: datetime) -> Decimal:
    """Return the seconds from one time to another, exact to the microsecond."""
    return Decimal((later - earlier) // _MICROSECOND).scaleb(-6)


def shown(value: Decimal) -> Decimal:
    """Cut an exact figure to the digits a contract holds, for people to read."""
    if value.adjusted() >= MAX_DECIMAL_DIGITS:
        return _LARGEST_SHOWN.copy_sign(value)
    places = min(MAX_DECIMAL_EXPONENT, MAX_DECIMAL_DIGITS - 1 - max(value.adjusted(), 0))
    if -places <= int(value.as_tuple().exponent) <= 0:
        return value
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)


def figure(value: Decimal) -> str:
    """Write a figure for a message."""
    return decimal_text(shown(value))


def ratio_pct(part: Decimal, whole: Decimal) -> Decimal:
    """Return part / whole in percent to six places, for people to read; never compared."""
    return (part * 100 / whole).quantize(Decimal("0.000001"))


def worst_price(terms: OrderTerms | PlanLeg, quote: Quote) -> Decimal:
    """Return the highest of an order's own prices and its side of the market.

    A position's size is what counts, so a high price is the worse one for a short sale too.
    """
    return max(_prices(terms, _touch(terms, quote)))


def entry_price(leg: PlanLeg, quote: Quote) -> Decimal:
    """Return the price at which an entry loses most at its stop: high to buy, low to sell."""
    choose = max if leg.side is Side.BUY else min
    return choose(_prices(leg, _touch(leg, quote)))


def quote_age_s(gate_input: GateInput, quote: Quote) -> Decimal:
    """Return a quote's age in seconds; negative when it is stamped after the gate's time."""
    return seconds_between(quote.as_of, gate_input.as_of)


def is_current(policy: Policy, gate_input: GateInput, quote: Quote) -> bool:
    """Say whether a quote is neither too old nor further ahead than clocks may differ."""
    age = quote_age_s(gate_input, quote)
    return -policy.data.clock_skew_max_s <= age <= policy.data.quote_age_max_s


def _touch(terms: OrderTerms | PlanLeg, quote: Quote) -> Decimal:
    touch = quote.ask if terms.side is Side.BUY else quote.bid
    return quote.last if touch is None else touch


def _prices(terms: OrderTerms | PlanLeg, touch: Decimal) -> list[Decimal]:
    return [p for p in (terms.limit_price, terms.trigger_price, touch) if p is not None]
