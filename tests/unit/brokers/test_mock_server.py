"""The mock broker's listener: what a test can choose over HTTP, and the journal it keeps."""

import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.http_client import MockHttpBroker, mock_http_client
from adapters.brokers.mock.journal import Journal
from adapters.brokers.mock.listening import listener, serving
from adapters.brokers.mock.market import AnyInstrument, FixedMarket
from adapters.brokers.mock.server import create_mock_app
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.orders import BrokerOrderStatus
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, UNKNOWN
from tests.fakes.orders import ACCOUNT, a_tag, an_order
from tests.fakes.sleep import no_sleep

BOOK = f"main.{ACCOUNT}"


@dataclass
class Desk:
    """A served broker, one desk's client of it, and the admin's."""

    broker: MockHttpBroker
    http: httpx.AsyncClient
    file: io.StringIO
    slept: list[float]

    async def admin(self, name: str, body: Any = None, *, status: int = 204) -> httpx.Response:
        response = await self.http.post(f"/admin/{name}", json=body)
        assert response.status_code == status, response.text
        return response

    async def script(self, *kinds: str | dict[str, Any]) -> None:
        items = [{"kind": kind} if isinstance(kind, str) else kind for kind in kinds]
        await self.admin("script", {"behaviours": items})

    async def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.http.get("/admin/journal")).json()
        return entries

    async def tagged(self, number: int = 1) -> int:
        return len(await self.broker.find_orders_by_tag(ACCOUNT, a_tag(number)))


@asynccontextmanager
async def a_desk() -> AsyncIterator[Desk]:
    clock, slept, file = FakeClock(), list[float](), io.StringIO()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    market = FixedMarket(clock=clock, seed=7)
    engine = MockBroker(
        market=market, clock=clock, ids=CountingIds(), instruments=AnyInstrument(), sleep=sleep
    )
    journal = Journal(monotonic_ns=time.monotonic_ns, file=file)
    app = create_mock_app(engine, journal, sleep=sleep, market=market)
    async with serving(app, listener(0)) as url, mock_http_client(url) as http:
        yield Desk(MockHttpBroker(http=http, clock=clock, desk="main"), http, file, slept)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as desk:
        yield desk


@pytest.mark.parametrize(
    "kind", ["accept_and_lose_reply", "accept_and_garble_reply", "accept_and_fail"]
)
async def test_an_order_taken_without_a_good_answer_is_unknown_and_booked(
    desk: Desk, kind: str
) -> None:
    await desk.script(kind)
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place_order(an_order())
    assert await desk.tagged() == 1
    (entry,) = await desk.journal()
    assert (entry["fate"], entry["reply"], entry["tag"]) == ("TAKEN", kind, a_tag(1))


async def test_an_order_lost_on_the_way_is_in_the_journal_but_not_in_the_book(desk: Desk) -> None:
    await desk.script("lose_before_accept")
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place_order(an_order())
    assert await desk.tagged() == 0
    (entry,) = await desk.journal()
    assert (entry["fate"], entry["broker_order_ids"]) == ("LOST", [])


async def test_an_order_booked_twice_is_two_orders_of_one_call(desk: Desk) -> None:
    await desk.script("book_twice")
    await desk.broker.place_order(an_order())
    (entry,) = await desk.journal()
    assert len(entry["broker_order_ids"]) == await desk.tagged() == 2


async def test_delays_are_waited_for_and_the_journal_is_written_before_a_late_reply(
    desk: Desk,
) -> None:
    await desk.script({"kind": "accept_and_delay_reply", "seconds": 3}, {"kind": "accept"})
    ack = await desk.broker.place_order(an_order())
    assert desk.slept == [3.0]
    assert (await desk.journal())[0]["broker_order_ids"] == [ack.broker_order_id]


async def test_a_partial_order_fills_its_part_and_a_scripted_reject_gives_its_reason(
    desk: Desk,
) -> None:
    await desk.script(
        {"kind": "partial", "fraction": "0.4"}, {"kind": "reject", "reason": "RMS: blocked"}
    )
    await desk.broker.place_order(an_order(tag=1))
    with pytest.raises(OrderRejected, match="RMS: blocked"):
        await desk.broker.place_order(an_order(tag=2))
    (order,) = await desk.broker.get_orders(ACCOUNT)
    assert order.filled_quantity == Decimal(4)


async def test_lag_hides_new_orders_from_reads(desk: Desk) -> None:
    await desk.admin("lag", {"reads": 2})
    await desk.broker.place_order(an_order())
    assert [await desk.tagged() for _ in range(3)] == [0, 0, 1]


async def test_fills_are_repeated_and_reordered_as_told(desk: Desk) -> None:
    for tag in (1, 2):
        await desk.broker.place_order(an_order(tag=tag))
    once = [trade.trade_id for trade in await desk.broker.get_trades(ACCOUNT)]
    await desk.admin("fills", {"times": 2, "newest_first": True})
    twice = [trade.trade_id for trade in await desk.broker.get_trades(ACCOUNT)]
    assert twice == [once[1], once[1], once[0], once[0]]


async def test_a_broker_that_is_down_reads_nothing_until_it_comes_up(desk: Desk) -> None:
    await desk.admin("down")
    with pytest.raises(BrokerUnavailable):
        await desk.broker.place_order(an_order())
    with pytest.raises(BrokerUnavailable):
        await desk.broker.cancel_order(ACCOUNT, "mo_1")
    assert [entry["fate"] for entry in await desk.journal()] == ["NOT_READ", "NOT_READ"]
    await desk.admin("up")
    assert await desk.tagged() == 0


async def test_prices_stand_still_until_they_are_set(desk: Desk) -> None:
    await desk.broker.place_order(an_order(tag=1))
    await desk.broker.place_order(an_order(tag=2))
    price = {"instrument": INFY.model_dump(), "last": "2000", "bid": "1999.5", "ask": "2000.5"}
    await desk.admin("prices", price)
    await desk.broker.place_order(an_order(tag=3))
    first, second, third = await desk.broker.get_trades(ACCOUNT)
    assert first.price == second.price
    assert third.price == Decimal("2000.5")


async def test_an_instrument_without_a_base_price_has_the_same_price_in_every_process() -> None:
    prices = []
    for _ in range(2):
        async with a_desk() as desk:
            await desk.broker.place_order(an_order(instrument=UNKNOWN))
            prices.append((await desk.broker.get_trades(ACCOUNT))[0].price)
    assert prices[0] == prices[1]


async def test_holdings_and_orders_of_others_show_in_the_snapshot(desk: Desk) -> None:
    await desk.broker.place_order(an_order())
    (ours,) = await desk.broker.get_orders(ACCOUNT)
    foreign = ours.model_copy(
        update={
            "broker_order_id": "app-1",
            "tag": None,
            "status": BrokerOrderStatus.OPEN,
            "filled_quantity": Decimal(0),
            "average_price": None,
        }
    )
    held = {
        "instrument": INFY.model_dump(),
        "product": "CNC",
        "quantity": "4",
        "average_price": "10",
    }
    order = json.loads(foreign.model_dump_json())
    await desk.admin("orders", {"account_id": BOOK, "order": order})
    await desk.admin("holdings", {"account_id": BOOK, "positions": [held]})
    snapshot = await desk.broker.get_snapshot(ACCOUNT)
    assert snapshot.account_id == ACCOUNT
    assert foreign in snapshot.orders
    assert [row.quantity for row in snapshot.holdings] == [Decimal(4)]


async def test_two_desks_that_call_an_account_alike_have_two_books(desk: Desk) -> None:
    await desk.broker.place_order(an_order())
    other = MockHttpBroker(http=desk.http, clock=FakeClock(), desk="other")
    assert await other.get_orders(ACCOUNT) == ()
    assert (await desk.journal())[0]["account_id"] == BOOK


async def test_the_journal_file_has_a_line_for_each_call_that_would_change_the_book(
    desk: Desk,
) -> None:
    ack = await desk.broker.place_order(an_order(limit="1.00"))
    await desk.broker.get_orders(ACCOUNT)
    await desk.broker.cancel_order(ACCOUNT, ack.broker_order_id)
    with pytest.raises(OrderRejected):
        await desk.broker.cancel_order(ACCOUNT, "none")
    lines = [json.loads(line) for line in desk.file.getvalue().splitlines()]
    assert lines == await desk.journal()
    assert [(line["sequence"], line["call"], line["fate"]) for line in lines] == [
        (1, "place", "TAKEN"),
        (2, "cancel", "TAKEN"),
        (3, "cancel", "REFUSED"),
    ]
    assert lines[0]["body"]["quantity"] == "10"
    assert lines[0]["received_ns"] <= lines[0]["decided_ns"] <= lines[1]["received_ns"]


@pytest.mark.parametrize(
    "body", ["", "[", "{}", an_order(account_id="acct-2").model_dump_json()], ids=repr
)
async def test_what_is_no_order_of_the_account_is_refused_and_noted(desk: Desk, body: str) -> None:
    response = await desk.http.post(f"/accounts/{ACCOUNT}/orders", content=body)
    assert response.status_code == 400
    assert response.json()["refused"]
    assert [entry["fate"] for entry in await desk.journal()] == ["REFUSED"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("script", {"behaviours": [{"kind": "explode"}]}),
        ("script", {"behaviours": [{}]}),
        ("script", {"behaviours": [{"kind": "reject"}]}),
        ("script", {"behaviours": [{"kind": "accept", "seconds": 1}]}),
        ("script", {"behaviours": [{"kind": "partial", "fraction": "1.5"}]}),
        ("script", {"behaviours": [{"kind": "accept_and_fail", "status": 201}]}),
        ("lag", {"reads": -1}),
        ("fills", {"times": 0}),
        ("prices", {"instrument": INFY.model_dump(), "last": "5", "bid": "6", "ask": "4"}),
    ],
)
async def test_a_script_that_makes_no_sense_is_refused_and_changes_nothing(
    desk: Desk, name: str, body: Any
) -> None:
    response = await desk.admin(name, body, status=400)
    assert response.json()["refused"]
    await desk.broker.place_order(an_order())
    assert await desk.tagged() == 1


async def test_a_market_of_a_test_has_no_prices_to_set() -> None:
    clock = FakeClock()
    market = FixedMarket(clock=clock, seed=7)
    engine = MockBroker(market=market, clock=clock, ids=CountingIds(), instruments=AnyInstrument())
    app = create_mock_app(engine, Journal(monotonic_ns=lambda: 0), sleep=no_sleep)
    async with serving(app, listener(0)) as url, mock_http_client(url) as http:
        price = {"instrument": INFY.model_dump(), "last": "5"}
        assert (await http.post("/admin/prices", json=price)).status_code == 400
