"""Conversations are listed by who talked last in them, and shown with their cards."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_threads_user", "threads", ["tenant_id", "user_id", "updated_at"])
    op.create_index("ix_cards_thread", "cards", ["tenant_id", "thread_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_cards_thread", table_name="cards")
    op.drop_index("ix_threads_user", table_name="threads")
