"""The Kite MCP server of one login, in this process and without sessions."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from pydantic import JsonValue

from adapters.brokers.kite_mcp.ports import KiteReply, ToolsInterrupted, ToolsUnavailable
from adapters.ports import Clock, MarketData
from tests.fakes.kite_forms import Arguments
from tests.fakes.kite_standin.kite import USERS, Kite
from tests.fakes.kite_standin.listing import Listing
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.tool_server import LOG_IN_FIRST as LOG_IN_FIRST
from tests.fakes.kite_standin.tool_server import Login, ToolServer
from tests.fakes.kite_standin.tool_server import failure as failure
from tests.fakes.kite_standin.troubles import Kind, Trouble, Troubles

HALF_A_BODY: Final = '{"order_id":"26031'
USER: Final = USERS[0].user_id


@dataclass
class OneSession:
    """The session that there is; its links lead nowhere."""

    login: Login | None = field(default_factory=Login)

    def link(self) -> str:
        return "https://kite.example/connect/login"


class KiteUpstream:
    """Answers as the recorded server does; implements KiteTools and BrokerFaults.

    The tools of `KiteStandin` without the way to them: arguments are coerced in silence, reasons
    are hidden, a lost answer reads like a refusal, and search results come in another order. Its
    login does not die at 06:00.
    """

    def __init__(
        self, *, market: MarketData, clock: Clock, master: KiteMaster | None = None
    ) -> None:
        random, master = Random(7), master or KiteMaster()
        self._kite = Kite(market=market, clock=clock, master=master, random=random)
        self._tools = ToolServer(self._kite, master, random, patience_s=0)
        self._names = Listing().names
        self._session = OneSession()
        self._logged_in = True
        self.oms = self._kite.accounts[USER].oms
        self.calls: list[tuple[str, dict[str, JsonValue]]] = []
        self._down = False
        self._troubles = Troubles()

    @property
    def place_calls(self) -> int:
        return sum(name == "place_order" for name, _ in self.calls)

    def lose_next_reply(self) -> None:
        """Let Kite book the next order and answer after the server's 7 s."""
        self._troubles.add("place_order", Trouble(Kind.KITE_LATE_BOOKED))

    def lose_next_order(self) -> None:
        """Let the next order fail before Kite books it; the text is the same."""
        self._troubles.add("place_order", Trouble(Kind.KITE_REFUSES))

    def lose_next_cancel_reply(self) -> None:
        """Let Kite cancel the next order and answer after the server's 7 s."""
        self._troubles.add("cancel_order", Trouble(Kind.KITE_LATE_BOOKED))

    def garble_next_reply(self, text: str = HALF_A_BODY) -> None:
        self._troubles.add("place_order", Trouble(Kind.GARBLED, text=text))

    def interrupt_next(self) -> None:
        """Let Kite book the next order and break the way back."""
        self._troubles.add("place_order", Trouble(Kind.HANG_UP_AFTER))

    def refuse_next(self, reason: str) -> None:
        """Let Kite's risk checks reject the next order: it is taken, and REJECTED in the book."""
        self._troubles.add("place_order", Trouble(Kind.NONE))
        self.oms.reject_next.append(reason)

    def pass_next(self) -> None:
        """Let the next order through as ever; the fault told after this meets the one after it."""
        self._troubles.add("place_order", Trouble(Kind.NONE))
        self.oms.reject_next.append(None)

    def go_down(self) -> None:
        self._down = True

    def come_up(self) -> None:
        self._down = False

    def log_out(self) -> None:
        """Forget the login: one call says so, later ones only fail."""
        self._session.login, self._logged_in = None, False

    def fail(self, *tools: str) -> None:
        """Let these tools fail from now on."""
        for tool in tools:
            self._troubles.stand(tool, Trouble(Kind.KITE_REFUSES))

    def hide_new_orders(self, *, reads: int) -> None:
        """Leave each order placed from now on out of the next reads."""
        self.oms.lag_reads = reads

    async def make_ready(self, name: str) -> None:
        """Do nothing: there is no way to these tools."""

    async def call(self, name: str, arguments: Arguments) -> KiteReply:
        self.calls.append((name, dict(arguments)))
        if self._down:
            raise ToolsUnavailable("the Kite server is not reachable")
        if name not in self._names:
            raise ToolsUnavailable(f"tool '{name}' not found: tool not found")
        if self._session.login is not None and self._logged_in:
            self._session.login.token = self._kite.access_token(USER)
        trouble = self._troubles.take(name)
        reply = await self._tools.call(name, arguments, self._session, trouble)
        if trouble.kind is Kind.HANG_UP_AFTER:
            raise ToolsInterrupted("the connection broke while the answer was awaited")
        return reply
