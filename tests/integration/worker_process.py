"""A worker as a process of its own, whose broker never answers: to be killed in the midst of a job.

Run with the application's connection and a folder; says so when a job has reached the broker.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.brokers.mock.client import MockBroker
from app.bootstrap import build, build_worker
from app.clock import RandomIds, SystemClock
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from riskgate.contracts.orders import BrokerOrder
from tests.fakes.brokers import OneBroker
from tests.fakes.clock import FakeClock
from tests.fakes.market import ScriptedMarket

REACHED = "a job has reached the broker"


class SilentBroker(MockBroker):
    """Takes a question and never answers it."""

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        sys.stdout.write(f"{REACHED}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()
        return await super().get_orders(account_id)


async def work(conninfo: str, home: Path) -> None:
    """Work on the database for ever."""
    clock = FakeClock(SystemClock().now())
    broker = SilentBroker(
        market=ScriptedMarket(clock),
        clock=clock,
        ids=RandomIds(),
        instruments=Directory(load_master()),
    )
    location = DatabaseLocation(owner_conninfo=conninfo, app_conninfo=conninfo, server=None)
    container = build(Settings(home=home), location, clock=clock, brokers=OneBroker(broker))
    await container.database.open()
    build_worker(container, location, in_server=False).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2])))
