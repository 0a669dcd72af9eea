"""AG-UI 1.0, rule by rule, on the real desk; `agui.check_rules` holds every run to all of them."""

from datetime import datetime, timedelta

import pytest

from adapters.ports import Clock
from app.clock import SystemClock
from app.conversation.starting import TurnRequest
from app.identity.principal import Role
from app.persistence.location import DatabaseLocation
from app.settings import Settings
from tests.integration.agui import Run, answer, read, run_input, send
from tests.integration.conftest import Desk, open_desk

ORDER = "buy 10 INFY at market, cnc"
APPROVE = {"approved": True}


class LateClock:
    """The system's clock, that a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._clock: Clock = SystemClock()

    def now(self) -> datetime:
        return self._clock.now() + self.ahead


async def card_of(desk: Desk, thread: str = "t1", run: str = "r1", words: str = ORDER) -> str:
    async with desk.client() as client:
        shown = await send(client, run_input(words, thread=thread, run=run))
    return str(shown.interrupts[0]["id"])


async def resume(desk: Desk, *entries: dict[str, object], run: str = "r2", **more: str) -> Run:
    async with desk.client() as client:
        return await send(client, run_input(ORDER, run=run, resume=list(entries), **more))


async def orders(desk: Desk) -> list[str]:
    async with desk.client() as client:
        rows = (await client.get("/api/v1/orders")).json()["rows"]
    return [row["state"] for row in rows]


async def cards(desk: Desk) -> list[tuple[str, str]]:
    async with desk.client() as client:
        rows = (await client.get("/api/v1/cards")).json()["rows"]
    return [(row["kind"], row["status"]) for row in rows]


def refusal(run: Run) -> str:
    """Return the code of a run that was refused, which does nothing else."""
    assert run.kinds == ["RUN_STARTED", "RUN_ERROR"]
    return str(run.last["code"])


async def test_an_order_runs_to_an_interrupt_with_its_card_and_both_snapshots(desk: Desk) -> None:
    async with desk.client() as client:
        run = await send(client, run_input(ORDER))
        card = (await client.get("/api/v1/approvals")).json()["rows"]

    steps = [event["stepName"] for event in run.of("STEP_STARTED")]
    assert steps == ["parse", "gather", "plan", "gate", "card", "explain"]
    [interrupt] = run.interrupts
    assert (interrupt["id"], interrupt["reason"]) == (card[0]["id"], "confirmation")
    assert interrupt["responseSchema"]["required"] == ["approved"]
    assert interrupt["expiresAt"] == card[0]["expires_at"]
    assert interrupt["metadata"]["card"]["fields"] == card[0]["fields"]
    [shown] = run.of("ACTIVITY_SNAPSHOT")
    assert (shown["activityType"], shown["messageId"]) == ("trade_plan", interrupt["id"])
    assert shown["content"]["id"] == interrupt["id"]
    assert run.of("STATE_SNAPSHOT")[0]["snapshot"]["outcome"] == "AWAITING_APPROVAL"
    said = run.of("MESSAGES_SNAPSHOT")[0]["messages"]
    assert [message["role"] for message in said] == ["user", "assistant"]
    assert said[1]["content"] == run.of("TEXT_MESSAGE_CONTENT")[0]["delta"]
    assert said[1]["id"] == run.of("TEXT_MESSAGE_START")[0]["messageId"]


async def test_tool_calls_have_ids_of_their_own_arguments_and_results(desk: Desk) -> None:
    async with desk.client() as client:
        run = await send(client, run_input(ORDER))
    started = [event["toolCallId"] for event in run.of("TOOL_CALL_START")]
    assert len(started) == len(set(started)) >= 4
    assert [event["toolCallId"] for event in run.of("TOOL_CALL_ARGS")] == started
    assert [event["toolCallId"] for event in run.of("TOOL_CALL_END")] == started
    assert [event["toolCallId"] for event in run.of("TOOL_CALL_RESULT")] == started


async def test_events_are_numbered_and_can_be_had_again(desk: Desk) -> None:
    async with desk.client() as client:
        run = await send(client, run_input(ORDER))
        rest = await client.get(
            "/api/v1/runs/r1/events",
            headers={"Accept": "text/event-stream", "Last-Event-ID": "r1:3"},
        )
    assert list(run.ids) == [f"r1:{number}" for number in range(1, len(run.events) + 1)]
    assert read(rest.text).events == run.events[3:]


async def test_an_approval_resumes_the_turn_to_one_filled_order(desk: Desk) -> None:
    card = await card_of(desk)
    run = await resume(desk, answer(card, payload=APPROVE))

    assert run.events[0]["threadId"] == "t1"
    assert [event["stepName"] for event in run.of("STEP_STARTED")] == [
        "execute",
        "reconcile",
        "explain",
    ]
    assert run.last["outcome"] == {"type": "success"}
    assert run.last["result"]["outcome"] == "EXECUTED"
    assert [order["state"] for order in run.last["result"]["orders"]] == ["FILLED"]
    assert "request_approval" not in {event["toolCallName"] for event in run.of("TOOL_CALL_START")}
    assert await orders(desk) == ["FILLED"]


@pytest.mark.parametrize(
    ("status", "payload"),
    [
        ("cancelled", None),
        ("resolved", {"approved": False, "comment": "too dear"}),
        ("resolved", {}),
        ("resolved", None),
        ("resolved", {"approved": "yes"}),
    ],
)
async def test_anything_but_a_plain_yes_is_a_no(
    desk: Desk, status: str, payload: dict[str, object] | None
) -> None:
    card = await card_of(desk)
    run = await resume(desk, answer(card, status, payload))
    assert run.last["outcome"] == {"type": "success"}
    assert run.last["result"]["outcome"] == "REJECTED_BY_USER"
    assert ("trade_plan", "REJECTED") in await cards(desk)
    assert await orders(desk) == []


async def test_changed_arguments_are_refused_and_the_card_stays_open(desk: Desk) -> None:
    card = await card_of(desk)
    payload = {"approved": True, "editedArgs": {"quantity": "500"}}
    assert refusal(await resume(desk, answer(card, payload=payload))) == "CARD_EDIT_NOT_ALLOWED"
    assert await cards(desk) == [("trade_plan", "PENDING")]
    assert await orders(desk) == []


async def test_a_resume_must_name_exactly_the_open_interrupt(desk: Desk) -> None:
    card = await card_of(desk)
    yes = answer(card, payload=APPROVE)
    unknown = answer("crd_unknown", payload=APPROVE)
    assert refusal(await resume(desk, yes, unknown)) == "RESUME_INVALID"
    assert refusal(await resume(desk, yes, yes)) == "RESUME_INVALID"
    assert refusal(await resume(desk, unknown)) == "NOT_FOUND"
    assert refusal(await resume(desk, yes, thread="t2")) == "RESUME_INVALID"
    assert await cards(desk) == [("trade_plan", "PENDING")]
    assert await orders(desk) == []


async def test_another_users_interrupt_cannot_be_resumed(desk: Desk) -> None:
    card = await card_of(desk)
    identity = desk.container.identity
    await identity.create_user("main", "other", frozenset({Role.TRADER}))
    key = await identity.create_key("main", "other")
    async with desk.client(key) as client:
        body = run_input(ORDER, run="r2", resume=[answer(card, payload=APPROVE)])
        run = await send(client, body)
    assert refusal(run) == "NOT_FOUND"
    assert await orders(desk) == []


async def test_a_run_id_that_is_taken_approves_nothing(desk: Desk) -> None:
    card = await card_of(desk)
    assert refusal(await resume(desk, answer(card, payload=APPROVE), run="r1")) == "RUN_ID_TAKEN"
    assert await cards(desk) == [("trade_plan", "PENDING")]
    assert await orders(desk) == []


async def test_a_late_resume_is_an_error_and_a_repeated_one_replays(desk: Desk) -> None:
    card = await card_of(desk)
    first = await resume(desk, answer(card, payload=APPROVE))
    again = await resume(desk, answer(card, payload=APPROVE))
    late = await resume(desk, answer(card, payload=APPROVE), run="r3")
    changed = await resume(desk, answer(card, "cancelled"), run="r4")
    assert again.events == first.events
    assert refusal(late) == "RESUME_LATE"
    assert refusal(changed) in {"RESUME_LATE", "CARD_ALREADY_DECIDED"}
    assert await orders(desk) == ["FILLED"]


async def test_a_card_whose_time_is_over_is_not_approved(
    settings: Settings, location: DatabaseLocation
) -> None:
    clock = LateClock()
    async with open_desk(settings, location, clock=clock) as desk:
        card = await card_of(desk)
        clock.ahead = timedelta(seconds=settings.card_ttl_s + 1)
        run = await resume(desk, answer(card, payload=APPROVE))
        assert run.last["result"]["error_code"] == "CARD_EXPIRED"
        assert await orders(desk) == []


async def test_a_question_is_an_interrupt_that_a_value_answers(desk: Desk) -> None:
    async with desk.client() as client:
        asked = await send(client, run_input("buy INFY at market, cnc"))
        [interrupt] = asked.interrupts
        assert interrupt["reason"] == "input_required"
        assert interrupt["responseSchema"]["required"] == ["value"]
        body = run_input("x", run="r2", resume=[answer(interrupt["id"], payload={"value": "10"})])
        answered = await send(client, body)
        late = await send(client, {**body, "runId": "r3"})
    [plan] = answered.of("ACTIVITY_SNAPSHOT")
    assert plan["content"]["fields"]["legs"][0]["quantity"] == "10"
    assert answered.interrupts[0]["reason"] == "confirmation"
    assert refusal(late) == "RESUME_LATE"


@pytest.mark.parametrize("payload", [None, {}, {"value": ""}, {"value": 10}, "10"])
async def test_an_answer_without_a_value_leaves_the_question_open(
    desk: Desk, payload: object
) -> None:
    question = await card_of(desk, words="buy INFY at market, cnc")
    assert refusal(await resume(desk, answer(question, payload=payload))) == "RESUME_INVALID"
    assert await cards(desk) == [("question", "PENDING")]


async def test_a_question_can_be_dropped(desk: Desk) -> None:
    question = await card_of(desk, words="buy INFY at market, cnc")
    run = await resume(desk, answer(question, "cancelled"))
    assert run.last["outcome"] == {"type": "success"}
    assert ("question", "PENDING") not in await cards(desk)
    assert await orders(desk) == []


async def test_a_repeated_run_id_replays_the_same_run(desk: Desk) -> None:
    async with desk.client() as client:
        first = await send(client, run_input(ORDER))
        again = await send(client, run_input(ORDER))
        other = await send(client, run_input("buy 500 TCS at market, cnc"))
        decisions = (await client.get("/api/v1/decisions")).json()["rows"]
    assert again.events == first.events
    assert refusal(other) == "RUN_ID_TAKEN"
    assert len(decisions) == 1
    assert await cards(desk) == [("trade_plan", "PENDING")]


async def test_an_approval_sent_as_soon_as_the_card_shows_is_carried_out(desk: Desk) -> None:
    conversation = desk.container.conversation
    async with desk.client() as client:
        owner = await desk.container.identity.authenticate(desk.owner_key)
        run = await conversation.start(owner, TurnRequest(message=ORDER, thread_id="t1"))
        async for event in conversation.follow(owner, run.run_id, after=0):
            if event.kind == "ACTIVITY_SNAPSHOT":
                break
        [card] = (await client.get("/api/v1/approvals")).json()["rows"]
        done = (await client.post(f"/api/v1/cards/{card['id']}/approve")).json()
    assert done["outcome"] == "EXECUTED"
    assert await orders(desk) == ["FILLED"]


async def test_a_denied_turn_finishes_without_an_interrupt(desk: Desk) -> None:
    async with desk.client() as client:
        run = await send(client, run_input("buy 9999999 INFY at market, cnc"))
    assert run.last["outcome"] == {"type": "success"}
    assert run.last["result"]["outcome"] == "DENIED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"messages": []}, "INVALID_PARAM"),
        ({"threadId": "a b"}, "INVALID_PARAM"),
        ({"runId": "x" * 65}, "INVALID_PARAM"),
        ({"forwardedProps": {"account_id": "nobody's"}}, "NOT_FOUND"),
    ],
)
async def test_a_request_that_cannot_be_run_is_a_run_error(
    desk: Desk, changes: dict[str, object], code: str
) -> None:
    async with desk.client() as client:
        run = await send(client, {**run_input(ORDER), **changes})
    assert refusal(run) == code


async def test_without_a_key_nothing_runs(desk: Desk) -> None:
    async with desk.client("st_wrong") as client:
        response = await client.post("/agui", json=run_input(ORDER))
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHORIZED")
