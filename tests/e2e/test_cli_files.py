"""A person's files from the terminal, on a real server and its own home."""

import json
from pathlib import Path

from tests.e2e.test_cli_journey import said
from tests.servers import Server

TRADES = "symbol,quantity,note\nINFY,10,\x1b[31mred\nTCS,5,=1+1\n"


def test_a_file_is_added_listed_shown_asked_about_and_removed(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "trades.csv"
    path.write_text(TRADES.replace("\x1b", ""))
    added = json.loads(server.command("file", "add", str(path), "--json").stdout)
    assert "“trades.csv” 2 rows" in said(server, "file", "add", str(path))
    assert added["file_id"] in said(server, "file", "list")
    assert "=1+1" in said(server, "file", "show", added["file_id"])
    answer = said(server, "chat", "--file", str(path), "total of quantity in the file")
    assert "is 15, over 2 numbers" in answer
    shown = said(server, "chat", "--file", str(path), "show the file")
    assert "file “trades.csv”" in shown
    assert "Evidence: file" in shown
    asked = server.command("chat", "--file", str(path), "rows where symbol is TCS", "--json")
    assert json.loads(asked.stdout)["cards"][0]["fields"]["file_tables"][0]["matching"] == 1
    assert "removed" in said(server, "file", "remove", added["file_id"])
    assert json.loads(server.command("file", "list", "--json").stdout) == []


def test_what_cannot_be_added_says_why(server: Server, tmp_path: Path) -> None:
    escape, huge = tmp_path / "escape.csv", tmp_path / "huge.csv"
    escape.write_text(TRADES)
    huge.write_bytes(b"a,b\n" * (4 * 1024 * 1024))
    assert "FILE_KIND_UNKNOWN" in said(server, "file", "add", str(escape), code=1)
    assert "FILE_TOO_LARGE" in said(server, "file", "add", str(huge), code=1)
    assert "FILE_MISSING" in said(server, "file", "add", str(tmp_path / "none.csv"), code=1)
    assert "NOT_FOUND" in said(server, "file", "show", "fil_none", code=1)
    problem = server.command("file", "add", str(escape), "--json")
    assert json.loads(problem.stdout)["code"] == "FILE_KIND_UNKNOWN"
