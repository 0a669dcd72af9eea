"""Hosts at the server: the journey of docs/howto/mcp.md by the Inspector, and restarts."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from tests.e2e.browsing import CHROMIUM
from tests.e2e.mcp_page import approve_in_the_page, sign_in_at
from tests.inspector import Inspector
from tests.servers import REPO, Server

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "mcp.md"
GOLDEN = Path(__file__).parents[1] / "golden" / "mcp" / "tools_list.json"
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
TRANSPORTS = ("stdio", "http")
# The same words a moment later would be taken for a repetition.
SIZES = {"stdio": 10, "http": 20}


@pytest.fixture(scope="module")
def service_key(server: Server) -> str:
    """A key as the how-to has one made: of a program that can never approve."""
    made = server.command("user", "create", "claude", "--role", "service")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip().removeprefix("API key: ")


@pytest.fixture(params=TRANSPORTS)
def inspector(
    request: pytest.FixtureRequest, server: Server, service_key: str, tmp_path: Path
) -> Inspector:
    config = documented()[str(request.param)]
    return Inspector(config=filled_in(config, server, service_key), folder=tmp_path)


def documented() -> dict[str, dict[str, Any]]:
    """Return the how-to's two host configurations."""
    found = [json.loads(block) for block in BLOCK.findall(HOWTO.read_text(encoding="utf-8"))]
    assert len(found) == len(TRANSPORTS)
    return dict(zip(TRANSPORTS, found, strict=True))


def filled_in(config: Mapping[str, Any], server: Server, key: str) -> dict[str, Any]:
    """Put this server's address, key and command where the how-to has examples."""
    text = json.dumps(config)
    for example, real in (
        ("http://127.0.0.1:8080", server.url),
        ("st_...", key),
        (
            "/path/to/SigmaTrader/.venv/bin/sigmatrader",
            f"{Path(sys.executable).parent}/sigmatrader",
        ),
    ):
        text = text.replace(example, real)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_who_opens_a_cards_address_signs_in_first_and_then_sees_the_card(
    server: Server, service_key: str, tmp_path: Path
) -> None:
    config = filled_in(documented()["http"], server, service_key)
    inspector = Inspector(config=config, folder=tmp_path)
    card = inspector.call("propose_trade", message="buy 30 INFY at market, cnc")["proposal"]
    sign_in_at(server, card["approve_url"], card["card_id"])


def host(server: Server, **more: str) -> StdioServerParameters:
    """How a host starts the command."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "app.cli", "mcp", "--url", server.url],
        env={**os.environ, "SIGMATRADER_API_KEY": server.key, **more},
        cwd=REPO,
    )


def test_both_transports_list_the_same_tools_and_no_schema_is_hard_for_a_client(
    inspector: Inspector,
) -> None:
    listed = inspector.try_to("tools/list", "--strict")
    assert listed.returncode == 0, listed.stderr
    assert "warning" not in listed.stderr.lower()
    assert json.loads(listed.stdout) == json.loads(GOLDEN.read_text(encoding="utf-8")), (
        "python -m tests.golden.mcp"
    )


def test_positions_are_asked_for_a_plan_is_proposed_a_person_approves_and_the_order_is_there(
    inspector: Inspector, server: Server
) -> None:
    assert inspector.call("view_account")["source"] == "paper"
    size = SIZES[inspector.transport]
    proposed = inspector.call("propose_trade", message=f"buy {size} INFY at market, cnc")
    assert proposed["outcome"] == "AWAITING_APPROVAL", proposed
    card = proposed["proposal"]
    assert card["status"] == "PENDING"

    shown = approve_in_the_page(server, card["approve_url"], card["card_id"])
    assert shown["fields"]["proposed_by"]["user"] == "claude"
    assert shown["decided_by"] != shown["user_id"]

    assert inspector.call("get_proposal", card_id=card["card_id"])["status"] == "APPROVED"
    orders = inspector.call("list_orders")["rows"]
    ours = [row for row in orders if row["plan_id"] == card["plan_id"]]
    assert [(row["state"], row["filled_quantity"]) for row in ours] == [("FILLED", str(size))]


def test_a_tool_that_refuses_is_an_error_to_the_host(
    server: Server, service_key: str, tmp_path: Path
) -> None:
    config = filled_in(documented()["http"], server, service_key)
    refused = Inspector(config=config, folder=tmp_path).try_to(
        "tools/call", "--tool-name", "get_quotes", "--tool-arg", 'instruments=["NOSUCH"]'
    )
    assert refused.returncode == 5
    problem = json.loads(json.loads(refused.stdout)["content"][0]["text"])
    assert problem["code"] == "SYMBOL_UNKNOWN"


async def test_a_host_goes_on_where_the_server_was_started_again(server: Server) -> None:
    async with Client(host(server), mode="legacy") as client:
        first = await client.call_tool("list_accounts", {})
        server.stop()
        with pytest.raises(MCPError, match="does not answer"):
            await client.call_tool("list_accounts", {})
        server.start()
        again = await client.call_tool("list_accounts", {})
        refused = await client.call_tool("get_quotes", {"instruments": []})
    async with Client(host(server, SIGMATRADER_API_KEY="st_" + "w" * 43)) as stranger:
        with pytest.raises(MCPError, match="unknown, expired or revoked"):
            await stranger.call_tool("list_accounts", {})
    assert first.structured_content == again.structured_content
    assert refused.is_error
