"""One person's account at Kite: the answers of Kite Connect to a request with their token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final

from pydantic import JsonValue

from riskgate.contracts.instruments import InstrumentRef
from tests.fakes.kite_oms import KiteOms, KiteTrade, Refused
from tests.fakes.kite_standin.bars import Bars
from tests.fakes.kite_standin.gtt import GttBook
from tests.fakes.kite_standin.limits import Limits
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.quotes import quotes_of
from tests.fakes.kite_wire import (
    INDIA,
    holding_row,
    order_row,
    position_row,
    segment_row,
    trade_row,
)

Query = Sequence[tuple[str, str]]
READS: Final = ("orders", "trades", "portfolio", "user", "quote", "instruments", "mf")


@dataclass(frozen=True)
class User:
    """Somebody made up who can log in.

    Without `has_data` their plan has orders and no prices; without `demat_consent` nothing held
    can be sold.
    """

    user_id: str
    name: str
    has_data: bool = True
    demat_consent: str = "physical"


@dataclass
class Fund:
    """Units of a mutual fund."""

    folio: str
    fund: str
    tradingsymbol: str
    quantity: Decimal
    average_price: Decimal
    last_price: Decimal


@dataclass
class KiteAccount:
    """Answers what Kite Connect answers for one user."""

    user: User
    oms: KiteOms
    master: KiteMaster
    bars: Bars
    random: Random
    funds: list[Fund] = field(default_factory=list)
    # Beside the delivered shares of `oms.holdings`, and not for sale.
    t1: dict[InstrumentRef, int] = field(default_factory=dict)
    pledged: dict[InstrumentRef, int] = field(default_factory=dict)
    limits: Limits | None = None

    def __post_init__(self) -> None:
        self.gtt = GttBook(self.oms, self.user.user_id)
        self.oms.authorised = bool(self.user.demat_consent)

    async def answer(
        self, method: str, path: str, query: Query, form: Mapping[str, str]
    ) -> JsonValue:
        """Return Kite's data; raises Refused, also for a path that Kite has not."""
        if self.limits is not None:
            self.limits.count(method, path, self.oms.clock.now())
        parts = path.strip("/").split("/")
        if parts[0] == "gtt":
            return await self._gtt(method, parts[2:], form)
        if parts[0] == "orders" and method != "GET":
            return await self._write(method, parts[1:], form)
        if method == "GET" and parts[0] in READS:
            await self.gtt.match()
            return await self._read(parts, query)
        raise Refused("GeneralException: route not found")

    async def _write(self, method: str, parts: list[str], form: Mapping[str, str]) -> JsonValue:
        match method, parts:
            case "POST", [variety]:
                order = await self.oms.place(variety, form)
            case "PUT", [variety, order_id]:
                order = await self.oms.modify(variety, order_id, form)
            case "DELETE", [variety, order_id]:
                order = await self.oms.cancel(variety, order_id)
            case _:
                raise Refused("GeneralException: route not found")
        return {"order_id": order.order_id}

    async def _read(self, parts: list[str], query: Query) -> JsonValue:
        match parts:
            case ["user", "profile"]:
                return self._profile()
            case ["user", "margins"]:
                return self._margins()
            case ["portfolio", "holdings"]:
                return await self._holdings()
            case ["mf", "holdings"]:
                return [_fund_row(fund) for fund in self.funds]
            case ["quote"]:
                return await self._quotes([name for _, name in query])
            case ["instruments", "historical", token, interval]:
                self._needs_data()
                return self.bars.asked(int(token), interval, dict(query))
        return await self._books(parts)

    async def _books(self, parts: list[str]) -> JsonValue:
        orders, trades = await self.oms.visible()
        match parts:
            case ["orders"]:
                return [order_row(order) for order in orders]
            case ["trades"]:
                return [trade_row(trade) for trade in trades]
            case ["portfolio", "positions"]:
                return self._positions(trades)
            case ["orders", order_id, "trades"]:
                return [trade_row(t) for t in trades if t.order.order_id == order_id] or None
            case ["orders", order_id]:
                for order in orders:
                    if order.order_id == order_id:
                        return [order_row(station) for station in order.past]
        raise Refused("GeneralException: couldn't find that")

    async def _gtt(self, method: str, parts: list[str], form: Mapping[str, str]) -> JsonValue:
        match method, parts:
            case "GET", []:
                return await self.gtt.rows()
            case "POST", []:
                return self.gtt.place(form)
            case "PUT", [trigger_id]:
                return self.gtt.modify(int(trigger_id), form)
            case "DELETE", [trigger_id]:
                return self.gtt.delete(int(trigger_id))
        raise Refused("GeneralException: route not found")

    async def _quotes(self, names: Sequence[str]) -> JsonValue:
        self._needs_data()
        return dict(
            await quotes_of(names, market=self.oms.market, master=self.master, bars=self.bars)
        )

    def _needs_data(self) -> None:
        if not self.user.has_data:
            raise Refused("PermissionException: insufficient permission for that call")

    def _positions(self, trades: list[KiteTrade]) -> JsonValue:
        day = {(trade.order.ref, trade.order.form["product"]): None for trade in trades}
        net = day | dict.fromkeys(self.oms.overnight)
        rows = [self._position(key, trades, carried=True) for key in net]
        self.random.shuffle(rows)
        return {"day": [self._position(key, trades, carried=False) for key in day], "net": rows}

    def _position(
        self, key: tuple[InstrumentRef, str], trades: list[KiteTrade], *, carried: bool
    ) -> JsonValue:
        ref, product = key
        own = [t for t in trades if (t.order.ref, t.order.form["product"]) == key]
        before = self.oms.overnight.get(key, 0) if carried else 0
        return position_row(ref, product, before + self.oms.day_quantity(ref, product), before, own)

    async def _holdings(self) -> list[JsonValue]:
        refs = list(dict.fromkeys((*self.oms.holdings, *self.t1, *self.pledged)))
        today = self.oms.clock.now().astimezone(INDIA).date()
        shown = {q.instrument: q.last for q in await self.oms.market.get_quotes(refs)}
        rows: list[JsonValue] = []
        for ref in refs:
            before = self.bars.day_before(ref, today)
            row = holding_row(
                ref,
                quantity=self.oms.holdings.get(ref, 0),
                t1=self.t1.get(ref, 0),
                pledged=self.pledged.get(ref, 0),
                sold=max(-self.oms.day_quantity(ref, "CNC"), 0),
                average=before.low,
                last=shown.get(ref, before.close),
                close=before.close,
            )
            rows.append(row)
        return rows

    def _margins(self) -> JsonValue:
        nothing = segment_row(Decimal(0), Decimal(0))
        return {"equity": segment_row(self.oms.cash, self.oms.spent()), "commodity": nothing}

    def _profile(self) -> JsonValue:
        return {
            "user_id": self.user.user_id,
            "user_name": self.user.name,
            "user_shortname": self.user.name.split()[0],
            "avatar_url": "",
            "user_type": "individual",
            "email": f"{self.user.user_id.lower()}@example.com",
            "broker": "ZERODHA",
            "meta": {"demat_consent": self.user.demat_consent},
            "products": ["CNC", "NRML", "MIS", "BO", "CO"],
            "order_types": ["MARKET", "LIMIT", "SL", "SL-M"],
            "exchanges": ["NSE", "BSE", "NFO", "BFO", "MCX"],
        }


def _fund_row(fund: Fund) -> JsonValue:
    return {
        "folio": fund.folio,
        "fund": fund.fund,
        "tradingsymbol": fund.tradingsymbol,
        "average_price": float(fund.average_price),
        "last_price": float(fund.last_price),
        "last_price_date": "",
        "pnl": 0,
        "quantity": float(fund.quantity),
    }
