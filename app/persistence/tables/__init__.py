"""The schema. Every table that belongs to a tenant has the tenant first in its key."""

from app.persistence.tables import accounts, books, files, orders, people, turns
from app.persistence.tables.columns import metadata

__all__ = [
    "APPEND_ONLY",
    "INSTALLATION_WIDE",
    "accounts",
    "books",
    "files",
    "metadata",
    "orders",
    "people",
    "turns",
]

INSTALLATION_WIDE = frozenset({"bars"})
APPEND_ONLY = frozenset(
    {
        "policies",
        "run_events",
        "messages",
        "model_calls",
        "model_grants",
        "snapshots",
        "plans",
        "risk_decisions",
        "validations",
        "executions",
        "order_events",
        "broker_messages",
        "broker_notices",
        "fills",
        "ledger_adjustments",
        "remediations",
        "reconciliations",
        "decision_traces",
        "audit_log",
    }
)
