"""Who may reach what over MCP, and how a program's own name is shown."""

import pytest

from app.identity.principal import Principal, Role
from app.mcp_server.visitors import MCP_SCOPES, UNNAMED, client_name, key_visitor
from tools.scopes import Scope


def holder(*roles: Role) -> Principal:
    return Principal(tenant_id="main", user_id="usr_1", name="asha", roles=frozenset(roles))


def test_nobody_submits_orders_over_mcp_whatever_their_roles() -> None:
    visitor = key_visitor(holder(*Role))
    assert visitor.scopes == MCP_SCOPES
    assert Scope.ORDERS_SUBMIT not in visitor.scopes


def test_a_viewer_reads_and_a_service_may_propose() -> None:
    reads = {Scope.READ_MARKET, Scope.READ_ACCOUNT}
    assert key_visitor(holder(Role.VIEWER)).scopes == reads
    assert key_visitor(holder(Role.SERVICE)).scopes == reads | {Scope.PLAN_WRITE}


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
