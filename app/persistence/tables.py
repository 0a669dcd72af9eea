"""The schema. Every table that belongs to a tenant has the tenant first in its key."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _time(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=null)


def _json(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, JSONB, nullable=null)


def _number(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, Numeric, nullable=null)


def _to(table: str, *columns: str) -> ForeignKeyConstraint:
    local = ["tenant_id", *columns]
    return ForeignKeyConstraint(local, [f"{table}.{name}" for name in local])


tenants = Table("tenants", metadata, _key("tenant_id"), _text("name"), _time("created_at"))

users = Table(
    "users",
    metadata,
    _key("tenant_id"),
    _key("user_id"),
    _text("name"),
    Column("roles", ARRAY(Text), nullable=False),
    _time("created_at"),
    _time("disabled_at", null=True),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("uq_users_name", "tenant_id", "name", unique=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    _key("tenant_id"),
    _key("key_id"),
    _text("user_id"),
    _text("prefix"),
    _text("key_hash"),
    _time("created_at"),
    _time("expires_at", null=True),
    _time("revoked_at", null=True),
    _to("users", "user_id"),
    Index("uq_api_keys_key_hash", "key_hash", unique=True),
)

policies = Table(
    "policies",
    metadata,
    _key("tenant_id"),
    _key("policy_hash"),
    _json("body"),
    _text("created_by"),
    _time("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
)

accounts = Table(
    "accounts",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _text("broker"),
    _text("mode"),
    _text("currency"),
    _text("policy_hash"),
    Column("is_default", Boolean, nullable=False),
    _time("created_at"),
    _to("policies", "policy_hash"),
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
    _key("tenant_id"),
    _key("account_id"),
    _text("level"),
    _text("reason"),
    _text("set_by"),
    _time("set_at"),
    _to("accounts", "account_id"),
)

policy_changes = Table(
    "policy_changes",
    metadata,
    _key("tenant_id"),
    _key("change_id"),
    _text("account_id"),
    _text("from_hash"),
    _text("to_hash"),
    _text("text"),
    _json("findings"),
    _json("differences"),
    _text("status"),
    _text("comment", null=True),
    _text("proposed_by"),
    _time("proposed_at"),
    _time("expires_at"),
    _text("decided_by", null=True),
    _text("decision_comment", null=True),
    _time("decided_at", null=True),
    _to("accounts", "account_id"),
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

threads = Table(
    "threads",
    metadata,
    _key("tenant_id"),
    _key("thread_id"),
    _text("user_id"),
    _json("draft", null=True),
    _time("created_at"),
    _time("updated_at"),
    _to("users", "user_id"),
)

runs = Table(
    "runs",
    metadata,
    _key("tenant_id"),
    _key("run_id"),
    _text("thread_id"),
    _text("user_id"),
    _text("account_id"),
    _text("decision_id"),
    _text("origin_run_id", null=True),
    _text("message"),
    _text("status"),
    _text("outcome", null=True),
    _time("created_at"),
    _time("finished_at", null=True),
    _to("threads", "thread_id"),
    _to("accounts", "account_id"),
    Index("ix_runs_thread", "tenant_id", "thread_id", "created_at"),
    Index("uq_runs_origin", "tenant_id", "origin_run_id", unique=True),
    Index("ix_runs_running", "tenant_id", postgresql_where=text("status = 'RUNNING'")),
)

run_events = Table(
    "run_events",
    metadata,
    _key("tenant_id"),
    _key("run_id"),
    Column("seq", Integer, primary_key=True),
    _json("event"),
    _time("created_at"),
    _to("runs", "run_id"),
)

messages = Table(
    "messages",
    metadata,
    _key("tenant_id"),
    _key("message_id"),
    _text("thread_id"),
    _text("run_id"),
    _text("role"),
    _text("content"),
    _time("created_at"),
    _to("threads", "thread_id"),
    Index("ix_messages_thread", "tenant_id", "thread_id", "created_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    _key("tenant_id"),
    _key("snapshot_id"),
    _text("account_id"),
    _text("kind"),
    _time("as_of"),
    _json("body"),
    _to("accounts", "account_id"),
)

plans = Table(
    "plans",
    metadata,
    _key("tenant_id"),
    _key("plan_id"),
    _text("account_id"),
    _text("run_id"),
    _text("plan_hash"),
    _json("body"),
    _time("created_at"),
    _to("accounts", "account_id"),
)

risk_decisions = Table(
    "risk_decisions",
    metadata,
    _key("tenant_id"),
    _key("decision_hash"),
    _text("plan_id"),
    _text("plan_hash"),
    _text("policy_hash"),
    _text("stage"),
    _text("verdict"),
    _json("gate_input"),
    _json("body"),
    _time("created_at"),
    _to("plans", "plan_id"),
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
    _key("tenant_id"),
    _key("card_id"),
    _text("run_id"),
    _text("thread_id"),
    _text("account_id"),
    _text("user_id"),
    _text("kind"),
    _text("status"),
    _text("plan_id", null=True),
    _text("plan_hash", null=True),
    _text("policy_hash", null=True),
    _text("seal", null=True),
    _json("body"),
    _text("decided_by", null=True),
    _text("comment", null=True),
    _time("created_at"),
    _time("expires_at", null=True),
    _time("decided_at", null=True),
    _to("threads", "thread_id"),
    _to("accounts", "account_id"),
    Index("ix_cards_status", "tenant_id", "status", "created_at"),
)

orders = Table(
    "orders",
    metadata,
    _key("tenant_id"),
    _key("order_id"),
    _text("account_id"),
    _text("plan_id"),
    Column("leg", Integer, nullable=False),
    Column("slice", Integer, nullable=False),
    _text("approval_id"),
    _text("tag"),
    _text("payload_hash"),
    _json("terms"),
    _text("state"),
    _text("broker_order_id", null=True),
    _number("quantity"),
    _number("filled_quantity"),
    _number("cancelled_quantity"),
    _number("average_price", null=True),
    _text("reason", null=True),
    Column("fence", BigInteger, nullable=True),
    _time("send_by"),
    _time("created_at"),
    _time("sent_at", null=True),
    _time("updated_at"),
    _to("accounts", "account_id"),
    _to("plans", "plan_id"),
    Index("uq_orders_leg", "tenant_id", "plan_id", "leg", "slice", unique=True),
    Index("uq_orders_tag", "tenant_id", "account_id", "tag", unique=True),
    Index("ix_orders_account", "tenant_id", "account_id", "created_at"),
    CheckConstraint(
        "quantity > 0 AND filled_quantity >= 0 AND cancelled_quantity >= 0 "
        "AND filled_quantity + cancelled_quantity <= quantity",
        name="quantities_add_up",
    ),
)

plan_leases = Table(
    "plan_leases",
    metadata,
    _key("tenant_id"),
    _key("plan_id"),
    _text("holder"),
    Column("token", BigInteger, nullable=False),
    _time("expires_at"),
    _to("plans", "plan_id"),
)

order_events = Table(
    "order_events",
    metadata,
    _key("tenant_id"),
    _key("order_id"),
    Column("seq", Integer, primary_key=True),
    _text("state"),
    _json("body"),
    _time("created_at"),
    _to("orders", "order_id"),
)

fills = Table(
    "fills",
    metadata,
    _key("tenant_id"),
    _text("account_id"),
    _key("order_id"),
    _key("trade_id"),
    _json("body"),
    _time("traded_at"),
    _to("orders", "order_id"),
)

broker_messages = Table(
    "broker_messages",
    metadata,
    _key("tenant_id"),
    Column("message_id", BigInteger, Identity(always=True), primary_key=True),
    _text("account_id"),
    _text("order_id"),
    _text("kind"),
    _text("strategy_id"),
    _time("at"),
    _to("orders", "order_id"),
    Index("ix_broker_messages_account", "tenant_id", "account_id", "at"),
)

equity_history = Table(
    "equity_history",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _text("day"),
    _number("day_start"),
    _text("week"),
    _number("week_start"),
    _text("month"),
    _number("month_start"),
    _number("peak"),
    _number("last_equity"),
    _time("last_equity_at"),
    _text("spent_month", null=True),
    _time("updated_at"),
    _to("accounts", "account_id"),
)

ledger_positions = Table(
    "ledger_positions",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    _key("exchange"),
    _key("tradingsymbol"),
    _key("product"),
    _number("quantity"),
    _number("average_price"),
    _time("updated_at"),
    _to("accounts", "account_id"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    _key("tenant_id"),
    _key("reconciliation_id"),
    _text("account_id"),
    _time("as_of"),
    Column("delta_count", Integer, nullable=False),
    _json("body"),
    _to("accounts", "account_id"),
)

exceptions = Table(
    "exceptions",
    metadata,
    _key("tenant_id"),
    _key("exception_id"),
    _text("account_id"),
    _text("kind"),
    _text("severity"),
    _text("key"),
    _text("status"),
    _json("body"),
    _time("opened_at"),
    _time("last_seen_at"),
    _text("acknowledged_by", null=True),
    _time("resolved_at", null=True),
    _to("accounts", "account_id"),
    Index(
        "uq_exceptions_open",
        "tenant_id",
        "account_id",
        "key",
        unique=True,
        postgresql_where=text("status <> 'RESOLVED'"),
    ),
)

idempotency_records = Table(
    "idempotency_records",
    metadata,
    _key("tenant_id"),
    _key("scope"),
    _key("key"),
    _text("payload_hash"),
    _text("status"),
    _time("first_seen_at"),
    Column("response_status", Integer, nullable=True),
    _text("response_body", null=True),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
)

decision_traces = Table(
    "decision_traces",
    metadata,
    _key("tenant_id"),
    _key("decision_id"),
    Column("version", Integer, primary_key=True),
    _text("account_id"),
    _text("user_id"),
    _text("run_id"),
    _text("final_outcome"),
    _text("body_hash"),
    _json("body"),
    _time("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_decision_traces_created", "tenant_id", "created_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    _key("tenant_id"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _time("at"),
    _text("actor"),
    _text("action"),
    _text("entity"),
    _text("entity_id"),
    _json("body"),
    _text("prev_hash"),
    _text("row_hash"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_audit_log_entity", "tenant_id", "entity", "entity_id"),
)

paper_states = Table(
    "paper_states",
    metadata,
    _key("tenant_id"),
    _key("account_id"),
    Column("version", Integer, nullable=False),
    _text("state"),
    _to("accounts", "account_id"),
)

bars = Table(
    "bars",
    metadata,
    _key("exchange"),
    _key("tradingsymbol"),
    Column("day", Date, primary_key=True),
    _number("open"),
    _number("high"),
    _number("low"),
    _number("close"),
    Column("volume", BigInteger, nullable=False),
    Column("split_suspected", Boolean, nullable=False),
)

INSTALLATION_WIDE = frozenset({"bars"})
APPEND_ONLY = frozenset(
    {
        "policies",
        "run_events",
        "messages",
        "snapshots",
        "plans",
        "risk_decisions",
        "order_events",
        "broker_messages",
        "fills",
        "reconciliations",
        "decision_traces",
        "audit_log",
    }
)
