"""The main job, end to end on the real database and the paper broker."""

from tests.integration.conftest import Desk


async def test_a_message_becomes_a_card_then_one_filled_reconciled_order(desk: Desk) -> None:
    async with desk.client() as client:
        turn = (
            await client.post("/api/v1/chat", json={"message": "buy 10 INFY at market, cnc"})
        ).json()
        card = turn["cards"][0]
        done = (await client.post(f"/api/v1/cards/{card['id']}/approve")).json()
        orders = (await client.get("/api/v1/orders")).json()["rows"]
        positions = (await client.get("/api/v1/positions")).json()["rows"]
        replay = (await client.post(f"/api/v1/decisions/{turn['decision_id']}/replay")).json()

    assert turn["outcome"] == "AWAITING_APPROVAL"
    assert card["provenance"]["sizing"]["text"] == "10"
    assert (done["outcome"], done["card"]["status"]) == ("EXECUTED", "APPROVED")
    assert [(order["state"], order["filled_quantity"]) for order in orders] == [("FILLED", "10")]
    assert [(row["quantity"], row["product"]) for row in positions] == [("10", "CNC")]
    assert done["reconciliation"]["deltas"] == []
    assert (replay["equal"], len(replay["steps"])) == (True, 3)
