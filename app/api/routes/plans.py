"""Plans: look at them, validate them, execute them, and take them back before that."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, JsonValue, StringConstraints

from app.api.deps import Decider, Operator, Paging, Reader, Running
from app.api.idempotency import IdempotencyKey, once
from app.api.routes.cards import show
from app.api.routes.trading import show_order
from app.api.services import Services
from app.approvals.rules import Approver, Refusal
from app.errors import Conflict, InvalidRequest, NotFound
from app.identity.principal import Permission, Principal
from app.persistence import cards, orders, plans, validations
from app.persistence.cards import CardRecord
from app.pipeline.arming import Wish
from app.pipeline.executing import Executed
from app.pipeline.validating import require_plan
from app.validation.execution import report_lines
from app.validation.report import validation_lines
from riskgate.contracts.base import Contract
from riskgate.contracts.cards import CardStatus
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan

router = APIRouter(prefix="/api/v1", tags=["plans"])

CANCELLED_BY_PERSON = "cancelled before execution"
BY_EXECUTE = "executed by its person's own word"
ClientId = Annotated[str, StringConstraints(max_length=200)]


class KeyMissing(InvalidRequest):
    """An execution came without a key, so that a repeated one could not be told apart."""

    code = "IDEMPOTENCY_KEY_MISSING"
    remedy = "Send an Idempotency-Key header, a new one for each execution you mean."


class ValidateRequest(Contract):
    """For which client the plan is validated; one's own without it."""

    client_id: ClientId | None = None


class ExecuteRequest(Contract):
    """How a plan is executed; a dry run unless something else is asked for."""

    mode: ExecutionMode = ExecutionMode.DRY_RUN
    client_id: ClientId | None = None
    acknowledge_risk: Annotated[bool, Field(strict=True)] = False


@router.get("/plans", operation_id="list_plans")
async def list_plans(
    running: Running,
    user: Reader,
    page: Paging,
    account_id: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """List plans, newest first."""
    async with running.database.tenant(user.tenant_id) as session:
        found = await plans.list_plans(
            session, account_id=account_id, limit=page.limit + 1, offset=page.offset
        )
    return page.envelope([_plan(plan) for plan in found])


@router.get("/plans/{plan_id}", operation_id="get_plan")
async def get_plan(plan_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one plan with its card, validations, executions and orders."""
    async with running.database.tenant(user.tenant_id) as session:
        plan = await require_plan(session, plan_id)
        card = await cards.plan_card(session, plan_id)
        validated = await validations.plan_validations(session, plan_id)
        executed = await validations.plan_executions(session, plan_id)
        sent = await orders.plan_orders(session, plan_id)
    visible = card is not None and (card.user_id == user.user_id or user.oversees)
    return {
        "ok": True,
        "plan": _plan(plan),
        "card": show(card) if card is not None and visible else None,
        "validations": validated,
        "executions": executed,
        "orders": [show_order(record) for record in sent],
    }


@router.post("/plans/{plan_id}/validate", operation_id="validate_plan", response_model=None)
async def validate_plan(
    plan_id: str,
    request: Request,
    running: Running,
    user: Operator,
    body: ValidateRequest | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Check a plan, judge it afresh and simulate it; store and return what was found."""
    asked = body or ValidateRequest()

    async def act(_run_id: str | None) -> dict[str, Any]:
        report = await running.validations.validate(
            user.tenant_id, plan_id, client_id=asked.client_id, by=user.user_id
        )
        return {
            "ok": True,
            "validation": report.model_dump(mode="json"),
            "text": validation_lines(report),
        }

    return await once(running, user, request, key, {"client_id": asked.client_id}, act)


@router.post("/plans/{plan_id}/execute", operation_id="execute_plan", response_model=None)
async def execute_plan(
    plan_id: str,
    request: Request,
    running: Running,
    user: Operator,
    body: ExecuteRequest | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Execute a plan; a second time shows the first result and does nothing."""
    if key is None:
        raise KeyMissing("the request has no Idempotency-Key")
    asked = body or ExecuteRequest()
    payload: dict[str, JsonValue] = asked.model_dump(mode="json")
    wish = Wish(mode=asked.mode, client_id=asked.client_id, acknowledged=asked.acknowledge_risk)

    async def act(run_id: str | None) -> dict[str, Any]:
        done = await running.executions.execute(
            user.tenant_id,
            plan_id,
            wish,
            by=Approver(user_id=user.user_id, roles=user.roles),
            approve=_approver(running, user, wish, run_id),
        )
        return _executed(done)

    return await once(running, user, request, key, payload, act)


@router.post("/plans/{plan_id}/cancel", operation_id="cancel_plan", response_model=None)
async def cancel_plan(
    plan_id: str, request: Request, running: Running, user: Decider, key: IdempotencyKey = None
) -> Response:
    """Withdraw a plan that waits: its card is rejected and nothing of it can be sent."""

    async def act(run_id: str | None) -> dict[str, Any]:
        record = await _cancellable(running, user, plan_id)
        if record.card.status is CardStatus.PENDING:
            _decision, run = await running.conversation.decide(
                user, record.card.id, approve=False, comment=CANCELLED_BY_PERSON, run_id=run_id
            )
            if run is not None:
                await running.conversation.result(user, run)
        after = await running.decisions.find(user.tenant_id, record.card.id)
        return {"ok": True, "plan_id": plan_id, "cancelled": True, "card": show(after)}

    return await once(running, user, request, key, {}, act)


async def _cancellable(running: Services, user: Principal, plan_id: str) -> CardRecord:
    async with running.database.tenant(user.tenant_id) as session:
        await require_plan(session, plan_id)
        record = await cards.plan_card(session, plan_id)
    if record is None:
        raise Conflict(
            f"nothing of plan {plan_id} waits",
            code="PLAN_NOT_CANCELLABLE",
            remedy="It has no card, so nothing of it can be sent.",
        )
    if record.user_id != user.user_id and not user.oversees:
        raise NotFound(f"there is no plan {plan_id}")
    if record.card.status is CardStatus.APPROVED:
        raise Conflict(
            f"plan {plan_id} was approved and is being executed or was",
            code="PLAN_ALREADY_EXECUTED",
            remedy="Cancel its open orders instead.",
        )
    return record


def _approver(
    running: Services, user: Principal, wish: Wish, run_id: str | None
) -> Callable[[str], Awaitable[Refusal | None]]:
    """Approve a card as the signed-in person and wait until its turn carried it out."""

    async def approve(card_id: str) -> Refusal | None:
        if not user.may(Permission.APPROVE):
            return Refusal(
                code="FORBIDDEN",
                message="approving needs the role trader or approver",
                remedy="Ask an approver to decide.",
            )
        decision, run = await running.conversation.decide(
            user,
            card_id,
            approve=True,
            comment=BY_EXECUTE,
            run_id=run_id,
            acknowledge_risk=wish.acknowledged,
            own_word=True,
        )
        if run is not None:
            await running.conversation.result(user, run)
        return decision.refusal

    return approve


def _executed(done: Executed) -> dict[str, Any]:
    return {
        "ok": True,
        "already_executed": done.already_executed,
        "execution": done.report.model_dump(mode="json"),
        "codes": list(done.report.codes),
        "orders": [order.model_dump(mode="json") for order in done.orders],
        "text": report_lines(done.report, already_executed=done.already_executed),
    }


def _plan(plan: TradePlan) -> dict[str, Any]:
    return {**plan.model_dump(mode="json"), "plan_hash": plan.plan_hash}
