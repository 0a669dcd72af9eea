"""A login at a broker that a test moves from state to state."""

from collections.abc import Mapping
from datetime import timedelta

from adapters.errors import BrokerUnavailable
from adapters.ports import Clock, LoginAtBroker, LoginLink, LoginState, LoginStatus

LINK_SECRET = "link-canary-7f3a91c2"
LINK = f"http://127.0.0.1:1/connect/login?session_id={LINK_SECRET}"


class ScriptedLogin:
    """Answers with the state it was given; implements LoginAtBroker."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told = LoginStatus(state=LoginState.NEW, checked_at=clock.now())
        self.asked: list[str] = []
        self.is_down = False

    def become(self, state: LoginState, **more: object) -> None:
        """Stand in a state from now on, with what else its status says."""
        self._told = LoginStatus.model_validate(
            {"state": state, "checked_at": self._clock.now(), **more}
        )

    async def begin(self) -> LoginLink | LoginStatus:
        self._ask("begin")
        if self._told.state is LoginState.ACTIVE:
            return self._told
        self.become(LoginState.LINK_ISSUED)
        return LoginLink(
            url=LINK,
            warning="Whoever completes this link trades here.",
            expires_at=self._clock.now() + timedelta(minutes=30),
        )

    async def status(self, *, probe: bool) -> LoginStatus:
        self._ask("probe" if probe else "status")
        return self._told

    async def end(self) -> LoginStatus:
        self._ask("end")
        self.become(LoginState.NEW)
        return self._told

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.is_down:
            raise BrokerUnavailable("the broker's server does not answer")


class FewLogins:
    """The logins of the accounts named, of every tenant; implements Logins."""

    def __init__(self, logins: Mapping[str, LoginAtBroker]) -> None:
        self._logins = logins

    def login_of(self, tenant_id: str, account_id: str) -> LoginAtBroker | None:
        return self._logins.get(account_id)
