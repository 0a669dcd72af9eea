"""Where the database is: our own embedded server, or one that a URL names."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from app.persistence import embedded
from app.persistence.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer


@dataclass(frozen=True, kw_only=True)
class DatabaseLocation:
    """How to reach the database as its owner and as the application."""

    owner_conninfo: str
    app_conninfo: str
    server: EmbeddedServer | None

    @property
    def owner_url(self) -> str:
        """The owner's connection as SQLAlchemy writes it; libpq reads the query part."""
        parts = conninfo_to_dict(self.owner_conninfo)
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parts.items())
        return f"postgresql+psycopg:///?{query}"


def locate(home: Path, url: SecretStr | None) -> DatabaseLocation:
    """Find the database a URL names, or start our own under the home folder. Blocks."""
    if url is not None:
        conninfo = make_conninfo(url.get_secret_value())
        return DatabaseLocation(owner_conninfo=conninfo, app_conninfo=conninfo, server=None)
    server = embedded.start(home)
    return DatabaseLocation(
        owner_conninfo=server.conninfo(dbname=DATABASE, user=OWNER_ROLE),
        app_conninfo=server.conninfo(dbname=DATABASE, user=APP_ROLE),
        server=server,
    )


def release(location: DatabaseLocation) -> None:
    """Stop the embedded server if this process is to stop it. Blocks."""
    if location.server is not None and location.server.owned:
        embedded.stop(location.server)


def other_sessions(location: DatabaseLocation) -> int:
    """Return how many other connections the database has."""
    with psycopg.connect(location.owner_conninfo) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
    return int(row[0]) if row else 0
