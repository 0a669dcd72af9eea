"""What the deterministic system asks of the outside world."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Protocol, TypeGuard

from pydantic import Field, SecretStr, StringConstraints

from riskgate.contracts.bars import Bar, BarInterval
from riskgate.contracts.base import Contract, Price, Quantity, ShortText, UtcTime
from riskgate.contracts.instruments import Instrument, InstrumentRef
from riskgate.contracts.models import ModelReply, ModelRequest
from riskgate.contracts.orders import (
    BrokerOrder,
    BrokerOrderAck,
    BrokerTrade,
    ExecutionMode,
    OrderIntent,
)
from riskgate.contracts.snapshots import BrokerSnapshot, Quote


class Clock(Protocol):
    """The time, passed in so that tests and replays choose it."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...


class IdFactory(Protocol):
    """Fresh identifiers, passed in so that tests and replays choose them."""

    def new(self, prefix: str) -> str:
        """Return an identifier never returned before, as `prefix_...`."""
        ...


class InstrumentLookup(Protocol):
    """The instrument master, by exact name."""

    def get(self, ref: InstrumentRef) -> Instrument | None:
        """Return the exact row, or None."""
        ...


class ReachBack(StrEnum):
    """How far back a broker's order book reaches, where that is less than a week."""

    SESSION = "SESSION"


class BrokerCapabilities(Contract):
    """What one broker can do; what it cannot is refused before a call.

    An order sent may turn up in the book as late as `settle_s` seconds after the call: three
    times the longest lag seen. Within that time no answer means nothing. `refuses_repeated_tags`
    says that the broker itself takes a tag once only; `takes_fractions` that quantities need not
    be whole lots; `places_oco` that the adapter is an OcoBroker, `changes_orders` that it is a
    ChangingBroker, `makes_ready` that it is a ReadyingBroker. `orders_reach_back` says how far
    back its orders go: None for a week at least, SESSION for those of the day alone, where an
    order of an earlier session is never shown again. `slices_max` is into how many orders a
    quantity above the exchange's freeze limit may be cut.
    """

    name: str
    mode: ExecutionMode
    products: frozenset[str]
    order_types: frozenset[str]
    finds_orders_by_tag: bool
    settle_s: Annotated[int, Field(ge=0)] = 30
    refuses_repeated_tags: bool = False
    takes_fractions: bool = False
    places_oco: bool = False
    changes_orders: bool = False
    makes_ready: bool = False
    orders_reach_back: ReachBack | None = None
    slices_max: Annotated[int, Field(ge=1)] = 20


class BrokerAdapter(Protocol):
    """One broker. Reads may be retried by the caller; writes never are.

    Every method may raise BrokerUnavailable; `place_order` and `cancel_order` may also raise
    OrderRejected and OutcomeUnknown.
    """

    @property
    def capabilities(self) -> BrokerCapabilities: ...

    async def get_snapshot(self, account_id: str) -> BrokerSnapshot:
        """Return the broker's whole book of the account, never a part of it.

        `as_of` is not later than the moment the book was read: everything that happened up to it
        is shown. An adapter stamps before it sends the request.
        """
        ...

    async def place_order(self, intent: OrderIntent) -> BrokerOrderAck:
        """Send one order once."""
        ...

    async def cancel_order(self, account_id: str, broker_order_id: str) -> None:
        """Cancel what is open of an order; fills before it stand."""
        ...

    async def get_orders(self, account_id: str) -> Sequence[BrokerOrder]:
        """Return the orders, ours and others', of the last week, or as `orders_reach_back` says."""
        ...

    async def get_trades(self, account_id: str) -> Sequence[BrokerTrade]:
        """Return at least the fills of the session."""
        ...

    async def find_orders_by_tag(self, account_id: str, tag: str) -> Sequence[BrokerOrder]:
        """Return the orders that carry the tag: none, one, or, at a broker that let it, more."""
        ...


class ReadyingBroker(BrokerAdapter, Protocol):
    """A broker whose orders wait for answers of others, unless it was asked to get them before."""

    async def make_ready(self, intent: OrderIntent) -> None:
        """Do what goes before this order, so that `place_order` sends it at once; sends nothing."""
        ...


def makes_ready(broker: BrokerAdapter) -> TypeGuard[ReadyingBroker]:
    """Say whether a broker is to be made ready before an order."""
    return broker.capabilities.makes_ready


class OcoBroker(BrokerAdapter, Protocol):
    """A broker that takes a stop and a target as a pair of which only one may fill."""

    async def place_oco(
        self, stop: OrderIntent, target: OrderIntent
    ) -> tuple[BrokerOrderAck, BrokerOrderAck]:
        """Send both once, of one quantity: both are taken or neither.

        A fill of one comes off the other at once; cancelling one leaves the other. Raises as
        `place_order` does, and then for both.
        """
        ...


def offers_oco(broker: BrokerAdapter) -> TypeGuard[OcoBroker]:
    """Say whether a broker takes pairs."""
    return broker.capabilities.places_oco


class OrderChange(Contract):
    """What an open order is to be from now on, in full: None is a price that its type has not.

    `quantity` is the whole order's, what is filled included.
    """

    quantity: Quantity
    limit_price: Price | None = None
    trigger_price: Price | None = None


class ChangingBroker(BrokerAdapter, Protocol):
    """A broker that changes an open order in its place."""

    async def change_order(
        self, account_id: str, broker_order_id: str, change: OrderChange
    ) -> BrokerOrder:
        """Change an order once and return it as the book shows it then.

        Raises as `place_order` does: OrderRejected when it is as it was, OutcomeUnknown when the
        book does not show it changed.
        """
        ...


class Brokers(Protocol):
    """The broker behind each account."""

    def for_account(self, tenant_id: str, account_id: str) -> BrokerAdapter:
        """Return the account's broker; the same one each time."""
        ...


class MarketData(Protocol):
    """Prices of now."""

    async def get_quotes(self, instruments: Sequence[InstrumentRef]) -> Sequence[Quote]:
        """Return one quote for each instrument that has one; the others are left out.

        Raises MarketDataUnavailable when the feed itself is down.
        """
        ...


class BarHistory(Protocol):
    """Stored bars, oldest first."""

    async def load_bars(self, instrument: InstrumentRef) -> Sequence[Bar]:
        """Return every stored daily bar of the instrument; none for one never imported."""
        ...


class BarSource(Protocol):
    """Bars of the past, asked for where they are kept."""

    async def get_bars(
        self,
        instrument: InstrumentRef,
        *,
        interval: BarInterval,
        first_day: date,
        last_day: date,
        progress: Callable[[int, int], None] = ...,
    ) -> Sequence[Bar]:
        """Return the closed bars of the exchange's days, both included, oldest first.

        `progress` is told after each part of a long load: how many are done, of how many. Raises
        MarketDataUnavailable; a part is never returned for the whole.
        """
        ...


class PaperStateStore(Protocol):
    """Where the paper broker keeps its own book, apart from our ledger.

    The state is the broker's own text; only one writer wins a version. Both methods raise
    PaperStoreUnavailable when the store cannot be asked or does not answer.
    """

    async def load(self, account_id: str) -> tuple[int, str] | None:
        """Return (version, state) or None for an account never used."""
        ...

    async def save(self, account_id: str, *, expected_version: int, state: str) -> bool:
        """Store the state as version `expected_version + 1`; False when another writer won.

        An account never used has version 0.
        """
        ...


class LoginState(StrEnum):
    """Where a login at a broker stands.

    NEW: nobody is logged in. LINK_ISSUED: a person was given a link and has not come back.
    EXPIRED: its time was over. LOST: the broker's server no longer knows it.
    """

    NEW = "NEW"
    LINK_ISSUED = "LINK_ISSUED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    LOST = "LOST"


class LoginStatus(Contract):
    """How an account stands with a broker that people log in to.

    `user` is the broker's word and only data. `hindrances` say what the login cannot do and why,
    for a person to read; orders are sent only while `can_trade`.
    """

    state: LoginState
    checked_at: UtcTime
    expires_at: UtcTime | None = None
    user: ShortText | None = None
    can_trade: bool = False
    hindrances: tuple[ShortText, ...] = ()


class LoginLink(Contract):
    """The broker's own page where a person logs in; the link is a credential until it expires."""

    url: Annotated[
        str,
        StringConstraints(pattern=r"^(https://|http://127\.0\.0\.1:)", max_length=2000),
        Field(repr=False),
    ]
    warning: ShortText
    expires_at: UtcTime


class LoginAtBroker(Protocol):
    """The login of one account at a broker; a person logs in, never this system.

    Every method may raise BrokerUnavailable.
    """

    async def begin(self) -> LoginLink | LoginStatus:
        """Return a fresh link, or the status of an account that is logged in already."""
        ...

    async def status(self, *, probe: bool) -> LoginStatus:
        """Return where the login stands; `probe` asks the broker, else what is known is told."""
        ...

    async def end(self) -> LoginStatus:
        """Log out at the broker and forget the session; repeating it changes nothing."""
        ...


class Logins(Protocol):
    """The login behind each account, at a broker that people log in to."""

    def login_of(self, tenant_id: str, account_id: str) -> LoginAtBroker | None:
        """Return the account's login, the same one each time; None where nobody logs in."""
        ...


class KeptLogin(Contract):
    """What is kept of a login from one process to the next; the session id is a credential.

    `protocol` is the version the session speaks. `broker_user_id` is who logged in first: the
    account is theirs, and stays so after a logout. `ended_because` is the code of why the last
    session was ended for them, until somebody logs in.
    """

    state: LoginState
    session_id: SecretStr | None = None
    protocol: ShortText | None = None
    opened_at: UtcTime | None = None
    link_expires_at: UtcTime | None = None
    expires_at: UtcTime | None = None
    broker_user_id: ShortText | None = None
    user: ShortText | None = None
    ended_because: ShortText | None = None


class LoginVault(Protocol):
    """Where logins are kept, encrypted at rest, for one tenant; only one writer wins a version.

    Both methods raise LoginVaultUnavailable when the store does not answer or cannot be read.
    """

    async def load(self, account_id: str) -> tuple[int, KeptLogin] | None:
        """Return (version, login), or None for an account never logged in."""
        ...

    async def save(self, account_id: str, *, expected_version: int, login: KeptLogin) -> bool:
        """Keep the login as version `expected_version + 1`; False when another writer won.

        An account never logged in has version 0.
        """
        ...


class LanguageModel(Protocol):
    """A model behind some endpoint; it answers in words and can do nothing else."""

    @property
    def name(self) -> str: ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Return one answer within the adapter's own time and size limits.

        Never asks twice. Raises ModelUnavailable, ModelRefused, ModelReplyInvalid, and
        OutboundBlocked before anything was sent.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
