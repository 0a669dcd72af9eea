"""Start, adopt and stop the embedded server of one home."""

import os
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from app.persistence.embedded import locks, postmaster, provision
from app.persistence.embedded.binaries import Install, copy_install, files_to_read, find_install
from app.persistence.embedded.errors import FolderNotOurs
from app.persistence.embedded.location import (
    Location,
    can_read,
    choose_socket_dir,
    locate,
    record,
)

_LOCK = "postgres.lock"
_LOCK_WAIT_MAX_S = 90.0
# Kept for the life of this process: the kernel lets go of them when it dies.
_owner_locks: dict[Path, int] = {}


@dataclass(frozen=True, kw_only=True)
class EmbeddedServer:
    """A running server, ready for connections.

    `owned` tells whether this process is the one to stop it: it started it, or whoever did
    is gone. Of several processes on one home only one owns the server.
    """

    home: Path
    root: Path
    data_dir: Path
    socket_dir: Path
    log_file: Path
    port: int
    pid: int
    version: str
    owned: bool

    def conninfo(self, *, dbname: str, user: str) -> str:
        """Return a libpq connection string over the unix socket; no password is needed."""
        return make_conninfo(host=str(self.socket_dir), port=self.port, dbname=dbname, user=user)


def start(home: Path) -> EmbeddedServer:
    """Return this home's server: the one that runs, else a new one, on new data if need be.

    Blocks, every wait is bounded. Safe to call from several processes at once. The
    server outlives this process unless `stop` is called. Raises EmbeddedPostgresError.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        home = home.resolve()
        with locks.held(home / _LOCK, wait_max_s=_LOCK_WAIT_MAX_S):
            return _start_locked(home)
    except PermissionError as error:
        raise FolderNotOurs(
            f"{error.filename or home} cannot be used by this user",
            remedy="run as the user who started the first time, or use another home",
        ) from error


def stop(server: EmbeddedServer) -> None:
    """Shut the server down fast, whoever started it; does nothing when it is gone.

    Raises StopFailed.
    """
    with locks.held(server.home / _LOCK, wait_max_s=_LOCK_WAIT_MAX_S):
        postmaster.shut_down(server.pid, server.data_dir)
        if server.socket_dir.parent != server.root and server.socket_dir.exists():
            server.socket_dir.rmdir()
        owner_lock = _owner_locks.pop(server.root, None)
        if owner_lock is not None:
            locks.release(owner_lock)


def _start_locked(home: Path) -> EmbeddedServer:
    install = find_install()
    location = locate(home)
    initialised = provision.refuse_other_major(location.data_dir, install)
    running = postmaster.find_running(location.data_dir) if initialised else None
    if running is None:
        running = _start_new(install, location, initialised=initialised)
    provision.ensure_roles_and_database(
        running.conninfo(dbname="postgres", user=provision.SUPERUSER)
    )
    record(home, location)
    return EmbeddedServer(
        home=home,
        root=location.root,
        data_dir=location.data_dir,
        socket_dir=running.socket_dir,
        log_file=location.log_file,
        port=running.port,
        pid=running.pid,
        version=install.version,
        owned=_take_ownership(location.root),
    )


def _take_ownership(root: Path) -> bool:
    owner_lock = locks.try_hold(root / "owner.lock")
    if owner_lock is None:
        return False
    _owner_locks[root] = owner_lock
    return True


def _start_new(install: Install, location: Location, *, initialised: bool) -> postmaster.Postmaster:
    socket_dir = choose_socket_dir(location)
    if not all(can_read(path, location.account) for path in files_to_read(install)):
        install = copy_install(install, location.root)
    if not initialised:
        provision.init_data(install, location)
    return postmaster.launch(install, location, socket_dir)
