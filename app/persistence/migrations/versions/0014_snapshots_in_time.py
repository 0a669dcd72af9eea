"""Snapshots of an account are found by their time."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_snapshots_time", "snapshots", ["tenant_id", "account_id", "kind", "as_of"])


def downgrade() -> None:
    op.drop_index("ix_snapshots_time", table_name="snapshots")
