"""AG-UI 1.0: one POST that runs a turn or resumes one, answered with its events."""

from collections.abc import AsyncIterator

from ag_ui.core import DocumentPart, FileSource, ResumeEntry, RunAgentInput, UserMessage
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import JsonValue, TypeAdapter, ValidationError

from app.api.deps import Chatter, Running
from app.api.focus import CONTEXT_MAX, chosen_instrument
from app.api.services import Services
from app.api.sse import stream
from app.conversation import agui_events
from app.conversation.event_log import NumberedEvent
from app.conversation.starting import TurnRequest
from app.errors import AppError, InvalidRequest, NotFound, Unprocessable
from app.identity.principal import Principal
from app.persistence.runs import RunRecord
from riskgate.contracts.base import Identifier
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.files import FILES_A_TURN

router = APIRouter(tags=["agui"])

ID = TypeAdapter(Identifier)


@router.post("/agui", operation_id="agui", response_model=None)
async def agui(body: RunAgentInput, running: Running, user: Chatter) -> Response:
    """Run a turn for the newest user message, or resume the turn an interrupt waits for.

    A request that cannot be run is answered with RUN_STARTED and RUN_ERROR, as clients expect.
    """
    try:
        _check_ids(body)
        run = (
            await _resume(running, user, body) if body.resume else await _start(running, user, body)
        )
    except AppError as error:
        return stream(body.run_id, _refused(body, error))
    return stream(run.run_id, running.conversation.follow(user, run.run_id, after=0))


async def _start(running: Services, user: Principal, body: RunAgentInput) -> RunRecord:
    props = body.forwarded_props if isinstance(body.forwarded_props, dict) else {}
    return await running.conversation.start(
        user,
        TurnRequest(
            message=_newest_words(body),
            thread_id=body.thread_id,
            run_id=body.run_id,
            account_id=_text(props.get("account_id")),
            focus_symbol=chosen_instrument(running, _context(body, "focus_symbol")),
            page=_context(body, "page"),
            files=_files(body),
        ),
    )


async def _resume(running: Services, user: Principal, body: RunAgentInput) -> RunRecord:
    entries = body.resume or []
    if len(entries) != 1:
        raise Unprocessable(
            f"a turn waits for one decision, the resume had {len(entries)}",
            code="RESUME_INVALID",
            remedy="Resume with exactly the open interrupt of the run.",
        )
    entry = entries[0]
    record = await running.decisions.find(user.tenant_id, entry.interrupt_id)
    if record.user_id != user.user_id and not user.oversees:
        raise NotFound(f"there is no interrupt {entry.interrupt_id}")
    if record.card.thread_id != body.thread_id:
        raise Unprocessable("the interrupt is of another thread", code="RESUME_INVALID")
    payload = entry.payload if isinstance(entry.payload, dict) else {}
    if record.card.kind is CardKind.QUESTION:
        return await _answer(running, user, body, entry, payload, record.card.status)
    return await _decide(running, user, body, entry, payload)


async def _answer(
    running: Services,
    user: Principal,
    body: RunAgentInput,
    entry: ResumeEntry,
    payload: dict[str, JsonValue],
    status: CardStatus,
) -> RunRecord:
    if status is not CardStatus.PENDING:
        raise Unprocessable("the question was answered already", code="RESUME_LATE")
    words = "never mind" if entry.status == "cancelled" else _text(payload.get("value"))
    if words is None:
        raise Unprocessable("the answer has no value", code="RESUME_INVALID")
    request = TurnRequest(message=words, thread_id=body.thread_id, run_id=body.run_id)
    return await running.conversation.start(user, request)


async def _decide(
    running: Services,
    user: Principal,
    body: RunAgentInput,
    entry: ResumeEntry,
    payload: dict[str, JsonValue],
) -> RunRecord:
    if payload.get("editedArgs"):
        raise Unprocessable(
            "a card cannot be approved with changes",
            code="CARD_EDIT_NOT_ALLOWED",
            remedy="Reject it and say what you want instead.",
        )
    approve = entry.status == "resolved" and payload.get("approved") is True
    decision, run = await running.conversation.decide(
        user,
        entry.interrupt_id,
        approve=approve,
        comment=_text(payload.get("comment")),
        run_id=body.run_id,
        acknowledge_risk=payload.get("acknowledge_risk") is True,
    )
    if run is None:
        refusal = decision.refusal
        raise Unprocessable(
            refusal.message if refusal else "the card was decided already",
            code=refusal.code if refusal else "RESUME_LATE",
            remedy=refusal.remedy if refusal else None,
        )
    if run.run_id != body.run_id:
        raise Unprocessable(f"run {run.run_id} decided the card already", code="RESUME_LATE")
    return run


def _context(body: RunAgentInput, name: str) -> str | None:
    """Return what the page says it shows under a name of ours; anything else is not read."""
    found = [entry.value for entry in body.context or () if entry.description == name]
    return found[0][:CONTEXT_MAX] if len(found) == 1 and found[0] else None


def _newest_words(body: RunAgentInput) -> str:
    for message in reversed(body.messages):
        if isinstance(message, UserMessage):
            if isinstance(message.content, str):
                return message.content
            texts = [part.text for part in message.content if part.type == "text"]
            return "\n".join(texts)
    raise InvalidRequest("the input has no user message")


def _files(body: RunAgentInput) -> tuple[str, ...]:
    """Return the ids of our own files that the newest user message carries as documents.

    Bytes and addresses in a message are not taken: a file is attached by its own route first.
    """
    newest = next((each for each in reversed(body.messages) if isinstance(each, UserMessage)), None)
    parts = newest.content if newest is not None and not isinstance(newest.content, str) else ()
    sources = [part.source for part in parts if isinstance(part, DocumentPart)]
    ids = tuple(source.value for source in sources if isinstance(source, FileSource))
    if len(ids) > FILES_A_TURN:
        raise InvalidRequest(f"a message may name {FILES_A_TURN} files, this one names {len(ids)}")
    return ids


def _check_ids(body: RunAgentInput) -> None:
    for name, value in (("threadId", body.thread_id), ("runId", body.run_id)):
        try:
            ID.validate_python(value)
        except ValidationError as bad:
            raise InvalidRequest(
                f"{name} must be 1 to 64 letters, digits, '_', '-' or '.'"
            ) from bad


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


async def _refused(body: RunAgentInput, error: AppError) -> AsyncIterator[NumberedEvent]:
    events = (
        agui_events.started(body.thread_id, body.run_id),
        agui_events.failed(f"{error.message}. {error.remedy}", error.code),
    )
    for number, event in enumerate(events, start=1):
        text = event.model_dump_json(by_alias=True, exclude_none=True)
        yield NumberedEvent(number, event.type.value, text)
