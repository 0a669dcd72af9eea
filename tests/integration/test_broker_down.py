"""A broker that does not answer: reading goes on from the ledger, nothing is sent or erased."""

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.benches import a_bench
from tests.integration.checker import check
from tests.integration.conftest import Desk
from tests.integration.driving import BUY, counts, mock_of, say, trade


async def test_with_the_broker_down_a_trade_is_denied_and_nothing_is_half_written(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        await trade(client)
        before = counts(location)
        mock_of(mock_desk).go_down()
        answer = await say(client, BUY)

    assert (answer["outcome"], answer["error_code"]) == ("DENIED", "BROKER_UNAVAILABLE")
    assert (answer["plan_id"], answer["cards"]) == (None, [])
    assert counts(location) == before
    check(location, mock_of(mock_desk))


async def test_with_the_broker_down_positions_come_from_the_ledger_with_a_warning(
    mock_desk: Desk, location: DatabaseLocation
) -> None:
    async with mock_desk.client() as client:
        await trade(client)
        mock_of(mock_desk).go_down()
        answer = await say(client, "positions")
        listed = (await client.get("/api/v1/positions")).json()
        delivered = (await client.get("/api/v1/holdings")).json()
        compared = await client.post("/api/v1/reconcile")
        held = (await client.get("/api/v1/orders")).json()["rows"]

    assert (answer["outcome"], "does not answer" in answer["message"]) == ("ANSWERED", True)
    shown = answer["cards"][0]["fields"]["positions"]
    assert [(row["instrument"], row["quantity"]) for row in shown] == [("NSE:INFY", "10")]
    assert (listed["source"], [row["quantity"] for row in listed["rows"]]) == ("ledger", ["10"])
    # The page shows both lists as one: nothing may stand in both.
    assert (delivered["source"], delivered["rows"]) == ("ledger", [])
    assert "does not answer" in listed["warning"]
    assert (compared.status_code, compared.json()["code"]) == (503, "BROKER_UNAVAILABLE")
    assert [order["state"] for order in held] == ["FILLED"]
    check(location, mock_of(mock_desk))


async def test_positions_are_shown_without_gains_while_there_are_no_prices(
    settings: Settings, location: DatabaseLocation
) -> None:
    bench = a_bench()
    async with bench.desk(settings, location) as desk, desk.client() as client:
        await trade(client)
        priced = (await client.get("/api/v1/positions")).json()["rows"]
        bench.market.go_down()
        bare = (await client.get("/api/v1/positions")).json()["rows"]

    assert [(row["last"], row["unrealised_pnl"]) for row in priced] == [("1000", "0")]
    assert [(row["last"], row["unrealised_pnl"]) for row in bare] == [(None, None)]
    assert [row["quantity"] for row in bare] == ["10"]
