"""Make the data folder, say who may connect, and create the roles and the database."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.persistence.embedded.binaries import Install
from app.persistence.embedded.errors import DataMissing, DataOtherMajor, NotDurable, StartFailed
from app.persistence.embedded.location import (
    Account,
    Location,
    claim_folder,
    operator_account,
    write_file,
)

SUPERUSER = "postgres"
OWNER_ROLE = "sigmatrader_owner"
APP_ROLE = "sigmatrader_app"
DATABASE = "sigmatrader"
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")

_MAP = "sigmatrader"
_INITDB_MAX_S = 120


def run_as(account: Account) -> dict[str, Any]:
    """Return the subprocess arguments that start a program as `account`, with nothing of ours."""
    common: dict[str, Any] = {
        "cwd": "/",
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        "stdin": subprocess.DEVNULL,
        # Ctrl-C in the operator's terminal must not reach it.
        "start_new_session": True,
        "umask": 0o077,
    }
    if os.geteuid() == account.uid:
        return common
    return common | {"user": account.uid, "group": account.gid, "extra_groups": []}


def refuse_other_major(data_dir: Path, install: Install) -> bool:
    """Tell whether the data folder is initialised.

    Raises DataOtherMajor when these programs cannot read it.
    """
    if not data_dir.exists():
        return False
    try:
        major = (data_dir / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise DataMissing(
            f"{data_dir} has no PG_VERSION, so it is no data folder",
            remedy="bring it back from a backup, or move it away to begin with an empty store",
        ) from error
    if major != str(install.major):
        raise DataOtherMajor(
            f"{data_dir} was written by PostgreSQL {major}, this release runs {install.major}",
            remedy="run `db backup` with the old release, move the folder away, "
            "then `db restore` with this one",
        )
    return True


def init_data(install: Install, location: Location) -> None:
    """Make the data folder; a crash half way leaves nothing that looks finished."""
    fresh = location.root / "data.new"
    _discard(fresh)
    claim_folder(fresh, owner=location.account, mode=0o700)
    locale = ["--locale=C"]
    if install.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        str(install.bin_dir / "initdb"),
        f"--pgdata={fresh}",
        f"--username={SUPERUSER}",
        "--auth=peer",
        "--encoding=UTF8",
        "--data-checksums",
        "--no-instructions",
        *locale,
    ]
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_INITDB_MAX_S,
                check=True,
                **run_as(location.account),
            )
        except (OSError, subprocess.SubprocessError) as error:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise StartFailed(
                f"initdb could not make {fresh} ({error}): {said}",
                remedy="look at free space and at the message above",
            ) from error
    fresh.rename(location.data_dir)


def write_access_rules(location: Location) -> tuple[Path, Path]:
    """Let only the operator and the server's own user in, over the unix socket."""
    names = sorted({operator_account().name, location.account.name})
    roles = (SUPERUSER, OWNER_ROLE, APP_ROLE)
    idents = [f'{_MAP} "{name}" {role}' for name in names for role in roles]
    # Root's files must be readable by the server's user; a plain user's are its own.
    mode = 0o644 if os.geteuid() != location.account.uid else 0o600
    hba_file, ident_file = location.root / "pg_hba.conf", location.root / "pg_ident.conf"
    write_file(hba_file, f"local all all peer map={_MAP}", mode=mode)
    write_file(ident_file, "\n".join(idents), mode=mode)
    return hba_file, ident_file


def ensure_roles_and_database(conninfo: str) -> None:
    """Create what is missing of the two roles and the database; change nothing else.

    Raises NotDurable when the server could lose a committed transaction.
    """
    with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
        off = connection.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting <> 'on'",
            (list(DURABLE),),
        ).fetchall()
        if off:
            raise NotDurable(
                f"the running server has {', '.join(str(row[0]) for row in off)} not on",
                remedy="stop it and start again, without settings of your own",
            )
        for role in (OWNER_ROLE, APP_ROLE):
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                connection.execute(
                    sql.SQL(
                        "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
                    ).format(sql.Identifier(role))
                )
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP_ROLE), sql.Identifier(OWNER_ROLE))
        )
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                )
            )


def _exists(connection: psycopg.Connection[Any], query: Any, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None


def _discard(folder: Path) -> None:
    if folder.exists():
        # Left by a crash inside initdb; it never held anything.
        shutil.rmtree(folder)
