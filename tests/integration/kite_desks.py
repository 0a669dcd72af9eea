"""A desk at the stand-in of Kite's MCP server, over real sockets of this machine."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from tests.fakes.clock import FakeClock
from tests.fakes.instruments import INFY
from tests.fakes.kite_standin import KiteStandin, running
from tests.fakes.market import ScriptedMarket
from tests.integration.conftest import Desk, open_desk

ACCOUNT = "kite_mcp-inr"
PATH = "/api/v1/connections/kite"
USER = "AB1234"


@dataclass(frozen=True, kw_only=True)
class KiteWorld:
    """Kite and its server; they go on while desks are closed and opened."""

    clock: FakeClock
    market: ScriptedMarket
    kite: KiteStandin

    def price(self, bid: str, ask: str, last: str, size: int = 100_000) -> None:
        """Show INFY with plenty on both sides, in a display of now."""
        self.market.show(INFY, bids=[(bid, size)], asks=[(ask, size)], last=last)

    def settings(self, settings: Settings, **more: Any) -> Settings:
        """Return settings that choose this Kite, with live orders switched on."""
        chosen = {"broker": BrokerName.KITE_MCP, "kite_mcp_url": self.kite.url, "live": True}
        return settings.model_copy(update={**chosen, **more})

    @asynccontextmanager
    async def desk(
        self, settings: Settings, location: DatabaseLocation, *, owner_key: str = ""
    ) -> AsyncIterator[Desk]:
        """Open a desk on this world, whose prices come from Kite, too."""
        async with open_desk(
            self.settings(settings), location, clock=self.clock, owner_key=owner_key
        ) as desk:
            yield desk

    async def log_in(self, client: httpx.AsyncClient, user_id: str = USER) -> dict[str, Any]:
        """Ask for a link, do what a person does with it, and return how the login stands."""
        given = await client.post(f"{PATH}/login", json={})
        assert given.status_code == 200, given.text
        assert await self.kite.finish_login(given.json()["link"]["url"], user_id) == 200
        self.clock.advance(seconds=3)
        seen = await client.get(PATH, params={"probe": True})
        assert seen.status_code == 200, seen.text
        answer: dict[str, Any] = seen.json()
        return answer


@asynccontextmanager
async def kite_world(excluded: Sequence[str] = ()) -> AsyncIterator[KiteWorld]:
    """INFY at 1487.90 to 1488.10 on a Wednesday morning; the server lacks the tools excluded."""
    clock = FakeClock()
    market = ScriptedMarket(clock)
    async with running(KiteStandin(market=market, clock=clock, excluded=excluded)) as kite:
        world = KiteWorld(clock=clock, market=market, kite=kite)
        world.price("1487.90", "1488.10", "1488.00")
        yield world
