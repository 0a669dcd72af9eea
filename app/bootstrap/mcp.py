"""Build the MCP server of a built application."""

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.ports import Clock
from app.bootstrap.container import Container
from app.errors import FieldError, SettingsInvalid
from app.mcp_server.choice import chosen_offers
from app.mcp_server.hosts import LOOPBACK
from app.mcp_server.parts import McpParts
from app.pipeline.records import Records
from app.settings import Settings
from tools.catalogue import OFFERS

if TYPE_CHECKING:
    from app.mcp_server.edge import McpEdge
    from app.mcp_server.oauth.rules import Issuer
    from app.mcp_server.oauth.tokens import Tokens


def check_mcp(settings: Settings) -> None:
    """Raise SettingsInvalid where the MCP server could not be built."""
    chosen_offers(settings, OFFERS)
    given = {
        "SIGMATRADER_OAUTH_RESOURCE": settings.oauth_resource,
        "SIGMATRADER_OAUTH_JWKS_URL": settings.oauth_jwks_url,
        "SIGMATRADER_OAUTH_JWKS_FILE": settings.oauth_jwks_file,
    }
    if settings.oauth_issuer is None:
        for variable in (name for name, value in given.items() if value is not None):
            raise _invalid(variable, "it says nothing without SIGMATRADER_OAUTH_ISSUER")
    elif (settings.oauth_jwks_url is None) is (settings.oauth_jwks_file is None):
        raise _invalid(
            "SIGMATRADER_OAUTH_JWKS_URL", "give either this or SIGMATRADER_OAUTH_JWKS_FILE"
        )
    if settings.oauth_jwks_file is not None:
        _check_keys(settings.oauth_jwks_file)


def _check_keys(path: Path) -> None:
    from app.mcp_server.oauth.keys import read_document

    try:
        read_document(path.read_bytes())
    except (OSError, ValueError) as wrong:
        raise _invalid("SIGMATRADER_OAUTH_JWKS_FILE", str(wrong)) from wrong


def _invalid(variable: str, issue: str) -> SettingsInvalid:
    return SettingsInvalid(f"{variable}: {issue}", errors=(FieldError(variable, issue),))


def build_mcp(container: Container) -> "McpEdge":
    """Build the MCP server; nothing is started."""
    # Here and not above, for the library is slow to import and commands do not need it.
    from app.mcp_server.edge import McpEdge
    from app.mcp_server.server import McpServer
    from app.mcp_server.signing_in import SignIn

    services, settings = container.services, container.settings
    parts = McpParts(
        database=services.database,
        clock=services.clock,
        ids=services.ids,
        microseconds=lambda: time.monotonic_ns() // 1_000,
        identity=services.identity,
        limiter=services.rate_limiter,
        directory=services.directory,
        views=services.views,
        insights=services.insights,
        records=Records(
            database=services.database, policies=services.policies, clock=services.clock
        ),
        conversation=services.conversation,
        offers=chosen_offers(settings, OFFERS),
        page_url=page_url(settings),
    )
    return McpEdge(
        McpServer(parts),
        SignIn(services.identity, _issuer(settings), _tokens(settings, services.clock)),
        hosts=_hosts(settings),
        max_body_bytes=settings.max_body_bytes,
    )


def _issuer(settings: Settings) -> "Issuer | None":
    from app.mcp_server.oauth.rules import Issuer

    if settings.oauth_issuer is None:
        return None
    resource = settings.oauth_resource or f"{page_url(settings)}mcp"
    return Issuer(issuer=settings.oauth_issuer, resource=resource)


def _tokens(settings: Settings, clock: Clock) -> "Tokens | None":
    from app.mcp_server.oauth.keys import KeyRing, from_file, from_url
    from app.mcp_server.oauth.tokens import Tokens

    issuer = _issuer(settings)
    if issuer is None:
        return None
    file, url = settings.oauth_jwks_file, settings.oauth_jwks_url
    source = from_file(file) if file is not None else from_url(url or "")
    return Tokens(issuer, KeyRing(source, clock), clock)


def _hosts(settings: Settings) -> frozenset[str]:
    """Return the names under which the server may be called: its own, and those it gives out."""
    given_out = (urlsplit(page_url(settings)), urlsplit(settings.oauth_resource or ""))
    names = {parts.hostname for parts in given_out if parts.hostname is not None}
    return LOOPBACK | {settings.host.lower()} | names | settings.extra_mcp_hosts


def page_url(settings: Settings) -> str:
    """Return the address of the page as people reach it."""
    return settings.public_url or f"http://{settings.host}:{settings.port}/"
