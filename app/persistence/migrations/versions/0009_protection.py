"""Stops and targets of entries, panic closes, and the running state of an account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"
TABLES = ("protections", "protective_plans", "panics", "running_states")


def upgrade() -> None:
    _protections()
    _protective_plans()
    _panics()
    _running_states()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {ROLE}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )


def _protections() -> None:
    op.create_table(
        "protections",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("entry_order_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("stop_price", sa.Numeric(), nullable=True),
        sa.Column("target_price", sa.Numeric(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_order_id"],
            ["orders.tenant_id", "orders.order_id"],
            name=op.f("fk_protections_orders"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "entry_order_id", name=op.f("pk_protections")),
    )
    op.create_index(
        "ix_protections_open",
        "protections",
        ["tenant_id", "account_id"],
        postgresql_where=sa.text("status = 'OPEN'"),
    )


def _protective_plans() -> None:
    op.create_table(
        "protective_plans",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("entry_order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "plan_id"],
            ["plans.tenant_id", "plans.plan_id"],
            name=op.f("fk_protective_plans_plans"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_order_id"],
            ["protections.tenant_id", "protections.entry_order_id"],
            name=op.f("fk_protective_plans_protections"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plan_id", name=op.f("pk_protective_plans")),
    )
    op.create_index(
        "uq_protective_plans_generation",
        "protective_plans",
        ["tenant_id", "entry_order_id", "generation"],
        unique=True,
    )


def _panics() -> None:
    op.create_table(
        "panics",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("panic_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holds_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_panics_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "panic_id", name=op.f("pk_panics")),
    )
    op.create_index(
        "uq_panics_running",
        "panics",
        ["tenant_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _running_states() -> None:
    op.create_table(
        "running_states",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_running_states_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_running_states")),
    )


def downgrade() -> None:
    for table in ("protective_plans", "protections", "panics", "running_states"):
        op.drop_table(table)
