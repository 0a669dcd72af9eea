"""The recorded exchanges, each done again with the stand-in and compared."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import httpx

from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY, NIFTY_FUT, STANDARD, TCS, an_instrument
from tests.fakes.kite_standin import KiteMaster, KiteStandin
from tests.fakes.kite_standin.account import Fund
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.tool_server import failure
from tests.fakes.market import ScriptedMarket
from tests.unit.brokers.kite_server import ORDER
from tests.unit.brokers.kite_shapes import answer_differences, upstream_of

SBIN: Final = InstrumentRef(exchange=Exchange.NSE, tradingsymbol="SBIN")
INFOSYS: Final = an_instrument().model_copy(update={"name": "Infosys"})
A, B = "AB1234", "CD5678"
Row = Mapping[str, Any]
FUND: Final = Fund("1", "A FUND", "INF000000001", Decimal("1.5"), Decimal("9.5"), Decimal(10))

# The recorder's own Kite checked less than Kite: here the stand-in refuses, in the server's words.
STRICTER: Final = {
    34: "an order id that climbs out of its path",
    47: "an interval that there is not",
    48: "token 0",
    68: "a LIMIT order without a price",
    70: "no quantity",
    71: "a tag of more than 20 characters",
    72: "a variety and a product that there are not",
    75: "an iceberg order that is valid for minutes",
    89: "the trigger with id 0",
}
# An answer of years before the field was.
OLD_SAMPLES: Final = {32: {"$[].meta is fields "}}
CLIENT_ONLY: Final = "how a client library takes it; the server's side is in rows 117 and 118"
NO_STDIO: Final = "the server on stdio, where it is broken"
NO_SSE: Final = "the server in SSE mode, which is not to be used"
NOT_REPLAYED: Final = {
    133: CLIENT_ONLY,
    134: CLIENT_ONLY,
    **dict.fromkeys(range(137, 140), NO_STDIO),
    **dict.fromkeys(range(140, 142), NO_SSE),
    **dict.fromkeys(range(145, 150), CLIENT_ONLY),
    **dict.fromkeys(range(150, 153), NO_STDIO),
    **dict.fromkeys(range(153, 155), NO_SSE),
}


@dataclass
class Stage:
    """A stand-in set like the recorder's server, and who talks to it."""

    kite: KiteStandin
    clock: FakeClock
    recorded: Mapping[int, Row]
    clients: dict[str, HttpClient]
    ids: dict[str, str] = field(default_factory=dict)
    found: dict[int, list[str]] = field(default_factory=dict)
    requests: int = 0

    def compare(self, number: int, differences: list[str]) -> None:
        """Note what differs of a row; none is a row that is the same."""
        known = OLD_SAMPLES.get(number, set())
        self.found.setdefault(number, []).extend(set(differences) - known)

    def compare_equal(self, number: int, what: str, ours: object, theirs: object) -> None:
        self.compare(number, [] if ours == theirs else [f"{what} {ours!r}, recorded {theirs!r}"])

    def mine(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return recorded arguments with our ids."""
        return {name: self.own(value) for name, value in arguments.items()}

    def own(self, value: Any) -> Any:
        """Return our id for a recorded one, of the same type; anything else as it is."""
        known = self.ids.get(str(value))
        return value if known is None else type(value)(known)

    async def tool(self, number: int, client: HttpClient) -> str:
        """Do a recorded tool call again, compare all of it, and return our text."""
        row, before = self.recorded[number], len(self.kite.upstream)
        call = {"name": row["tool"], "arguments": self.mine(row["arguments"])}
        answer = await client.post("tools/call", call)
        self.compare_equal(number, "status", answer.status_code, 200)
        self.compare_equal(number, "type", answer.headers["content-type"], "application/json")
        result = answer.json()["result"]
        text, theirs = result["content"][0]["text"], row["content"][0]["text"]
        if number in STRICTER:
            self.compare_equal(number, "refusal", text, failure(row["tool"]))
            self.compare_equal(number, "mark", result.get("isError"), True)
        else:
            self.compare_equal(number, "mark", result.get("isError", False), row["isError"])
            self.compare(number, answer_differences(theirs, text))
            self.learn(theirs, text)
        self.compare_upstream(number, before, row.get("upstream_requests"))
        return str(text)

    def learn(self, theirs: str, ours: str) -> None:
        """Remember which id of ours stands for a recorded one."""
        for name in ("order_id", "trigger_id"):
            found = [re.fullmatch(rf'{{"{name}":"?(\d+)"?}}', text) for text in (theirs, ours)]
            if found[0] and found[1] and found[0][1] not in self.ids:
                self.ids[found[0][1]] = found[1][1]

    def compare_upstream(self, number: int, before: int, theirs: Any) -> None:
        """Compare what was asked of Kite since then; None was not recorded."""
        if theirs is None:
            return
        self.requests += len(theirs)
        ours = [vars(asked) for asked in self.kite.upstream[before:]]
        told = [upstream_of(asked, self.ids) for asked in theirs]
        mine = [upstream_of(asked, {}) for asked in ours]
        if any("auth" not in asked for asked in theirs):
            told, mine = ([asked[:-1] for asked in side] for side in (told, mine))
        self.compare_equal(number, "asked Kite", mine, told)

    async def message(self, number: int, client: HttpClient, method: str, params: Any) -> None:
        """Send a message and compare status, type, body and what Kite was asked."""
        row, before = self.recorded[number], len(self.kite.upstream)
        theirs = json.loads(row["http_body"])
        answer = await client.post(method, params, number=theirs["id"])
        self.compare_http(number, answer, body=False)
        ours = answer.json()
        self.compare_equal(number, "fields", list(ours), list(theirs))
        told, mine = (_inner(body) for body in (theirs, ours))
        self.compare_equal(number, "result", mine[0], told[0])
        self.compare(number, answer_differences(told[1], mine[1]))
        self.compare_upstream(number, before, row.get("upstream_requests"))

    def compare_http(self, number: int, answer: httpx.Response, *, body: bool = True) -> None:
        """Compare status, recorded headers and, if told, the very body."""
        row = self.recorded[number]
        self.compare_equal(number, "status", answer.status_code, row.get("http_status", 200))
        for name, value in (row.get("http_headers") or {}).items():
            if name != "mcp-session-id":
                self.compare_equal(number, name, answer.headers.get(name), value)
        if body:
            self.compare_equal(number, "body", answer.text, row["http_body"])

    def client(self, session_id: str = "") -> HttpClient:
        """Return another client over the first one's connections."""
        return HttpClient(self.kite.url, self.clients["A"].http, session_id)

    async def opened(self) -> HttpClient:
        """Return a client with a session of its own."""
        client = self.client()
        await client.initialize()
        return client


def _inner(body: Mapping[str, Any]) -> tuple[object, str]:
    if "error" in body:
        return body["error"], "{}"
    result = dict(body["result"])
    content = result.pop("content", None)
    return result, content[0]["text"] if content else "{}"


def the_market(clock: FakeClock) -> ScriptedMarket:
    """Show what the recorded orders need: SBIN stays above their 470.05."""
    market = ScriptedMarket(clock)
    market.show(INFY, bids=[("1412.80", 50)], asks=[("1412.90", 5_191)], last="1412.90")
    market.show(SBIN, bids=[("479.00", 50)], asks=[("480.00", 50)], last="479.50")
    market.show(TCS, bids=[("3500.00", 50)], asks=[("3500.10", 50)], last="3500.00")
    market.show(NIFTY_FUT, bids=[("24000.00", 650)], asks=[("24000.10", 650)], last="24000.00")
    return market


def the_server(clock: FakeClock, user_name: str) -> KiteStandin:
    """Make a stand-in whose first user has the recorded name and data of each kind."""
    master = KiteMaster([*STANDARD, INFOSYS, an_instrument(SBIN, tick_size="0.05")])
    kite = KiteStandin(market=the_market(clock), clock=clock, master=master, patience_s=0)
    account = kite.account(A)
    account.user = type(account.user)(A, user_name)
    account.oms.holdings = {INFY: 1, SBIN: 16}
    account.funds.append(FUND)
    return kite


async def fill_the_book(stage: Stage) -> None:
    """Make ten orders, four of them filled in three positions, and a trigger of each kind."""
    client = stage.clients["A"]

    async def place(**changes: Any) -> str:
        row = await client.read("place_order", **(ORDER | {"price": 1400.0} | changes))
        return str(row["order_id"])

    await place(price=1413.0)
    filled = await place(price=1413.0, tag="")
    await place(tradingsymbol="TCS", price=3501.0, product="MIS")
    await place(
        exchange="NFO", tradingsymbol="NIFTY26MARFUT", price=24001.0, product="NRML", quantity=65
    )
    changed = await place(tag="")
    await place()
    await place(tag="")
    await place()
    stage.kite.oms.reject_next.append("RMS:Margin Exceeds")
    await place()
    gone = await place()
    ids = {"variety": "regular", "order_id": changed, "order_type": "LIMIT"}
    await client.read("modify_order", **ids, quantity=5, price=1401.0)
    await client.read("cancel_order", variety="regular", order_id=gone)
    stage.ids |= {"171229000724687": changed, "200000000000000": filled}
    trigger = {"exchange": "NSE", "tradingsymbol": "INFY", "last_price": 1412.9}
    sell = {"transaction_type": "SELL", "product": "CNC"}
    legs = {
        f"{leg}_{name}": value
        for leg, at in (("upper", 1500), ("lower", 1300))
        for name, value in (("trigger_value", at), ("quantity", 1), ("limit_price", at))
    }
    single = {"trigger_value": 1300, "quantity": 1, "limit_price": 1299}
    await client.read("place_gtt_order", **trigger, **sell, trigger_type="single", **single)
    await client.read("place_gtt_order", **trigger, **sell, trigger_type="two-leg", **legs)
