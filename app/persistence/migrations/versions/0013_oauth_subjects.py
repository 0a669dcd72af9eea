"""Who a token's subject is here: a user whom somebody linked to it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"


def upgrade() -> None:
    op.create_table(
        "oauth_subjects",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name=op.f("fk_oauth_subjects_users"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "issuer", "subject", name=op.f("pk_oauth_subjects")),
    )
    # A subject is one person in one tenant, whichever tenant asks.
    op.create_index(
        "uq_oauth_subjects_subject", "oauth_subjects", ["issuer", "subject"], unique=True
    )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON oauth_subjects TO {ROLE}")
    op.execute("ALTER TABLE oauth_subjects ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON oauth_subjects "
        "USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )
    _subject_function()


def _subject_function() -> None:
    """A subject must be found before its tenant is known, so this look-up passes the policies."""
    op.execute(
        """
        CREATE FUNCTION find_oauth_subject(wanted_issuer text, wanted_subject text)
        RETURNS TABLE (tenant_id text, user_id text, user_name text, roles text[],
                       disabled_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
          SELECT s.tenant_id, s.user_id, u.name, u.roles, u.disabled_at
          FROM oauth_subjects s JOIN users u USING (tenant_id, user_id)
          WHERE s.issuer = wanted_issuer AND s.subject = wanted_subject
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION find_oauth_subject(text, text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION find_oauth_subject(text, text) TO {ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION find_oauth_subject(text, text)")
    op.drop_table("oauth_subjects")
