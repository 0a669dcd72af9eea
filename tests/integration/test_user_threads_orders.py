"""What users of other desks lost orders or money by, each once against this one."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import httpx
import pytest

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.http_client import MockHttpBroker
from adapters.brokers.mock.script import AcceptAndGarbleReply, AcceptAndLoseReply, Partial
from adapters.errors import OutcomeUnknown
from app.identity.principal import OWNER_TENANT
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import BrokerOrder, BrokerOrderStatus
from tests.builders import an_order_intent
from tests.fakes.brokers import FragileBroker
from tests.fakes.clock import FakeClock
from tests.integration.benches import Bench, a_bench
from tests.integration.checker import check
from tests.integration.driving import (
    MOCK_ACCOUNT,
    approve,
    orders_of,
    propose,
    reconcile,
    rows,
    trade,
)

RESTING = "buy 10 INFY at 990, cnc"
FILLS = "SELECT body->>'quantity' AS quantity FROM fills ORDER BY traded_at"
HELD = "SELECT quantity FROM ledger_positions"


class TellingBroker(FragileBroker):
    """A broker that shows its orders as a test wants them shown; `show` changes one order."""

    def __init__(self, inner: MockBroker) -> None:
        super().__init__(inner)
        self.show: dict[str, object] = {}

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        found = await super().get_orders(account_id)
        return [order.model_copy(update=self.show) for order in found]


def telling() -> tuple[Bench, TellingBroker]:
    bench = a_bench()
    broker = TellingBroker(bench.mock)
    return Bench(clock=bench.clock, market=bench.market, mock=bench.mock, broker=broker), broker


def at_broker(bench: Bench) -> int:
    """Return how many orders the broker was ever sent."""
    return sum(call.method == "place_order" for call in bench.mock.journal)


async def test_a_retry_loop_leaves_one_order_not_three(
    settings: Settings, location: DatabaseLocation
) -> None:
    """TraderAlice/OpenAlice#91: three attempts left three stops and three limits."""
    bench = a_bench()
    bench.mock.script(AcceptAndLoseReply())
    bench.mock.hide_new_orders(seconds=30)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        card = await propose(client, RESTING)
        said = [(await approve(client, card)).json()["outcome"] for _ in range(3)]
        bench.clock.advance(seconds=31)
        await reconcile(client)
        orders = await orders_of(client)
    assert set(said) == {"OUTCOME_UNKNOWN"}
    assert (at_broker(bench), [order["state"] for order in orders]) == (1, ["OPEN"])
    check(location, bench.mock)


async def test_many_ticks_racing_one_fill_book_it_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    """marketcalls/openalgo#932: a tick raced the fill and one order id was executed twice."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        bench.price(990)
        engine = desk.container.engine
        await asyncio.gather(*(engine.refresh(OWNER_TENANT, MOCK_ACCOUNT) for _ in range(12)))
    assert [row["quantity"] for row in rows(location, HELD)] == [Decimal(10)]
    assert len(rows(location, FILLS)) == at_broker(bench) == 1
    check(location, bench.mock)


async def test_a_cancel_that_hides_fills_frees_nothing_to_send_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    """freqtrade/freqtrade#11461: "cancelled" was false, the order went out and filled twice."""
    bench, broker = telling()
    bench.mock.script(Partial(Decimal("0.4")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        broker.change_trades = lambda _trades: ()
        broker.show = {"status": BrokerOrderStatus.CANCELLED, "cancelled_quantity": Decimal(6)}
        done = await trade(client)
        early = [order["state"] for order in await orders_of(client)]
        broker.change_trades = tuple
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (order,) = await orders_of(client)
    assert done["outcome"] != "NOT_EXECUTED"
    assert early == ["OPEN"]
    assert (order["state"], order["filled_quantity"]) == ("CANCELLED", "4")
    assert at_broker(bench) == 1
    check(location, bench.mock)


async def test_restarts_create_no_duplicates(
    settings: Settings, location: DatabaseLocation
) -> None:
    """nautechsystems/nautilus_trader#3176: each restart created the orders once more."""
    bench, key = a_bench(), ""
    found: list[tuple[str, str]] = []
    for start in range(4):
        async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
            key = desk.owner_key
            if start == 0:
                await trade(client, RESTING)
            await reconcile(client)
            found = [(order["state"], order["tag"]) for order in await orders_of(client)]
    assert [state for state, _ in found] == ["OPEN"]
    assert at_broker(bench) == len(await bench.mock.get_orders(MOCK_ACCOUNT)) == 1
    check(location, bench.mock)


async def test_half_a_reply_means_unknown_not_failed(
    settings: Settings, location: DatabaseLocation
) -> None:
    """marketcalls/openalgo#721: an empty reply was told as a failure while the order rested."""
    bench = a_bench()
    bench.mock.script(AcceptAndGarbleReply())
    bench.mock.hide_new_orders(seconds=10)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)
        bench.clock.advance(seconds=11)
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (order,) = await orders_of(client)
    assert (done["outcome"], done["orders"][0]["state"]) == ("OUTCOME_UNKNOWN", "UNKNOWN")
    assert order["state"] == "FILLED"
    check(location, bench.mock)


async def test_an_execution_told_five_times_counts_once(
    settings: Settings, location: DatabaseLocation
) -> None:
    """QuantConnect/Lean.Brokerages.Alpaca#41: order events came twice and were booked twice."""
    bench = a_bench()
    bench.mock.repeat_fills(times=5)
    bench.mock.reorder_fills(newest_first=True)
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        await reconcile(client)
    assert [row["quantity"] for row in rows(location, FILLS)] == ["10"]
    assert [row["quantity"] for row in rows(location, HELD)] == [Decimal(10)]
    check(location, bench.mock)


@pytest.mark.parametrize("failure", [httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_post_whose_answer_is_lost_is_posted_once(
    failure: type[httpx.TransportError],
) -> None:
    """bennycode/trading-signals#1178: retries blind to the method posted orders again."""
    methods: list[str] = []

    def lose(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        raise failure("the connection broke after the request", request=request)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lose), base_url="http://broker"
    ) as http:
        broker = MockHttpBroker(http=http, clock=FakeClock())
        with pytest.raises(OutcomeUnknown):
            await broker.place_order(an_order_intent())
    assert methods == ["POST"]


async def test_an_order_rejected_after_its_ack_is_told_with_the_reason(
    settings: Settings, location: DatabaseLocation
) -> None:
    """marketcalls/openalgo#1425: "success" was only an ack, and the rejection after it silent."""
    bench, broker = telling()
    bench.mock.script(Partial(Decimal(0)))
    broker.show = {"status": BrokerOrderStatus.REJECTED, "reason": "RMS: margin exceeds"}
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)
    assert [(o["state"], o["reason"]) for o in done["orders"]] == [
        ("REJECTED", "RMS: margin exceeds")
    ]
    assert done["outcome"] == "NOT_EXECUTED"
    assert "RMS: margin exceeds" in done["message"]
    check(location, bench.mock)


async def test_an_open_entry_is_no_position_after_a_restart(
    settings: Settings, location: DatabaseLocation
) -> None:
    """freqtrade/freqtrade#10436: restarted with an entry open, it believed to hold a position."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, RESTING)
        key = desk.owner_key
    async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        positions = (await client.get("/api/v1/positions")).json()["rows"]
        orders = await orders_of(client)
    assert (positions, rows(location, HELD)) == ([], [])
    assert [order["state"] for order in orders] == ["OPEN"]
    check(location, bench.mock)


async def test_a_warm_restart_invents_no_fill(
    settings: Settings, location: DatabaseLocation
) -> None:
    """nautechsystems/nautilus_trader#4736: a made-up opposite fill, and it traded as if flat.

    Nor is the true one booked again (hummingbot/hummingbot#2945).
    """
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        key = desk.owner_key
    for _ in range(2):
        async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
            assert (await reconcile(client))["matched"]
    assert [row["quantity"] for row in rows(location, FILLS)] == ["10"]
    assert [row["quantity"] for row in rows(location, HELD)] == [Decimal(10)]
    check(location, bench.mock)


async def test_fourteen_working_orders_outlive_a_restart_even_on_an_empty_book(
    settings: Settings, location: DatabaseLocation
) -> None:
    """nautechsystems/nautilus_trader#5000: reconciling at start dropped 14 working orders."""
    bench = a_bench()
    bench.mock.script(*(Partial(Decimal(0)) for _ in range(14)))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        for quantity in range(1, 15):
            bench.clock.advance(seconds=10)
            bench.price(1000)
            await trade(client, f"buy {quantity} INFY at 990, cnc")
        before = {order["tag"]: order["broker_order_id"] for order in await orders_of(client)}
        key = desk.owner_key
    empty: dict[str, object] = {"orders": (), "positions": ()}
    bench.broker.change_snapshot = lambda whole: whole.model_copy(update=empty)
    async with bench.desk(settings, location, owner_key=key) as desk, desk.client() as client:
        await reconcile(client)
        after = await orders_of(client)
    assert {order["tag"]: order["broker_order_id"] for order in after} == before
    assert (len(before), {order["state"] for order in after}) == (14, {"OPEN"})
    assert at_broker(bench) == 14
    check(location, bench.mock)


async def test_after_a_partial_exit_the_next_one_is_for_what_is_left(
    settings: Settings, location: DatabaseLocation
) -> None:
    """freqtrade/freqtrade#8526: after a partial exit the stop was for the amount before it."""
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client, "buy 10 INFY at market, mis")
        bench.mock.script(Partial(Decimal("0.4")))
        first = await trade(client, "sell all my INFY mis")
        order_id = first["orders"][0]["order_id"]
        gone = await client.post(f"/api/v1/orders/{order_id}/cancel")
        bench.clock.advance(minutes=2)
        bench.price(1000)
        card = await propose(client, "sell all my INFY mis")
        done = (await approve(client, card)).json()
    assert gone.status_code == 200
    assert [(o["quantity"], o["filled_quantity"]) for o in done["orders"]] == [("6", "6")]
    assert [row for row in rows(location, HELD) if row["quantity"]] == []
    check(location, bench.mock)


async def test_a_book_that_goes_back_takes_no_fill_away(
    settings: Settings, location: DatabaseLocation
) -> None:
    """QuantConnect/Lean#5878: events came out of order, lower fill counts after higher ones."""
    bench, broker = telling()
    bench.mock.script(Partial(Decimal("0.7")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        broker.show = {"filled_quantity": Decimal(3), "status": BrokerOrderStatus.OPEN}
        broker.change_trades = lambda _trades: ()
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (stale,) = await orders_of(client)
        broker.show, broker.change_trades = {}, tuple
        await desk.container.engine.refresh(OWNER_TENANT, MOCK_ACCOUNT)
        (fresh,) = await orders_of(client)
    seen = [(order["state"], order["filled_quantity"]) for order in (stale, fresh)]
    assert seen == [("PARTIALLY_FILLED", "7")] * 2
    check(location, bench.mock)


async def test_a_new_order_after_a_partial_fill_is_what_was_asked_not_the_old_quantity(
    settings: Settings, location: DatabaseLocation
) -> None:
    """alpacahq/Alpaca-API#165: replacing a partly filled order used all of its quantity."""
    bench = a_bench()
    bench.mock.script(Partial(Decimal("0.4")))
    async with bench.desk(settings, location) as desk, desk.client() as client:
        done = await trade(client)
        await client.post(f"/api/v1/orders/{done['orders'][0]['order_id']}/cancel")
        bench.clock.advance(minutes=1)
        bench.price(1000)
        await trade(client, "buy 6 INFY at market, cnc")
        orders = {order["quantity"]: order for order in await orders_of(client)}
    assert (orders["10"]["state"], orders["10"]["filled_quantity"]) == ("CANCELLED", "4")
    assert (orders["6"]["state"], orders["6"]["filled_quantity"]) == ("FILLED", "6")
    assert [row["quantity"] for row in rows(location, HELD)] == [Decimal(10)]
    check(location, bench.mock)
