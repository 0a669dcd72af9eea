"""What is held, how it compares with the broker, and prices of the past."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Table,
    text,
)

from app.persistence.tables.columns import json, key, metadata, number, text_column, time, to

ledger_positions = Table(
    "ledger_positions",
    metadata,
    key("tenant_id"),
    key("account_id"),
    key("exchange"),
    key("tradingsymbol"),
    key("product"),
    number("quantity"),
    number("average_price"),
    time("updated_at"),
    to("accounts", "account_id"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    key("tenant_id"),
    key("reconciliation_id"),
    text_column("account_id"),
    time("as_of"),
    Column("delta_count", Integer, nullable=False),
    json("body"),
    to("accounts", "account_id"),
    Index("ix_reconciliations_account", "tenant_id", "account_id", "as_of"),
)

exceptions = Table(
    "exceptions",
    metadata,
    key("tenant_id"),
    key("exception_id"),
    text_column("account_id"),
    text_column("kind"),
    text_column("severity"),
    text_column("key"),
    text_column("status"),
    json("body"),
    time("opened_at"),
    time("last_seen_at"),
    text_column("acknowledged_by", null=True),
    time("resolved_at", null=True),
    to("accounts", "account_id"),
    Index(
        "uq_exceptions_open",
        "tenant_id",
        "account_id",
        "key",
        unique=True,
        postgresql_where=text("status <> 'RESOLVED'"),
    ),
)

foreign_orders = Table(
    "foreign_orders",
    metadata,
    key("tenant_id"),
    key("account_id"),
    key("broker_order_id"),
    Column("is_open", Boolean, nullable=False),
    json("body"),
    time("first_seen_at"),
    time("last_seen_at"),
    to("accounts", "account_id"),
)

ledger_adjustments = Table(
    "ledger_adjustments",
    metadata,
    key("tenant_id"),
    key("adjustment_id"),
    text_column("account_id"),
    text_column("exception_id"),
    text_column("exchange"),
    text_column("tradingsymbol"),
    text_column("product"),
    number("quantity"),
    number("average_price"),
    text_column("cause"),
    json("proof"),
    json("trades"),
    text_column("adjusted_by"),
    text_column("comment", null=True),
    time("created_at"),
    to("accounts", "account_id"),
    to("exceptions", "exception_id"),
    Index("ix_ledger_adjustments_account", "tenant_id", "account_id"),
)

remediations = Table(
    "remediations",
    metadata,
    key("tenant_id"),
    key("exception_id"),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    text_column("action"),
    text_column("status"),
    json("result"),
    text_column("done_by"),
    text_column("comment", null=True),
    time("done_at"),
    to("exceptions", "exception_id"),
)

bars = Table(
    "bars",
    metadata,
    key("exchange"),
    key("tradingsymbol"),
    Column("day", Date, primary_key=True),
    number("open"),
    number("high"),
    number("low"),
    number("close"),
    Column("volume", BigInteger, nullable=False),
    Column("split_suspected", Boolean, nullable=False),
)
