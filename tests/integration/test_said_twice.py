"""The same words said again are asked about, not doubled."""

from adapters.brokers.mock.script import Unavailable
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from tests.fakes.clock import FakeClock
from tests.integration.checker import check
from tests.integration.conftest import open_desk
from tests.integration.driving import BUY, approve, counts, mock_of, propose, say, trade


def asking(settings: Settings) -> Settings:
    """Return the settings as shipped, on the mock broker."""
    return settings.model_copy(update={"resend_window_s": 60, "broker": BrokerName.MOCK})


async def test_the_same_words_while_the_card_waits_are_asked_about(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(asking(settings), location) as desk, desk.client() as client:
        await propose(client)
        again = await say(client, "  Buy 10 INFY  at market, CNC ")

    assert (again["outcome"], again["error_code"]) == ("NEEDS_INPUT", "REPEATED_REQUEST")
    assert "still waits for your approval" in again["message"]
    assert again["cards"][0]["fields"]["choices"] == ["yes", "never mind"]
    assert counts(location)["plans"] == 1


async def test_the_same_words_after_the_fill_are_asked_about_and_a_yes_asks_a_second_time(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(asking(settings), location) as desk, desk.client() as client:
        await trade(client)
        again = await say(client, BUY)
        yes = await say(client, "yes", thread_id=again["thread_id"])
        check(location, mock_of(desk))

    assert "was approved" in again["message"]
    # The gate's own duplicate rule still has its say; what matters is that it was asked first.
    assert (yes["outcome"], counts(location)["orders"]) in {("DENIED", 1), ("AWAITING_APPROVAL", 1)}
    assert counts(location)["plans"] == 2


async def test_never_mind_drops_the_second_request(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(asking(settings), location) as desk, desk.client() as client:
        await propose(client)
        again = await say(client, BUY)
        dropped = await say(client, "never mind", thread_id=again["thread_id"])

    assert dropped["outcome"] == "ANSWERED"
    assert counts(location)["plans"] == 1


async def test_other_words_other_people_and_later_words_are_not_asked_about(
    settings: Settings, location: DatabaseLocation
) -> None:
    clock = FakeClock()
    async with open_desk(asking(settings), location, clock=clock) as desk, desk.client() as client:
        await propose(client)
        other = await say(client, "buy 11 INFY at market, cnc")
        clock.advance(seconds=61)
        later = await say(client, BUY)

    assert (other["outcome"], later["outcome"]) == ("AWAITING_APPROVAL", "AWAITING_APPROVAL")


async def test_what_never_reached_the_broker_may_be_said_again(
    settings: Settings, location: DatabaseLocation
) -> None:
    async with open_desk(asking(settings), location) as desk, desk.client() as client:
        mock_of(desk).script(Unavailable())
        first = await approve(client, await propose(client))
        again = await say(client, BUY)

    assert first.json()["outcome"] == "NOT_EXECUTED"
    assert again["outcome"] != "NEEDS_INPUT"
