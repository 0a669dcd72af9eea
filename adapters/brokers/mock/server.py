"""The mock broker over HTTP: what a broker offers to a desk.

`/accounts/...` reads and writes the book; admin.py adds what chooses the failures. There is no
sign-in: it serves loopback only and moves no money.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.brokers.mock.admin import AdminRoutes, Priced
from adapters.brokers.mock.client import MockBroker, Sleep
from adapters.brokers.mock.journal import Fate, Journal
from adapters.brokers.mock.replies import HalfAnswer, Silence, json_answer, not_processed, refusal
from adapters.brokers.mock.script import (
    AcceptAndDelayReply,
    AcceptAndFail,
    AcceptAndGarbleReply,
    AcceptAndLoseReply,
    Receipt,
)
from adapters.brokers.mock.wire import ORDERS, TRADES, kind_of
from adapters.errors import BrokerUnavailable, OrderRejected, OutcomeUnknown
from riskgate.contracts.orders import OrderIntent

CREATED: Final = 201
DONE: Final = 204
MALFORMED: Final = 400


def create_mock_app(
    broker: MockBroker, journal: Journal, *, sleep: Sleep, market: Priced | None = None
) -> Starlette:
    """Return the application around one broker; without `market` prices cannot be set."""
    desk, admin = DeskRoutes(broker, journal, sleep), AdminRoutes(broker, journal, market)
    return Starlette(routes=[*desk.routes(), *admin.routes()])


class DeskRoutes:
    """Orders, cancels and reads."""

    def __init__(self, broker: MockBroker, journal: Journal, sleep: Sleep) -> None:
        self._broker = broker
        self._journal = journal
        self._sleep = sleep

    def routes(self) -> list[Route]:
        """Return the routes of an account."""
        account = "/accounts/{account_id}"
        return [
            Route(f"{account}/orders", self.place, methods=["POST"]),
            Route(f"{account}/orders", self.orders, methods=["GET"]),
            Route(f"{account}/orders/{{broker_order_id}}", self.cancel, methods=["DELETE"]),
            Route(f"{account}/trades", self.trades, methods=["GET"]),
            Route(f"{account}/snapshot", self.snapshot, methods=["GET"]),
        ]

    async def place(self, request: Request) -> Response:
        """Take, refuse or lose an order, note it, and answer as the script says."""
        received_ns = self._journal.now_ns()
        account_id = request.path_params["account_id"]
        try:
            raw = await request.body()
        except ClientDisconnect:
            return Silence()
        intent = _intent(raw, account_id)

        def note(fate: Fate, reply: str, order_ids: tuple[str, ...] = ()) -> None:
            self._journal.note(
                "place",
                account_id,
                fate=fate,
                reply=reply,
                received_ns=received_ns,
                tag=None if isinstance(intent, str) else intent.tag,
                body=_shown(raw),
                broker_order_ids=order_ids,
            )

        if isinstance(intent, str):
            note(Fate.REFUSED, intent)
            return refusal(intent, MALFORMED)
        try:
            receipt = await self._broker.receive(intent)
        except OrderRejected as refused:
            note(Fate.REFUSED, refused.message)
            return refusal(refused.message)
        except BrokerUnavailable:
            note(Fate.NOT_READ, "not_processed")
            return not_processed()
        except OutcomeUnknown:
            note(Fate.LOST, "silence")
            return Silence()
        note(Fate.TAKEN, kind_of(type(receipt.behaviour)), receipt.order_ids)
        return await self._answer(receipt)

    async def cancel(self, request: Request) -> Response:
        """Cancel what is open of an order."""
        received_ns = self._journal.now_ns()
        account_id = request.path_params["account_id"]
        broker_order_id = request.path_params["broker_order_id"]

        def note(fate: Fate, reply: str) -> None:
            self._journal.note(
                "cancel",
                account_id,
                fate=fate,
                reply=reply,
                received_ns=received_ns,
                broker_order_ids=(broker_order_id,),
            )

        try:
            await self._broker.cancel_order(account_id, broker_order_id)
        except OrderRejected as refused:
            note(Fate.REFUSED, refused.message)
            return refusal(refused.message)
        except BrokerUnavailable:
            note(Fate.NOT_READ, "not_processed")
            return not_processed()
        except OutcomeUnknown:
            note(Fate.TAKEN, "lose")
            return Silence()
        note(Fate.TAKEN, "accept")
        return Response(status_code=DONE)

    async def orders(self, request: Request) -> Response:
        """Return the orders; with `?tag=`, those that carry it."""
        account_id, tag = request.path_params["account_id"], request.query_params.get("tag")

        async def read() -> bytes:
            found = (
                await self._broker.get_orders(account_id)
                if tag is None
                else await self._broker.find_orders_by_tag(account_id, tag)
            )
            return ORDERS.dump_json(tuple(found))

        return await _reading(read)

    async def trades(self, request: Request) -> Response:
        """Return the fills."""

        async def read() -> bytes:
            found = await self._broker.get_trades(request.path_params["account_id"])
            return TRADES.dump_json(tuple(found))

        return await _reading(read)

    async def snapshot(self, request: Request) -> Response:
        """Return the whole book."""

        async def read() -> bytes:
            found = await self._broker.get_snapshot(request.path_params["account_id"])
            return found.model_dump_json().encode()

        return await _reading(read)

    async def _answer(self, receipt: Receipt) -> Response:
        body = receipt.ack.model_dump_json().encode()
        match receipt.behaviour:
            case AcceptAndLoseReply():
                return Silence()
            case AcceptAndGarbleReply():
                return HalfAnswer(body, CREATED, media_type="application/json")
            case AcceptAndFail(status):
                return Response("an error after the order was taken", status)
            case AcceptAndDelayReply(seconds):
                await self._sleep(float(seconds))
        return json_answer(body, CREATED)


async def _reading(read: Callable[[], Awaitable[bytes]]) -> Response:
    try:
        return json_answer(await read())
    except BrokerUnavailable:
        return not_processed()


def _intent(raw: bytes, account_id: str) -> OrderIntent | str:
    try:
        intent = OrderIntent.model_validate_json(raw)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        return f"not an order: {'.'.join(map(str, first['loc']))} {first['msg']}"
    if intent.account_id != account_id:
        return f"the order is for account {intent.account_id}, sent to {account_id}"
    return intent


def _shown(raw: bytes) -> Any:
    try:
        return from_json(raw)
    except ValueError:
        return raw.decode(errors="replace")
