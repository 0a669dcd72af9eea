"""What brokers send by themselves, each postback once and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"


def upgrade() -> None:
    op.create_table(
        "broker_notices",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("broker_order_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_broker_notices_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "notice_id", name=op.f("pk_broker_notices")),
    )
    op.create_index("ix_broker_notices_order", "broker_notices", ["tenant_id", "broker_order_id"])
    op.create_index("ix_orders_broker", "orders", ["tenant_id", "broker_order_id"])
    op.execute(f"GRANT SELECT, INSERT ON broker_notices TO {ROLE}")
    op.execute("ALTER TABLE broker_notices ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON broker_notices "
        "USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )


def downgrade() -> None:
    op.drop_index("ix_orders_broker", table_name="orders")
    op.drop_table("broker_notices")
