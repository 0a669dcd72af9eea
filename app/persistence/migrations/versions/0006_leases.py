"""Leases on plans, the token each order left under, and a person's own last words found fast."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"


def upgrade() -> None:
    op.create_table(
        "plan_leases",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["plans.tenant_id", "plans.plan_id"],
            name=op.f("fk_plan_leases_plans"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", name=op.f("pk_plan_leases")),
    )
    op.add_column("orders", sa.Column("fence", sa.BigInteger(), nullable=True))
    op.create_index("ix_runs_user", "runs", ["tenant_id", "user_id", "created_at"])
    op.execute(f"GRANT UPDATE (fence) ON orders TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON plan_leases TO {ROLE}")
    op.execute("ALTER TABLE plan_leases ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON plan_leases "
        "USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )


def downgrade() -> None:
    op.drop_index("ix_runs_user", table_name="runs")
    op.drop_column("orders", "fence")
    op.drop_table("plan_leases")
