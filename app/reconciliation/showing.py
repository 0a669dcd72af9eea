"""Exceptions, remediations and orders of others as people and programs are shown them."""

from typing import Any

from app.persistence.exceptions import ExceptionRecord
from app.persistence.foreign_orders import ForeignOrder
from app.persistence.remediations import Remediation
from app.reconciliation.actions import possible
from riskgate.contracts.base import time_text
from riskgate.contracts.traces import ReconciliationDelta


def show_exception(item: ExceptionRecord) -> dict[str, Any]:
    """Return an exception with its cause, the proof, and what may be done about it."""
    delta = ReconciliationDelta.model_validate(item.body)
    over = item.status == "RESOLVED"
    return {
        "exception_id": item.exception_id,
        "account_id": item.account_id,
        "kind": item.kind,
        "severity": item.severity,
        "status": item.status,
        "cause": None if delta.cause is None else delta.cause.value,
        "proof": None if delta.proof is None else delta.proof.model_dump(mode="json"),
        "message": delta.message,
        "possible": [] if over else [action.value for action in possible(delta)],
        "delta": item.body,
        "opened_at": time_text(item.opened_at),
        "last_seen_at": time_text(item.last_seen_at),
        "acknowledged_by": item.acknowledged_by,
        "resolved_at": None if item.resolved_at is None else time_text(item.resolved_at),
    }


def show_remediation(done: Remediation) -> dict[str, Any]:
    """Return what was done about an exception and by whom."""
    return {
        "exception_id": done.exception_id,
        "action": done.action,
        "status": done.status,
        "result": done.result,
        "done_by": done.done_by,
        "comment": done.comment,
        "done_at": time_text(done.done_at),
    }


def show_foreign_order(item: ForeignOrder) -> dict[str, Any]:
    """Return an order of others as the broker last showed it."""
    return {
        **item.order.model_dump(mode="json"),
        "account_id": item.account_id,
        "origin": "foreign",
        "is_open": item.is_open,
        "first_seen_at": time_text(item.first_seen_at),
        "last_seen_at": time_text(item.last_seen_at),
    }
