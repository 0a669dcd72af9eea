"""What each role may do, and how a key is kept."""

import pytest

from app.errors import InvalidRequest
from app.identity.principal import ROLES_WITH, Permission, Principal, Role
from app.identity.service import KEY_PREFIX, OWNER_ROLES, key_hash, new_key, roles_from

P, R = Permission, Role


def principal(*roles: str) -> Principal:
    return Principal(tenant_id="t-1", user_id="usr-1", name="n", roles=frozenset(roles))


@pytest.mark.parametrize(
    ("role", "permissions", "oversees"),
    [
        (R.VIEWER, {P.READ, P.CHAT}, False),
        (
            R.TRADER,
            {P.READ, P.CHAT, P.APPROVE, P.OPERATE, P.CONNECT, P.STOP, P.CHECK_POLICY},
            False,
        ),
        (R.APPROVER, {P.READ, P.CHAT, P.APPROVE, P.STOP}, True),
        (
            R.RISK_ADMIN,
            {P.READ, P.OPERATE, P.STOP, P.RESTART, P.READ_AUDIT}
            | {P.CHECK_POLICY, P.PROPOSE_POLICY, P.ACTIVATE_POLICY},
            True,
        ),
        (
            R.ADMIN,
            {P.READ, P.OPERATE, P.CONNECT, P.STOP, P.READ_AUDIT}
            | {P.CHECK_POLICY, P.PROPOSE_POLICY},
            True,
        ),
        (R.SERVICE, {P.READ, P.CHAT}, False),
    ],
)
def test_a_role_gives_these_permissions_and_no_others(
    role: Role, permissions: set[Permission], oversees: bool
) -> None:
    user = principal(role)
    assert {permission for permission in P if user.may(permission)} == permissions
    assert user.oversees is oversees


@pytest.mark.parametrize("roles", [(), ("root",), ("ADMIN",), ("",)])
def test_a_user_without_a_known_role_may_do_nothing(roles: tuple[str, ...]) -> None:
    user = principal(*roles)
    assert not any(user.may(permission) for permission in P)
    assert not user.oversees


def test_every_permission_says_who_has_it() -> None:
    assert set(ROLES_WITH) == set(Permission)


def test_stopping_trading_and_starting_it_again_need_different_roles() -> None:
    assert principal(R.TRADER).may(P.STOP)
    assert not principal(R.TRADER, R.APPROVER, R.ADMIN).may(P.RESTART)


def test_the_owner_is_a_person() -> None:
    assert set(Role) - OWNER_ROLES == {Role.SERVICE}


def test_role_names_are_read_and_unknown_ones_refused_with_the_known() -> None:
    assert roles_from(["trader", "viewer", "trader"]) == {R.TRADER, R.VIEWER}
    with pytest.raises(InvalidRequest, match=r"unknown roles \['god', 'root'\]") as refused:
        roles_from(["trader", "root", "god"])
    assert refused.value.remedy == "Use admin, approver, risk_admin, service, trader, viewer."
    with pytest.raises(InvalidRequest, match="needs a role"):
        roles_from([])


def test_a_key_is_long_random_and_known_only_by_its_hash() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith(KEY_PREFIX) and len(key) >= 43 for key in keys)
    assert key_hash("st_x") == key_hash("st_x") != key_hash("st_y")
    assert len(key_hash("st_x")) == 64
