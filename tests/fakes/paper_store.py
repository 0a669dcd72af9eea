"""A paper store in memory that can lose races and fail."""

from collections.abc import Callable

from adapters.errors import PaperStoreUnavailable


class MemoryPaperStore:
    """Keeps each account's state and version; implements PaperStateStore."""

    def __init__(self) -> None:
        self.states: dict[str, tuple[int, str]] = {}
        self.saves = 0
        self._before_save: list[Callable[[str], None]] = []
        self._fail_loads = False
        self._fail_saves: list[bool] = []

    async def load(self, account_id: str) -> tuple[int, str] | None:
        if self._fail_loads:
            raise PaperStoreUnavailable("the store is down")
        return self.states.get(account_id)

    async def save(self, account_id: str, *, expected_version: int, state: str) -> bool:
        if self._before_save:
            self._before_save.pop(0)(account_id)
        keeps = self._fail_saves.pop(0) if self._fail_saves else None
        if keeps is not False:
            version, _ = self.states.get(account_id, (0, ""))
            if version != expected_version:
                return False
            self.states[account_id] = (version + 1, state)
            self.saves += 1
        if keeps is not None:
            raise PaperStoreUnavailable("the store did not answer")
        return True

    def lose_next_saves(self, times: int) -> None:
        """Let another writer keep the same state just before each of the next saves."""
        self._before_save.extend([self._overtake] * times)

    def fail_next_save(self, *, keeping: bool) -> None:
        """Do not answer the next save, having kept it or not."""
        self._fail_saves.append(keeping)

    def fail_loads(self) -> None:
        self._fail_loads = True

    def _overtake(self, account_id: str) -> None:
        version, state = self.states[account_id]
        self.states[account_id] = (version + 1, state)
