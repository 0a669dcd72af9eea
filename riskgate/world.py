"""The inputs of a verdict on a plan, made into the book and the situation that rules look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from riskgate.activity import Activity
from riskgate.book import Book
from riskgate.contracts.instruments import Currency, Exchange, Instrument, InstrumentRef
from riskgate.contracts.orders import BrokerOrder, OrderTerms, Product
from riskgate.contracts.plans import PlanLeg
from riskgate.contracts.snapshots import BrokerSnapshot, Quote, QuoteSource
from riskgate.facts import Account, Candidate, DepthLevel, Listing, Market, Price, Situation
from riskgate.figures import ZERO
from riskgate.hashing import canonical_json
from riskgate.inputs import Classification, FxRate, GateInput, MessageKind
from riskgate.policy import Policy, longest_duplicate_window, scope_of
from riskgate.rules.exposure import margin_fraction

_ONE: Final = Decimal(1)
# What is traded there in pieces, and in which currency, where the master has no row.
_CASH_EXCHANGES: Final = {
    Exchange.NSE: Currency.INR,
    Exchange.BSE: Currency.INR,
    Exchange.NASDAQ: Currency.USD,
    Exchange.NYSE: Currency.USD,
    Exchange.ARCA: Currency.USD,
}


@dataclass(frozen=True, slots=True)
class World:
    """A plan's world made ready: its legs as orders, the book, and the rest of the situation."""

    candidates: tuple[Candidate, ...]
    book: Book
    situation: Situation
    activity: Activity | None


class Listings:
    """Instruments as the gate sees them, from the master's rows where there are any."""

    def __init__(
        self,
        rows: Iterable[Instrument],
        classifications: Iterable[Classification],
        fx_rates: Iterable[FxRate],
        currency: Currency,
    ) -> None:
        self._rows = {row.ref: row for row in rows}
        self._classes = {c.instrument: c for c in classifications}
        self._currency = currency
        self._rates = {rate.currency: rate.rate for rate in fx_rates}
        self._rates[self._currency] = _ONE

    def of(self, ref: InstrumentRef) -> Listing:
        """Return the listing of an instrument, known or not."""
        row, where = self._rows.get(ref), self._classes.get(ref)
        names = (str(ref), str(ref.tradingsymbol))
        sector = where.sector if where else ""
        underlying = _underlying(ref, where)
        if row is None:
            currency = _CASH_EXCHANGES.get(ref.exchange)
            return Listing(
                key=ref,
                names=names,
                multiplier=None if currency is None else self._rates.get(currency),
                sector=sector,
                underlying=underlying,
                exchange=ref.exchange,
            )
        rate = self._rates.get(row.currency)
        return Listing(
            key=ref,
            names=names,
            listed=True,
            lot=Decimal(row.lot_size),
            tick=row.tick_size,
            freeze=row.freeze_quantity,
            multiplier=None if rate is None else row.multiplier * rate,
            sector=sector,
            underlying=underlying,
            exchange=ref.exchange,
            tradable=row.tradable,
            currency=row.currency.value,
            converted=rate is not None,
        )


def world_of(policy: Policy, given: GateInput) -> World:
    """Return the world that a plan is judged in; what is missing stays missing."""
    broker = own_broker(given)
    listings = Listings(
        (*given.instruments, *(leg.instrument for leg in given.plan.legs)),
        given.classifications,
        given.fx_rates,
        _account_currency(given),
    )
    refs = [leg.instrument.ref for leg in given.plan.legs]
    book, reserved = book_of(policy, listings, broker, given.quotes, given.reserved, refs)
    return World(
        candidates=tuple(_leg(given, leg, listings) for leg in given.plan.legs),
        book=book,
        situation=Situation(
            account=_account(given, broker, reserved),
            rates=None,
            market=Market(given.market_open, given.closes_at, given.next_opens_at),
            kill_switch=given.kill_switch,
            as_of=given.as_of,
        ),
        activity=_activity(policy, given, listings),
    )


def book_of(
    policy: Policy,
    listings: Listings,
    broker: BrokerSnapshot | None,
    quotes: Iterable[Quote],
    reserved: Sequence[OrderTerms],
    also: Iterable[InstrumentRef] = (),
) -> tuple[Book, Decimal]:
    """Return the book, and the money that orders the broker does not show yet will take.

    `also` are instruments that it knows besides what is held and in flight.
    """
    book, taken = Book(), ZERO
    prices = {quote.instrument: quote for quote in quotes}
    held, blocked = _held(broker), _blocked(broker)
    for ref in _instruments(also, broker, reserved):
        quote = prices.get(ref)
        price = None if quote is None else price_of(quote)
        book.enter(listings.of(ref), price, held.get(ref, {}), blocked.get(ref, {}))
    # INVARIANT: which of several orders closes a position follows from the orders themselves, so
    # how a snapshot lists them never changes a decision.
    for number, order in enumerate(sorted(broker.orders, key=_as_sent) if broker else ()):
        if order.open_quantity > 0:
            terms = candidate_of(order, listings.of(order.instrument), order.open_quantity)
            book.place(("broker", number), terms)
    for number, ours in enumerate(sorted(reserved, key=_dearest_last)):
        terms = candidate_of(ours, listings.of(ours.instrument), ours.quantity)
        taken += _margin(policy, book, terms)
        book.place(("reserved", number), terms)
    return book, taken


def _as_sent(order: BrokerOrder) -> tuple[datetime, str]:
    return order.placed_at, order.broker_order_id


def _dearest_last(order: OrderTerms) -> tuple[Decimal, Decimal, Decimal, str]:
    """Place orders of which no times are known so that what opens is valued at the worst price."""
    limit, trigger = order.limit_price or ZERO, order.trigger_price or ZERO
    return max(limit, trigger), min(limit, trigger), order.quantity, canonical_json(order)


def own_broker(given: GateInput) -> BrokerSnapshot | None:
    """Return the broker's book when it is of the plan's own account."""
    broker = given.broker
    return broker if broker and broker.account_id == given.plan.account_id else None


def price_of(quote: Quote) -> Price:
    """Return what a quote says of a market."""
    return Price(
        last=quote.last,
        as_of=quote.as_of,
        bid=quote.bid,
        ask=quote.ask,
        low_band=quote.lower_circuit,
        high_band=quote.upper_circuit,
        open=quote.open,
        previous_close=quote.previous_close,
        bids=tuple(DepthLevel(level.price, level.quantity) for level in quote.bids),
        asks=tuple(DepthLevel(level.price, level.quantity) for level in quote.asks),
        live=quote.source is QuoteSource.BROKER,
    )


def candidate_of(terms: OrderTerms, listing: Listing, quantity: Decimal) -> Candidate:
    """Return an order in flight as the book counts it."""
    return Candidate(
        listing=listing,
        sign=terms.side.sign,
        quantity=quantity,
        order_type=terms.order_type,
        product=terms.product,
        limit_price=terms.limit_price,
        trigger_price=terms.trigger_price,
    )


def _leg(given: GateInput, leg: PlanLeg, listings: Listings) -> Candidate:
    skeleton, plan = given.plan.order_skeleton, given.plan
    return Candidate(
        listing=listings.of(leg.instrument.ref),
        sign=leg.side.sign,
        quantity=leg.quantity,
        order_type=skeleton.order_type,
        product=skeleton.product,
        limit_price=leg.limit_price,
        trigger_price=leg.trigger_price,
        strategy_id=given.strategy_id,
        slices=leg.slices,
        reduce_only=leg.reduce_only,
        stop_price=leg.risk_model.stop_price or plan.risk_model.stop_price,
    )


def _instruments(
    also: Iterable[InstrumentRef], broker: BrokerSnapshot | None, reserved: Iterable[OrderTerms]
) -> dict[InstrumentRef, None]:
    refs = list(also)
    if broker is not None:
        refs += [position.instrument for position in (*broker.holdings, *broker.positions)]
        refs += [order.instrument for order in broker.orders if order.open_quantity > 0]
    refs += [order.instrument for order in reserved]
    return dict.fromkeys(refs)


def _held(broker: BrokerSnapshot | None) -> dict[InstrumentRef, dict[Product | None, Decimal]]:
    held: dict[InstrumentRef, dict[Product | None, Decimal]] = {}
    for position in (*broker.holdings, *broker.positions) if broker else ():
        lines = held.setdefault(position.instrument, {})
        lines[position.product] = lines.get(position.product, ZERO) + position.quantity
    return held


def _blocked(broker: BrokerSnapshot | None) -> dict[InstrumentRef, dict[Product | None, Decimal]]:
    blocked: dict[InstrumentRef, dict[Product | None, Decimal]] = {}
    for position in (*broker.holdings, *broker.positions) if broker else ():
        lines = blocked.setdefault(position.instrument, {})
        lines[position.product] = lines.get(position.product, ZERO) + position.blocked_quantity
    return blocked


def _margin(policy: Policy, book: Book, candidate: Candidate) -> Decimal:
    """Return the money that an order in flight will take, before it is put into the book."""
    limits = scope_of(policy, candidate.listing.names, candidate.strategy_id).limits
    fraction = limits.margin.margin_fraction
    if fraction is None:
        return ZERO
    return book.opening_money(candidate) * margin_fraction(fraction, candidate.product)


def _account(given: GateInput, broker: BrokerSnapshot | None, reserved: Decimal) -> Account:
    margins = broker.margins if broker else None
    history = given.history
    return Account(
        equity=margins.equity if margins else None,
        day_start=given.start_of_day_equity,
        week_start=history.week_start if history else None,
        month_start=history.month_start if history else None,
        peak=history.peak if history else None,
        month_spent=history.month_spent if history else False,
        available=margins.available - reserved if margins else None,
        currency=_account_currency(given).value,
    )


def _account_currency(given: GateInput) -> Currency:
    broker = own_broker(given)
    margins = broker.margins if broker else None
    return margins.currency if margins else given.plan.currency


def _underlying(ref: InstrumentRef, where: Classification | None) -> str:
    return str(where.underlying if where and where.underlying else ref.tradingsymbol)


def _activity(policy: Policy, given: GateInput, listings: Listings) -> Activity | None:
    if given.sent is None:
        return None
    activity = Activity(duplicate_window_s=longest_duplicate_window(policy))
    for message in sorted(given.sent.messages, key=lambda m: m.at):
        if message.kind is not MessageKind.ORDER or message.side is None:
            activity.record_message(message.at)
            continue
        order = Candidate(
            listing=listings.of(message.instrument),
            sign=message.side.sign,
            quantity=message.quantity or ZERO,
            product=message.product,
            limit_price=message.limit_price,
            trigger_price=message.trigger_price,
            strategy_id=message.strategy_id,
        )
        activity.record_order(order, message.at)
    activity.orders_today = given.sent.orders_today
    return activity
