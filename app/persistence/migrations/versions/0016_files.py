"""Files that people attach: tables of quoted data, kept for the one person who attached them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"


def upgrade() -> None:
    _files()
    _sheets()
    _named_in_turns()
    for table in ("files", "file_sheets", "run_files"):
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("kept_bytes", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name=op.f("fk_files_users"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "file_id", name=op.f("pk_files")),
    )
    # The same content of the same person is the same file.
    op.create_index("uq_files_content", "files", ["tenant_id", "user_id", "sha256"], unique=True)


def _sheets() -> None:
    op.create_table(
        "file_sheets",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("facts", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.file_id"],
            name=op.f("fk_file_sheets_files"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "file_id", "position", name=op.f("pk_file_sheets")),
    )


def _named_in_turns() -> None:
    op.create_table(
        "run_files",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["runs.tenant_id", "runs.run_id"],
            name=op.f("fk_run_files_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.file_id"],
            name=op.f("fk_run_files_files"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "position", name=op.f("pk_run_files")),
    )
    op.create_index("ix_run_files_thread", "run_files", ["tenant_id", "thread_id", "named_at"])
    op.create_index("ix_run_files_file", "run_files", ["tenant_id", "file_id"])


def downgrade() -> None:
    for table in ("run_files", "file_sheets", "files"):
        op.drop_table(table)
