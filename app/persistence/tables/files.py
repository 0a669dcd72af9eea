"""Files that people attached: what is known of them, their rows, and the turns that named them."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table

from app.persistence.tables.columns import json, key, metadata, text_column, time, to

files = Table(
    "files",
    metadata,
    key("tenant_id"),
    key("file_id"),
    text_column("user_id"),
    text_column("name"),
    text_column("sha256"),
    text_column("kind"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("kept_bytes", BigInteger, nullable=False),
    time("added_at"),
    to("users", "user_id"),
    Index("uq_files_content", "tenant_id", "user_id", "sha256", unique=True),
)

file_sheets = Table(
    "file_sheets",
    metadata,
    key("tenant_id"),
    key("file_id"),
    Column("position", Integer, primary_key=True, autoincrement=False),
    json("facts"),
    Column("packed", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "file_id"], ["files.tenant_id", "files.file_id"], ondelete="CASCADE"
    ),
)

run_files = Table(
    "run_files",
    metadata,
    key("tenant_id"),
    key("run_id"),
    Column("position", Integer, primary_key=True, autoincrement=False),
    text_column("thread_id"),
    text_column("file_id"),
    time("named_at"),
    to("runs", "run_id"),
    ForeignKeyConstraint(
        ["tenant_id", "file_id"], ["files.tenant_id", "files.file_id"], ondelete="CASCADE"
    ),
    Index("ix_run_files_thread", "tenant_id", "thread_id", "named_at"),
    Index("ix_run_files_file", "tenant_id", "file_id"),
)
