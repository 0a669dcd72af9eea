"""Tradier's adapter: what each answer means, and what must never happen."""

import json
import logging
from collections.abc import AsyncIterator
from decimal import Decimal
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from pydantic import SecretStr

from adapters.brokers.tradier.auth import SANDBOX_URL, TradierAccess, mode_of
from adapters.brokers.tradier.client import TradierBroker
from adapters.brokers.tradier.wire import Waits
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import (
    BrokerOrderStatus,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    Product,
    Validity,
)
from tests.conformance.us_listing import in_new_york
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments, an_instrument
from tests.fakes.loopback import Reply
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, a_tag, an_order
from tests.fakes.paper_store import MemoryPaperStore
from tests.fakes.tradier_server import TradierServer

INFY_US, BRK_B = in_new_york("INFY"), in_new_york("BRK.B")
TOKEN, NUMBER = "very-own-token", "VA00000001"
ORDERS = f"{SANDBOX_URL}/v1/accounts/{NUMBER}/orders"


def a_broker(url: str, clock: FakeClock, store: MemoryPaperStore) -> TradierBroker:
    return TradierBroker(
        access=TradierAccess(url=url, token=SecretStr(TOKEN), accounts={ACCOUNT: NUMBER}),
        clock=clock,
        ids=CountingIds(),
        instruments=MemoryInstruments(
            *(
                an_instrument(ref, currency=Currency.USD, tick_size="0.01")
                for ref in (INFY_US, BRK_B)
            )
        ),
        store=store,
        waits=Waits(read_s=1, whole_s=5),
    )


@pytest.fixture
async def broker() -> AsyncIterator[TradierBroker]:
    broker = a_broker(SANDBOX_URL, FakeClock(), MemoryPaperStore())
    yield broker
    await broker.close()


class Desk:
    """Two adapters with one store, the stand-in behind them, and the market and clock of all."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.market = ScriptedMarket(self.clock)
        self.server = TradierServer(self.market, self.clock, TOKEN)
        self.store = MemoryPaperStore()

    async def __aenter__(self) -> "Desk":
        await self.server.start()
        self.market.show(INFY, bids=[("17.90", 500)], asks=[("18.10", 500)], last="18.00")
        self.broker = a_broker(self.server.url, self.clock, self.store)
        self.restarted = a_broker(self.server.url, self.clock, self.store)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.close()
        await self.restarted.close()
        await self.server.stop()

    async def place(self, tag: int = 1) -> str:
        ack = await self.broker.place_order(an_order(instrument=INFY_US, tag=tag))
        return ack.broker_order_id


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with Desk() as desk:
        yield desk


def answered(status: int, body: object) -> httpx.Response:
    return httpx.Response(status, text=body if isinstance(body, str) else json.dumps(body))


FAULT = {"fault": {"faultstring": "Rate limit quota violation. Quota limit  exceeded."}}
OUTCOMES = [
    (answered(500, FAULT), OutcomeUnknown),
    (answered(502, "<html>bad gateway</html>"), OutcomeUnknown),
    (answered(504, ""), OutcomeUnknown),
    (answered(200, ""), OutcomeUnknown),
    (answered(200, '{"order": {"id": 25'), OutcomeUnknown),
    (answered(400, "Invalid Parameter"), OutcomeUnknown),
    (httpx.Response(302, headers={"location": ORDERS}), OutcomeUnknown),
    (httpx.ReadTimeout("slow"), OutcomeUnknown),
    (httpx.ReadError("reset"), OutcomeUnknown),
    (httpx.WriteError("reset"), OutcomeUnknown),
    (httpx.RemoteProtocolError("half a body"), OutcomeUnknown),
    (httpx.ConnectError("refused"), BrokerUnavailable),
    (httpx.ConnectTimeout("slow"), BrokerUnavailable),
    (answered(429, FAULT), BrokerUnavailable),
    (answered(401, {"fault": {"faultstring": "Invalid Access Token"}}), BrokerUnavailable),
    (answered(403, "forbidden"), BrokerUnavailable),
    (answered(400, {"errors": {"error": "no such symbol"}}), OrderRejected),
    (answered(400, {"errors": {"error": ["first", "second"]}}), OrderRejected),
    (answered(200, {"errors": {"error": "insufficient funds"}}), OrderRejected),
    (answered(200, {"order": {"id": 7, "status": "rejected"}}), OrderRejected),
]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        *OUTCOMES,
        (answered(200, {"order": {"status": "ok"}}), OutcomeUnknown),
        (answered(200, {"order": {"id": "seven", "status": "ok"}}), OutcomeUnknown),
        (answered(200, {"order": {"id": 7.5, "status": "ok"}}), OutcomeUnknown),
        (answered(200, []), OutcomeUnknown),
        (answered(200, "null"), OutcomeUnknown),
    ],
)
async def test_each_answer_to_an_order_has_one_outcome_and_one_call(
    broker: TradierBroker, answer: httpx.Response | Exception, outcome: type[BrokerError]
) -> None:
    with respx.mock:
        route = respx.post(ORDERS).mock(side_effect=[answer])
        with pytest.raises(outcome):
            await broker.place_order(an_order(instrument=INFY_US))
        assert route.call_count == 1
        assert len(respx.calls) == 1


@pytest.mark.parametrize(("answer", "outcome"), OUTCOMES)
async def test_each_answer_to_a_cancel_has_one_outcome_and_one_call(
    broker: TradierBroker, answer: httpx.Response | Exception, outcome: type[BrokerError]
) -> None:
    with respx.mock:
        route = respx.delete(f"{ORDERS}/7").mock(side_effect=[answer])
        with pytest.raises(outcome):
            await broker.cancel_order(ACCOUNT, "7")
        assert route.call_count == 1


async def test_a_refusal_carries_every_reason_given(broker: TradierBroker) -> None:
    with respx.mock:
        respx.post(ORDERS).mock(answered(400, {"errors": {"error": ["first", "second"]}}))
        with pytest.raises(OrderRejected, match="first; second"):
            await broker.place_order(an_order(instrument=INFY_US))


async def test_silence_after_the_order_was_sent_is_unknown(desk: Desk) -> None:
    desk.server.answer_next(None)
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        await desk.place()
    assert desk.server.place_calls == 1


async def test_the_form_has_whole_decimal_amounts_and_tradiers_symbol(
    broker: TradierBroker,
) -> None:
    order = an_order(instrument=BRK_B, limit="480.10", trigger="479.55", quantity="100")
    with respx.mock:
        route = respx.post(ORDERS).mock(answered(200, {"order": {"id": 7, "status": "ok"}}))
        ack = await broker.place_order(order)
        sent = parse_qs(route.calls.last.request.content.decode())
    assert ack.broker_order_id == "7"
    assert sent == {
        "class": ["equity"],
        "symbol": ["BRK/B"],
        "side": ["buy"],
        "quantity": ["100"],
        "type": ["stop_limit"],
        "duration": ["day"],
        "tag": [a_tag(1)],
        "price": ["480.1"],
        "stop": ["479.55"],
    }


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (an_order(), "unknown instrument NSE:INFY"),
        (an_order(instrument=INFY_US, product=Product.MIS), "CNC only"),
        (an_order(instrument=INFY_US, limit="17", validity=Validity.IOC), "DAY orders only"),
        (an_order(instrument=INFY_US, quantity="1.5"), "lot size"),
    ],
)
async def test_what_tradier_is_not_sent_is_refused_without_a_call(
    desk: Desk, order: OrderIntent, words: str
) -> None:
    with pytest.raises(OrderRejected, match=words):
        await desk.broker.place_order(order)
    assert desk.server.requests == []


@pytest.mark.parametrize("nothing", ['{"orders": "null"}', '{"orders": null}'])
async def test_no_orders_are_no_orders_however_it_is_written(desk: Desk, nothing: str) -> None:
    desk.server.answer_next(Reply(200, nothing))
    assert await desk.broker.get_orders(ACCOUNT) == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"orders": []}',
        '{"orders": {"order": {"id": 7}}}',
        '{"errors": {}}',
    ],
)
async def test_an_answer_without_orders_is_never_taken_for_an_empty_book(
    desk: Desk, body: str
) -> None:
    desk.server.answer_next(Reply(200, body))
    with pytest.raises(BrokerUnavailable):
        await desk.broker.get_orders(ACCOUNT)


async def test_one_order_and_every_page_of_many_are_read(desk: Desk) -> None:
    await desk.place(1)
    assert len(await desk.broker.get_orders(ACCOUNT)) == 1
    for tag in range(2, 121):
        await desk.place(tag)
    orders = await desk.broker.get_orders(ACCOUNT)
    assert {order.tag for order in orders} == {a_tag(tag) for tag in range(1, 121)}


async def test_a_partial_fill_seen_before_a_restart_stays_the_fill_it_was(desk: Desk) -> None:
    desk.server.desk.fill_next_only(4)
    order_id = await desk.place()
    (first,) = await desk.broker.get_trades(ACCOUNT)
    desk.market.show(INFY, bids=[("17.90", 500)], asks=[("18.60", 500)], last="18.00")
    await desk.server.desk.fill_more(NUMBER, order_id, Decimal(6))
    after = await desk.restarted.get_trades(ACCOUNT)
    assert shown(after) == [(f"{order_id}:4", 4, "18.1"), (f"{order_id}:10", 6, "18.6")]
    assert after[0] == first
    assert await desk.broker.get_trades(ACCOUNT) == after


async def test_fills_between_two_looks_are_one_at_their_average(desk: Desk) -> None:
    desk.server.desk.fill_next_only(4)
    order_id = await desk.place()
    desk.market.show(INFY, bids=[("17.90", 500)], asks=[("18.60", 500)], last="18.00")
    await desk.server.desk.fill_more(NUMBER, order_id, Decimal(6))
    assert shown(await desk.broker.get_trades(ACCOUNT)) == [(f"{order_id}:10", 10, "18.4")]


async def test_another_process_that_keeps_its_look_first_wins(desk: Desk) -> None:
    desk.server.desk.fill_next_only(4)
    order_id = await desk.place()
    await desk.broker.get_trades(ACCOUNT)
    await desk.server.desk.fill_more(NUMBER, order_id, Decimal(6))
    desk.store.lose_next_saves(1)
    assert [fill.quantity for fill in await desk.broker.get_trades(ACCOUNT)] == [4, 6]


async def test_fills_that_cannot_be_kept_are_not_told(desk: Desk) -> None:
    await desk.place()
    desk.store.fail_next_save(keeping=False)
    with pytest.raises(BrokerUnavailable, match="cannot be kept"):
        await desk.broker.get_trades(ACCOUNT)
    desk.store.fail_loads()
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await desk.broker.get_trades(ACCOUNT)


async def test_a_fill_of_yesterday_is_told_after_a_night_without_a_look(desk: Desk) -> None:
    order_id = await desk.place()
    desk.clock.advance(days=1)
    assert [fill.broker_order_id for fill in await desk.restarted.get_trades(ACCOUNT)] == [order_id]
    assert len(await desk.restarted.find_orders_by_tag(ACCOUNT, a_tag(1))) == 1
    assert [order.tag for order in await desk.restarted.get_orders(ACCOUNT)] == [a_tag(1)]


async def test_earlier_sessions_are_read_once_an_hour_not_at_every_poll(desk: Desk) -> None:
    for _ in range(3):
        await desk.broker.get_orders(ACCOUNT)
    asked = [request.query.get("filter") for request in desk.server.requests]
    assert asked == ["all", None, None, None]
    desk.clock.advance(hours=1)
    await desk.broker.get_orders(ACCOUNT)
    assert desk.server.requests[-2].query["filter"] == "all"


async def test_balances_of_another_account_are_refused(desk: Desk) -> None:
    for _ in range(3):
        desk.server.answer_next(Reply(200, '{"orders": "null", "positions": "null"}'))
    desk.server.answer_next(Reply(200, '{"balances": {"account_number": "VA9", "total_cash": 1}}'))
    with pytest.raises(BrokerUnavailable, match="another account"):
        await desk.broker.get_snapshot(ACCOUNT)


async def test_an_account_without_a_number_is_never_shown_as_an_empty_book(desk: Desk) -> None:
    for call in (desk.broker.get_snapshot, desk.broker.get_trades, desk.broker.get_orders):
        with pytest.raises(BrokerUnavailable, match="acct-9 has no Tradier number"):
            await call("acct-9")
    assert desk.server.requests == []


async def test_the_token_is_shown_in_no_name_error_or_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(desk.broker), repr(vars(desk.broker)), repr(vars(desk.broker._wire))]
    for reply in (
        Reply(400, json.dumps({"errors": {"error": f"token {TOKEN}"}})),
        Reply(401, json.dumps({"fault": {"faultstring": f"token {TOKEN}"}})),
        Reply(500, TOKEN),
    ):
        desk.server.answer_next(reply)
        with pytest.raises(BrokerError) as caught:
            await desk.place()
        shown.append(f"{caught.value!r} {caught.value}")
    desk.server.answer_next(Reply(400, json.dumps({"errors": {"error": TOKEN}})))
    with pytest.raises(BrokerUnavailable) as unread:
        await desk.broker.get_orders(ACCOUNT)
    assert TOKEN not in "".join([*shown, str(unread.value), caplog.text])


async def test_an_order_that_the_exchange_refuses_later_shows_its_reason(desk: Desk) -> None:
    row = {
        "id": 7,
        "symbol": "INFY",
        "side": "buy",
        "quantity": 10.0,
        "status": "rejected",
        "reason_description": "You do not have enough buying power",
        "create_date": "2026-03-11T04:30:00.682Z",
    }
    desk.server.answer_next(Reply(200, json.dumps({"orders": {"order": row}})))
    (order,) = await desk.broker.get_orders(ACCOUNT)
    assert (order.status, order.reason) == (
        BrokerOrderStatus.REJECTED,
        "You do not have enough buying power",
    )


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (SANDBOX_URL, ExecutionMode.PAPER),
        ("https://api.tradier.com", ExecutionMode.LIVE),
        ("https://sandbox.tradier.com.example", ExecutionMode.LIVE),
    ],
)
def test_only_tradiers_own_sandbox_is_not_real_money(url: str, mode: ExecutionMode) -> None:
    assert mode_of(url) is mode


def shown(trades: object) -> list[tuple[str, int, str]]:
    assert isinstance(trades, tuple)
    rows: tuple[BrokerTrade, ...] = trades
    return [(row.trade_id, int(row.quantity), f"{row.price.normalize():f}") for row in rows]
