"""A session of ours at the stand-in of Kite's server, and a broker upon it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from adapters.brokers.kite_mcp.client import KiteBroker
from adapters.brokers.kite_mcp.login_steps import FRESH, ProfileSeen, SessionOpened, after
from adapters.brokers.kite_mcp.session import KiteSession
from adapters.ports import InstrumentLookup, KeptLogin, LoginLink
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, MemoryInstruments
from tests.fakes.kite_standin import KiteStandin
from tests.fakes.kite_standin.wire import VERSION
from tests.fakes.login_vault import MemoryLoginVault
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT


class Seconds:
    """Seconds that pass only where somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class KiteDesk:
    """One account at a running stand-in: its vault, and as many processes as a test wants."""

    def __init__(self, kite: KiteStandin, clock: FakeClock, account_id: str = ACCOUNT) -> None:
        self.kite = kite
        self.clock = clock
        self.account_id = account_id
        self.seconds = Seconds()
        self.vault = MemoryLoginVault()
        self._opened: list[KiteSession] = []
        self.session = self.another_process()

    @property
    def kept(self) -> KeptLogin:
        """What the vault keeps now."""
        return self.vault.logins[self.account_id][1]

    def another_process(self, *, elsewhere: tuple[str, ...] = ()) -> KiteSession:
        """Return a session object that knows only the vault."""
        session = KiteSession(
            account_id=self.account_id,
            url=self.kite.url,
            vault=self.vault,
            clock=self.clock,
            monotonic=self.seconds.monotonic,
            sleep=self.seconds.sleep,
            elsewhere=elsewhere,
        )
        self._opened.append(session)
        return session

    def broker(
        self, session: KiteSession | None = None, instruments: InstrumentLookup | None = None
    ) -> KiteBroker:
        """Return the broker upon a session."""
        return KiteBroker(
            account_id=self.account_id,
            tools=session or self.session,
            clock=self.clock,
            ids=CountingIds(),
            instruments=instruments or MemoryInstruments(),
        )

    async def log_in(self, user_id: str = "AB1234") -> LoginLink:
        """Let a person log in through a fresh link; return the link."""
        link = await self.session.begin()
        assert isinstance(link, LoginLink)
        assert await self.kite.finish_login(link.url, user_id) == 200
        return link

    def be_logged_in(self, user_id: str = "AB1234") -> None:
        """Stand where a login of now leads to, without a person or a link."""
        version, kept = self.vault.logins.get(self.account_id, (0, FRESH))
        session_id, now = SecretStr(self.kite.logged_in(user_id)), self.clock.now()
        opened = after(kept, SessionOpened(session_id, VERSION, now, kept.session_id))
        seen = after(opened, ProfileSeen(session_id, user_id, "", now))
        self.vault.logins[self.account_id] = (version + 1, seen)

    async def close(self) -> None:
        """Close the connections of every process."""
        for session in self._opened:
            await session.aclose()


@asynccontextmanager
async def a_kite_desk(clock: FakeClock | None = None) -> AsyncIterator[KiteDesk]:
    """Run a stand-in whose market shows INFY at 1487.90 to 1488.10, and a desk at it."""
    clock = clock or FakeClock()
    market = ScriptedMarket(clock)
    market.show(INFY, bids=[("1487.90", 5_000)], asks=[("1488.10", 5_000)], last="1488.00")
    kite = KiteStandin(market=market, clock=clock)
    await kite.start()
    desk = KiteDesk(kite, clock)
    try:
        yield desk
    finally:
        await desk.close()
        await kite.stop()
