"""`make kite-standin`: the stand-in on a fixed port, with prices that move and real time."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import SystemRandom
from typing import Final

from app.clock import SystemClock
from app.instruments.master import load_master
from riskgate.contracts.instruments import Exchange, InstrumentRef
from tests.fakes.kite_standin.account import Fund
from tests.fakes.kite_standin.contracts import listed_at
from tests.fakes.kite_standin.controls import HandheldStandin
from tests.fakes.kite_standin.kite import USERS
from tests.fakes.kite_standin.master import KiteMaster
from tests.fakes.kite_standin.prices import ContractMarket
from tests.fakes.kite_standin.server import running
from tests.fakes.kite_wire import INDIA

PORT: Final = 8765
SEED: Final = 7
KITES_PATIENCE_S: Final = 7.0
HELD: Final = {"INFY": 25, "TCS": 10, "ITC": 200, "SBIN": 40}
NOT_FOR_SALE: Final = {"RELIANCE": 5}
FUND: Final = Fund(
    "1001", "STAND-IN INDEX FUND", "INF000000001", Decimal("12.5"), Decimal("101.2"), Decimal(118)
)
DAYS_OPEN: Final = 7
HOME: Final = Path(".sigmatrader")
JOURNEY: Final = """\
A stand-in of the Kite MCP server runs at {url}
(everything is made up, nothing leaves this machine, and all of it is forgotten at the end).

1. In another terminal, with a home of its own:

     export SIGMATRADER_HOME={home} SIGMATRADER_LIVE=true
     export SIGMATRADER_BROKER=kite_mcp SIGMATRADER_KITE_MCP_URL={url}
     export SIGMATRADER_CALENDARS={calendar}
     make run

   The calendar opens the market at any hour for {days} days; without it the real hours hold.
2. Once, in a third one with the same settings: let the account trade, and give live orders the
   limits they need, the three figures under `live` in the file:

     sigmatrader account mode kite_mcp-inr PROPOSE
     sigmatrader policy export --output policy.yaml
     sigmatrader policy propose policy.yaml --activate --comment "to try"

3. Open the page, press "Log in at Kite", follow the link and choose {user}. Her account is empty;
   the others hold shares that were never bought here, and you are asked about those first.
4. Ask "price of INFY". Type "buy 10 INFY at market, cnc", look at the card, validate, approve.
5. Ask "my orders". The same order in Kite's own book, and every trouble you may want to make:
   {origin}/control

Ctrl-C ends it."""


def the_standin(port: int) -> HandheldStandin:
    """Make the stand-in that a person tries; the first account is empty, the others hold shares."""
    clock = SystemClock()
    rows = [row.instrument for row in load_master()]
    master = KiteMaster(listed_at(rows, clock.now(), seed=SEED))
    kite = HandheldStandin(
        market=ContractMarket(seed=SEED, clock=clock, instruments=master),
        clock=clock,
        master=master,
        random=SystemRandom(),
        patience_s=KITES_PATIENCE_S,
        limited=True,
        seed=SEED,
        port=port,
    )
    for user in USERS[1:]:
        account = kite.account(user.user_id)
        account.oms.holdings |= {_share(name): count for name, count in HELD.items()}
        account.pledged |= {_share(name): count for name, count in NOT_FOR_SALE.items()}
        account.funds.append(FUND)
    return kite


def write_calendar(now: datetime, folder: Path = HOME) -> Path:
    """Write a circular by which the market is open all day from today on; return where."""
    folder.mkdir(exist_ok=True)
    path, today = folder / "kite-standin.csv", now.astimezone(INDIA).date()
    days = (today + timedelta(days=after) for after in range(DAYS_OPEN))
    rows = [f"XBOM,{day},session,00:00,23:59,stand-in" for day in days]
    path.write_text("\n".join(["calendar,day,kind,opens,closes,name", *rows, ""]), "utf-8")
    return path


async def serve(port: int) -> None:
    """Run until Ctrl-C or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, ended.set)
    calendar = write_calendar(SystemClock().now())
    async with running(the_standin(port)) as kite:
        told = JOURNEY.format(
            url=kite.url,
            origin=kite.origin,
            user=USERS[0].name,
            home=HOME / "kite-standin",
            calendar=calendar,
            days=DAYS_OPEN,
        )
        sys.stdout.write(told + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: Iterable[str] | None = None) -> None:
    """Read the port and serve."""
    parser = argparse.ArgumentParser(prog="make kite-standin", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT} unless given")
    port = parser.parse_args(None if arguments is None else list(arguments)).port
    asyncio.run(serve(port))


def _share(name: str) -> InstrumentRef:
    return InstrumentRef(exchange=Exchange.NSE, tradingsymbol=name)


if __name__ == "__main__":
    main()
