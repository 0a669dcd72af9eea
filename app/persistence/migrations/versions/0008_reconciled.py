"""Orders of others at the broker, and what people did about differences."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"
TABLES = ("foreign_orders", "ledger_adjustments", "remediations")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "foreign_orders",
        _text("tenant_id"),
        _text("account_id"),
        _text("broker_order_id"),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        _time("first_seen_at"),
        _time("last_seen_at"),
        _to_accounts("foreign_orders"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "broker_order_id", name=op.f("pk_foreign_orders")
        ),
    )
    op.create_table(
        "ledger_adjustments",
        _text("tenant_id"),
        _text("adjustment_id"),
        _text("account_id"),
        _text("exception_id"),
        _text("exchange"),
        _text("tradingsymbol"),
        _text("product"),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("average_price", sa.Numeric(), nullable=False),
        _text("cause"),
        sa.Column("proof", JSONB(), nullable=False),
        sa.Column("trades", JSONB(), nullable=False),
        _text("adjusted_by"),
        _text("comment", null=True),
        _time("created_at"),
        _to_accounts("ledger_adjustments"),
        _to_exceptions("ledger_adjustments"),
        sa.PrimaryKeyConstraint("tenant_id", "adjustment_id", name=op.f("pk_ledger_adjustments")),
    )
    op.create_index(
        "ix_ledger_adjustments_account", "ledger_adjustments", ["tenant_id", "account_id"]
    )
    op.create_table(
        "remediations",
        _text("tenant_id"),
        _text("exception_id"),
        sa.Column("seq", sa.Integer(), nullable=False),
        _text("action"),
        _text("status"),
        sa.Column("result", JSONB(), nullable=False),
        _text("done_by"),
        _text("comment", null=True),
        _time("done_at"),
        _to_exceptions("remediations"),
        sa.PrimaryKeyConstraint("tenant_id", "exception_id", "seq", name=op.f("pk_remediations")),
    )
    op.create_index("ix_fills_account", "fills", ["tenant_id", "account_id", "traded_at"])
    op.create_index(
        "ix_reconciliations_account", "reconciliations", ["tenant_id", "account_id", "as_of"]
    )
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )
    op.execute(f"GRANT UPDATE (is_open, body, last_seen_at) ON foreign_orders TO {ROLE}")


def downgrade() -> None:
    op.drop_index("ix_reconciliations_account", table_name="reconciliations")
    op.drop_index("ix_fills_account", table_name="fills")
    for table in reversed(TABLES):
        op.drop_table(table)


def _to_accounts(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "account_id"],
        ["accounts.tenant_id", "accounts.account_id"],
        name=op.f(f"fk_{table}_accounts"),
    )


def _to_exceptions(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "exception_id"],
        ["exceptions.tenant_id", "exceptions.exception_id"],
        name=op.f(f"fk_{table}_exceptions"),
    )
