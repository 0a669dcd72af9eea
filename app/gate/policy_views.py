"""Policies and their changes as plain data, the same over HTTP and at the command line."""

from typing import Any

from app.gate.policies import CheckedText, PolicyPage
from app.persistence.policies import ChangeRecord
from riskgate.contracts.base import time_text


def show_change(change: ChangeRecord) -> dict[str, Any]:
    """Show a change as plain data; `loosens` says that something passes that did not before."""
    decided_at = change.decided_at
    return {
        **vars(change),
        "status": change.status.value,
        "loosens": any(one["direction"] in {"looser", "either"} for one in change.differences),
        "proposed_at": time_text(change.proposed_at),
        "expires_at": time_text(change.expires_at),
        "decided_at": None if decided_at is None else time_text(decided_at),
    }


def show_checked(checked: CheckedText) -> dict[str, Any]:
    """Show what a text means and changes as plain data."""
    return {
        "policy_hash": checked.policy.policy_hash,
        "from_hash": checked.from_hash,
        "findings": [finding._asdict() for finding in checked.findings],
        "differences": [one.model_dump(mode="json") for one in checked.differences],
        "loosens": any(one.loosens for one in checked.differences),
    }


def show_row(page: PolicyPage) -> dict[str, Any]:
    """Show a policy in a list as plain data."""
    record = page.record
    return {
        "policy_hash": record.policy_hash,
        "version": record.body.get("version"),
        "mode": record.body.get("mode"),
        "created_by": record.created_by,
        "created_at": time_text(record.created_at),
        "in_force": bool(page.in_force),
        "accounts": list(page.in_force),
    }


def show_page(page: PolicyPage) -> dict[str, Any]:
    """Show a whole policy as plain data."""
    return {
        **show_row(page),
        "text": page.text,
        "body": page.record.body,
        "findings": [finding._asdict() for finding in page.findings],
    }
