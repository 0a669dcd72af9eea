"""Row-level security for tenants, and an application role that cannot rewrite history.

The lists are written out, not imported: a migration says what was true when it was made.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "sigmatrader_app"
APPEND_ONLY = (
    "policies",
    "run_events",
    "messages",
    "snapshots",
    "plans",
    "risk_decisions",
    "order_events",
    "fills",
    "reconciliations",
    "decision_traces",
    "audit_log",
)
MUTABLE = (
    "tenants",
    "users",
    "api_keys",
    "accounts",
    "kill_switches",
    "threads",
    "runs",
    "cards",
    "ledger_positions",
    "exceptions",
    "idempotency_records",
    "paper_states",
)
REFERENCE = ("bars",)
# What an order asks for never changes; how far it got does.
ORDERS = ("orders",)
ORDER_PROGRESS = (
    "state",
    "broker_order_id",
    "filled_quantity",
    "cancelled_quantity",
    "average_price",
    "reason",
    "sent_at",
    "updated_at",
)
DELETABLE = ("ledger_positions", "idempotency_records")


def upgrade() -> None:
    op.execute(
        f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
            CREATE ROLE {ROLE} NOLOGIN;
          END IF;
          IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
            EXECUTE format('GRANT {ROLE} TO %I', current_user);
          END IF;
        END $$
        """
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    for table in (*APPEND_ONLY, *MUTABLE, *ORDERS, *REFERENCE):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
    for table in (*MUTABLE, *REFERENCE):
        op.execute(f"GRANT UPDATE ON {table} TO {ROLE}")
    for table in ORDERS:
        op.execute(f"GRANT UPDATE ({', '.join(ORDER_PROGRESS)}) ON {table} TO {ROLE}")
    for table in DELETABLE:
        op.execute(f"GRANT DELETE ON {table} TO {ROLE}")
    for table in (*APPEND_ONLY, *MUTABLE, *ORDERS):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (tenant_id = current_setting('app.tenant_id', true)) "
            "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
        )
    _sign_in_function()
    _tenant_list_function()


def _sign_in_function() -> None:
    """A key must be found before its tenant is known, so this one look-up passes the policies."""
    op.execute(
        """
        CREATE FUNCTION find_api_key(wanted text)
        RETURNS TABLE (tenant_id text, key_id text, user_id text, user_name text, roles text[],
                       expires_at timestamptz, revoked_at timestamptz, disabled_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
          SELECT k.tenant_id, k.key_id, k.user_id, u.name, u.roles,
                 k.expires_at, k.revoked_at, u.disabled_at
          FROM api_keys k JOIN users u USING (tenant_id, user_id)
          WHERE k.key_hash = wanted
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION find_api_key(text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION find_api_key(text) TO {ROLE}")


def _tenant_list_function() -> None:
    """Start-up and periodic work visit every tenant, one at a time."""
    op.execute(
        """
        CREATE FUNCTION all_tenant_ids() RETURNS SETOF text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
          SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION all_tenant_ids() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION all_tenant_ids() TO {ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION all_tenant_ids()")
    op.execute("DROP FUNCTION find_api_key(text)")
    for table in (*APPEND_ONLY, *MUTABLE, *ORDERS):
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in (*APPEND_ONLY, *MUTABLE, *ORDERS, *REFERENCE):
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {ROLE}")
