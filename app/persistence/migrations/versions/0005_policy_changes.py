"""Changes of an account's policy: proposed, then decided once; and recorded days found fast.

What was proposed never changes; only how it was decided is written later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"
DECIDED = ("status", "decision_comment", "decided_by", "decided_at")


def upgrade() -> None:
    op.create_table(
        "policy_changes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("from_hash", sa.Text(), nullable=False),
        sa.Column("to_hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("differences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision_comment", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_policy_changes_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_hash"],
            ["policies.tenant_id", "policies.policy_hash"],
            name=op.f("fk_policy_changes_policies"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "change_id", name=op.f("pk_policy_changes")),
    )
    op.create_index(
        "uq_policy_changes_active",
        "policy_changes",
        ["tenant_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("status = 'ACTIVE'"),
    )
    op.create_index(
        "ix_policy_changes_proposed", "policy_changes", ["tenant_id", "account_id", "proposed_at"]
    )
    op.create_index(
        "ix_risk_decisions_created", "risk_decisions", ["tenant_id", "stage", "created_at"]
    )
    op.execute(f"GRANT SELECT, INSERT ON policy_changes TO {ROLE}")
    op.execute(f"GRANT UPDATE ({', '.join(DECIDED)}) ON policy_changes TO {ROLE}")
    op.execute("ALTER TABLE policy_changes ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON policy_changes "
        "USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )


def downgrade() -> None:
    op.drop_index("ix_risk_decisions_created", table_name="risk_decisions")
    op.drop_table("policy_changes")
