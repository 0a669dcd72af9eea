"""A turn is woken once, and a fill is named by its order and trade id together.

Exchanges number trades anew each day and give both sides of one trade the same number, so a
trade id alone would swallow a real fill.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_runs_origin", table_name="runs")
    op.create_index("uq_runs_origin", "runs", ["tenant_id", "origin_run_id"], unique=True)
    op.drop_constraint("pk_fills", "fills", type_="primary")
    op.create_primary_key("pk_fills", "fills", ["tenant_id", "order_id", "trade_id"])


def downgrade() -> None:
    op.drop_constraint("pk_fills", "fills", type_="primary")
    op.create_primary_key("pk_fills", "fills", ["tenant_id", "account_id", "trade_id"])
    op.drop_index("uq_runs_origin", table_name="runs")
    op.create_index("ix_runs_origin", "runs", ["tenant_id", "origin_run_id"])
