"""What a person does at the terminal, on a real server and its own home."""

import json
from pathlib import Path

import httpx
import pytest

from tests.servers import Server, prepared_server

ORDER = "buy 10 INFY at market, cnc"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def said(server: Server, *arguments: str, code: int = 0) -> str:
    """Run a command, check how it ended, and return what it said, unwrapped."""
    done = server.command(*arguments)
    words = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == code, words
    assert "Traceback" not in words
    return words


def decision_of(server: Server, message: str = ORDER) -> str:
    with server.client() as client:
        turn = client.post("/api/v1/chat", json={"message": message}).json()
        done = client.post(f"/api/v1/cards/{turn['cards'][0]['id']}/approve").json()
    assert done["outcome"] == "EXECUTED", done
    return str(turn["decision_id"])


def status_with(server: Server, key: str) -> int:
    with server.client(key) as client:
        return client.get("/api/v1/me").status_code


def test_chat_prints_the_ticket(server: Server) -> None:
    # Other words than the tests after it: the same ones within a minute are asked about.
    ticket = said(server, "chat", ORDER.replace("10", "9"))
    for shown in ("BUY 9 NSE:INFY", "MARKET", "CNC", "Notional", "Risk gate ALLOW", "PAPER"):
        assert shown in ticket
    assert "awaiting approval decision dec_" in ticket


def test_chat_as_json_is_one_document(server: Server) -> None:
    done = server.command("chat", "price of TCS", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["outcome"] == "ANSWERED"


def test_decisions_are_listed_shown_and_replayed(server: Server) -> None:
    decision = decision_of(server)
    listed = json.loads(server.command("decision", "list", "--json").stdout)
    shown = json.loads(server.command("decision", "show", decision, "--json").stdout)

    assert [row["user_message"] for row in listed if row["decision_id"] == decision] == [ORDER]
    assert [order["state"] for order in shown["orders_submitted"]] == ["FILLED"]
    assert "EXECUTED" in said(server, "decision", "show", decision)
    assert decision in said(server, "decision", "list")
    assert said(server, "decision", "replay", decision).endswith("replay equal")
    assert "NOT_FOUND" in said(server, "decision", "show", "dec_nothing", code=1)


def test_a_trace_changed_behind_our_back_is_noticed(server: Server) -> None:
    decision = decision_of(server, "buy 14 INFY at market, cnc")
    with server.database() as database:
        changed = database.execute(
            "UPDATE decision_traces SET body = jsonb_set(body, '{replay,0,output,legs,0,quantity}',"
            " '\"11\"') WHERE decision_id = %s",
            (decision,),
        ).rowcount
    assert changed == 2
    words = said(server, "decision", "replay", decision, code=1)
    assert "plan: $.legs[0].quantity: recorded '11', replayed '14'" in words
    assert words.endswith("replay DIFFERS")


def test_the_audit_log_holds_and_a_changed_row_is_named(server: Server) -> None:
    decision_of(server, "buy 12 INFY at market, cnc")
    assert said(server, "audit", "verify").endswith("rows, intact")
    with server.database() as database:
        actor = database.execute("SELECT actor FROM audit_log WHERE seq = 3").fetchone()
        database.execute("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3")
        assert said(server, "audit", "verify", code=1).startswith("broken at row 3")
        database.execute("UPDATE audit_log SET actor = %s WHERE seq = 3", actor)
    assert said(server, "audit", "verify").endswith("rows, intact")


def test_users_and_keys_come_and_go(server: Server) -> None:
    key = said(server, "user", "create", "asha", "--role", "trader").removeprefix("API key: ")
    second = said(server, "key", "create", "asha", "--days", "1").removeprefix("API key: ")
    assert (status_with(server, key), status_with(server, second)) == (200, 200)

    lines = [line.split() for line in server.command("key", "list").stdout.splitlines()]
    [key_id] = [line[0] for line in lines if line[2] == f"{key[:11]}..."]
    assert key not in str(lines)
    assert said(server, "key", "revoke", key_id) == "revoked"

    assert (status_with(server, key), status_with(server, second)) == (401, 200)
    assert f"{key_id} asha {key[:11]}... revoked" in said(server, "key", "list")
    assert "NOT_FOUND" in said(server, "key", "revoke", key_id, code=1)
    assert "CONFLICT" in said(server, "user", "create", "asha", "--role", "trader", code=1)
    assert "unknown roles ['king']" in said(server, "user", "create", "b", "--role", "king", code=2)


def test_a_backup_brings_back_what_was_destroyed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "desk.backup"
    decision = decision_of(server, "buy 13 INFY at market, cnc")
    assert "wrote" in said(server, "db", "backup", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert "exists already" in said(server, "db", "backup", str(file), code=1)
    assert "the database is in use" in said(server, "db", "restore", str(file), "--yes", code=1)
    with server.client() as client:
        before = client.get("/api/v1/orders").json()["rows"]

    destroy(server)
    assert "add --yes" in said(server, "db", "restore", str(file), code=2)
    assert "restored" in said(server, "db", "restore", str(file), "--yes")
    server.start()

    with server.client() as client:
        assert client.get("/api/v1/orders").json()["rows"] == before
        assert client.get("/api/v1/audit/verify").json()["intact"]
    assert said(server, "decision", "replay", decision).endswith("replay equal")
    assert decision_of(server, "buy 2 TCS at market, cnc")

    with prepared_server() as elsewhere:
        assert "restored" in said(elsewhere, "db", "restore", str(file), "--yes")
        elsewhere.start()
        with elsewhere.client(server.key) as client:
            assert client.get("/api/v1/orders").json()["rows"] == before


def destroy(server: Server) -> None:
    """Lose every table while the server is down."""
    with server.database() as database:
        server.kill()
        for (table,) in database.execute(TABLES).fetchall():
            database.execute(f'DROP TABLE "{table}" CASCADE')


def test_upgrading_again_changes_nothing(server: Server) -> None:
    first, second = said(server, "db", "upgrade"), said(server, "db", "upgrade")
    before, _, after = first.removeprefix("schema ").partition(" -> ")
    assert first == second
    assert before == after != "empty"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("BROKER", "goldman"),
        ("CARD_TTL_S", "1"),
        ("REPLAY_START_ON", "today"),
        ("CALENDARS", "/not/there.csv"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    name: str, value: str, tmp_path: Path
) -> None:
    wrong = Server(home=tmp_path / "home", settings={name: value})
    words = said(wrong, "serve", code=2)
    assert f"SETTINGS_INVALID: SIGMATRADER_{name}:" in words
    assert not wrong.home.exists()


def test_chat_without_a_server_or_with_a_wrong_key_says_what_to_do(server: Server) -> None:
    wrong = Server(home=server.home, settings={}, port=server.port, key="st_wrong")
    assert "UNAUTHORIZED" in said(wrong, "chat", "price of TCS", code=1)
    nobody = Server(home=server.home, settings={}, port=1, key="st_x")
    assert "127.0.0.1:1" in said(nobody, "chat", "price of TCS", code=1)
    with pytest.raises(httpx.ConnectError), nobody.client() as client:
        client.get("/healthz")
