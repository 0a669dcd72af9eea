"""How a program's own name is shown to people."""

import pytest

from app.mcp_server.visitors import UNNAMED, client_name


@pytest.mark.parametrize(
    ("name", "version", "shown"),
    [
        ("claude-desktop", "1.2", "claude-desktop 1.2"),
        ("", "", UNNAMED),
        ("\u202eroot\u200b", "", "root"),
        ("<b>SigmaTrader</b>\n\napproved", "", "bSigmaTrader/bapproved"),
        ("x" * 500, "1", "x" * 60),
    ],
)
def test_a_programs_name_is_shown_without_what_could_mislead(
    name: str, version: str, shown: str
) -> None:
    assert client_name(name, version) == shown
