"""The form of the stand-in's answers, kept here for where the recordings are not at hand.

`kite_answers.json` holds the fields and kinds that test_kite_replay found equal to the recorded.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.kite_standin import running
from tests.fakes.kite_standin.http_client import HttpClient
from tests.unit.brokers.kite_replay import Stage, fill_the_book, the_server
from tests.unit.brokers.kite_shapes import walk

KEPT: Final = Path(__file__).with_name("kite_answers.json")
ASKED: Final[dict[str, dict[str, Any]]] = {
    "get_profile": {},
    "get_margins": {},
    "get_holdings": {"limit": 2},
    "get_positions": {},
    "get_trades": {},
    "get_orders": {},
    "get_gtts": {},
    "get_mf_holdings": {},
    "get_order_history": {"order_id": "171229000724687"},
    "get_order_trades": {"order_id": "200000000000000"},
    "get_quotes": {"instruments": ["NSE:INFY"]},
    "get_ltp": {"instruments": ["NSE:INFY"]},
    "get_ohlc": {"instruments": ["NSE:INFY"]},
    "search_instruments": {"query": "NSE:INFY"},
    "get_historical_data": {
        "instrument_token": 408065,
        "from_date": "2026-03-10 09:15:00",
        "to_date": "2026-03-10 09:20:00",
        "interval": "minute",
    },
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = FakeClock()
    async with (
        running(the_server(clock, "Asha Bose")) as kite,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        client = HttpClient(kite.url, http, kite.logged_in())
        stage = Stage(kite, clock, {}, {"A": client})
        await fill_the_book(stage)
        yield stage


async def test_every_answer_has_the_kept_fields_in_their_order_and_their_kinds(
    stage: Stage,
) -> None:
    answers = {
        tool: await stage.clients["A"].read(tool, **stage.mine(arguments))
        for tool, arguments in ASKED.items()
    }
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert {tool: as_kept(answer) for tool, answer in answers.items()} == kept


def as_kept(answer: Any) -> dict[str, str]:
    """Return what is where in an answer: for each place the kinds that come there."""
    kinds: dict[str, str] = {}
    for place, kind in sorted(walk(answer)):
        kinds[place] = f"{kinds[place]} or {kind}" if place in kinds else kind
    return kinds
