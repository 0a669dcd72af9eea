"""Watch, start and end the server process itself."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from app.persistence.embedded.binaries import Install
from app.persistence.embedded.errors import StartFailed, StopFailed
from app.persistence.embedded.location import PORT, Location
from app.persistence.embedded.provision import DURABLE, SUPERUSER, run_as, write_access_rules

START_MAX_S = 60.0
STOP_MAX_S = 30.0

_POLL_S = 0.005
_LOG_KEPT_BYTES = 5_000_000
_LOG_TAIL_BYTES = 2_000
_MEMORY_STILL_HELD = "pre-existing shared memory block"
# A dropped Popen warns, and a child nobody waits for stays a zombie that looks alive.
_children: dict[tuple[Path, int], subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """What postmaster.pid says of one server."""

    pid: int
    port: int
    socket_dir: Path
    status: str

    def conninfo(self, *, dbname: str, user: str) -> str:
        return make_conninfo(host=str(self.socket_dir), port=self.port, dbname=dbname, user=user)


def find_running(data_dir: Path) -> Postmaster | None:
    """Return the server of this folder when it answers, None when there is none.

    Waits, bounded, for one that is just coming up or going down. Raises StartFailed when a
    live one never answers.
    """
    deadline = time.monotonic() + START_MAX_S
    while (pid := _read_pid(data_dir)) is not None and is_postmaster(pid, data_dir):
        found = _read(data_dir)
        if found is not None and found.status == "ready" and _answers(found):
            return found
        if time.monotonic() > deadline:
            raise StartFailed(
                f"a server with pid {pid} has {data_dir} and does not answer",
                remedy=f"end it with `kill -INT {pid}` and start again",
            )
        time.sleep(_POLL_S)
    if pid is not None and _some_process_has(pid):
        # The dead server's pid is another process's now, or still a zombie's: PostgreSQL would
        # take that for itself running. Its shared memory still guards against a second one.
        _forget(data_dir)
    return None


def launch(install: Install, location: Location, socket_dir: Path) -> Postmaster:
    """Start the server and return it when it is ready to be connected to.

    Raises StartFailed with the tail of the log.
    """
    deadline = time.monotonic() + START_MAX_S
    while True:
        log_from, process = _spawn(install, location, socket_dir)
        ready = _wait_ready(process, location.data_dir, deadline)
        if ready is not None:
            return ready
        said = _log_since(location.log_file, log_from)
        # The children of a killed server need a moment to notice and let go.
        if _MEMORY_STILL_HELD not in said or time.monotonic() > deadline:
            raise StartFailed(
                f"the server of {location.data_dir} did not come up",
                remedy=f"read {location.log_file}, which ends with:\n{said}",
            )
        time.sleep(0.1)


def shut_down(pid: int, data_dir: Path) -> None:
    """End this server: fast, and without checkpoint when that takes too long.

    Does nothing when it is gone. Raises StopFailed.
    """
    for how, wait_max_s in ((signal.SIGINT, STOP_MAX_S), (signal.SIGQUIT, 5.0)):
        deadline = time.monotonic() + wait_max_s
        if is_postmaster(pid, data_dir):
            os.kill(pid, how)
        while is_postmaster(pid, data_dir):
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        else:
            return
    raise StopFailed(
        f"the server with pid {pid} of {data_dir} did not end",
        remedy=f"look at what it waits for (`ps -o stat,wchan -p {pid}`); its data is safe",
    )


def is_postmaster(pid: int, data_dir: Path) -> bool:
    """Tell whether this live process is the server of this folder, not a later pid's owner."""
    child = _children.get((data_dir, pid))
    if child is not None:
        if child.poll() is None:
            return True
        del _children[data_dir, pid]
    return str(data_dir) in _command_line(pid)


def _spawn(
    install: Install, location: Location, socket_dir: Path
) -> tuple[int, subprocess.Popen[bytes]]:
    hba_file, ident_file = write_access_rules(location)
    settings = {
        # On the command line nothing in the data folder can turn these off.
        **dict.fromkeys(DURABLE, "on"),
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0700",
        "hba_file": str(hba_file),
        "ident_file": str(ident_file),
        "password_encryption": "scram-sha-256",
        "shared_buffers": "64MB",
        "max_connections": "50",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_checkpoints": "off",
        "cluster_name": "sigmatrader",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(install.bin_dir / "postgres"), "-D", str(location.data_dir), *options]
    log = _open_log(location.log_file)
    try:
        log_from = os.fstat(log).st_size
        process = subprocess.Popen(command, stdout=log, stderr=log, **run_as(location.account))
    except OSError as error:
        raise StartFailed(
            f"{command[0]} could not be run as {location.account.name}: {error}",
            remedy="see that this user can run it, or reinstall SigmaTrader",
        ) from error
    finally:
        os.close(log)
    _children[location.data_dir, process.pid] = process
    return log_from, process


def _wait_ready(
    process: subprocess.Popen[bytes], data_dir: Path, deadline: float
) -> Postmaster | None:
    while process.poll() is None:
        found = _read(data_dir)
        if found is not None and found.pid == process.pid and found.status == "ready":
            return found
        if time.monotonic() > deadline:
            shut_down(process.pid, data_dir)
        time.sleep(_POLL_S)
    _children.pop((data_dir, process.pid), None)
    return None


def _read_pid(data_dir: Path) -> int | None:
    lines = _pid_file_lines(data_dir)
    return int(lines[0]) if lines and lines[0].isdigit() else None


def _read(data_dir: Path) -> Postmaster | None:
    lines = _pid_file_lines(data_dir)
    # The server writes the file line by line, the status last.
    if len(lines) < 8 or not (lines[0].isdigit() and lines[3].isdigit() and lines[4]):
        return None
    return Postmaster(
        pid=int(lines[0]), port=int(lines[3]), socket_dir=Path(lines[4]), status=lines[7]
    )


def _forget(data_dir: Path) -> None:
    """Remove the lock files that a dead server left for its data folder and its socket."""
    lines = _pid_file_lines(data_dir)
    if len(lines) > 4 and lines[3].isdigit() and lines[4]:
        socket_lock = Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock"
        if _first_line(socket_lock) == lines[0]:
            socket_lock.unlink(missing_ok=True)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return ""


def _pid_file_lines(data_dir: Path) -> list[str]:
    try:
        text = (data_dir / "postmaster.pid").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _command_line(pid: int) -> str:
    # Readable of another user's process too, even for a root without ptrace in a container,
    # unlike its working folder. A zombie has none.
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, UnicodeDecodeError):
            return ""
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False
    ).stdout


def _answers(found: Postmaster) -> bool:
    conninfo = found.conninfo(dbname="postgres", user=SUPERUSER)
    try:
        psycopg.connect(conninfo, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _some_process_has(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > _LOG_KEPT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _log_since(path: Path, log_from: int) -> str:
    with path.open("rb") as log:
        log.seek(max(log_from, path.stat().st_size - _LOG_TAIL_BYTES))
        return log.read().decode(errors="replace").strip()
