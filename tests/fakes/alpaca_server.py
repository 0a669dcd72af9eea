"""A local stand-in for Alpaca's Trading API: its paths, string amounts, codes and one-time tags."""

import json
from collections import deque
from decimal import Decimal

from adapters.brokers.mock.book import MockBook
from adapters.ports import Clock, MarketData
from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    BrokerTrade,
    OrderType,
    Product,
    Side,
    Validity,
)
from riskgate.contracts.snapshots import Position
from tests.fakes.exchange_desk import OPENING_CASH, SYMBOLS, ExchangeDesk, TradeIds, waiting_status
from tests.fakes.loopback import HangUp, LoopbackServer, Reply, Request, silence

TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.SL_M,
    "stop_limit": OrderType.SL,
}
WORDS = {
    BrokerOrderStatus.OPEN: "new",
    BrokerOrderStatus.TRIGGER_PENDING: "new",
    BrokerOrderStatus.COMPLETE: "filled",
    BrokerOrderStatus.CANCELLED: "canceled",
    BrokerOrderStatus.REJECTED: "rejected",
}
NOT_FOUND = 40410000
INVALID = 40010001
UNPROCESSABLE = 42210000
FORBIDDEN = 40310000
MOST_ORDERS = 500
MOST_FILLS = 100


def an_id(number: int) -> str:
    """Make an id of Alpaca's kind."""
    return f"00000000-0000-4000-8000-{number:012d}"


class AlpacaServer(LoopbackServer):
    """Keeps one book for each key id; implements BrokerFaults.

    It looks at no money: every order that can be afforded by anybody can be afforded.
    """

    def __init__(self, market: MarketData, clock: Clock, secrets: dict[str, str]) -> None:
        super().__init__()
        self._clock = clock
        self._secrets = secrets
        self.desk = ExchangeDesk(
            market, clock, TradeIds(lambda n: f"20260311043001{n:03d}::{an_id(n)}")
        )
        self._given = 0
        self._troubles: deque[str | Reply] = deque()
        self._loses_cancel = False
        self._answers: deque[Reply | None] = deque()

    @property
    def place_calls(self) -> int:
        return self.times_asked("POST", "/v2/orders")

    def lose_next_reply(self) -> None:
        self._troubles.append("lose reply")

    def lose_next_order(self) -> None:
        self._troubles.append("lose order")

    def lose_next_cancel_reply(self) -> None:
        self._loses_cancel = True

    def garble_next_reply(self) -> None:
        self._troubles.append("garble")

    def refuse_next(self, reason: str) -> None:
        self._troubles.append(_error(403, FORBIDDEN, reason))

    def answer_next(self, reply: Reply | None) -> None:
        """Answer the next request of any kind with this, or not at all, and do nothing."""
        self._answers.append(reply)

    async def answer(self, request: Request) -> Reply:
        if self._answers:
            return self._answers.popleft() or await silence()
        account = request.headers.get("apca-api-key-id", "")
        if self._secrets.get(account) != request.headers.get("apca-api-secret-key"):
            return Reply(403, json.dumps({"message": "forbidden."}))
        match request.method, request.path.split("/")[2:]:
            case "POST", ["orders"]:
                return await self._place(account, json.loads(request.body))
            case "DELETE", ["orders", order_id]:
                return await self._cancel(account, order_id)
            case "GET", ["orders"]:
                return await self._orders(account, request)
            case "GET", ["orders:by_client_order_id"]:
                return await self._tagged(account, request.query["client_order_id"])
            case "GET", ["account", "activities", "FILL"]:
                return await self._fills(account, request)
            case "GET", ["positions"]:
                rows = [
                    await self._position(account, p) for p in await self.desk.positions(account)
                ]
                return _said(rows)
            case "GET", ["positions", symbol]:
                return await self._one_position(account, symbol)
            case "GET", ["account"]:
                return await self._account(account)
        return Reply(404, "<html>no such page</html>")

    async def _place(self, account: str, body: dict[str, object]) -> Reply:
        trouble = self._troubles.popleft() if self._troubles else ""
        if isinstance(trouble, Reply):
            return trouble
        if trouble == "lose order":
            raise HangUp
        fault = _fault(await self.desk.book(account), body)
        if fault is not None:
            return fault
        self._given += 1
        order = _entered(body, an_id(self._given), self._clock)
        at_once = body["time_in_force"] == "ioc"
        await self.desk.take(account, order, at_once=at_once)
        if trouble == "lose reply":
            raise HangUp
        placed = (await self.desk.book(account)).orders[order.broker_order_id]
        # The real one answers before it tries to fill.
        reply = _said({**_order(placed), "status": "pending_new", "filled_qty": "0"})
        return Reply(reply.status, reply.body, cut=True) if trouble == "garble" else reply

    async def _cancel(self, account: str, order_id: str) -> Reply:
        fault = await self.desk.cancel(account, order_id)
        if self._loses_cancel:
            self._loses_cancel = False
            raise HangUp
        if fault is None:
            return Reply(204)
        found = order_id in (await self.desk.book(account)).orders
        return _error(422, UNPROCESSABLE, fault) if found else _error(404, NOT_FOUND, fault)

    async def _orders(self, account: str, request: Request) -> Reply:
        book = await self.desk.book(account)
        limit = min(int(request.query.get("limit", "50")), MOST_ORDERS)
        only_open = request.query.get("status", "open") == "open"
        after = request.query.get("after", "")
        rows = [
            _order(order)
            for order in book.orders.values()
            if (order.open_quantity > 0 or not only_open) and time_text(order.placed_at) > after
        ]
        rows.sort(key=lambda row: str(row["submitted_at"]))
        if request.query.get("direction", "desc") == "desc":
            rows.reverse()
        return _said(rows[:limit])

    async def _tagged(self, account: str, tag: str) -> Reply:
        book = await self.desk.book(account)
        found = [order for order in book.orders.values() if order.tag == tag]
        return _said(_order(found[0])) if found else _error(404, NOT_FOUND, "order not found")

    async def _fills(self, account: str, request: Request) -> Reply:
        rows = [_fill(trade) for trade in (await self.desk.book(account)).trades]
        if request.query.get("direction", "desc") == "desc":
            rows.reverse()
        token = request.query.get("page_token")
        ids = [row["id"] for row in rows]
        start = ids.index(token) + 1 if token in ids else 0
        size = min(int(request.query.get("page_size", "100")), MOST_FILLS)
        return _said(rows[start : start + size])

    async def _one_position(self, account: str, symbol: str) -> Reply:
        for position in await self.desk.positions(account):
            if position.instrument.tradingsymbol == symbol:
                return _said(await self._position(account, position))
        return _error(404, NOT_FOUND, "position does not exist")

    async def _position(self, account: str, position: Position) -> dict[str, object]:
        free = await self.desk.free(account, position.instrument)
        return {
            "symbol": position.instrument.tradingsymbol,
            "exchange": "NYSE",
            "asset_class": "us_equity",
            "qty": decimal_text(position.quantity),
            "qty_available": decimal_text(free),
            "side": "long" if position.quantity > 0 else "short",
            "avg_entry_price": decimal_text(position.average_price),
        }

    async def _account(self, account: str) -> Reply:
        cash = await self.desk.cash(account)
        worth = sum(p.quantity * p.average_price for p in await self.desk.positions(account))
        return _said(
            {
                "id": an_id(0),
                "account_number": account,
                "status": "ACTIVE",
                "currency": "USD",
                "cash": decimal_text(cash),
                "buying_power": decimal_text(cash * 2),
                "non_marginable_buying_power": decimal_text(cash),
                "equity": decimal_text(cash + worth),
                "last_equity": decimal_text(OPENING_CASH),
                "daytrade_count": 0,
            }
        )


def _fault(book: MockBook, body: dict[str, object]) -> Reply | None:
    symbol = str(body.get("symbol"))
    if symbol not in SYMBOLS:
        return _error(422, INVALID, f'asset "{symbol}" not found')
    taken = {order.tag for order in book.orders.values()}
    if body.get("client_order_id") in taken:
        return _error(422, INVALID, "client_order_id must be unique")
    for name in ("limit_price", "stop_price"):
        price = Decimal(str(body.get(name, 0)))
        if price >= 1 and price != price.quantize(Decimal("0.01")):
            said = f"invalid {name} {price}. sub-penny increment does not fulfill minimum"
            return _error(422, UNPROCESSABLE, said)
    return None


def _entered(body: dict[str, object], order_id: str, clock: Clock) -> BrokerOrder:
    limit, stop = body.get("limit_price"), body.get("stop_price")
    now = clock.now()
    order = BrokerOrder(
        instrument=SYMBOLS[str(body["symbol"])],
        side=Side(str(body["side"]).upper()),
        quantity=Decimal(str(body["qty"])),
        product=Product.CNC,
        order_type=TYPES[str(body["type"])],
        validity=Validity.IOC if body["time_in_force"] == "ioc" else Validity.DAY,
        limit_price=None if limit is None else Decimal(str(limit)),
        trigger_price=None if stop is None else Decimal(str(stop)),
        broker_order_id=order_id,
        tag=str(body["client_order_id"]),
        status=BrokerOrderStatus.OPEN,
        placed_at=now,
        updated_at=now,
    )
    return order.model_copy(update={"status": waiting_status(order)})


def _order(order: BrokerOrder) -> dict[str, object]:
    partly = order.open_quantity > 0 and order.filled_quantity > 0
    words = {kind: name for name, kind in TYPES.items()}
    return {
        "id": order.broker_order_id,
        "client_order_id": order.tag,
        "created_at": time_text(order.placed_at),
        "updated_at": _nanoseconds(order.updated_at.isoformat()),
        "submitted_at": time_text(order.placed_at),
        "symbol": order.instrument.tradingsymbol,
        "asset_class": "us_equity",
        "notional": None,
        "qty": decimal_text(order.quantity),
        "filled_qty": decimal_text(order.filled_quantity),
        "filled_avg_price": _or_null(order.average_price),
        "order_class": "",
        "type": words[order.order_type],
        "side": order.side.lower(),
        "time_in_force": order.validity.lower(),
        "limit_price": _or_null(order.limit_price),
        "stop_price": _or_null(order.trigger_price),
        "status": "partially_filled" if partly else WORDS[order.status],
        "legs": None,
    }


def _fill(trade: BrokerTrade) -> dict[str, object]:
    return {
        "id": trade.trade_id,
        "activity_type": "FILL",
        "transaction_time": time_text(trade.traded_at),
        "type": "fill",
        "price": decimal_text(trade.price),
        "qty": decimal_text(trade.quantity),
        "side": trade.side.lower(),
        "symbol": trade.instrument.tradingsymbol,
        "order_id": trade.broker_order_id,
    }


def _nanoseconds(text: str) -> str:
    whole = text.removesuffix("+00:00")
    fraction = "" if "." in whole else ".000000"
    return f"{whole}{fraction}000Z"


def _or_null(amount: Decimal | None) -> str | None:
    return None if amount is None else decimal_text(amount)


def _said(body: object) -> Reply:
    return Reply(200, json.dumps(body))


def _error(status: int, code: int, message: str) -> Reply:
    return Reply(status, json.dumps({"code": code, "message": message}))
