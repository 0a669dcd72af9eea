"""What goes wrong at the mock broker, chosen over HTTP, and its journal."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.journal import Entry, Journal
from adapters.brokers.mock.replies import json_answer, refusal
from adapters.brokers.mock.wire import (
    Fills,
    Foreign,
    Held,
    Lag,
    NewPrice,
    Script,
    read_behaviours,
)
from riskgate.contracts.instruments import InstrumentRef

Model = TypeVar("Model", bound=BaseModel)
DONE: Final = 204
MALFORMED: Final = 400
_ENTRIES: Final = TypeAdapter(tuple[Entry, ...])


class Priced(Protocol):
    """A market whose prices can be set."""

    def set_price(
        self,
        ref: InstrumentRef,
        last: Decimal,
        *,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
    ) -> None: ...


class AdminRoutes:
    """The broker's script and truth."""

    def __init__(self, broker: MockBroker, journal: Journal, market: Priced | None) -> None:
        self._broker = broker
        self._journal = journal
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes under /admin."""
        return [
            Route("/admin/journal", self.journal, methods=["GET"]),
            self._post("script", Script, self._script),
            self._post("lag", Lag, self._lag),
            self._post("fills", Fills, self._fills),
            self._post("holdings", Held, self._hold),
            self._post("orders", Foreign, self._plant),
            self._post("prices", NewPrice, self._price),
            Route("/admin/down", self._calling(self._broker.go_down), methods=["POST"]),
            Route("/admin/up", self._calling(self._broker.come_up), methods=["POST"]),
        ]

    async def journal(self, request: Request) -> Response:  # noqa: ARG002
        """Return every call that would change the book, oldest first."""
        return json_answer(_ENTRIES.dump_json(self._journal.entries))

    def _script(self, given: Script) -> None:
        self._broker.script(*read_behaviours(given.behaviours))

    def _lag(self, given: Lag) -> None:
        self._broker.hide_new_orders(reads=given.reads, seconds=given.seconds)

    def _fills(self, given: Fills) -> None:
        self._broker.repeat_fills(times=given.times)
        self._broker.reorder_fills(newest_first=given.newest_first)

    def _hold(self, given: Held) -> None:
        self._broker.hold(given.account_id, *given.positions)

    def _plant(self, given: Foreign) -> None:
        self._broker.plant_order(given.account_id, given.order)

    def _price(self, given: NewPrice) -> None:
        if self._market is None:
            raise ValueError("the prices of this broker's market cannot be set")
        self._market.set_price(given.instrument, given.last, bid=given.bid, ask=given.ask)

    def _post(self, name: str, model: type[Model], act: Callable[[Model], None]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                act(model.model_validate_json(await request.body()))
            except ValidationError as wrong:
                first = wrong.errors()[0]
                return refusal(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", MALFORMED)
            except ValueError as wrong:
                return refusal(str(wrong), MALFORMED)
            return Response(status_code=DONE)

        return Route(f"/admin/{name}", endpoint, methods=["POST"])

    def _calling(self, act: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:  # noqa: ARG001
            act()
            return Response(status_code=DONE)

        return endpoint
