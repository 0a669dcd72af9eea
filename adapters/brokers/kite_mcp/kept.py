"""The kept login of one account, changed one step at a time."""

from typing import Final

from adapters.brokers.kite_mcp.login_steps import FRESH, Step, after, aged
from adapters.errors import BrokerUnavailable, LoginVaultUnavailable
from adapters.ports import Clock, KeptLogin, LoginVault

ATTEMPTS: Final = 5


class LoginBook:
    """Reads and moves the login in the vault, which other processes move too."""

    def __init__(self, *, account_id: str, vault: LoginVault, clock: Clock) -> None:
        self._account_id = account_id
        self._vault = vault
        self._clock = clock

    async def now(self) -> KeptLogin:
        """Return the login as time has left it, and keep it so; raises BrokerUnavailable."""
        version, kept = await self._load()
        login = aged(kept, self._clock.now())
        if login != kept:
            await self._saved(version, login)
        return login

    async def move(self, step: Step) -> KeptLogin:
        """Keep what a step makes of the login, and return it; raises BrokerUnavailable."""
        for _ in range(ATTEMPTS):
            version, kept = await self._load()
            login = aged(kept, self._clock.now())
            moved = after(login, step)
            if moved == kept:
                return kept
            if await self._saved(version, moved):
                return moved
        raise BrokerUnavailable("the login at Kite is being changed elsewhere; ask again")

    async def _load(self) -> tuple[int, KeptLogin]:
        try:
            return await self._vault.load(self._account_id) or (0, FRESH)
        except LoginVaultUnavailable as down:
            raise BrokerUnavailable(f"the login at Kite cannot be read: {down.message}") from down

    async def _saved(self, version: int, login: KeptLogin) -> bool:
        try:
            return await self._vault.save(self._account_id, expected_version=version, login=login)
        except LoginVaultUnavailable as down:
            raise BrokerUnavailable(f"the login at Kite cannot be kept: {down.message}") from down
