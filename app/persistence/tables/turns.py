"""Conversations, plans, decisions and cards."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    text,
)

from app.persistence.tables.columns import json, key, metadata, number, text_column, time, to

threads = Table(
    "threads",
    metadata,
    key("tenant_id"),
    key("thread_id"),
    text_column("user_id"),
    json("draft", null=True),
    time("created_at"),
    time("updated_at"),
    to("users", "user_id"),
    Index("ix_threads_user", "tenant_id", "user_id", "updated_at"),
)

runs = Table(
    "runs",
    metadata,
    key("tenant_id"),
    key("run_id"),
    text_column("thread_id"),
    text_column("user_id"),
    text_column("account_id"),
    text_column("decision_id"),
    text_column("origin_run_id", null=True),
    text_column("message"),
    text_column("status"),
    text_column("outcome", null=True),
    time("created_at"),
    time("finished_at", null=True),
    to("threads", "thread_id"),
    to("accounts", "account_id"),
    Index("ix_runs_thread", "tenant_id", "thread_id", "created_at"),
    Index("ix_runs_user", "tenant_id", "user_id", "created_at"),
    Index("uq_runs_origin", "tenant_id", "origin_run_id", unique=True),
    Index("ix_runs_running", "tenant_id", postgresql_where=text("status = 'RUNNING'")),
)

run_events = Table(
    "run_events",
    metadata,
    key("tenant_id"),
    key("run_id"),
    Column("seq", Integer, primary_key=True),
    json("event"),
    time("created_at"),
    to("runs", "run_id"),
)

messages = Table(
    "messages",
    metadata,
    key("tenant_id"),
    key("message_id"),
    text_column("thread_id"),
    text_column("run_id"),
    text_column("role"),
    text_column("content"),
    time("created_at"),
    to("threads", "thread_id"),
    Index("ix_messages_thread", "tenant_id", "thread_id", "created_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    key("tenant_id"),
    key("snapshot_id"),
    text_column("account_id"),
    text_column("kind"),
    time("as_of"),
    json("body"),
    to("accounts", "account_id"),
    Index("ix_snapshots_time", "tenant_id", "account_id", "kind", "as_of"),
)

plans = Table(
    "plans",
    metadata,
    key("tenant_id"),
    key("plan_id"),
    text_column("account_id"),
    text_column("run_id"),
    text_column("plan_hash"),
    json("body"),
    time("created_at"),
    to("accounts", "account_id"),
)

risk_decisions = Table(
    "risk_decisions",
    metadata,
    key("tenant_id"),
    key("decision_hash"),
    text_column("plan_id"),
    text_column("plan_hash"),
    text_column("policy_hash"),
    text_column("stage"),
    text_column("verdict"),
    json("gate_input"),
    json("body"),
    time("created_at"),
    to("plans", "plan_id"),
    Index(
        "ix_risk_decisions_refused",
        "tenant_id",
        "created_at",
        postgresql_where=text("verdict = 'DENY'"),
    ),
    Index("ix_risk_decisions_created", "tenant_id", "stage", "created_at"),
)

cards = Table(
    "cards",
    metadata,
    key("tenant_id"),
    key("card_id"),
    text_column("run_id"),
    text_column("thread_id"),
    text_column("account_id"),
    text_column("user_id"),
    text_column("kind"),
    text_column("status"),
    text_column("plan_id", null=True),
    text_column("plan_hash", null=True),
    text_column("policy_hash", null=True),
    text_column("seal", null=True),
    json("body"),
    text_column("decided_by", null=True),
    text_column("comment", null=True),
    time("created_at"),
    time("expires_at", null=True),
    time("decided_at", null=True),
    to("threads", "thread_id"),
    to("accounts", "account_id"),
    Index("ix_cards_status", "tenant_id", "status", "created_at"),
    Index("ix_cards_thread", "tenant_id", "thread_id", "created_at"),
)

validations = Table(
    "validations",
    metadata,
    key("tenant_id"),
    key("validation_id"),
    text_column("plan_id"),
    text_column("plan_hash"),
    text_column("status"),
    json("body"),
    text_column("made_by"),
    time("made_at"),
    time("expires_at"),
    to("plans", "plan_id"),
    Index("ix_validations_plan", "tenant_id", "plan_id", "made_at"),
)

executions = Table(
    "executions",
    metadata,
    key("tenant_id"),
    key("plan_id"),
    key("mode"),
    text_column("execution_id"),
    text_column("plan_hash"),
    text_column("status"),
    json("body"),
    text_column("executed_by"),
    time("executed_at"),
    to("plans", "plan_id"),
)

decision_traces = Table(
    "decision_traces",
    metadata,
    key("tenant_id"),
    key("decision_id"),
    Column("version", Integer, primary_key=True),
    text_column("account_id"),
    text_column("user_id"),
    text_column("run_id"),
    text_column("final_outcome"),
    text_column("body_hash"),
    json("body"),
    time("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_decision_traces_created", "tenant_id", "created_at"),
)

model_calls = Table(
    "model_calls",
    metadata,
    key("tenant_id"),
    key("call_id"),
    text_column("user_id"),
    text_column("run_id"),
    text_column("model"),
    text_column("prompt_name"),
    text_column("prompt_sha256"),
    text_column("outcome"),
    Column("tokens_in", Integer, nullable=True),
    Column("tokens_out", Integer, nullable=True),
    Column("duration_ms", Integer, nullable=False),
    number("cost", null=True),
    time("made_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_model_calls_user", "tenant_id", "user_id", "made_at"),
)

model_grants = Table(
    "model_grants",
    metadata,
    key("tenant_id"),
    key("card_id"),
    text_column("user_id"),
    text_column("thread_id"),
    text_column("choice"),
    text_column("run_id", null=True),
    time("made_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_model_grants_thread", "tenant_id", "thread_id", "made_at"),
)
