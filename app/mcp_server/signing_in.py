"""Whose a credential is: an API key of ours, or a token of the authorization server."""

from typing import Final

from app.errors import Unauthorized
from app.identity.service import KEY_PREFIX, Identity
from app.mcp_server.oauth.metadata import metadata_url
from app.mcp_server.oauth.rules import Issuer
from app.mcp_server.oauth.tokens import Tokens
from app.mcp_server.visitors import MCP_SCOPES, Credential, Visitor
from tools.scopes import scopes_of

KEY_CLIENT: Final = "key"


class SignIn:
    """Finds the visitor behind a credential; tokens count only where an issuer is set."""

    def __init__(
        self, identity: Identity, issuer: Issuer | None = None, tokens: Tokens | None = None
    ) -> None:
        self._identity = identity
        self._tokens = tokens
        self.issuer = issuer

    @property
    def metadata_url(self) -> str | None:
        """Where clients learn of the authorization server; None where only keys count."""
        return None if self.issuer is None else metadata_url(self.issuer)

    async def visitor(self, credential: str) -> Visitor:
        """Return who comes in with a credential.

        Raises Unauthorized for one that does not count, Forbidden for a token of nobody here, and
        KeysUnavailable where a token cannot be checked.
        """
        if credential.startswith(KEY_PREFIX):
            principal = await self._identity.authenticate(credential)
            return Visitor(
                principal=principal,
                scopes=scopes_of(principal.roles) & MCP_SCOPES,
                credential=Credential.KEY,
                client_id=KEY_CLIENT,
            )
        if self._tokens is None or self.issuer is None:
            raise Unauthorized("the credential is no API key, and no tokens are taken here")
        claims = await self._tokens.read(credential)
        principal = await self._identity.of_subject(self.issuer.issuer, claims.subject)
        # A token never reaches further than its user's own roles do.
        return Visitor(
            principal=principal,
            scopes=claims.scopes & scopes_of(principal.roles) & MCP_SCOPES,
            credential=Credential.TOKEN,
            client_id=claims.client_id,
        )
