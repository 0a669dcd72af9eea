"""Kite behind its MCP server: orders, checks, fills and books of one account."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from adapters.errors import MarketDataUnavailable
from adapters.ports import Clock, InstrumentLookup, MarketData
from riskgate.contracts.instruments import Instrument, InstrumentRef, on_step
from riskgate.contracts.snapshots import Quote

FINAL: Final = frozenset({"COMPLETE", "CANCELLED", "REJECTED"})
FIRST_ORDER_ID: Final = 260_311_000_000_000
MOST_CHANGES: Final = 25
PRODUCTS: Final[Mapping[str, frozenset[str]]] = {
    "CNC": frozenset({"NSE", "BSE"}),
    "NRML": frozenset({"NFO", "BFO", "MCX"}),
    "MIS": frozenset({"NSE", "BSE", "NFO", "BFO", "MCX"}),
}


class Refused(Exception):
    """Kite answered 400: the order never entered its book. The server hides these words."""


@dataclass
class KiteOrder:
    """An order in Kite's book, in Kite's words."""

    order_id: str
    form: Mapping[str, str]
    variety: str
    ref: InstrumentRef
    placed_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    message: str = ""
    filled: int = 0
    value: Decimal = Decimal(0)
    hidden_reads: int = 0
    changes: int = 0
    past: list["KiteOrder"] = field(default_factory=list)

    @property
    def quantity(self) -> int:
        return int(self.form["quantity"])

    @property
    def open_quantity(self) -> int:
        return 0 if self.status in FINAL else self.quantity - self.filled

    @property
    def buys(self) -> bool:
        return self.form["transaction_type"] == "BUY"

    def went_through(self, *statuses: str) -> None:
        """Add stations to the order's history, each as the order is now."""
        self.past += [replace(self, status=status, past=[]) for status in statuses]


@dataclass(frozen=True)
class KiteTrade:
    trade_id: str
    order: KiteOrder
    quantity: int
    price: Decimal
    at: datetime


@dataclass
class KiteOms:
    """Takes what Kite takes, and fills at the touch, never beyond the quantity displayed there.

    `overnight` and `holdings` are what the account starts the day with, in shares; without
    `authorised` no holding can be sold. It never closes and knows no circuit limits: there the
    real one is stricter.
    """

    market: MarketData
    clock: Clock
    instruments: InstrumentLookup
    cash: Decimal = Decimal(5_000_000)
    holdings: dict[InstrumentRef, int] = field(default_factory=dict)
    authorised: bool = True
    first_order_id: int = FIRST_ORDER_ID
    overnight: dict[tuple[InstrumentRef, str], int] = field(default_factory=dict)
    orders: list[KiteOrder] = field(default_factory=list)
    trades: list[KiteTrade] = field(default_factory=list)
    reject_next: list[str | None] = field(default_factory=list)
    lag_reads: int = 0
    _given: int = 0
    _taken: dict[tuple[InstrumentRef, bool, datetime], int] = field(default_factory=dict)

    async def place(self, variety: str, form: Mapping[str, str]) -> KiteOrder:
        """Book an order; raises Refused. One that fails the risk checks is booked as REJECTED."""
        ref = self._admit(variety, form)
        await self.match()
        order = self._entered(variety, form, ref)
        asked = self.reject_next.pop(0) if self.reject_next else None
        reason = self._risk(order) if asked is None else asked
        order.went_through("PUT ORDER REQ RECEIVED", "VALIDATION PENDING")
        if reason is not None:
            order.status, order.message = "REJECTED", reason
        else:
            order.went_through("OPEN PENDING")
            order.status = "TRIGGER PENDING" if form["order_type"] == "SL" else "OPEN"
        order.went_through(order.status)
        self.orders.append(order)
        await self.match()
        if form.get("validity") == "IOC" and order.status not in FINAL:
            self._end(order)
        return order

    async def modify(self, variety: str, order_id: str, form: Mapping[str, str]) -> KiteOrder:
        """Change an open order; raises Refused."""
        order = await self._open(variety, order_id)
        changed = {**order.form, **form}
        self._admit(variety, changed)
        if int(changed["quantity"]) <= order.filled:
            raise Refused("quantity is not above what is filled")
        if order.changes >= MOST_CHANGES:
            raise Refused("Maximum allowed order modifications exceeded")
        order.went_through("MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED")
        order.form, order.changes = changed, order.changes + 1
        order.updated_at = self.clock.now()
        order.went_through(order.status)
        return order

    async def cancel(self, variety: str, order_id: str) -> KiteOrder:
        """Cancel what is open; raises Refused."""
        order = await self._open(variety, order_id)
        order.went_through("CANCEL PENDING")
        self._end(order)
        return order

    def begin_a_day(self) -> None:
        """Forget orders and trades, and carry what they left held into the new day."""
        for trade in self.trades:
            key = (trade.order.ref, trade.order.form["product"])
            signed = trade.quantity if trade.order.buys else -trade.quantity
            self.overnight[key] = self.overnight.get(key, 0) + signed
        self.orders.clear()
        self.trades.clear()

    async def visible(self) -> tuple[list[KiteOrder], list[KiteTrade]]:
        """Return the book as a read shows it now, and bring hidden orders nearer to showing."""
        await self.match()
        hidden = {order.order_id for order in self.orders if order.hidden_reads > 0}
        for order in self.orders:
            order.hidden_reads = max(order.hidden_reads - 1, 0)
        return (
            [order for order in self.orders if order.order_id not in hidden],
            [trade for trade in self.trades if trade.order.order_id not in hidden],
        )

    async def match(self) -> None:
        """Let the market meet the book, oldest order first."""
        waiting = [order for order in self.orders if order.open_quantity > 0]
        if not waiting:
            return
        try:
            quotes = await self.market.get_quotes(sorted({o.ref for o in waiting}, key=str))
        except MarketDataUnavailable:
            return
        shown = {quote.instrument: quote for quote in quotes}
        for order in waiting:
            if order.ref in shown and order.open_quantity > 0:
                self._meet(order, shown[order.ref])

    def _meet(self, order: KiteOrder, quote: Quote) -> None:
        if order.status == "TRIGGER PENDING":
            trigger = Decimal(order.form["trigger_price"])
            if quote.last < trigger if order.buys else quote.last > trigger:
                return
            order.status, order.updated_at = "OPEN", self.clock.now()
        levels = quote.asks if order.buys else quote.bids
        limit = Decimal(order.form["price"])
        if not levels or (levels[0].price > limit if order.buys else levels[0].price < limit):
            return
        key = (order.ref, order.buys, quote.market_time)
        left = int(levels[0].quantity) - self._taken.get(key, 0)
        quantity = min(order.open_quantity, left)
        if quantity > 0:
            self._taken[key] = self._taken.get(key, 0) + quantity
            self._fill(order, quantity, levels[0].price)

    def _fill(self, order: KiteOrder, quantity: int, price: Decimal) -> None:
        now = self.clock.now()
        trade_id = str(40_000_000 + len(self.trades) + 1)
        self.trades.append(KiteTrade(trade_id, order, quantity, price, now))
        order.filled += quantity
        order.value += quantity * price
        order.updated_at = now
        order.status = "COMPLETE" if order.filled == order.quantity else "OPEN"
        order.went_through(order.status)

    def _entered(self, variety: str, form: Mapping[str, str], ref: InstrumentRef) -> KiteOrder:
        now = self.clock.now()
        self._given += 1
        return KiteOrder(
            order_id=str(self.first_order_id + self._given),
            form=dict(form),
            variety=variety,
            ref=ref,
            placed_at=now,
            updated_at=now,
            hidden_reads=self.lag_reads,
        )

    def _end(self, order: KiteOrder) -> None:
        order.status, order.updated_at = "CANCELLED", self.clock.now()
        order.went_through(order.status)

    async def _open(self, variety: str, order_id: str) -> KiteOrder:
        await self.match()
        for order in self.orders:
            if (order.variety, order.order_id) == (variety, order_id) and order.status not in FINAL:
                return order
        raise Refused("order cannot be cancelled or modified as it is being processed or is done")

    def _admit(self, variety: str, form: Mapping[str, str]) -> InstrumentRef:
        listed = self._listed(form)
        quantity, tag = int(form.get("quantity", "0")), form.get("tag", "")
        prices = [Decimal(form[name]) for name in ("price", "trigger_price") if name in form]
        freeze, tick = listed.freeze_quantity, listed.tick_size
        refusals = {
            "variety": variety != "regular",
            "side": form.get("transaction_type") not in {"BUY", "SELL"},
            "product": form.get("exchange") not in PRODUCTS.get(form.get("product", ""), ()),
            "market protection": form.get("order_type") not in {"LIMIT", "SL"},
            "validity": form.get("validity", "DAY") not in {"DAY", "IOC"},
            "price": "price" not in form or min(prices) <= 0,
            "trigger": (form.get("order_type") == "SL") != ("trigger_price" in form),
            "quantity": quantity < 1 or quantity % listed.lot_size != 0,
            "freeze": freeze is not None and quantity > freeze,
            "tick": tick is None or not all(on_step(price, tick) for price in prices),
            "tag": len(tag) > 20 or (tag != "" and not (tag.isascii() and tag.isalnum())),
        }
        wrong = [name for name, refused in refusals.items() if refused]
        if wrong:
            raise Refused(f"InputException: {', '.join(wrong)}")
        return listed.ref

    def _listed(self, form: Mapping[str, str]) -> Instrument:
        name = {key: form.get(key, "") for key in ("exchange", "tradingsymbol")}
        try:
            listed = self.instruments.get(InstrumentRef.model_validate(name))
        except ValueError:
            listed = None
        if listed is None or not listed.tradable:
            raise Refused("InputException: the instrument you are placing an order for is expired")
        return listed

    def _risk(self, order: KiteOrder) -> str | None:
        if order.buys:
            needed, free = order.quantity * Decimal(order.form["price"]), self.cash - self.spent()
            if needed > free:
                return f"Insufficient funds. Required margin is {needed} but available is {free}."
            return None
        if order.form["product"] == "CNC" and order.quantity > self._sellable(order):
            return f"Insufficient stock holding. Sellable quantity is {self._sellable(order)}."
        return None

    def _sellable(self, order: KiteOrder) -> int:
        resting = sum(o.open_quantity for o in self.orders if self._sells_delivery(o, order))
        held = self.holdings.get(order.ref, 0) if self.authorised else 0
        return held + self.day_quantity(order.ref, "CNC") - resting

    def _sells_delivery(self, other: KiteOrder, order: KiteOrder) -> bool:
        return other.ref == order.ref and not other.buys and other.form["product"] == "CNC"

    def spent(self) -> Decimal:
        """Return the cash that today's fills took, sales given back."""
        signed = (t.quantity * t.price * (1 if t.order.buys else -1) for t in self.trades)
        return sum(signed, Decimal(0))

    def day_quantity(self, ref: InstrumentRef, product: str) -> int:
        """Return what today's fills of an instrument and product add up to."""
        return sum(
            trade.quantity * (1 if trade.order.buys else -1)
            for trade in self.trades
            if trade.order.ref == ref and trade.order.form["product"] == product
        )
