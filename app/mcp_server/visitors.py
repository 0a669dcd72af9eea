"""Who calls over MCP: a user of ours, what they may reach from there, and through which program."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.identity.principal import Principal
from tools.ports import Caller
from tools.scopes import Scope

# Submitting and cancelling orders is not among them: nobody can be given it.
MCP_SCOPES: Final = frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT, Scope.PLAN_WRITE})
UNNAMED: Final = "an unnamed client"
NAME_MAX: Final = 60
ODD_LETTERS: Final = re.compile(r"[^A-Za-z0-9 ._/@:+()-]+")


class Credential(StrEnum):
    KEY = "key"
    TOKEN = "token"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A signed-in user with the scopes of this request, and the program that it was given to."""

    principal: Principal
    scopes: frozenset[Scope]
    credential: Credential
    client_id: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request: who, through which client, by which protocol, under which id of ours.

    `client` is what the program calls itself; nobody vouches for it.
    """

    visitor: Visitor
    client: str
    protocol: str
    call_id: str

    @property
    def user_key(self) -> str:
        """Name the user for the limits on how often."""
        principal = self.visitor.principal
        return f"{principal.tenant_id}:{principal.user_id}"

    def caller(self, account_id: str) -> Caller:
        """Return on whose behalf a tool runs; the call's own id stands where a turn's would."""
        principal = self.visitor.principal
        return Caller(
            tenant_id=principal.tenant_id,
            user_id=principal.user_id,
            roles=principal.roles,
            account_id=account_id,
            thread_id=self.call_id,
            run_id=self.call_id,
            decision_id=self.call_id,
        )


def client_name(name: str, version: str) -> str:
    """Return what a program calls itself, fit to be shown to a person."""
    said = ODD_LETTERS.sub("", f"{name} {version}")
    return " ".join(said.split())[:NAME_MAX] or UNNAMED
