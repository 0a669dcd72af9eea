"""An account as it is now; when the broker is down, the ledger speaks and says so."""

from collections.abc import Sequence

from adapters.errors import BrokerUnavailable, LoginVaultUnavailable, MarketDataUnavailable
from adapters.ports import (
    BrokerCapabilities,
    Brokers,
    Clock,
    IdFactory,
    Logins,
    LoginState,
    MarketData,
)
from app.connections.wording import say, told_hindrances
from app.errors import NotFound, Unavailable
from app.ledger import book
from app.persistence import accounts, orders, plans
from app.persistence.accounts import AccountRecord
from app.persistence.database import Database, Session
from app.persistence.orders import OrderRecord
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.orders import OrderTerms
from riskgate.contracts.snapshots import BrokerSnapshot, LedgerSnapshot, Quote
from riskgate.contracts.traces import SubmittedOrder
from tools.ports import AccountView, BrokerLogin, Caller, MarketUnavailable

LEDGER_ONLY = "This is our own ledger and may be behind. Nothing can be sent."
DOWN = f"The broker does not answer. {LEDGER_ONLY}"


class MarketDown(Unavailable, MarketUnavailable):
    """The price feed does not answer; nothing is decided without prices."""

    code = "MARKET_DATA_UNAVAILABLE"
    remedy = "Where nobody is logged in at the broker, log in; else wait. Then ask again."


class AccountViews:
    """Reads accounts and prices. Implements tools.ports.AccountReader and QuoteReader."""

    def __init__(
        self,
        *,
        database: Database,
        brokers: Brokers,
        logins: Logins,
        market: MarketData,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._logins = logins
        self._market = market
        self._clock = clock
        self._ids = ids

    async def view(self, caller: Caller) -> AccountView:
        """Return the account with its snapshots stored; without the broker's, with a warning."""
        return await self._see(caller.tenant_id, caller.account_id, keep=True)

    async def look(self, tenant_id: str, account_id: str) -> AccountView:
        """Return the account as it is now and store nothing: nobody decides from it.

        What is held is shown at the market's prices where the broker's book brings none.
        """
        view = await self._see(tenant_id, account_id, keep=False)
        if view.snapshot is None or view.snapshot.quotes:
            return view
        quotes = await self._prices_of(view.snapshot)
        priced = view.snapshot.model_copy(update={"quotes": tuple(quotes)})
        return view.model_copy(update={"snapshot": priced})

    async def _prices_of(self, snapshot: BrokerSnapshot) -> Sequence[Quote]:
        held = [*snapshot.positions, *snapshot.holdings]
        refs = dict.fromkeys(item.instrument for item in held if item.quantity)
        try:
            return await self._market.get_quotes(tuple(refs)) if refs else ()
        except MarketDataUnavailable:
            # A book without gains is better than none.
            return ()

    async def _see(self, tenant_id: str, account_id: str, *, keep: bool) -> AccountView:
        broker = self._brokers.for_account(tenant_id, account_id)
        snapshot: BrokerSnapshot | None
        try:
            snapshot = await broker.get_snapshot(account_id)
        except BrokerUnavailable:
            snapshot = None
        async with self._database.tenant(tenant_id) as session:
            account = await require_account(session, account_id)
            ledger = await self._ledger_now(session, account_id)
            if keep:
                await plans.add_snapshot(session, ledger)
            if keep and snapshot is not None:
                await plans.add_snapshot(session, snapshot)
        return AccountView(
            account_id=account.account_id,
            currency=account.currency,
            mode=account.mode,
            execution_mode=broker.capabilities.mode,
            snapshot=snapshot,
            ledger=ledger,
            warning=None if snapshot else await self._why_down(tenant_id, account_id),
        )

    async def login(self, caller: Caller, *, probe: bool) -> BrokerLogin | None:
        """Return how the account's login stands; None where nobody logs in."""
        return await self._login_now(caller.tenant_id, caller.account_id, probe=probe)

    async def _login_now(
        self, tenant_id: str, account_id: str, *, probe: bool = False
    ) -> BrokerLogin | None:
        login = self._logins.login_of(tenant_id, account_id)
        if login is None:
            return None
        try:
            status = await login.status(probe=probe)
        except (BrokerUnavailable, LoginVaultUnavailable) as unknown:
            return BrokerLogin(
                state=unknown.code, is_active=False, headline=as_sentence(unknown.message)
            )
        # Who it is at the broker is shown to people where they ask, and kept in no trace.
        said = say(status.model_copy(update={"user": None}))
        return BrokerLogin(
            state=status.state.value,
            is_active=status.state is LoginState.ACTIVE,
            headline=said.headline,
            advice=said.advice,
            hindrances=told_hindrances(status),
        )

    async def _why_down(self, tenant_id: str, account_id: str) -> str:
        login = await self._login_now(tenant_id, account_id)
        missing = login is not None and not login.is_active
        return f"{login.headline} {LEDGER_ONLY}" if login and missing else DOWN

    def capabilities(self, tenant_id: str, account_id: str) -> BrokerCapabilities:
        """Return what the account's broker can do."""
        return self._brokers.for_account(tenant_id, account_id).capabilities

    async def ledger(self, session: Session, account_id: str) -> LedgerSnapshot:
        """Take and store a snapshot of the ledger."""
        snapshot = await self._ledger_now(session, account_id)
        await plans.add_snapshot(session, snapshot)
        return snapshot

    async def _ledger_now(self, session: Session, account_id: str) -> LedgerSnapshot:
        return await book.snapshot(
            session,
            account_id=account_id,
            snapshot_id=self._ids.new("led"),
            at=self._clock.now(),
        )

    async def quotes(self, refs: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return fresh quotes. Raises MarketDown when the feed does not answer."""
        try:
            return await self._market.get_quotes(refs)
        except MarketDataUnavailable as down:
            raise MarketDown(down.message) from down

    async def orders(self, caller: Caller, *, limit: int) -> Sequence[SubmittedOrder]:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await orders.list_orders(
                session, account_id=caller.account_id, limit=limit, offset=0
            )
        return [submitted_order(order) for order in found]


def as_sentence(text: str) -> str:
    """Write an error's message with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


async def require_account(session: Session, account_id: str) -> AccountRecord:
    """Return the tenant's account or raise NotFound."""
    account = await accounts.find_account(session, account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}")
    return account


def submitted_order(order: OrderRecord) -> SubmittedOrder:
    """Show a stored order as traces and callers see it."""
    terms = {name: getattr(order.intent, name) for name in OrderTerms.model_fields}
    return SubmittedOrder(
        **terms,
        order_id=order.intent.order_id,
        tag=order.intent.tag,
        broker_order_id=order.broker_order_id,
        state=order.state,
        filled_quantity=order.filled_quantity,
        average_price=order.average_price,
        reason=order.reason,
    )
