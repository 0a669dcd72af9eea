"""The mock broker behind HTTP, as the desk sees it."""

from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from adapters.brokers.mock.wire import NOT_PROCESSED, ORDERS, TRADES, Refusal
from adapters.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from adapters.ports import BrokerCapabilities, Clock
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
    OrderType,
    Product,
)
from riskgate.contracts.snapshots import BrokerSnapshot

T = TypeVar("T")

# What httpx raises only before a byte of the request has left.
UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
REFUSALS: Final = frozenset({400, 422})
TIMEOUTS: Final = httpx.Timeout(connect=2.0, write=5.0, read=5.0, pool=2.0)
SETTLE_S: Final = 30


def mock_http_client(base_url: str) -> httpx.AsyncClient:
    """Make the connections to a mock broker; the caller closes them.

    No connection is kept: one that the broker has dropped would turn a place into an unknown.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=TIMEOUTS,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
        follow_redirects=False,
    )


class MockHttpBroker:
    """One desk's accounts at a mock broker process; implements BrokerAdapter.

    `desk` keeps the books of two desks apart that call an account alike. A write is sent once;
    the connections given must not retry.
    """

    def __init__(
        self, *, http: httpx.AsyncClient, clock: Clock, desk: str = "", settle_s: int = SETTLE_S
    ) -> None:
        self._http = http
        self._clock = clock
        self._desk = desk
        self._settle_s = settle_s

    @property
    def capabilities(self) -> BrokerCapabilities:
        return BrokerCapabilities(
            name="mock",
            mode=ExecutionMode.PAPER,
            products=frozenset(Product),
            order_types=frozenset(OrderType),
            finds_orders_by_tag=True,
            settle_s=self._settle_s,
        )

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the visible book, stamped before it was asked for."""
        as_of = self._clock.now()
        book = self._book(account_id)
        snapshot = await self._read(f"/accounts/{book}/snapshot", TypeAdapter(BrokerSnapshot))
        if snapshot.account_id != book:
            raise BrokerUnavailable(f"asked for account {book}, was told of {snapshot.account_id}")
        return snapshot.model_copy(update={"account_id": account_id, "as_of": as_of})

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send one order once.

        Raises OrderRejected only for the broker's own refusal, BrokerUnavailable only where
        nothing was read, and OutcomeUnknown for every other answer or none.
        """
        book = self._book(intent.account_id)
        sent = intent.model_copy(update={"account_id": book})
        response = await self._write("POST", f"/accounts/{book}/orders", sent.model_dump_json())
        if response.status_code != httpx.codes.CREATED:
            raise write_failure(response)
        ack = read_ack(response)
        if ack.tag != intent.tag:
            raise OutcomeUnknown(f"sent tag {intent.tag}, the answer is for {ack.tag}")
        return ack

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Cancel what is open; raises as `place_order` does."""
        path = f"/accounts/{self._book(account_id)}/orders/{quote(broker_order_id, safe='')}"
        response = await self._write("DELETE", path)
        if response.status_code != httpx.codes.NO_CONTENT:
            raise write_failure(response)

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the visible orders, oldest first."""
        return await self._read(f"/accounts/{self._book(account_id)}/orders", ORDERS)

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return the fills of visible orders."""
        return await self._read(f"/accounts/{self._book(account_id)}/trades", TRADES)

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return every visible order with the tag."""
        path = f"/accounts/{self._book(account_id)}/orders"
        found = await self._read(path, ORDERS, tag=tag)
        others = [order.broker_order_id for order in found if order.tag != tag]
        if others:
            raise BrokerUnavailable(f"asked for tag {tag}, was shown {', '.join(others)} too")
        return found

    def _book(self, account_id: str) -> str:
        return f"{self._desk}.{account_id}" if self._desk else account_id

    async def _write(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        if self._http.is_closed:
            raise BrokerUnavailable("the connections to the mock broker are closed")
        headers = {"Content-Type": "application/json"}
        try:
            return await self._http.request(method, path, content=body, headers=headers)
        except UNSENT as error:
            raise BrokerUnavailable(f"the mock broker was not reached: {_named(error)}") from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"no answer of the mock broker: {_named(error)}") from error

    async def _read(self, path: str, shape: "TypeAdapter[T]", **query: str) -> T:
        if self._http.is_closed:
            raise BrokerUnavailable("the connections to the mock broker are closed")
        try:
            response = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise BrokerUnavailable(f"the mock broker cannot be read: {_named(error)}") from error
        if response.status_code != httpx.codes.OK:
            raise BrokerUnavailable(f"the mock broker answered a read with {response.status_code}")
        try:
            return shape.validate_json(response.content)
        except ValidationError as error:
            raise BrokerUnavailable("the mock broker's answer cannot be read") from error


def write_failure(response: httpx.Response) -> BrokerError:
    """Return what an answer that is no success means for a write."""
    status = response.status_code
    if status in REFUSALS:
        try:
            return OrderRejected(Refusal.model_validate_json(response.content).refused)
        except ValidationError:
            return OutcomeUnknown(f"status {status} of the mock broker without its reason")
    if status == httpx.codes.SERVICE_UNAVAILABLE and response.headers.get(NOT_PROCESSED) == "1":
        return BrokerUnavailable("the mock broker is down; it read nothing")
    return OutcomeUnknown(f"status {status} of the mock broker")


def read_ack(response: httpx.Response) -> BrokerOrderAck:
    """Read the answer to an order taken; raises OutcomeUnknown for half of one."""
    try:
        return BrokerOrderAck.model_validate_json(response.content)
    except ValidationError as error:
        raise OutcomeUnknown("the mock broker's answer cannot be read") from error


def _named(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__} {error}".strip()
