"""Accounts, their logins, policies, switches, running states and worth."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    text,
)

from app.persistence.tables.columns import json, key, metadata, number, text_column, time, to

policies = Table(
    "policies",
    metadata,
    key("tenant_id"),
    key("policy_hash"),
    json("body"),
    text_column("created_by"),
    time("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
)

accounts = Table(
    "accounts",
    metadata,
    key("tenant_id"),
    key("account_id"),
    text_column("broker"),
    text_column("mode"),
    text_column("currency"),
    text_column("policy_hash"),
    Column("is_default", Boolean, nullable=False),
    time("created_at"),
    to("policies", "policy_hash"),
    Index(
        "uq_accounts_default",
        "tenant_id",
        unique=True,
        postgresql_where=text("is_default"),
    ),
)

kill_switches = Table(
    "kill_switches",
    metadata,
    key("tenant_id"),
    key("account_id"),
    text_column("level"),
    text_column("reason"),
    text_column("set_by"),
    time("set_at"),
    to("accounts", "account_id"),
)

policy_changes = Table(
    "policy_changes",
    metadata,
    key("tenant_id"),
    key("change_id"),
    text_column("account_id"),
    text_column("from_hash"),
    text_column("to_hash"),
    text_column("text"),
    json("findings"),
    json("differences"),
    text_column("status"),
    text_column("comment", null=True),
    text_column("proposed_by"),
    time("proposed_at"),
    time("expires_at"),
    text_column("decided_by", null=True),
    text_column("decision_comment", null=True),
    time("decided_at", null=True),
    to("accounts", "account_id"),
    ForeignKeyConstraint(["tenant_id", "to_hash"], ["policies.tenant_id", "policies.policy_hash"]),
    Index(
        "uq_policy_changes_active",
        "tenant_id",
        "account_id",
        unique=True,
        postgresql_where=text("status = 'ACTIVE'"),
    ),
    Index("ix_policy_changes_proposed", "tenant_id", "account_id", "proposed_at"),
)

running_states = Table(
    "running_states",
    metadata,
    key("tenant_id"),
    key("account_id"),
    text_column("state"),
    text_column("reason"),
    text_column("set_by"),
    time("set_at"),
    to("accounts", "account_id"),
)

equity_history = Table(
    "equity_history",
    metadata,
    key("tenant_id"),
    key("account_id"),
    text_column("day"),
    number("day_start"),
    text_column("week"),
    number("week_start"),
    text_column("month"),
    number("month_start"),
    number("peak"),
    number("last_equity"),
    time("last_equity_at"),
    text_column("spent_month", null=True),
    time("updated_at"),
    to("accounts", "account_id"),
)

broker_logins = Table(
    "broker_logins",
    metadata,
    key("tenant_id"),
    key("account_id"),
    Column("version", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    to("accounts", "account_id"),
)
