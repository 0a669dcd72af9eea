"""Alembic's entry: runs on the connection that app.persistence.migrate hands it."""

from alembic import context
from sqlalchemy import Connection

from app.persistence.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
