"""What a caller may reach: each tool needs one scope."""

from enum import StrEnum


class Scope(StrEnum):
    READ_MARKET = "read:market"
    READ_ACCOUNT = "read:account"
    PLAN_WRITE = "plan:write"
    ORDERS_SUBMIT = "orders:submit"


SCOPES_OF_ROLE: dict[str, frozenset[Scope]] = {
    "viewer": frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT}),
    "trader": frozenset(Scope),
    "approver": frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT, Scope.ORDERS_SUBMIT}),
    "risk_admin": frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT}),
    "admin": frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT}),
    "service": frozenset({Scope.READ_MARKET, Scope.READ_ACCOUNT, Scope.PLAN_WRITE}),
}


def scopes_of(roles: frozenset[str]) -> frozenset[Scope]:
    """Return what a set of roles may reach; an unknown role reaches nothing."""
    granted: set[Scope] = set()
    for role in roles:
        granted |= SCOPES_OF_ROLE.get(role, frozenset())
    return frozenset(granted)
