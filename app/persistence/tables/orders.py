"""Orders, what became of them, and what protects them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    text,
)

from app.persistence.tables.columns import json, key, metadata, number, text_column, time, to

orders = Table(
    "orders",
    metadata,
    key("tenant_id"),
    key("order_id"),
    text_column("account_id"),
    text_column("plan_id"),
    Column("leg", Integer, nullable=False),
    Column("slice", Integer, nullable=False),
    text_column("approval_id"),
    text_column("tag"),
    text_column("payload_hash"),
    json("terms"),
    text_column("state"),
    text_column("broker_order_id", null=True),
    number("quantity"),
    number("filled_quantity"),
    number("cancelled_quantity"),
    number("average_price", null=True),
    text_column("reason", null=True),
    Column("fence", BigInteger, nullable=True),
    time("send_by"),
    time("created_at"),
    time("sent_at", null=True),
    time("updated_at"),
    to("accounts", "account_id"),
    to("plans", "plan_id"),
    Index("uq_orders_leg", "tenant_id", "plan_id", "leg", "slice", unique=True),
    Index("uq_orders_tag", "tenant_id", "account_id", "tag", unique=True),
    Index("ix_orders_account", "tenant_id", "account_id", "created_at"),
    Index("ix_orders_broker", "tenant_id", "broker_order_id"),
    CheckConstraint(
        "quantity > 0 AND filled_quantity >= 0 AND cancelled_quantity >= 0 "
        "AND filled_quantity + cancelled_quantity <= quantity",
        name="quantities_add_up",
    ),
)

plan_leases = Table(
    "plan_leases",
    metadata,
    key("tenant_id"),
    key("plan_id"),
    text_column("holder"),
    Column("token", BigInteger, nullable=False),
    time("expires_at"),
    to("plans", "plan_id"),
)

order_events = Table(
    "order_events",
    metadata,
    key("tenant_id"),
    key("order_id"),
    Column("seq", Integer, primary_key=True),
    text_column("state"),
    json("body"),
    time("created_at"),
    to("orders", "order_id"),
)

fills = Table(
    "fills",
    metadata,
    key("tenant_id"),
    text_column("account_id"),
    key("order_id"),
    key("trade_id"),
    json("body"),
    time("traded_at"),
    to("orders", "order_id"),
    Index("ix_fills_account", "tenant_id", "account_id", "traded_at"),
)

broker_messages = Table(
    "broker_messages",
    metadata,
    key("tenant_id"),
    Column("message_id", BigInteger, Identity(always=True), primary_key=True),
    text_column("account_id"),
    text_column("order_id"),
    text_column("kind"),
    text_column("strategy_id"),
    time("at"),
    to("orders", "order_id"),
    Index("ix_broker_messages_account", "tenant_id", "account_id", "at"),
)

broker_notices = Table(
    "broker_notices",
    metadata,
    key("tenant_id"),
    key("notice_id"),
    text_column("broker_order_id"),
    text_column("body"),
    time("received_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_broker_notices_order", "tenant_id", "broker_order_id"),
)

protections = Table(
    "protections",
    metadata,
    key("tenant_id"),
    key("entry_order_id"),
    text_column("account_id"),
    number("stop_price", null=True),
    number("target_price", null=True),
    text_column("status"),
    text_column("note"),
    time("not_before", null=True),
    time("opened_at"),
    time("updated_at"),
    ForeignKeyConstraint(["tenant_id", "entry_order_id"], ["orders.tenant_id", "orders.order_id"]),
    Index(
        "ix_protections_open",
        "tenant_id",
        "account_id",
        postgresql_where=text("status = 'OPEN'"),
    ),
)

protective_plans = Table(
    "protective_plans",
    metadata,
    key("tenant_id"),
    key("plan_id"),
    text_column("entry_order_id"),
    text_column("kind"),
    Column("generation", Integer, nullable=False),
    text_column("taken_back", null=True),
    time("created_at"),
    to("plans", "plan_id"),
    to("protections", "entry_order_id"),
    Index(
        "uq_protective_plans_generation",
        "tenant_id",
        "entry_order_id",
        "generation",
        unique=True,
    ),
)

panics = Table(
    "panics",
    metadata,
    key("tenant_id"),
    key("panic_id"),
    text_column("account_id"),
    text_column("reason"),
    text_column("asked_by"),
    time("asked_at"),
    time("holds_until"),
    time("ended_at", null=True),
    to("accounts", "account_id"),
    Index(
        "uq_panics_running",
        "tenant_id",
        "account_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

paper_states = Table(
    "paper_states",
    metadata,
    key("tenant_id"),
    key("account_id"),
    Column("version", Integer, nullable=False),
    text_column("state"),
    to("accounts", "account_id"),
)
