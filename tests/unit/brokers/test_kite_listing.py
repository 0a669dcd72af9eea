"""What the stand-in lists as its tools, and how the list drifts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.kite_standin import KiteStandin
from tests.fakes.kite_standin.http_client import HttpClient
from tests.fakes.kite_standin.listing import Listing, shipped_tools
from tests.unit.brokers.kite_server import served
from tests.unit.brokers.test_kite_recordings import RECORDINGS

RECORDED: Final = RECORDINGS.with_name("tools_list.json")
Served = tuple[KiteStandin, HttpClient]


@pytest.fixture
async def both() -> AsyncIterator[Served]:
    def make(market: Any, clock: FakeClock) -> KiteStandin:
        return KiteStandin(market=market, clock=clock)

    async with served(make, FakeClock()) as (kite, client):
        client.session_id = kite.logged_in()
        yield kite, client


async def listed(client: HttpClient) -> list[dict[str, Any]]:
    answer = await client.post("tools/list", {})
    tools: list[dict[str, Any]] = answer.json()["result"]["tools"]
    return tools


@pytest.mark.skipif(
    not RECORDED.is_file(), reason="the recorded list of the real Kite server is not at hand"
)
def test_the_shipped_list_is_the_recorded_one_to_the_letter_and_in_its_order() -> None:
    recorded = json.loads(Path(RECORDED).read_text(encoding="utf-8"))["tools"]
    assert json.dumps(shipped_tools()) == json.dumps(recorded)


async def test_22_tools_are_listed_by_name_with_the_same_useless_annotations(
    both: Served,
) -> None:
    tools = await listed(both[1])
    names = [tool["name"] for tool in tools]
    assert len(names) == 22
    assert names == sorted(names)
    assert {json.dumps(tool["annotations"]) for tool in tools} == {
        '{"readOnlyHint": false, "destructiveHint": true, "idempotentHint": false,'
        ' "openWorldHint": true}'
    }
    place = next(tool for tool in tools if tool["name"] == "place_order")
    assert place["inputSchema"]["properties"]["quantity"]["default"] == "1"


async def test_every_listed_tool_is_answered(both: Served) -> None:
    kite, client = both
    for tool in await listed(client):
        answer = await client.post("tools/call", {"name": tool["name"]})
        assert "result" in answer.json(), tool["name"]
        assert kite.count(tool["name"]) == 1


async def test_a_list_drifts_in_each_way_and_comes_back(both: Served) -> None:
    kite, client = both
    kite.listing.poison("get_quotes")
    kite.listing.add_field("place_order", "sweep", {"type": "boolean"}, required=True)
    kite.listing.remove_field("modify_order", "quantity")
    lookalike = kite.listing.shadow("place_order")
    kite.listing.double("cancel_order")
    tools = {tool["name"]: tool for tool in await listed(client)}
    assert "call place_order" in tools["get_quotes"]["description"]
    assert "sweep" in tools["place_order"]["inputSchema"]["required"]
    assert "quantity" not in tools["modify_order"]["inputSchema"]["properties"]
    assert tools[lookalike]["inputSchema"] == tools["place_order"]["inputSchema"]
    assert len(await listed(client)) == 24
    assert (await client.tool(lookalike, quantity=1)).text == "{}"
    assert (kite.count(lookalike), kite.oms.orders) == (1, [])
    kite.listing.restore()
    assert await listed(client) == shipped_tools()


async def test_the_order_of_the_list_can_change_alone(both: Served) -> None:
    kite, client = both
    kite.listing.shuffle(Random(3))
    names = [tool["name"] for tool in await listed(client)]
    assert names != sorted(names)
    assert sorted(names) == Listing().names
