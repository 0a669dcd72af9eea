"""The GTT book of one account: triggers that wait at Kite and place a LIMIT order when met."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import JsonValue

from adapters.errors import MarketDataUnavailable
from riskgate.contracts.instruments import InstrumentRef
from tests.fakes.kite_oms import KiteOms, Refused
from tests.fakes.kite_standin.asks import EMPTY_ORDER
from tests.fakes.kite_wire import lean, stamp

FIRST_ID: Final = 210_000
LIFE: Final = timedelta(days=365)


@dataclass
class Trigger:
    """One trigger in Kite's words."""

    id: int
    form: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    status: str = "active"

    @property
    def condition(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.form["condition"], parse_float=Decimal)
        return read

    @property
    def orders(self) -> list[dict[str, Any]]:
        read: list[dict[str, Any]] = json.loads(self.form["orders"], parse_float=Decimal)
        return read


class GttBook:
    """Takes a trigger with zeros as recorded, and says nothing of what became of its order."""

    def __init__(self, oms: KiteOms, user_id: str) -> None:
        self._oms = oms
        self._user_id = user_id
        self._triggers: list[Trigger] = []

    def place(self, form: Mapping[str, str]) -> JsonValue:
        """Keep a trigger; raises Refused for an instrument that Kite does not list."""
        self._ref(form)
        now = self._oms.clock.now()
        self._triggers.append(Trigger(FIRST_ID + len(self._triggers), form, now, now))
        return {"trigger_id": self._triggers[-1].id}

    def modify(self, trigger_id: int, form: Mapping[str, str]) -> JsonValue:
        """Replace a trigger that waits; raises Refused."""
        trigger = self._active(trigger_id)
        self._ref(form)
        trigger.form, trigger.updated_at = form, self._oms.clock.now()
        return {"trigger_id": trigger_id}

    def delete(self, trigger_id: int) -> JsonValue:
        """Take a waiting trigger away; raises Refused."""
        self._triggers.remove(self._active(trigger_id))
        return {"trigger_id": trigger_id}

    async def rows(self) -> list[JsonValue]:
        """Return the triggers as Kite lists them."""
        await self.match()
        return [self._row(trigger) for trigger in self._triggers]

    async def match(self) -> None:
        """Let the market meet the triggers; a refused order of theirs is not told."""
        waiting = [(t, self._ref(t.form)) for t in self._triggers if t.status == "active"]
        if not waiting:
            return
        try:
            quotes = await self._oms.market.get_quotes(sorted({r for _, r in waiting}, key=str))
        except MarketDataUnavailable:
            return
        last = {quote.instrument: quote.last for quote in quotes}
        for trigger, ref in waiting:
            leg = met(trigger, last[ref]) if ref in last else None
            if leg is not None:
                await self._fire(trigger, leg)

    async def _fire(self, trigger: Trigger, leg: int) -> None:
        trigger.status, trigger.updated_at = "triggered", self._oms.clock.now()
        order = trigger.orders[leg]
        names = ("exchange", "tradingsymbol", "transaction_type", "product", "order_type")
        form = {name: str(order[name]) for name in names}
        form |= {name: str(order[name]) for name in ("quantity", "price") if order[name]}
        try:
            await self._oms.place("regular", form)
        except (Refused, ValueError):
            return

    def _active(self, trigger_id: int) -> Trigger:
        for trigger in self._triggers:
            if trigger.id == trigger_id and trigger.status == "active":
                return trigger
        raise Refused("DataException: trigger not found")

    def _ref(self, form: Mapping[str, str]) -> InstrumentRef:
        condition = json.loads(form["condition"])
        name = {key: condition[key] for key in ("exchange", "tradingsymbol")}
        try:
            ref = InstrumentRef.model_validate(name)
        except ValueError:
            raise Refused("InputException: invalid instrument") from None
        if self._oms.instruments.get(ref) is None:
            raise Refused("InputException: invalid instrument")
        return ref

    def _row(self, trigger: Trigger) -> JsonValue:
        condition = trigger.condition
        orders: list[JsonValue] = [
            EMPTY_ORDER | {name: _plain(value) for name, value in order.items()}
            for order in trigger.orders
        ]
        return {
            "id": trigger.id,
            "user_id": self._user_id,
            "type": trigger.form["type"],
            "created_at": stamp(trigger.created_at),
            "updated_at": stamp(trigger.updated_at),
            "expires_at": stamp(trigger.created_at + LIFE),
            "status": trigger.status,
            "condition": {
                "exchange": condition["exchange"],
                "tradingsymbol": condition["tradingsymbol"],
                "last_price": _plain(condition["last_price"]),
                "trigger_values": [_plain(value) for value in condition["trigger_values"]],
            },
            "orders": orders,
            "meta": {"rejection_reason": ""},
        }


def met(trigger: Trigger, last: Decimal) -> int | None:
    """Return which leg a price meets; of a single trigger its side is where the price began."""
    values = [Decimal(value) for value in trigger.condition["trigger_values"]]
    if len(values) == 1:
        began = Decimal(trigger.condition["last_price"])
        reached = last <= values[0] if values[0] < began else last >= values[0]
        return 0 if reached else None
    if last <= values[0]:
        return 0
    return 1 if last >= values[1] else None


def _plain(value: Any) -> JsonValue:
    return lean(value) if isinstance(value, Decimal) else value
