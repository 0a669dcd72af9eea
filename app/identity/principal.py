"""The signed-in user and what each role may do."""

from dataclasses import dataclass
from enum import StrEnum

OWNER_TENANT = "main"


class Role(StrEnum):
    VIEWER = "viewer"
    TRADER = "trader"
    APPROVER = "approver"
    RISK_ADMIN = "risk_admin"
    ADMIN = "admin"
    SERVICE = "service"


class Permission(StrEnum):
    """What a route asks for; a route that asks for nothing does not start."""

    READ = "read"
    CHAT = "chat"
    APPROVE = "approve"
    OPERATE = "operate"
    STOP = "stop"
    RESTART = "restart"
    READ_AUDIT = "read_audit"
    CONNECT = "connect"
    CHECK_POLICY = "check_policy"
    PROPOSE_POLICY = "propose_policy"
    ACTIVATE_POLICY = "activate_policy"


ROLES_WITH: dict[Permission, frozenset[Role]] = {
    Permission.READ: frozenset(Role),
    Permission.CHAT: frozenset({Role.VIEWER, Role.TRADER, Role.APPROVER, Role.SERVICE}),
    Permission.APPROVE: frozenset({Role.TRADER, Role.APPROVER}),
    Permission.OPERATE: frozenset({Role.TRADER, Role.RISK_ADMIN, Role.ADMIN}),
    Permission.STOP: frozenset({Role.TRADER, Role.APPROVER, Role.RISK_ADMIN, Role.ADMIN}),
    Permission.RESTART: frozenset({Role.RISK_ADMIN}),
    Permission.READ_AUDIT: frozenset({Role.RISK_ADMIN, Role.ADMIN}),
    Permission.CONNECT: frozenset({Role.TRADER, Role.ADMIN}),
    Permission.CHECK_POLICY: frozenset({Role.TRADER, Role.RISK_ADMIN, Role.ADMIN}),
    Permission.PROPOSE_POLICY: frozenset({Role.RISK_ADMIN, Role.ADMIN}),
    Permission.ACTIVATE_POLICY: frozenset({Role.RISK_ADMIN}),
}
OVERSEERS = frozenset({Role.APPROVER, Role.RISK_ADMIN, Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A user of one tenant, as proven by a key."""

    tenant_id: str
    user_id: str
    name: str
    roles: frozenset[str]

    def may(self, permission: Permission) -> bool:
        """Say whether any of the user's roles gives a permission."""
        return bool(self.roles & ROLES_WITH[permission])

    @property
    def oversees(self) -> bool:
        """Whether the user may look at what others of the tenant do."""
        return bool(self.roles & OVERSEERS)
