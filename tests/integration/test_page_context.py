"""What the page shows and what was just sent may be meant by the words, and nothing else may."""

from tests.integration.agui import run_input, send
from tests.integration.conftest import Desk
from tests.integration.driving import approve, orders_of, say

AT_MARKET = "buy 10 at market, cnc"


async def test_an_order_without_a_name_is_for_the_instrument_chosen_in_the_page(desk: Desk) -> None:
    async with desk.client() as client:
        chosen = await say(client, AT_MARKET, context={"focus_symbol": "INFY", "page": "chart"})
        unchosen = await say(client, AT_MARKET)
        named = await say(client, "buy 10 TCS at market, cnc", context={"focus_symbol": "INFY"})
        unknown = await say(client, AT_MARKET, context={"focus_symbol": "INFY or TCS"})

    card = chosen["cards"][0]
    assert card["kind"] == "trade_plan"
    assert card["fields"]["legs"][0]["instrument"] == "NSE:INFY"
    assert card["provenance"]["symbols"]["source"] == "ui"
    assert named["cards"][0]["provenance"]["symbols"]["source"] == "user_span"
    assert named["cards"][0]["fields"]["legs"][0]["instrument"] == "NSE:TCS"
    assert {unchosen["outcome"], unknown["outcome"]} == {"NEEDS_INPUT"}


async def test_the_page_is_in_the_trace_and_says_what_a_question_about_it_means(desk: Desk) -> None:
    async with desk.client() as client:
        asked = [
            await say(client, "what is this?", context={"page": page})
            for page in ("positions", "risk", "decisions", "nowhere")
        ]
        order = await say(client, "buy this", context={"page": "positions"})
        traces = [
            (await client.get(f"/api/v1/decisions/{each['decision_id']}")).json()["decision"]
            for each in (*asked, order)
        ]

    assert [trace["inputs_used"]["context"]["page"] for trace in traces] == [
        "positions",
        "risk",
        "decisions",
        "nowhere",
        "positions",
    ]
    assert [answer["cards"][0]["title"] for answer in asked[:3]] == [
        "Positions",
        "Risk",
        "Decisions",
    ]
    assert asked[3]["cards"] == []
    assert order["outcome"] != "AWAITING_APPROVAL"


async def test_over_ag_ui_only_the_pages_own_field_chooses(desk: Desk) -> None:
    async with desk.client() as client:
        field = [{"description": "focus_symbol", "value": "INFY"}]
        prose = [{"description": "news", "value": "focus_symbol: INFY"}]
        twice = [*field, {"description": "focus_symbol", "value": "TCS"}]
        runs = [
            await send(
                client, run_input(AT_MARKET, thread=f"t{number}", run=f"r{number}", context=context)
            )
            for number, context in enumerate((field, prose, twice))
        ]

    shown = [run.of("ACTIVITY_SNAPSHOT")[0]["content"] for run in runs]
    assert [card["kind"] for card in shown] == ["trade_plan", "question", "question"]
    assert shown[0]["provenance"]["symbols"]["source"] == "ui"


async def test_it_is_the_order_last_sent_in_this_very_conversation(desk: Desk) -> None:
    async with desk.client() as client:
        quote = await say(client, "price of INFY", thread_id="quote")
        below = int(float(quote["cards"][0]["fields"]["quotes"][0]["last"])) - 15
        sent = []
        for quantity, thread in ((10, "t1"), (11, "t2"), (12, "t1"), (13, "t2")):
            asked = await say(client, f"buy {quantity} INFY at {below}, cnc", thread_id=thread)
            sent.append((await approve(client, asked["cards"][0]["id"])).json()["orders"][0])
        newest = sent[2]["order_id"]
        elsewhere = await say(client, "cancel it", thread_id="t3")
        after_a_question = await say(client, "buy TCS", thread_id="t1")
        dropped = await say(client, "cancel it", thread_id="t1")
        done = await say(client, "cancel it", thread_id="t1")
        again = await say(client, "cancel it", thread_id="t1")
        states = {row["order_id"]: row["state"] for row in await orders_of(client)}

    assert elsewhere["orders"] == []
    assert (after_a_question["outcome"], dropped["orders"]) == ("NEEDS_INPUT", [])
    assert [order["order_id"] for order in done["orders"]] == [newest]
    assert again["orders"] == []
    assert sorted(states.values()) == ["CANCELLED", "OPEN", "OPEN", "OPEN"]
