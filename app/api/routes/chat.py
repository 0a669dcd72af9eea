"""Chat: a message in, a turn's events or its result out."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from app.api.deps import Chatter, Reader, Running
from app.api.focus import CONTEXT_MAX, chosen_instrument
from app.api.idempotency import IdempotencyKey, once, run_once
from app.api.services import Services
from app.api.sse import resume_after, stream, wants_stream
from app.conversation.ending import TurnResult
from app.conversation.starting import TurnRequest
from app.errors import InvalidRequest
from app.identity.principal import Principal
from riskgate.contracts.base import Contract, Identifier
from riskgate.contracts.files import FILES_A_TURN
from riskgate.contracts.orders import ExecutionMode

router = APIRouter(prefix="/api/v1", tags=["chat"])

MESSAGE_MAX = 16_000


class ChatContext(Contract):
    """What the person is looking at."""

    focus_symbol: Annotated[str, StringConstraints(max_length=CONTEXT_MAX)] | None = None
    page: Annotated[str, StringConstraints(max_length=CONTEXT_MAX)] | None = None


class ChatRequest(Contract):
    """One message. `thread_id` continues a conversation; without it a new one begins.

    `files` are ids of one's own files that the message is about.
    """

    message: Annotated[str, Field(max_length=MESSAGE_MAX)]
    thread_id: Identifier | None = None
    account_id: Identifier | None = None
    context: ChatContext | None = None
    files: Annotated[tuple[Identifier, ...], Field(max_length=FILES_A_TURN)] = ()
    mode: ExecutionMode | None = None


@router.post("/chat", operation_id="chat", response_model=None)
async def chat(
    body: ChatRequest,
    request: Request,
    running: Running,
    user: Chatter,
    key: IdempotencyKey = None,
) -> Response:
    """Run one turn. With `Accept: text/event-stream` its events are streamed as they happen."""
    _check_mode(body.mode)
    turn = TurnRequest(
        message=body.message,
        thread_id=body.thread_id,
        account_id=body.account_id,
        focus_symbol=chosen_instrument(
            running, body.context.focus_symbol if body.context else None
        ),
        page=body.context.page if body.context else None,
        files=body.files,
    )
    payload = body.model_dump(mode="json")
    if wants_stream(request):

        async def begin(run_id: str | None) -> str:
            named = replace(turn, run_id=run_id)
            return (await running.conversation.start(user, named)).run_id

        run_id = await run_once(running, user, request, key, payload, begin)
        return stream(run_id, running.conversation.follow(user, run_id, after=0))

    async def act(run_id: str | None) -> dict[str, Any]:
        return await _run(running, user, replace(turn, run_id=run_id))

    return await once(running, user, request, key, payload, act)


@router.get("/runs/{run_id}/events", operation_id="run_events", response_model=None)
async def run_events(
    run_id: str,
    request: Request,
    running: Running,
    user: Reader,
    after: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Stream a run's events after the last one the client had; 204 when there are no more."""
    run = await running.conversation.owned_run(user, run_id)
    position = resume_after(request, run_id, after)
    if (
        run.status != "RUNNING"
        and position >= await running.conversation.last_seq(user, run_id)
        and await running.conversation.carried_on(user, run_id) is None
    ):
        return Response(status_code=204)
    return stream(run_id, running.conversation.follow(user, run_id, after=position))


@router.post("/runs/{run_id}/cancel", operation_id="cancel_run")
async def cancel_run(run_id: str, running: Running, user: Chatter) -> dict[str, Any]:
    """Stop a turn that has not begun to send orders."""
    run = await running.conversation.cancel(user, run_id)
    return {"ok": True, "run_id": run.run_id}


async def _run(running: Services, user: Principal, turn: TurnRequest) -> dict[str, Any]:
    run = await running.conversation.start(user, turn)
    return turn_answer(await running.conversation.result(user, run))


def turn_answer(result: TurnResult) -> dict[str, Any]:
    """Show what a turn came to."""
    trace = result.trace
    intent = next((step.inputs["intent"] for step in trace.replay if step.step == "plan"), None)
    return {
        "ok": True,
        "run_id": result.run.run_id,
        "thread_id": result.run.thread_id,
        "account_id": result.run.account_id,
        "decision_id": trace.decision_id,
        "outcome": trace.final_outcome.value,
        "error_code": trace.error_code,
        "intent": intent,
        "plan_id": trace.plan_id,
        "cards": [card.model_dump(mode="json") for card in result.cards],
        "orders": [order.model_dump(mode="json") for order in trace.orders_submitted],
        "reconciliation": (
            trace.reconciliation_result.model_dump(mode="json")
            if trace.reconciliation_result
            else None
        ),
        "message": result.message,
    }


def _check_mode(mode: ExecutionMode | None) -> None:
    if mode is ExecutionMode.LIVE:
        raise InvalidRequest(
            "a chat turn cannot be LIVE",
            code="MODE_NOT_AVAILABLE",
            remedy="Leave mode out: a paper account trades on paper, a live one is a dry run.",
        )
