"""A vault of logins in memory that can lose races and be down."""

from collections.abc import Callable

from adapters.errors import LoginVaultUnavailable
from adapters.ports import KeptLogin


class MemoryLoginVault:
    """Keeps each account's login and version; implements LoginVault."""

    def __init__(self) -> None:
        self.logins: dict[str, tuple[int, KeptLogin]] = {}
        self.is_down = False
        self._before_save: list[Callable[[], None]] = []

    async def load(self, account_id: str) -> tuple[int, KeptLogin] | None:
        self._answer()
        return self.logins.get(account_id)

    async def save(self, account_id: str, *, expected_version: int, login: KeptLogin) -> bool:
        self._answer()
        if self._before_save:
            self._before_save.pop(0)()
        version = self.logins[account_id][0] if account_id in self.logins else 0
        if version != expected_version:
            return False
        self.logins[account_id] = (version + 1, login)
        return True

    def overtake_next_save(self, account_id: str, login: KeptLogin) -> None:
        """Let another writer keep this login just before the next save."""

        def overtake() -> None:
            version = self.logins[account_id][0] if account_id in self.logins else 0
            self.logins[account_id] = (version + 1, login)

        self._before_save.append(overtake)

    def _answer(self) -> None:
        if self.is_down:
            raise LoginVaultUnavailable("the vault is down")
