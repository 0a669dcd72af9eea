"""A local stand-in for Tradier's Brokerage API, with its objects for lists and its text "null"."""

import json
from collections import deque
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qsl

from adapters.ports import Clock, MarketData
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderStatus,
    OrderType,
    Product,
    Side,
)
from riskgate.contracts.snapshots import Position
from tests.fakes.exchange_desk import SYMBOLS, ExchangeDesk, TradeIds, waiting_status
from tests.fakes.loopback import HangUp, LoopbackServer, Reply, Request, silence

TYPES = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.SL_M,
    "stop_limit": OrderType.SL,
}
WORDS = {
    BrokerOrderStatus.OPEN: "open",
    BrokerOrderStatus.TRIGGER_PENDING: "open",
    BrokerOrderStatus.COMPLETE: "filled",
    BrokerOrderStatus.CANCELLED: "canceled",
    BrokerOrderStatus.REJECTED: "rejected",
}
USUAL_PAGE = 25
MOST_ROWS = 50


class TradierServer(LoopbackServer):
    """Keeps a book for each account number of one token; implements BrokerFaults.

    It gives 50 rows a page at most, whatever is asked. An order of a day before today is shown
    only to who asks for `all`. It looks at no money, and sells nothing short.
    """

    def __init__(self, market: MarketData, clock: Clock, token: str) -> None:
        super().__init__()
        self._clock = clock
        self._token = token
        self.desk = ExchangeDesk(market, clock, TradeIds(lambda n: f"unshown-{n}"))
        self._given = 228174
        self._troubles: deque[str | Reply] = deque()
        self._loses_cancel = False
        self._answers: deque[Reply | None] = deque()

    @property
    def place_calls(self) -> int:
        return sum(asked.method == "POST" for asked in self.requests)

    def lose_next_reply(self) -> None:
        self._troubles.append("lose reply")

    def lose_next_order(self) -> None:
        self._troubles.append("lose order")

    def lose_next_cancel_reply(self) -> None:
        self._loses_cancel = True

    def garble_next_reply(self) -> None:
        self._troubles.append("garble")

    def refuse_next(self, reason: str) -> None:
        self._troubles.append(_errors(400, reason))

    def answer_next(self, reply: Reply | None) -> None:
        """Answer the next request of any kind with this, or not at all, and do nothing."""
        self._answers.append(reply)

    async def answer(self, request: Request) -> Reply:
        if self._answers:
            return self._answers.popleft() or await silence()
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return Reply(401, json.dumps({"fault": {"faultstring": "Invalid Access Token"}}))
        match request.method, request.path.split("/")[2:]:
            case "POST", ["accounts", account, "orders"]:
                return await self._place(account, dict(parse_qsl(request.body)))
            case "DELETE", ["accounts", account, "orders", order_id]:
                fault = await self.desk.cancel(account, order_id)
                if self._loses_cancel:
                    self._loses_cancel = False
                    raise HangUp
                return _errors(400, fault) if fault else _taken(order_id)
            case "GET", ["accounts", account, "orders"]:
                return await self._orders(account, request)
            case "GET", ["accounts", account, "positions"]:
                rows = [_position(row) for row in await self.desk.positions(account)]
                return _listed("positions", "position", rows)
            case "GET", ["accounts", account, "balances"]:
                return await self._balances(account)
        return Reply(404, "no such page")

    async def _place(self, account: str, form: dict[str, str]) -> Reply:
        trouble = self._troubles.popleft() if self._troubles else ""
        if isinstance(trouble, Reply):
            return trouble
        if trouble == "lose order":
            raise HangUp
        fault = await self._fault(account, form)
        if fault is not None:
            return _errors(400, fault)
        self._given += 1
        order = _entered(form, str(self._given), self._clock.now())
        await self.desk.take(account, order, at_once=False)
        if trouble == "lose reply":
            raise HangUp
        reply = _taken(order.broker_order_id)
        return Reply(200, reply.body, cut=True) if trouble == "garble" else reply

    async def _fault(self, account: str, form: dict[str, str]) -> str | None:
        if form.get("class") != "equity" or form.get("symbol") not in SYMBOLS:
            return f"Invalid symbol {form.get('symbol')}"
        if not form["quantity"].isdigit():
            return f"Invalid quantity {form['quantity']}"
        if form.get("duration") not in {"day", "gtc", "pre", "post"}:
            return f"Invalid duration {form.get('duration')}"
        if form.get("side") not in {"buy", "sell"}:
            return f"Invalid side {form.get('side')}"
        free = await self.desk.free(account, SYMBOLS[form["symbol"]])
        if form["side"] == "sell" and Decimal(form["quantity"]) > free:
            return "Sell order exceeds your position"
        return None

    async def _orders(self, account: str, request: Request) -> Reply:
        book = await self.desk.book(account)
        today = self._clock.now().date()
        every = request.query.get("filter") == "all"
        tagged = request.query.get("includeTags") == "true"
        rows = [
            _order(order, tagged=tagged)
            for order in book.orders.values()
            if every or order.placed_at.date() == today
        ]
        size = min(int(request.query.get("limit", USUAL_PAGE)), MOST_ROWS)
        start = (int(request.query.get("page", "1")) - 1) * size
        return _listed("orders", "order", rows[start : start + size])

    async def _balances(self, account: str) -> Reply:
        cash = await self.desk.cash(account)
        worth = sum(p.quantity * p.average_price for p in await self.desk.positions(account))
        balances = {
            "account_number": account,
            "account_type": "margin",
            "total_equity": float(cash + worth),
            "total_cash": float(cash),
            "margin": {"stock_buying_power": float(cash * 2), "fed_call": 0},
            "cash": None,
        }
        return Reply(200, json.dumps({"balances": balances}))


def _entered(form: dict[str, str], order_id: str, now: datetime) -> BrokerOrder:
    limit, stop = form.get("price"), form.get("stop")
    order = BrokerOrder(
        instrument=SYMBOLS[form["symbol"]],
        side=Side(form["side"].upper()),
        quantity=Decimal(form["quantity"]),
        product=Product.CNC,
        order_type=TYPES[form["type"]],
        limit_price=None if limit is None else Decimal(limit),
        trigger_price=None if stop is None else Decimal(stop),
        broker_order_id=order_id,
        tag=form.get("tag"),
        status=BrokerOrderStatus.OPEN,
        placed_at=now,
        updated_at=now,
    )
    return order.model_copy(update={"status": waiting_status(order)})


def _order(order: BrokerOrder, *, tagged: bool) -> dict[str, object]:
    partly = order.open_quantity > 0 and order.filled_quantity > 0
    words = {kind: name for name, kind in TYPES.items()}
    row: dict[str, object] = {
        "id": int(order.broker_order_id),
        "type": words[order.order_type],
        "symbol": order.instrument.tradingsymbol,
        "side": order.side.lower(),
        "quantity": float(order.quantity),
        "status": "partially_filled" if partly else WORDS[order.status],
        "duration": "day",
        "avg_fill_price": float(order.average_price or 0),
        "exec_quantity": float(order.filled_quantity),
        "last_fill_price": float(order.average_price or 0),
        "last_fill_quantity": float(order.filled_quantity),
        "remaining_quantity": float(order.open_quantity),
        "create_date": _stamp(order.placed_at),
        "transaction_date": _stamp(order.updated_at),
        "class": "equity",
    }
    if order.limit_price is not None:
        row["price"] = float(order.limit_price)
    if order.trigger_price is not None:
        row["stop_price"] = float(order.trigger_price)
    if tagged and order.tag:
        row["tag"] = order.tag
    return row


def _position(position: Position) -> dict[str, object]:
    return {
        "id": 130089,
        "symbol": position.instrument.tradingsymbol,
        "quantity": float(position.quantity),
        "cost_basis": float(position.quantity * position.average_price),
        "date_acquired": "2026-03-11T04:30:00.000Z",
    }


def _listed(several: str, one: str, rows: list[dict[str, object]]) -> Reply:
    if not rows:
        return Reply(200, json.dumps({several: "null"}))
    return Reply(200, json.dumps({several: {one: rows[0] if len(rows) == 1 else rows}}))


def _taken(order_id: str) -> Reply:
    return Reply(200, json.dumps({"order": {"id": int(order_id), "status": "ok"}}))


def _errors(status: int, reason: str) -> Reply:
    return Reply(status, json.dumps({"errors": {"error": reason}}))


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
