"""Decide where the server's files lie and which user runs it."""

import hashlib
import os
import pwd
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.persistence.embedded.errors import (
    DataMissing,
    FolderNotOurs,
    OsUserMissing,
    SocketPathTooLong,
)

PORT = 5432
"""Only names the socket file; nothing listens on a network port."""

_SOCKET_PATH_MAX_BYTES = 103 if sys.platform == "darwin" else 107
_IN_HOME = "postgres"
_RECORD = "postgres.location"
_UNPRIVILEGED = ("sigmatrader", "nobody", "daemon")
_OUTSIDE_HOME = (Path("/var/lib/sigmatrader"), Path("/var/tmp/sigmatrader"))


@dataclass(frozen=True, kw_only=True)
class Account:
    """The OS user the server runs as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Location:
    """Where one home's server keeps everything.

    `root` belongs to the operator; only what the server itself writes, the data and the
    socket folder, belongs to `account`, so the server cannot lead root astray with links.
    """

    root: Path
    account: Account

    @property
    def data_dir(self) -> Path:
        return self.root / "data"

    @property
    def log_file(self) -> Path:
        return self.root / "postgres.log"


def locate(home: Path) -> Location:
    """Return the recorded place of this home's data, else choose one and make its folder.

    Once recorded, a place is never changed by itself: an unreadable or missing one raises
    instead of beginning again with an empty store.
    """
    recorded = _read_record(home)
    if recorded is not None:
        root = home / recorded
        if not root.is_dir() or not (root / "data" / "PG_VERSION").exists():
            raise DataMissing(
                f"{home / _RECORD} says the data is in {root}, it is not there",
                remedy=f"bring it back, or delete {home / _RECORD} to begin with an empty store",
            )
    else:
        root = _choose_root(home)
    operator = operator_account()
    mode = 0o711 if operator.uid == 0 else 0o700
    claim_folder(root, owner=operator, mode=mode)
    account = _account_for(root / "data")
    if not can_read(root, account):
        raise FolderNotOurs(
            f"the server's user {account.name} can no longer reach {root}",
            remedy="let others pass through (chmod o+x) the folders above it again",
        )
    return Location(root=root, account=account)


def record(home: Path, location: Location) -> None:
    """Remember the place, so that it is found again whatever changes around it."""
    path = home / _RECORD
    if not path.exists():
        in_home = location.root.parent == home
        write_file(path, location.root.name if in_home else str(location.root), mode=0o600)


def choose_socket_dir(location: Location) -> Path:
    """Make and return a folder short enough for a unix socket.

    Raises SocketPathTooLong.
    """
    short_name = f"sigmatrader-{_short_hash(location.root)}"
    above = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]
    shared = [Path(folder) / short_name for folder in above if folder]
    for folder in [location.root / "run", *shared]:
        if _fits_socket(folder) and can_read(folder.parent, location.account):
            claim_folder(folder, owner=location.account, mode=0o700)
            return folder
    raise SocketPathTooLong(
        f"a unix socket's path takes at most {_SOCKET_PATH_MAX_BYTES} bytes, "
        f"{location.root} and {tempfile.gettempdir()} are too long",
        remedy="use a shorter home, or set TMPDIR to a short folder",
    )


def operator_account() -> Account:
    """Return the user this process runs as.

    Raises OsUserMissing: neither initdb nor peer authentication works for a nameless uid.
    """
    return _account_of(os.geteuid())


def can_read(path: Path, account: Account) -> bool:
    """Tell whether the account may pass every folder above `path` and read `path` itself."""
    resolved = path.resolve()
    if not resolved.exists():
        return False
    wanted = stat.S_IXOTH if resolved.is_dir() else stat.S_IROTH
    return _grants(resolved.stat(), account, wanted) and all(
        _grants(parent.stat(), account, stat.S_IXOTH) for parent in resolved.parents
    )


def claim_folder(path: Path, *, owner: Account, mode: int) -> None:
    """Make a folder of our own, or take one that is ours already.

    Raises FolderNotOurs when somebody else has put something there.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        # Checked and changed through one descriptor: no link can slip in between.
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _not_ours(path, str(error.strerror)) from error
    try:
        found = os.fstat(descriptor)
        if found.st_uid not in (os.geteuid(), owner.uid):
            raise _not_ours(path, f"it belongs to uid {found.st_uid}")
        if stat.S_IMODE(found.st_mode) & 0o022:
            raise _not_ours(path, "other users can write to it")
        if found.st_uid != owner.uid:
            os.fchown(descriptor, owner.uid, owner.gid)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def write_file(path: Path, text: str, *, mode: int) -> None:
    """Write a whole file at once: a reader sees the old text or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        os.fchmod(descriptor, mode)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def _read_record(home: Path) -> str | None:
    try:
        return (home / _RECORD).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def _choose_root(home: Path) -> Path:
    account = _server_account()
    if can_read(home, account):
        return home / _IN_HOME
    for base in _OUTSIDE_HOME:
        if _claim_base(base, account):
            return base / _short_hash(home)
    raise FolderNotOurs(
        f"the server's user {account.name} can reach neither {home} nor a folder of "
        f"{', '.join(map(str, _OUTSIDE_HOME))}",
        remedy="use a home outside private folders, or run as a plain user",
    )


def _claim_base(base: Path, account: Account) -> bool:
    try:
        claim_folder(base, owner=operator_account(), mode=0o711)
    except FolderNotOurs:
        return False
    return can_read(base, account)


def _account_for(data_dir: Path) -> Account:
    try:
        found = data_dir.lstat()
    except FileNotFoundError:
        return _server_account()
    owner_fits = found.st_uid != 0 if os.geteuid() == 0 else found.st_uid == os.geteuid()
    if not owner_fits or not stat.S_ISDIR(found.st_mode):
        raise _not_ours(data_dir, f"it belongs to uid {found.st_uid} or is no folder")
    return _account_of(found.st_uid)


def _server_account() -> Account:
    if os.geteuid() != 0:
        return operator_account()
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)
    raise OsUserMissing(
        f"PostgreSQL does not run as root, and none of {', '.join(_UNPRIVILEGED)} exists",
        remedy="add one of these users, or run as a plain user",
    )


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise OsUserMissing(
            f"uid {uid} has no name in the user database",
            remedy="add it to /etc/passwd, or run as a user that has a name",
        ) from error
    return Account(uid=uid, gid=entry.pw_gid, name=entry.pw_name)


def _grants(found: os.stat_result, account: Account, wanted_of_others: int) -> bool:
    if account.uid == found.st_uid:
        return bool(found.st_mode & (wanted_of_others << 6))
    if account.gid == found.st_gid:
        return bool(found.st_mode & (wanted_of_others << 3))
    return bool(found.st_mode & wanted_of_others)


def _fits_socket(folder: Path) -> bool:
    socket = os.fsencode(folder / f".s.PGSQL.{PORT}")
    # libpq takes a comma for the end of one host of a list.
    return len(socket) <= _SOCKET_PATH_MAX_BYTES and b"," not in socket


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _not_ours(path: Path, why: str) -> FolderNotOurs:
    return FolderNotOurs(
        f"{path} was expected to be a private folder of ours: {why}",
        remedy="run as the user it belongs to, use another home, or move it away",
    )
