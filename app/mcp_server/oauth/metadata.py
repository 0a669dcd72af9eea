"""What clients are told of how to sign in (RFC 9728)."""

from typing import Any
from urllib.parse import urlsplit

from app.mcp_server.about import TITLE
from app.mcp_server.oauth.rules import Issuer
from app.mcp_server.visitors import MCP_SCOPES

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def metadata_url(issuer: Issuer) -> str:
    """Return where the document is: the well-known path before the resource's own."""
    parts = urlsplit(issuer.resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}"


def document(issuer: Issuer) -> dict[str, Any]:
    """Return the protected resource's metadata."""
    return {
        "resource": issuer.resource,
        "authorization_servers": [issuer.issuer],
        "scopes_supported": sorted(MCP_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": TITLE,
    }
