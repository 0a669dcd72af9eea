"""Policies: what is in force, what a text would change, and changes with their approvals."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field, JsonValue, StringConstraints

from app.api.deps import (
    Paging,
    PolicyApprover,
    PolicyChecker,
    PolicyProposer,
    Reader,
    Running,
)
from app.api.idempotency import IdempotencyKey, once
from app.api.services import Services
from app.errors import NotFound
from app.gate.policies import Proposal
from app.gate.policy_views import show_change, show_checked, show_page, show_row
from app.gate.time_machine import days_between, replay_recorded
from app.identity.principal import Principal
from app.persistence import accounts
from app.persistence.policies import ChangeRecord
from riskgate.contracts.base import Contract, Identifier, Sha256

router = APIRouter(prefix="/api/v1", tags=["policies"])

# A text of 256 KB, written as JSON with every letter outside ASCII escaped.
LONG_BODIES: Final = {"/api/v1/policies": 1024 * 1024, "/api/v1/policies/check": 1024 * 1024}
# What one request may judge again; the command line takes more.
MOST_CHECKED: Final = 5_000

AccountQuery = Annotated[str | None, Query(max_length=64)]
Comment = Annotated[str, StringConstraints(max_length=500)]


class PolicyCheck(Contract):
    """A policy's text, and the UTC days to judge again by it; the last 30 by default."""

    text: str
    account_id: Identifier | None = None
    from_day: date | None = Field(default=None, alias="from")
    to_day: date | None = Field(default=None, alias="to")


class PolicyPut(Contract):
    """A policy's text for an account. `from_hash` is the policy it was written against."""

    text: str
    account_id: Identifier | None = None
    from_hash: Sha256 | None = None
    comment: Comment | None = None
    activate: bool = False


class ChangeVerdict(Contract):
    """A person's word on a proposed change."""

    comment: Comment | None = None


@router.get("/policies", operation_id="list_policies")
async def list_policies(running: Running, user: Reader, page: Paging) -> dict[str, Any]:
    """List stored policies, newest first, with the accounts that each is in force for."""
    found = await running.policies.pages(user.tenant_id, limit=page.limit + 1, offset=page.offset)
    return page.envelope([show_row(one) for one in found])


@router.get("/policies/current", operation_id="get_current_policy")
async def get_current_policy(
    running: Running, user: Reader, account_id: AccountQuery = None
) -> dict[str, Any]:
    """Show the policy in force for an account."""
    wanted = await _account_id(running, user, account_id)
    found = await running.policies.current(user.tenant_id, wanted)
    return {"ok": True, "account_id": wanted, "policy": show_page(found)}


@router.get("/policies/changes", operation_id="list_policy_changes")
async def list_policy_changes(
    running: Running, user: Reader, page: Paging, account_id: AccountQuery = None
) -> dict[str, Any]:
    """List proposed and decided changes, newest first."""
    found = await running.policies.changes(
        user.tenant_id, account_id=account_id, limit=page.limit + 1, offset=page.offset
    )
    return page.envelope([show_change(one) for one in found])


@router.get("/policies/changes/{change_id}", operation_id="get_policy_change")
async def get_policy_change(change_id: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show one change: its text, what the linter says, and what it tightens or loosens."""
    found = await running.policies.change(user.tenant_id, change_id)
    return {"ok": True, "change": show_change(found)}


@router.get("/policies/{policy_hash}", operation_id="get_policy")
async def get_policy(policy_hash: str, running: Running, user: Reader) -> dict[str, Any]:
    """Show a policy by its hash or the first letters of it: text, limits, findings."""
    return {
        "ok": True,
        "policy": show_page(await running.policies.page(user.tenant_id, policy_hash)),
    }


@router.post("/policies/check", operation_id="check_policy")
async def check_policy(body: PolicyCheck, running: Running, user: PolicyChecker) -> dict[str, Any]:
    """Say what a text means, what it changes, and what recorded days would have been under it."""
    wanted = await _account_id(running, user, body.account_id)
    days = days_between(
        body.from_day, body.to_day, today=running.clock.now().date(), most=MOST_CHECKED
    )
    async with running.policies.time_machine_turn():
        checked = await running.policies.check(user.tenant_id, wanted, body.text)
        report = await replay_recorded(
            running.database, user.tenant_id, wanted, checked.policy, days
        )
    return {
        "ok": True,
        "account_id": wanted,
        **show_checked(checked),
        "replay": report.model_dump(mode="json"),
    }


@router.put("/policies", operation_id="put_policy", response_model=None)
async def put_policy(
    body: PolicyPut,
    request: Request,
    running: Running,
    user: PolicyProposer,
    key: IdempotencyKey = None,
) -> Response:
    """Propose a policy for an account; with `activate` it is in force for the next verdict."""
    wanted = await _account_id(running, user, body.account_id)

    async def act(run_id: str | None) -> dict[str, Any]:
        proposal = Proposal(
            account_id=wanted,
            text=body.text,
            from_hash=body.from_hash,
            comment=body.comment,
            activate=body.activate,
            change_id=None if run_id is None else f"chg_{run_id.removeprefix('run_')}",
        )
        return await _answer(running, user, await running.policies.propose(user, proposal))

    return await once(running, user, request, key, body.model_dump(mode="json"), act)


@router.post(
    "/policies/changes/{change_id}/approve",
    operation_id="approve_policy_change",
    response_model=None,
)
async def approve_policy_change(
    change_id: str,
    request: Request,
    running: Running,
    user: PolicyApprover,
    body: ChangeVerdict | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Put a proposed change in force; the very next verdict is by the new policy."""
    comment = body.comment if body else None

    async def act(_run_id: str | None) -> dict[str, Any]:
        done = await running.policies.approve(user, change_id, comment=comment)
        return await _answer(running, user, done)

    payload: dict[str, JsonValue] = {"approve": True, "comment": comment}
    return await once(running, user, request, key, payload, act)


@router.post(
    "/policies/changes/{change_id}/reject",
    operation_id="reject_policy_change",
    response_model=None,
)
async def reject_policy_change(
    change_id: str,
    request: Request,
    running: Running,
    user: PolicyProposer,
    body: ChangeVerdict | None = None,
    key: IdempotencyKey = None,
) -> Response:
    """Reject a proposed change, or withdraw one's own."""
    comment = body.comment if body else None

    async def act(_run_id: str | None) -> dict[str, Any]:
        done = await running.policies.reject(user, change_id, comment=comment)
        return await _answer(running, user, done)

    payload: dict[str, JsonValue] = {"approve": False, "comment": comment}
    return await once(running, user, request, key, payload, act)


async def _answer(running: Services, user: Principal, change: ChangeRecord) -> dict[str, Any]:
    """Show a change with the policy that is in force now, whatever became of it."""
    page = await running.policies.current(user.tenant_id, change.account_id)
    return {
        "ok": True,
        "change": show_change(change),
        "policy_hash": change.to_hash,
        "in_force": page.record.policy_hash,
    }


async def _account_id(running: Services, user: Principal, wanted: str | None) -> str:
    if wanted is not None:
        return wanted
    async with running.database.tenant(user.tenant_id) as session:
        found = await accounts.list_accounts(session)
    if not found:
        raise NotFound("there is no account")
    return found[0].account_id
