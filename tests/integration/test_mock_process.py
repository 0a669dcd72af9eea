"""The mock broker as a process of its own, and the server's way to it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.brokers.mock.client import MockBroker
from adapters.brokers.mock.http_client import MockHttpBroker
from adapters.errors import BrokerUnavailable
from app.bootstrap import AccountBrokers
from app.clock import RandomIds, SystemClock
from app.instruments.directory import Directory
from app.instruments.master import load_master
from app.persistence.database import Database
from app.settings import BrokerName, Settings
from tests.fakes.clock import FakeClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.orders import ACCOUNT, a_tag, an_order
from tests.processes import within

ROOT = Path(__file__).parents[2]
STOP_MAX_S = 60


@contextmanager
def mock_process(home: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the mock broker on a free port with its journal in a folder."""
    command = [sys.executable, "-m", "adapters.brokers.mock", "--home", str(home)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        with within(process, STOP_MAX_S):
            announced = process.stdout.readline()
        yield announced.split()[-1], process
    finally:
        process.kill()
        process.wait(STOP_MAX_S)
        if process.stdout is not None:
            process.stdout.close()


def brokers(mock_url: str | None) -> AccountBrokers:
    return AccountBrokers(
        settings=Settings(broker=BrokerName.MOCK, mock_url=mock_url, mock_settle_s=4),
        database=Database(""),
        market=ScriptedMarket(FakeClock()),
        directory=Directory(load_master()),
        clock=SystemClock(),
        ids=RandomIds(),
    )


async def test_the_server_finds_in_a_surviving_broker_what_another_start_of_it_sent(
    tmp_path: Path,
) -> None:
    with mock_process(tmp_path / "broker") as (url, process):
        before, after = brokers(url), brokers(url)
        broker = before.for_account("main", ACCOUNT)
        assert broker.capabilities.settle_s == 4
        ack = await broker.place_order(an_order())
        await before.close()
        with pytest.raises(BrokerUnavailable):
            await broker.get_orders(ACCOUNT)
        found = await after.for_account("main", ACCOUNT).find_orders_by_tag(ACCOUNT, a_tag(1))
        assert [order.broker_order_id for order in found] == [ack.broker_order_id]
        await after.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_MAX_S) == 0


async def test_the_journal_is_whole_on_disk_when_the_broker_is_killed(tmp_path: Path) -> None:
    with mock_process(tmp_path) as (url, process):
        given = brokers(url)
        broker = given.for_account("main", ACCOUNT)
        tags = [(await broker.place_order(an_order(tag=number))).tag for number in (1, 2, 3)]
        process.kill()
        process.wait(STOP_MAX_S)
        with pytest.raises(BrokerUnavailable):
            await broker.place_order(an_order(tag=4))
        await given.close()
    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["tag"] for line in lines] == tags


async def test_without_an_address_the_mock_lives_inside_the_server() -> None:
    given = brokers(None)
    assert isinstance(given.for_account("main", ACCOUNT), MockBroker)
    await given.close()
    beside = brokers("http://127.0.0.1:9")
    assert isinstance(beside.for_account("main", ACCOUNT), MockHttpBroker)
    await beside.close()


@pytest.mark.parametrize("url", ["http://broker.example:80", "https://127.0.0.1:80", "9000", ""])
def test_a_mock_broker_elsewhere_than_on_loopback_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="mock_url"):
        Settings(mock_url=url)
