"""The Kite MCP server of one login, in this process and without sessions."""

import json
from collections import deque
from decimal import Decimal
from random import Random
from typing import Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply, ToolsInterrupted, ToolsUnavailable
from adapters.ports import Clock, InstrumentLookup, MarketData
from tests.fakes.instruments import STANDARD, MemoryInstruments
from tests.fakes.kite_forms import Arguments, argument_fault, modify_form, page, place_form
from tests.fakes.kite_oms import KiteOms, KiteTrade, Refused
from tests.fakes.kite_wire import order_row, position_row, trade_row

FAILED: Final = {
    "place_order": "Failed to place order",
    "modify_order": "Failed to modify order",
    "cancel_order": "Failed to cancel order",
    "get_order_trades": "Failed to get order trades",
}
LOG_IN_FIRST: Final = "Please log in first using the login tool"
HALF_A_BODY: Final = '{"order_id":"26031'


def failure(tool: str) -> str:
    """Return the one sentence in which the server hides why a tool failed."""
    return FAILED.get(tool, f"Failed to execute {tool}")


class KiteUpstream:
    """Answers as the recorded server does; implements KiteTools and BrokerFaults.

    It is no kinder: arguments are coerced in silence, reasons are hidden, a lost answer reads
    like a refusal, and search results come in another order each time.
    """

    def __init__(
        self, *, market: MarketData, clock: Clock, instruments: InstrumentLookup | None = None
    ) -> None:
        self.oms = KiteOms(
            market=market, clock=clock, instruments=instruments or MemoryInstruments()
        )
        self.calls: list[tuple[str, dict[str, JsonValue]]] = []
        self._random = Random(7)
        self._down = False
        self._logged_in = True
        self._told_to_log_in = False
        self._faults: deque[str] = deque()
        self._failing: set[str] = set()
        self._garbage = HALF_A_BODY
        self._loses_cancel = False

    @property
    def place_calls(self) -> int:
        return sum(name == "place_order" for name, _ in self.calls)

    def lose_next_reply(self) -> None:
        """Let Kite book the next order and answer after the server's 7 s."""
        self._faults.append("lost reply")

    def lose_next_order(self) -> None:
        """Let the next order fail before Kite books it; the text is the same."""
        self._faults.append("lost order")

    def lose_next_cancel_reply(self) -> None:
        """Let Kite cancel the next order and answer after the server's 7 s."""
        self._loses_cancel = True

    def garble_next_reply(self, text: str = HALF_A_BODY) -> None:
        self._faults.append("garbled")
        self._garbage = text

    def interrupt_next(self) -> None:
        """Let Kite book the next order and break the way back."""
        self._faults.append("interrupted")

    def refuse_next(self, reason: str) -> None:
        """Let Kite's risk checks reject the next order: it is taken, and REJECTED in the book."""
        self._faults.append("")
        self.oms.reject_next.append(reason)

    def go_down(self) -> None:
        self._down = True

    def come_up(self) -> None:
        self._down = False

    def log_out(self) -> None:
        """Forget the login: one call says so, later ones only fail."""
        self._logged_in, self._told_to_log_in = False, False

    def fail(self, *tools: str) -> None:
        """Let these tools fail from now on."""
        self._failing = set(tools)

    def hide_new_orders(self, *, reads: int) -> None:
        """Leave each order placed from now on out of the next reads."""
        self.oms.lag_reads = reads

    async def call(self, name: str, arguments: Arguments) -> KiteReply:
        self.calls.append((name, dict(arguments)))
        if self._down:
            raise ToolsUnavailable("the Kite server is not reachable")
        fault = argument_fault(name, arguments)
        if fault is not None:
            return KiteReply(is_error=True, text=fault)
        if not self._logged_in:
            return self._not_logged_in(name)
        if name in self._failing:
            return KiteReply(is_error=True, text=failure(name))
        try:
            return await self._answer(name, arguments)
        except Refused:
            return KiteReply(is_error=True, text=failure(name))

    def _not_logged_in(self, name: str) -> KiteReply:
        told, self._told_to_log_in = self._told_to_log_in, True
        return KiteReply(is_error=True, text=failure(name) if told else LOG_IN_FIRST)

    async def _answer(self, name: str, arguments: Arguments) -> KiteReply:
        if name == "place_order":
            return await self._place_order(arguments)
        if name == "modify_order":
            order = await self.oms.modify(str(arguments["order_id"]), modify_form(arguments))
            return written({"order_id": order.order_id})
        if name == "cancel_order":
            order = await self.oms.cancel(str(arguments["order_id"]))
            if self._loses_cancel:
                self._loses_cancel = False
                return KiteReply(is_error=True, text=failure(name))
            return written({"order_id": order.order_id})
        orders, trades = await self.oms.visible()
        if name == "get_orders":
            return written(page([order_row(order) for order in orders], arguments))
        if name == "get_trades":
            return written(page([trade_row(trade) for trade in trades], arguments))
        if name == "get_order_trades":
            own = [t for t in trades if t.order.order_id == arguments["order_id"]]
            return written([trade_row(trade) for trade in own] or None)
        if name == "get_positions":
            return written(page(self._positions(trades), arguments))
        if name == "get_holdings":
            return written(page(self._holdings(), arguments))
        if name == "get_margins":
            return written(self._margins())
        if name == "search_instruments":
            return written(self._search(str(arguments["query"])))
        raise ToolsUnavailable(f"tool '{name}' not found: tool not found")

    async def _place_order(self, arguments: Arguments) -> KiteReply:
        fault = self._faults.popleft() if self._faults else ""
        if fault == "lost order":
            raise Refused("NetworkException")
        order = await self.oms.place(str(arguments["variety"]), place_form(arguments))
        if fault == "lost reply":
            return KiteReply(is_error=True, text=failure("place_order"))
        if fault == "garbled":
            return KiteReply(is_error=False, text=self._garbage)
        if fault == "interrupted":
            raise ToolsInterrupted("the connection broke while the answer was awaited")
        return written({"order_id": order.order_id})

    def _positions(self, trades: list[KiteTrade]) -> list[JsonValue]:
        traded = {(trade.order.ref, trade.order.form["product"]): None for trade in trades}
        day, net = [], []
        for ref, product in traded:
            own = [t for t in trades if (t.order.ref, t.order.form["product"]) == (ref, product)]
            quantity = sum(t.quantity * (1 if t.order.buys else -1) for t in own)
            day.append(position_row(ref, product, quantity, 0, own))
        for ref, product in traded | dict.fromkeys(self.oms.overnight):
            own = [t for t in trades if (t.order.ref, t.order.form["product"]) == (ref, product)]
            carried = self.oms.overnight.get((ref, product), 0)
            quantity = sum(t.quantity * (1 if t.order.buys else -1) for t in own)
            net.append(position_row(ref, product, carried + quantity, carried, own))
        self._random.shuffle(net)
        return day + net

    def _holdings(self) -> list[JsonValue]:
        return [
            {
                "tradingsymbol": ref.tradingsymbol,
                "exchange": ref.exchange.value,
                "product": "CNC",
                "used_quantity": 0,
                "quantity": quantity,
                "t1_quantity": 0,
                "collateral_quantity": 0,
                "average_price": 1400.123,
                "last_price": 1487.9,
            }
            for ref, quantity in self.oms.holdings.items()
        ]

    def _margins(self) -> JsonValue:
        equity = _segment(self.oms.cash, self.oms.spent())
        return {"equity": equity, "commodity": _segment(Decimal(0), Decimal(0))}

    def _search(self, query: str) -> list[JsonValue]:
        found = [str(row.ref) for row in STANDARD if query.casefold() in str(row.ref).casefold()]
        self._random.shuffle(found)
        return [{"id": name, "active": True} for name in found]


def written(value: JsonValue) -> KiteReply:
    """Write an answer as the server does."""
    return KiteReply(is_error=False, text=json.dumps(value, separators=(",", ":")))


def _segment(cash: Decimal, debits: Decimal) -> JsonValue:
    # In floats, as Kite adds up: the noise is part of what is recorded.
    net = float(cash) - float(debits)
    return {
        "enabled": True,
        "net": net,
        "available": {
            "adhoc_margin": 0,
            "cash": float(cash),
            "collateral": 0,
            "intraday_payin": 0,
            "live_balance": net,
            "opening_balance": float(cash),
        },
        "utilised": {"debits": float(debits), "exposure": 0, "span": 0, "delivery": 0},
    }
