"""An account as it is now, looked at and not kept: nobody decides from what is read over MCP."""

from collections.abc import Sequence

from app.pipeline.views import AccountViews
from riskgate.contracts.traces import SubmittedOrder
from tools.ports import AccountView, BrokerLogin, Caller


class Looking:
    """Implements tools.ports.AccountReader and stores no snapshot."""

    def __init__(self, views: AccountViews) -> None:
        self._views = views

    async def view(self, caller: Caller) -> AccountView:
        return await self._views.look(caller.tenant_id, caller.account_id)

    async def orders(self, caller: Caller, *, limit: int) -> Sequence[SubmittedOrder]:
        return await self._views.orders(caller, limit=limit)

    async def login(self, caller: Caller, *, probe: bool) -> BrokerLogin | None:
        return await self._views.login(caller, probe=probe)
