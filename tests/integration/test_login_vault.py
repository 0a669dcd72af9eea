"""Logins at rest: sealed, of one tenant, won by one writer, and in no dump of the database."""

import asyncio
import subprocess
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from adapters.errors import LoginVaultUnavailable
from adapters.ports import KeptLogin, LoginState
from app.bootstrap import seal_secret
from app.persistence.embedded import bin_path
from app.persistence.location import DatabaseLocation
from app.persistence.logins import PostgresLoginVault
from app.settings import Settings
from tests.integration.conftest import Desk
from tests.integration.driving import as_owner, rows, tenant

SESSION = "kitemcp-0c9a7c9e-5d0e-4bd1-canary-9d1f"
ACCOUNT, OTHER = "paper-inr", "paper-usd"


def a_login(session_id: str = SESSION) -> KeptLogin:
    return KeptLogin(
        state=LoginState.ACTIVE, session_id=SecretStr(session_id), broker_user_id="AB1234"
    )


def dumped(location: DatabaseLocation) -> bytes:
    command = [str(bin_path("pg_dump")), "--inserts", location.owner_conninfo]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


@dataclass(frozen=True)
class Vaults:
    """Vaults of a desk, one for each tenant and secret."""

    desk: Desk
    secret: bytes

    def of(self, tenant_id: str = "main", *, secret: bytes | None = None) -> PostgresLoginVault:
        database = self.desk.container.database
        return PostgresLoginVault(database, tenant_id, secret=secret or self.secret)


@pytest.fixture
def vaults(desk: Desk, settings: Settings) -> Vaults:
    return Vaults(desk, seal_secret(settings.home))


async def test_a_login_comes_back_as_it_was_kept_in_another_process_too(vaults: Vaults) -> None:
    assert await vaults.of().load(ACCOUNT) is None
    assert await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())
    assert await vaults.of().load(ACCOUNT) == (1, a_login())


async def test_of_two_writers_of_a_version_one_wins(vaults: Vaults) -> None:
    vault, first, second = vaults.of(), a_login("first"), a_login("second")
    assert await vault.save(ACCOUNT, expected_version=0, login=first)
    assert not await vault.save(ACCOUNT, expected_version=0, login=second)
    assert await vault.save(ACCOUNT, expected_version=1, login=second)
    assert not await vault.save(ACCOUNT, expected_version=1, login=first)
    assert not await vault.save(OTHER, expected_version=7, login=first)
    assert await vault.load(ACCOUNT) == (2, second)
    assert await vault.load(OTHER) is None


async def test_another_tenant_finds_no_login_under_the_same_name(vaults: Vaults) -> None:
    await tenant(vaults.desk, "other")
    await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())
    assert await vaults.of("other").load(ACCOUNT) is None
    assert await vaults.of("other").save(ACCOUNT, expected_version=0, login=a_login("theirs"))
    assert await vaults.of().load(ACCOUNT) == (1, a_login())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE broker_logins SET account_id = 'paper-usd'",
        "UPDATE broker_logins SET tenant_id = 'other', account_id = 'paper-inr'",
        "UPDATE broker_logins SET version = version + 1",
        "UPDATE broker_logins SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
        "UPDATE broker_logins SET sealed = ''",
    ],
)
@pytest.mark.tampers
async def test_a_row_that_was_moved_or_changed_does_not_open(
    vaults: Vaults, location: DatabaseLocation, change: str
) -> None:
    await tenant(vaults.desk, "other")
    await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())
    assert as_owner(location, change) == 1
    (row,) = rows(location, "SELECT tenant_id, account_id FROM broker_logins")

    with pytest.raises(LoginVaultUnavailable, match=r"seal\.key") as shut:
        await vaults.of(row["tenant_id"]).load(row["account_id"])
    assert SESSION not in str(shut.value)


async def test_with_another_secret_a_login_does_not_open_and_can_be_forgotten(
    vaults: Vaults,
) -> None:
    await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())
    stranger = vaults.of(secret=b"x" * 32)

    with pytest.raises(LoginVaultUnavailable, match="kite forget"):
        await stranger.load(ACCOUNT)
    assert await stranger.forget(ACCOUNT)
    assert await stranger.load(ACCOUNT) == (2, KeptLogin(state=LoginState.NEW))
    assert not await stranger.forget(OTHER)


async def test_a_database_that_does_not_answer_is_said_as_such(vaults: Vaults) -> None:
    await vaults.desk.container.database.close()
    with pytest.raises(LoginVaultUnavailable, match="did not answer"):
        await vaults.of().load(ACCOUNT)
    with pytest.raises(LoginVaultUnavailable, match="did not answer"):
        await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())


async def test_no_dump_of_the_database_has_a_session_id(
    vaults: Vaults, location: DatabaseLocation
) -> None:
    await vaults.of().save(ACCOUNT, expected_version=0, login=a_login())
    dump = await asyncio.to_thread(dumped, location)

    assert b"INSERT INTO public.broker_logins" in dump
    assert SESSION.encode() not in dump
    assert SESSION.encode().hex().encode() not in dump
    assert b"AB1234" not in dump
