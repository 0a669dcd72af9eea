"""Who uses the installation, what they may, and what everybody did."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.persistence.tables.columns import json, key, metadata, text_column, time, to

tenants = Table("tenants", metadata, key("tenant_id"), text_column("name"), time("created_at"))

users = Table(
    "users",
    metadata,
    key("tenant_id"),
    key("user_id"),
    text_column("name"),
    Column("roles", ARRAY(Text), nullable=False),
    time("created_at"),
    time("disabled_at", null=True),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("uq_users_name", "tenant_id", "name", unique=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    key("tenant_id"),
    key("key_id"),
    text_column("user_id"),
    text_column("prefix"),
    text_column("key_hash"),
    time("created_at"),
    time("expires_at", null=True),
    time("revoked_at", null=True),
    to("users", "user_id"),
    Index("uq_api_keys_key_hash", "key_hash", unique=True),
)

oauth_subjects = Table(
    "oauth_subjects",
    metadata,
    key("tenant_id"),
    key("issuer"),
    key("subject"),
    text_column("user_id"),
    time("linked_at"),
    to("users", "user_id"),
    Index("uq_oauth_subjects_subject", "issuer", "subject", unique=True),
)

idempotency_records = Table(
    "idempotency_records",
    metadata,
    key("tenant_id"),
    key("scope"),
    key("key"),
    text_column("payload_hash"),
    text_column("status"),
    time("first_seen_at"),
    Column("response_status", Integer, nullable=True),
    text_column("response_body", null=True),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
)

audit_log = Table(
    "audit_log",
    metadata,
    key("tenant_id"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    time("at"),
    text_column("actor"),
    text_column("action"),
    text_column("entity"),
    text_column("entity_id"),
    json("body"),
    text_column("prev_hash"),
    text_column("row_hash"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"]),
    Index("ix_audit_log_entity", "tenant_id", "entity", "entity_id"),
)
