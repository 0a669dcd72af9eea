"""Logins at brokers: one row an account, sealed by the application."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"


def upgrade() -> None:
    op.create_table(
        "broker_logins",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_broker_logins_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_broker_logins")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON broker_logins TO {ROLE}")
    op.execute("ALTER TABLE broker_logins ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON broker_logins "
        "USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )


def downgrade() -> None:
    op.drop_table("broker_logins")
