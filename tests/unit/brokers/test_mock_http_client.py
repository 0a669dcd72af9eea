"""What the mock broker's client makes of every kind of answer, and of none."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import httpx
import pytest

from adapters.brokers.mock.http_client import MockHttpBroker, mock_http_client
from adapters.brokers.mock.listening import listener
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from tests.fakes.clock import FakeClock
from tests.fakes.orders import ACCOUNT, a_tag, an_order

ACK: Final = {"broker_order_id": "mo_1", "tag": a_tag(1), "accepted_at": "2026-03-11T04:30:00Z"}
REFUSED: Final = {"refused": "RMS: margin exceeds"}
Answer = httpx.Response | httpx.TransportError


class Wire(httpx.AsyncBaseTransport):
    """Gives one answer to every request and counts them."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if isinstance(self.answer, httpx.Response):
            return self.answer
        raise self.answer


Answering = Callable[[Answer], tuple[MockHttpBroker, Wire]]


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    opened: list[httpx.AsyncClient] = []

    def broker(answer: Answer) -> tuple[MockHttpBroker, Wire]:
        wire = Wire(answer)
        opened.append(httpx.AsyncClient(base_url="http://127.0.0.1:1", transport=wire))
        return MockHttpBroker(http=opened[-1], clock=FakeClock()), wire

    yield broker
    for http in opened:
        await http.aclose()


UNKNOWN_TRANSPORT: Final = (
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken pipe"),
    httpx.CloseError("closed"),
    httpx.RemoteProtocolError("half a body"),
    httpx.LocalProtocolError("state"),
)
UNSENT_TRANSPORT: Final = (
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("no connection"),
)
UNKNOWN_ANSWERS: Final = (
    httpx.Response(201, text='{"broker_order_id": "mo_'),
    httpx.Response(201, text=""),
    httpx.Response(201, json={"tag": a_tag(1)}),
    httpx.Response(201, json={**ACK, "tag": a_tag(2)}),
    httpx.Response(201, json={**ACK, "broker_order_id": ""}),
    httpx.Response(200, json=ACK),
    httpx.Response(302, headers={"Location": "/elsewhere"}),
    httpx.Response(401, json=REFUSED),
    httpx.Response(404, json=REFUSED),
    httpx.Response(408, json=REFUSED),
    httpx.Response(409, json=REFUSED),
    httpx.Response(422, text="a proxy's page"),
    httpx.Response(422, json={"refused": ""}),
    httpx.Response(422, json={**REFUSED, "more": 1}),
    httpx.Response(429, json=REFUSED),
    httpx.Response(500, json=REFUSED),
    httpx.Response(502, text="bad gateway"),
    httpx.Response(503, text="no word that nothing was read"),
    httpx.Response(503, headers={"X-Not-Processed": "0"}),
    httpx.Response(504, headers={"X-Not-Processed": "1"}),
)


async def place(broker: MockHttpBroker) -> None:
    await broker.place_order(an_order())


async def cancel(broker: MockHttpBroker) -> None:
    await broker.cancel_order(ACCOUNT, "mo_1")


@pytest.mark.parametrize("write", [place, cancel])
@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        *((error, OutcomeUnknown) for error in UNKNOWN_TRANSPORT),
        *((error, BrokerUnavailable) for error in UNSENT_TRANSPORT),
        *((answer, OutcomeUnknown) for answer in UNKNOWN_ANSWERS),
        (httpx.Response(503, headers={"X-Not-Processed": "1"}), BrokerUnavailable),
        (httpx.Response(422, json=REFUSED), OrderRejected),
        (httpx.Response(400, json=REFUSED), OrderRejected),
    ],
    ids=repr,
)
async def test_a_write_is_asked_once_and_its_answer_has_one_meaning(
    answering: Answering,
    answer: Answer,
    meaning: type[BrokerError],
    write: Callable[[MockHttpBroker], Awaitable[None]],
) -> None:
    broker, wire = answering(answer)
    with pytest.raises(meaning) as caught:
        await write(broker)
    assert type(caught.value) is meaning
    assert wire.asked == 1


async def test_a_refusal_keeps_the_brokers_words(answering: Answering) -> None:
    broker, _ = answering(httpx.Response(422, json=REFUSED))
    with pytest.raises(OrderRejected, match=r"^RMS: margin exceeds$"):
        await broker.place_order(an_order())


@pytest.mark.parametrize(
    "answer",
    [
        *UNKNOWN_TRANSPORT,
        *UNSENT_TRANSPORT,
        httpx.Response(200, text="[{"),
        httpx.Response(200, json={"not": "a list"}),
        httpx.Response(404),
        httpx.Response(422, json=REFUSED),
        httpx.Response(500),
    ],
    ids=repr,
)
async def test_a_read_that_fails_in_any_way_is_unavailable(
    answering: Answering, answer: Answer
) -> None:
    broker, _ = answering(answer)
    for read in (
        broker.get_snapshot(ACCOUNT),
        broker.get_orders(ACCOUNT),
        broker.get_trades(ACCOUNT),
        broker.find_orders_by_tag(ACCOUNT, a_tag(1)),
    ):
        with pytest.raises(BrokerUnavailable):
            await read


async def test_orders_shown_under_another_tag_are_no_answer(answering: Answering) -> None:
    order = {
        **json.loads(an_order(tag=2).model_dump_json()),
        "broker_order_id": "mo_1",
        "status": "OPEN",
        "placed_at": "2026-03-11T04:30:00Z",
        "updated_at": "2026-03-11T04:30:00Z",
    }
    for name in ("order_id", "account_id", "plan_id", "leg", "slice"):
        del order[name]
    broker, _ = answering(httpx.Response(200, json=[order]))
    with pytest.raises(BrokerUnavailable, match="mo_1"):
        await broker.find_orders_by_tag(ACCOUNT, a_tag(1))
    assert len(await broker.find_orders_by_tag(ACCOUNT, a_tag(2))) == 1


async def test_a_snapshot_of_another_account_is_no_answer(answering: Answering) -> None:
    snapshot: dict[str, Any] = {
        "snapshot_id": "snap_1",
        "account_id": "acct-2",
        "source": "mock",
        "as_of": "2026-03-11T04:30:00Z",
        "holdings": [],
        "positions": [],
        "orders": [],
        "margins": None,
    }
    broker, _ = answering(httpx.Response(200, json=snapshot))
    with pytest.raises(BrokerUnavailable, match="acct-2"):
        await broker.get_snapshot(ACCOUNT)


async def test_a_port_where_nobody_listens_is_unavailable() -> None:
    with listener(0) as bound:
        async with mock_http_client(f"http://127.0.0.1:{bound.getsockname()[1]}") as http:
            broker = MockHttpBroker(http=http, clock=FakeClock())
            with pytest.raises(BrokerUnavailable):
                await broker.place_order(an_order())


async def test_closed_connections_are_unavailable() -> None:
    http = mock_http_client("http://127.0.0.1:1")
    await http.aclose()
    broker = MockHttpBroker(http=http, clock=FakeClock())
    for call in (broker.place_order(an_order()), broker.get_orders(ACCOUNT)):
        with pytest.raises(BrokerUnavailable, match="closed"):
            await call


async def test_the_settle_time_is_what_it_was_built_with() -> None:
    async with mock_http_client("http://127.0.0.1:1") as http:
        broker = MockHttpBroker(http=http, clock=FakeClock(), settle_s=3)
        assert broker.capabilities.settle_s == 3
