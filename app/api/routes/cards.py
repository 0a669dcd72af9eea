"""Cards, and a person's decision on them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, JsonValue, StringConstraints

from app.api.deps import Decider, Paging, Reader, Running
from app.api.idempotency import IdempotencyKey, once, run_once
from app.api.routes.chat import turn_answer
from app.api.services import Services
from app.api.sse import stream, wants_stream
from app.errors import AppError, Conflict, Forbidden, NotFound, Unavailable, Unprocessable
from app.identity.principal import Principal
from app.persistence import cards
from app.persistence.cards import CardRecord
from app.persistence.runs import RunRecord
from app.pipeline.decisions import DOWN_CODES, FORBIDDEN_CODES, CardDecision
from riskgate.contracts.base import Contract
from riskgate.contracts.cards import CardStatus

router = APIRouter(prefix="/api/v1", tags=["cards"])


class Verdict(Contract):
    """A person's word. Edits are not taken: a changed plan is a new plan with a card of its own.

    A LIVE plan needs `acknowledge_risk` besides; for any other it says nothing.
    """

    comment: Annotated[str, StringConstraints(max_length=500)] | None = None
    acknowledge_risk: Annotated[bool, Field(strict=True)] = False
    edits: dict[str, JsonValue] = Field(default_factory=dict)


@router.get("/cards", operation_id="list_cards")
async def list_cards(
    running: Running,
    user: Reader,
    page: Paging,
    status: CardStatus | None = None,
    account_id: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """List cards, newest first: one's own, or everyone's for those who oversee.

    A card whose time is over is EXPIRED, whether or not anybody tried to decide on it.
    """
    async with running.database.tenant(user.tenant_id) as session:
        found = await cards.list_cards(
            session,
            status=status,
            user_id=None if user.oversees else user.user_id,
            account_id=account_id,
            at=running.clock.now(),
            limit=page.limit + 1,
            offset=page.offset,
        )
    return page.envelope([show(record) for record in found])


@router.get("/cards/{card_id}", operation_id="get_card")
async def get_card(card_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one card."""
    record = await _visible(running, user, card_id)
    shown = show(record)
    expires_at = record.card.expires_at
    over = expires_at is not None and running.clock.now() >= expires_at
    if over and record.card.status is CardStatus.PENDING:
        shown["status"] = CardStatus.EXPIRED.value
    return {"ok": True, "card": shown}


@router.get("/approvals", operation_id="list_approvals")
async def list_approvals(running: Running, user: Reader, page: Paging) -> dict[str, Any]:
    """List what waits for a decision, for clients that drop interrupt outcomes."""
    return await list_cards(running, user, page, CardStatus.PENDING)


@router.post("/cards/{card_id}/approve", operation_id="approve_card", response_model=None)
async def approve_card(
    card_id: str,
    request: Request,
    running: Running,
    user: Decider,
    body: Verdict | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Approve a card: prices and the book are taken afresh and judged again, then it is sent."""
    return await _decide(card_id, request, running, user, body or Verdict(), key, approve=True)


@router.post("/cards/{card_id}/reject", operation_id="reject_card", response_model=None)
async def reject_card(
    card_id: str,
    request: Request,
    running: Running,
    user: Decider,
    body: Verdict | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Reject a card for good; nothing is sent."""
    return await _decide(card_id, request, running, user, body or Verdict(), key, approve=False)


async def _decide(
    card_id: str,
    request: Request,
    running: Running,
    user: Principal,
    body: Verdict,
    key: str | None,
    *,
    approve: bool,
) -> Response:
    await _visible(running, user, card_id)
    if body.edits:
        raise Unprocessable(
            "a card cannot be approved with changes",
            code="CARD_EDIT_NOT_ALLOWED",
            remedy="Reject it and say what you want instead; the new plan gets its own card.",
        )
    payload: dict[str, JsonValue] = {"approve": approve, "comment": body.comment}
    if body.acknowledge_risk:
        payload["acknowledge_risk"] = True

    async def begin(run_id: str | None) -> str:
        return (await _wake(running, user, card_id, body, run_id, approve=approve)).run_id

    async def act(run_id: str | None) -> dict[str, Any]:
        run = await _wake(running, user, card_id, body, run_id, approve=approve)
        result = await running.conversation.result(user, run)
        return {**turn_answer(result), "card": show(await _visible(running, user, card_id))}

    if wants_stream(request):
        run_id = await run_once(running, user, request, key, payload, begin)
        return stream(run_id, running.conversation.follow(user, run_id, after=0))
    return await once(running, user, request, key, payload, act)


async def _wake(
    running: Services,
    user: Principal,
    card_id: str,
    body: Verdict,
    run_id: str | None,
    *,
    approve: bool,
) -> RunRecord:
    decision, run = await running.conversation.decide(
        user,
        card_id,
        approve=approve,
        comment=body.comment,
        run_id=run_id,
        acknowledge_risk=body.acknowledge_risk,
    )
    if run is None:
        raise _not_woken(decision)
    return run


def _not_woken(decision: CardDecision) -> AppError:
    refusal = decision.refusal
    if refusal is None:
        return Conflict("the card was decided just now; its turn has not begun yet")
    kind: type[AppError] = Conflict
    if refusal.code in FORBIDDEN_CODES:
        kind = Forbidden
    elif refusal.code in DOWN_CODES:
        kind = Unavailable
    return kind(refusal.message, code=refusal.code, remedy=refusal.remedy)


async def _visible(running: Services, user: Principal, card_id: str) -> CardRecord:
    record = await running.decisions.find(user.tenant_id, card_id)
    if record.user_id != user.user_id and not user.oversees:
        raise NotFound(f"there is no card {card_id}")
    return record


def show(record: CardRecord) -> dict[str, Any]:
    """Show a card with what was decided on it."""
    return {
        **record.card.model_dump(mode="json"),
        "user_id": record.user_id,
        "decided_by": record.decided_by,
        "comment": record.comment,
    }
