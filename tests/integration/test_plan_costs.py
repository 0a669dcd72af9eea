"""What the card says a plan costs is what the paper broker takes for it."""

from decimal import Decimal
from typing import Any

import pytest

from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.driving import MOCK_ACCOUNT, approve, say
from tests.integration.test_pairs import PaperWorld, open_world


async def cash(world: PaperWorld) -> Decimal:
    margins = (await world.broker.get_snapshot(MOCK_ACCOUNT)).margins
    assert margins is not None
    return margins.equity


async def card_of(world: PaperWorld, words: str) -> dict[str, Any]:
    """Ask for a trade, approve it, and return its card as it was shown."""
    async with world.desk.client() as client:
        card: dict[str, Any] = (await say(client, words))["cards"][-1]
        await approve(client, card["id"])
    return card


@pytest.mark.parametrize(
    ("product", "leaves"), [("cnc", "exit infy cnc"), ("mis", "sell 100 infy at market, mis")]
)
async def test_the_bill_on_the_card_is_what_entering_and_leaving_really_cost(
    settings: Settings, location: DatabaseLocation, product: str, leaves: str
) -> None:
    """The market stands still, so all that is gone is charges."""
    async with open_world(settings, location) as world:
        before = await cash(world)
        entry = await card_of(world, f"buy 100 INFY at market, {product}")
        held = await cash(world)
        leave = await card_of(world, leaves)
        after = await cash(world)

    bill, exit_bill = entry["fields"]["cost"], leave["fields"]["cost"]
    assert before - held == Decimal(bill["total"])
    assert held - after == Decimal(exit_bill["total"]) == Decimal(bill["leaving"])
    assert (exit_bill["leaving"], exit_bill["breakeven_price"]) == (None, None)
    assert sum(Decimal(line["amount"]) for line in bill["lines"]) == Decimal(bill["total"])


async def test_the_card_and_the_veto_show_what_is_at_risk_before_and_after(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_world(settings, location) as world:
        await card_of(world, "buy 100 INFY at market, cnc")
        async with world.desk.client() as client:
            card = (await say(client, "buy 50 INFY at market, cnc"))["cards"][-1]
            veto = (await say(client, "buy 900 INFY at market, cnc"))["cards"][-1]

    position = card["fields"]["exposure"]["rows"][-1]
    assert (position["of"], position["before"], position["after"]) == (
        "POSITION",
        "100000",
        "150000",
    )
    limit = Decimal(position["limit"])
    assert limit == Decimal(card["fields"]["exposure"]["equity"]) / 4
    refused = veto["fields"]["exposure"]["rows"][-1]
    assert veto["kind"] == "veto"
    assert Decimal(refused["after"]) > Decimal(refused["limit"])
