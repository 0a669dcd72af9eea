"""Threads: the conversations a person had, to read again and to go on with."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import Paging, Reader, Running
from app.conversation.history import PastTurn, past_turns, title_of
from app.errors import NotFound
from app.persistence import threads
from app.persistence.threads import ThreadRecord
from riskgate.contracts.base import Identifier

router = APIRouter(prefix="/api/v1", tags=["threads"])


@router.get("/threads", operation_id="list_threads")
async def list_threads(
    running: Running,
    user: Reader,
    page: Paging,
    account_id: Annotated[Identifier | None, Query()] = None,
) -> dict[str, Any]:
    """List one's own conversations, the one last talked in first."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await threads.list_threads(
            session,
            user_id=user.user_id,
            account_id=account_id,
            limit=page.limit + 1,
            offset=page.offset,
        )
    return page.envelope([_thread(each) for each in found])


@router.get("/threads/{thread_id}", operation_id="get_thread")
async def get_thread(
    thread_id: str, running: Running, user: Reader, page: Paging
) -> dict[str, Any]:
    """Show a conversation of one's own: its turns, newest first, with what they said and showed."""
    async with running.database.tenant(user.tenant_id) as session:
        thread = await threads.find_thread(session, thread_id=thread_id, user_id=user.user_id)
        if thread is None:
            raise NotFound(f"there is no thread {thread_id}")
        turns = await past_turns(
            session,
            thread_id,
            limit=page.limit + 1,
            offset=page.offset,
            at=running.clock.now(),
        )
    return {**page.envelope([_turn(each) for each in turns]), "thread": _thread(thread)}


def _thread(thread: ThreadRecord) -> dict[str, Any]:
    return {
        "thread_id": thread.thread_id,
        "title": title_of(thread.first_words),
        "account_id": thread.account_id,
        "created_at": thread.created_at,
        "last_active_at": thread.updated_at,
        "running": thread.running,
    }


def _turn(turn: PastTurn) -> dict[str, Any]:
    run = turn.run
    return {
        "run_id": run.run_id,
        "origin_run_id": run.origin_run_id,
        "decision_id": run.decision_id,
        "account_id": run.account_id,
        "status": run.status,
        "outcome": run.outcome,
        "started_at": run.created_at,
        "ended_at": run.finished_at,
        "messages": [
            {
                "message_id": message.message_id,
                "role": message.role,
                "content": message.content,
                "created_at": message.created_at,
            }
            for message in turn.said
        ],
        "files": [{"file_id": each.file_id, "name": each.name} for each in turn.files],
        "cards": [card.model_dump(mode="json") for card in turn.cards],
    }
