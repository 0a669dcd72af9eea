"""An exit leaves what is held; it never turns into a position the other way."""

from decimal import Decimal
from typing import Any

import httpx

from app.identity.principal import OWNER_TENANT
from app.persistence import accounts
from tests.integration.conftest import Desk


async def _card(client: httpx.AsyncClient, words: str) -> dict[str, Any]:
    turn = (await client.post("/api/v1/chat", json={"message": words})).json()
    card: dict[str, Any] = turn["cards"][0]
    return card


async def _approve(client: httpx.AsyncClient, card: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.post(f"/api/v1/cards/{card['id']}/approve")).json()
    return answer


async def test_two_exits_of_one_position_sell_it_once(desk: Desk) -> None:
    async with desk.client() as client:
        await _approve(client, await _card(client, "buy 10 INFY at market, mis"))
        first = await _card(client, "sell all my INFY mis")
        second = await _card(client, "sell all my INFY mis")
        done = await _approve(client, first)
        refused = await _approve(client, second)
        positions = (await client.get("/api/v1/positions")).json()["rows"]

    assert done["outcome"] == "EXECUTED"
    assert (refused["outcome"], refused["card"]["status"]) == ("NOT_EXECUTED", "VOID")
    assert "PLAN-003" in refused["message"]
    assert [Decimal(row["quantity"]) for row in positions] == []


async def test_a_card_is_void_once_its_account_only_observes(desk: Desk) -> None:
    async with desk.client() as client:
        card = await _card(client, "buy 10 INFY at market, cnc")
        async with desk.container.database.tenant(OWNER_TENANT) as session:
            await accounts.set_mode(session, account_id=card["account_id"], mode="OBSERVE")
        refused = await _approve(client, card)
        orders = (await client.get("/api/v1/orders")).json()["rows"]

    assert (refused["error_code"], refused["card"]["status"]) == ("ACCOUNT_OBSERVES", "VOID")
    assert orders == []
