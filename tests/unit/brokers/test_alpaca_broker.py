"""Alpaca's adapter against its stand-in: what each answer means, and what must never happen."""

import json
import logging
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from adapters.brokers.alpaca import client
from adapters.brokers.alpaca.auth import PAPER_URL, AlpacaKeys, mode_of
from adapters.brokers.alpaca.client import AlpacaBroker
from adapters.brokers.alpaca.wire import Waits
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.instruments import Currency
from riskgate.contracts.orders import ExecutionMode, Product, Side, Validity
from tests.conformance.us_listing import in_new_york
from tests.fakes.alpaca_server import AlpacaServer
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments, an_instrument
from tests.fakes.loopback import Reply
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, a_tag, an_order

INFY_US = in_new_york("INFY")
KEY, SECRET = "PKVERYOWNKEY", "very-own-secret"
PATIENCE = Waits(read_s=1, whole_s=5)


class Desk:
    """The adapter, the stand-in behind it, and the market and clock of both."""

    def __init__(self, **options: int) -> None:
        self.clock = FakeClock()
        self.market = ScriptedMarket(self.clock)
        self.server = AlpacaServer(self.market, self.clock, {KEY: SECRET})
        self._options = options

    async def __aenter__(self) -> "Desk":
        await self.server.start()
        self.market.show(INFY, bids=[("17.90", 500)], asks=[("18.10", 500)], last="18.00")
        self.broker = AlpacaBroker(
            accounts={ACCOUNT: AlpacaKeys(key_id=SecretStr(KEY), secret_key=SecretStr(SECRET))},
            url=self.server.url,
            clock=self.clock,
            ids=CountingIds(),
            instruments=MemoryInstruments(
                an_instrument(INFY_US, currency=Currency.USD, tick_size="0.01")
            ),
            waits=PATIENCE,
            **self._options,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.close()
        await self.server.stop()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with Desk() as desk:
        yield desk


def error(status: int, code: int, message: str) -> Reply:
    return Reply(status, json.dumps({"code": code, "message": message}))


ANSWERS = [
    (Reply(504), OutcomeUnknown),
    (Reply(500, '{"code": 50010000, "message": "internal server error occurred"}'), OutcomeUnknown),
    (Reply(502, "<html>bad gateway</html>"), OutcomeUnknown),
    (Reply(408), OutcomeUnknown),
    (Reply(200), OutcomeUnknown),
    (Reply(200, "{}"), OutcomeUnknown),
    (Reply(200, "null"), OutcomeUnknown),
    (Reply(200, '{"id": "x", "client_order_id": "another"}'), OutcomeUnknown),
    (Reply(200, '{"client_order_id": "' + a_tag(1) + '"}'), OutcomeUnknown),
    (Reply(200, '{"id": "x", "client_order_id"', cut=True), OutcomeUnknown),
    (Reply(302, "", {"location": "/v2/orders"}), OutcomeUnknown),
    (Reply(404, "<html>not here</html>"), OutcomeUnknown),
    (Reply(422, "unprocessable"), OutcomeUnknown),
    (error(422, 40010001, "client_order_id must be unique"), OutcomeUnknown),
    (None, OutcomeUnknown),
    (Reply(429, '{"message": "too many requests."}'), BrokerUnavailable),
    (Reply(401, '{"code": 40110000, "message": "request is not authorized"}'), BrokerUnavailable),
    (Reply(403, '{"message": "forbidden."}'), BrokerUnavailable),
    (error(403, 40310000, "insufficient buying power"), OrderRejected),
    (error(422, 42210000, "qty must be > 0"), OrderRejected),
    (error(400, 40010000, "request body format is invalid"), OrderRejected),
]


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS)
async def test_each_answer_to_an_order_has_one_outcome_and_one_call(
    desk: Desk, answer: Reply | None, outcome: type[BrokerError]
) -> None:
    desk.server.answer_next(answer)
    with pytest.raises(outcome):
        await desk.broker.place_order(an_order(instrument=INFY_US))
    assert desk.server.place_calls == 1


@pytest.mark.parametrize(("answer", "outcome"), [*ANSWERS[:4], *ANSWERS[10:13], *ANSWERS[14:]])
async def test_each_answer_to_a_cancel_has_one_outcome_and_one_call(
    desk: Desk, answer: Reply | None, outcome: type[BrokerError]
) -> None:
    desk.server.answer_next(answer)
    with pytest.raises(outcome):
        await desk.broker.cancel_order(ACCOUNT, "00000000-0000-4000-8000-000000000001")
    assert [asked.method for asked in desk.server.requests] == ["DELETE"]


@pytest.mark.parametrize("status", [429, 500, 504])
async def test_a_read_is_not_repeated_by_the_client_either(desk: Desk, status: int) -> None:
    desk.server.answer_next(Reply(status))
    with pytest.raises(BrokerUnavailable):
        await desk.broker.get_orders(ACCOUNT)
    assert len(desk.server.requests) == 1


async def test_a_tag_taken_before_is_found_and_never_taken_for_a_refusal(desk: Desk) -> None:
    first = await desk.broker.place_order(an_order(instrument=INFY_US))
    with pytest.raises(OutcomeUnknown, match="has an order with this tag"):
        await desk.broker.place_order(an_order(instrument=INFY_US))
    (found,) = await desk.broker.find_orders_by_tag(ACCOUNT, a_tag(1))
    assert found.broker_order_id == first.broker_order_id


async def test_a_missing_page_is_not_taken_for_a_missing_order(desk: Desk) -> None:
    desk.server.answer_next(Reply(404, "<html>not here</html>"))
    with pytest.raises(BrokerUnavailable):
        await desk.broker.find_orders_by_tag(ACCOUNT, a_tag(1))


async def test_amounts_are_sent_as_decimal_strings(desk: Desk) -> None:
    await desk.broker.place_order(
        an_order(instrument=INFY_US, limit="17.10", trigger="17.05", quantity="10")
    )
    assert json.loads(desk.server.requests[-1].body) == {
        "symbol": "INFY",
        "qty": "10",
        "side": "buy",
        "type": "stop_limit",
        "time_in_force": "day",
        "client_order_id": a_tag(1),
        "limit_price": "17.1",
        "stop_price": "17.05",
    }


@pytest.mark.parametrize("qty", ["1.5", "true", '"NaN"', '"1e400"', '"ten"', "null"])
async def test_an_amount_that_is_not_a_decimal_string_spoils_the_whole_snapshot(
    desk: Desk, qty: str
) -> None:
    for _ in range(2):
        desk.server.answer_next(Reply(200, "[]"))
    row = f'[{{"symbol": "INFY", "qty": {qty}, "side": "long", "avg_entry_price": "18"}}]'
    desk.server.answer_next(Reply(200, row))
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        await desk.broker.get_snapshot(ACCOUNT)


async def test_a_sell_of_what_is_not_free_is_refused_before_it_is_sent(desk: Desk) -> None:
    sell = an_order(instrument=INFY_US, side=Side.SELL, tag=2)
    with pytest.raises(OrderRejected, match="only 0 of NYSE:INFY"):
        await desk.broker.place_order(sell)
    await desk.broker.place_order(an_order(instrument=INFY_US, tag=1))
    await desk.broker.place_order(sell)
    with pytest.raises(OrderRejected, match="only 0 of NYSE:INFY"):
        await desk.broker.place_order(an_order(instrument=INFY_US, side=Side.SELL, tag=3))
    assert desk.server.place_calls == 2


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (an_order(), "unknown instrument NSE:INFY"),
        (an_order(instrument=INFY_US, product=Product.MIS), "CNC only"),
        (an_order(instrument=INFY_US, trigger="17.00", validity=Validity.IOC), "at once"),
        (an_order(instrument=INFY_US, quantity="0.5"), "lot size"),
        (an_order(instrument=INFY_US, limit="17.001"), "tick size"),
    ],
)
async def test_what_alpaca_is_not_sent_is_refused_without_a_call(
    desk: Desk, order: object, words: str
) -> None:
    with pytest.raises(OrderRejected, match=words):
        await desk.broker.place_order(order)  # type: ignore[arg-type]
    assert desk.server.requests == []


async def test_an_account_without_keys_is_never_shown_as_an_empty_book(desk: Desk) -> None:
    with pytest.raises(BrokerUnavailable, match="acct-9 has no Alpaca keys"):
        await desk.broker.get_snapshot("acct-9")
    assert desk.server.requests == []


async def test_every_page_of_orders_and_fills_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FILLS_PAGE", 2)
    async with Desk(orders_page=2) as desk:
        for tag in range(1, 6):
            await desk.broker.place_order(an_order(instrument=INFY_US, tag=tag))
            desk.clock.advance(seconds=1)
        assert [order.tag for order in await desk.broker.get_orders(ACCOUNT)] == [
            a_tag(tag) for tag in range(1, 6)
        ]
        fills = await desk.broker.get_trades(ACCOUNT)
        assert len({fill.trade_id for fill in fills}) == len(fills) == 5


async def test_more_orders_of_one_moment_than_a_page_shows_are_never_left_out() -> None:
    async with Desk(orders_page=2) as desk:
        for tag in range(1, 4):
            await desk.broker.place_order(an_order(instrument=INFY_US, tag=tag))
        with pytest.raises(BrokerUnavailable, match="more orders of one moment"):
            await desk.broker.get_orders(ACCOUNT)


async def test_a_fill_told_twice_is_one_fill(desk: Desk) -> None:
    fill = {
        "id": "20260311043001000::1",
        "order_id": "o-1",
        "symbol": "INFY",
        "side": "sell_short",
        "qty": "0.389620510",
        "price": "128.33",
        "transaction_time": "2026-03-11T04:30:01.123456789Z",
    }
    desk.server.answer_next(Reply(200, json.dumps([fill, fill])))
    (trade,) = await desk.broker.get_trades(ACCOUNT)
    assert (trade.side, trade.quantity) == (Side.SELL, Decimal("0.38962051"))


async def test_money_that_may_be_borrowed_is_not_available(desk: Desk) -> None:
    await desk.broker.place_order(an_order(instrument=INFY_US))
    margins = (await desk.broker.get_snapshot(ACCOUNT)).margins
    assert margins is not None
    assert (margins.available, margins.start_of_day_equity) == (Decimal("99819"), Decimal(100_000))


async def test_no_key_is_shown_in_a_name_an_error_or_a_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(desk.broker), repr(vars(desk.broker)), repr(vars(desk.broker._wires[ACCOUNT]))]
    for reply in (
        error(403, 40310000, f"key {KEY} with {SECRET} may not"),
        Reply(403, json.dumps({"message": f"{KEY} forbidden {SECRET}"})),
        error(500, 1, SECRET),
    ):
        desk.server.answer_next(reply)
        with pytest.raises(BrokerError) as caught:
            await desk.broker.place_order(an_order(instrument=INFY_US))
        shown.append(f"{caught.value!r} {caught.value}")
    assert KEY not in "".join([*shown, caplog.text])
    assert SECRET not in "".join([*shown, caplog.text])


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (PAPER_URL, ExecutionMode.PAPER),
        ("https://api.alpaca.markets", ExecutionMode.LIVE),
        ("https://paper-api.alpaca.markets.example", ExecutionMode.LIVE),
        ("http://127.0.0.1:9", ExecutionMode.LIVE),
    ],
)
def test_only_alpacas_own_paper_address_is_not_real_money(url: str, mode: ExecutionMode) -> None:
    assert mode_of(url) is mode
