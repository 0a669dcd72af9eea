"""What the gate remembers: messages to brokers, and the equity that losses are counted from."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"
TABLES = ("broker_messages", "equity_history")


def upgrade() -> None:
    op.create_table(
        "broker_messages",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"],
            ["orders.tenant_id", "orders.order_id"],
            name=op.f("fk_broker_messages_orders"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_broker_messages")),
    )
    op.create_index(
        "ix_broker_messages_account", "broker_messages", ["tenant_id", "account_id", "at"]
    )
    op.create_table(
        "equity_history",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("day_start", sa.Numeric(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("week_start", sa.Numeric(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("month_start", sa.Numeric(), nullable=False),
        sa.Column("peak", sa.Numeric(), nullable=False),
        sa.Column("last_equity", sa.Numeric(), nullable=False),
        sa.Column("last_equity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_month", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_equity_history_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_equity_history")),
    )
    op.create_index(
        "ix_risk_decisions_refused",
        "risk_decisions",
        ["tenant_id", "created_at"],
        postgresql_where=sa.text("verdict = 'DENY'"),
    )
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )
    op.execute(f"GRANT UPDATE ON equity_history TO {ROLE}")
    # Orders sent by the release before count as well.
    op.execute(
        "INSERT INTO broker_messages (tenant_id, account_id, order_id, kind, strategy_id, at) "
        "SELECT tenant_id, account_id, order_id, 'ORDER', 'manual', sent_at FROM orders "
        "WHERE sent_at IS NOT NULL ORDER BY sent_at"
    )


def downgrade() -> None:
    op.drop_index("ix_risk_decisions_refused", table_name="risk_decisions")
    for table in reversed(TABLES):
        op.drop_table(table)
