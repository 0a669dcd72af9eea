"""Resting orders are cancelled by chat or route, and fills before the cancel stand."""

from typing import Any

import httpx

from tests.integration.conftest import Desk


async def _resting_order(client: httpx.AsyncClient) -> dict[str, Any]:
    price = (await client.get("/api/v1/instruments", params={"query": "INFY"})).json()
    assert price["exact"]
    quote = (await client.post("/api/v1/chat", json={"message": "price of INFY"})).json()
    last = float(quote["cards"][0]["fields"]["quotes"][0]["last"])
    below = f"{int(last) - 15}"
    words = {"message": f"buy 10 INFY at {below}, cnc"}
    turn = (await client.post("/api/v1/chat", json=words)).json()
    card = turn["cards"][0]
    done = (await client.post(f"/api/v1/cards/{card['id']}/approve")).json()
    order: dict[str, Any] = done["orders"][0]
    return order


async def test_a_resting_order_is_cancelled_by_its_route_once(desk: Desk) -> None:
    async with desk.client() as client:
        order = await _resting_order(client)
        path = f"/api/v1/orders/{order['order_id']}/cancel"
        first = (await client.post(path)).json()
        second = await client.post(path)

    assert order["state"] == "OPEN"
    assert first["order"]["state"] == "CANCELLED"
    assert (second.status_code, second.json()["code"]) == (409, "ORDER_NOT_OPEN")


async def test_a_resting_order_is_cancelled_in_words(desk: Desk) -> None:
    async with desk.client() as client:
        order = await _resting_order(client)
        none = (await client.post("/api/v1/chat", json={"message": "cancel my TCS order"})).json()
        done = (await client.post("/api/v1/chat", json={"message": "cancel my INFY order"})).json()
        rows = (await client.get("/api/v1/orders")).json()["rows"]

    assert (none["outcome"], none["error_code"]) == ("NOT_EXECUTED", "NO_OPEN_ORDER")
    assert done["outcome"] == "EXECUTED"
    assert [(row["order_id"], row["state"]) for row in rows] == [(order["order_id"], "CANCELLED")]
