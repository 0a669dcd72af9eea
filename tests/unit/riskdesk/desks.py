"""Desks for tests: one account, made-up prices, a clock that the test moves."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from app.riskdesk.broker import Broker, Cancelled, SimulatedBroker
from app.riskdesk.desk import Desk, DeskSetup, begin
from app.riskdesk.journal import Fsync, open_journal, read_journal
from riskgate.contracts.orders import OrderType
from riskgate.documents import Execution, Intent, Portfolio, Prices, Terms
from riskgate.facts import Candidate, Price
from riskgate.policy import Policy, parse_policy
from riskgate.record_bodies import Fill, Start
from riskgate.records import Kind, Record

T0 = datetime(2026, 3, 2, 4, tzinfo=UTC)
POLICY_TEXT = """\
version: "0.1"
limits:
  exposure: {max_position_pct: 0.10, max_gross_exposure_x: 2.0, max_net_exposure_x: 1.0}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: %(rate)s, max_orders_per_minute_by_strategy: %(rate)s}
  kill_switch:
    trip_on_rules: ["LOSS-002"]
    trip_after_n_violations: %(violations)s
    violation_window_seconds: 300
"""


def a_policy(*, rate: int = 1000, violations: int = 1000) -> Policy:
    """Return a policy of the peer's limits: ten percent, twice equity, once net."""
    return parse_policy(POLICY_TEXT % {"rate": rate, "violations": violations})


def an_intent(intent_id: str = "i-1", **changes: object) -> Intent:
    """Return an order to buy ten A at the market."""
    intent = Intent(
        intent_id=intent_id,
        timestamp="2026-03-02T04:00:00Z",
        strategy_id="alpha",
        account_id="acct",
        symbol="A",
        asset_class="equity",
        terms=Terms(),
        sign=1,
        order_type=OrderType.MARKET,
        quantity=Decimal(10),
        limit_price=None,
    )
    return intent._replace(**changes)  # type: ignore[arg-type]


def a_portfolio(**changes: object) -> Portfolio:
    """Return 100,000 of equity and nothing held."""
    hundred_thousand = Decimal(100_000)
    portfolio = Portfolio(
        equity=hundred_thousand,
        day_start=hundred_thousand,
        peak=hundred_thousand,
        positions={},
        currency=None,
        week_start=None,
        month_start=None,
        month_spent=False,
        available=None,
        in_flight=(),
        instruments={},
    )
    return portfolio._replace(**changes)  # type: ignore[arg-type]


def prices(**last: object) -> Prices:
    """Return last prices by symbol."""
    found = {symbol: Decimal(str(price)) for symbol, price in last.items()}
    return Prices("now", found, {}, {}, None)


def a_start(
    portfolio: Portfolio | None = None,
    market: Prices | None = None,
    execution: Execution | None = None,
    *,
    apply_modify: bool = False,
) -> Start:
    """Return the start of a run in which A and B cost 100."""
    return Start(
        "run-1",
        portfolio or a_portfolio(),
        market or prices(A=100, B=100),
        execution or Execution(),
        apply_modify,
    )


def a_desk(
    path: Path | None = None,
    *,
    policy: Policy | None = None,
    start: Start | None = None,
    broker: Broker | None = None,
    fsync: Fsync = Fsync.NEVER,
) -> Desk:
    """Return a desk on a journal of its own."""
    journal, _records = open_journal(path, fsync, at=T0)
    return begin(a_setup(journal, policy, broker), start or a_start(), T0)


def a_setup(
    journal: object, policy: Policy | None = None, broker: Broker | None = None
) -> DeskSetup:
    """Return what a desk is made with."""
    return DeskSetup(
        policy=policy or a_policy(),
        journal=journal,  # type: ignore[arg-type]
        broker=broker or SimulatedBroker(),
        by="test",
    )


def at(seconds: float) -> datetime:
    """Return a time so many seconds after the start."""
    return T0 + timedelta(seconds=seconds)


def records_of(path: Path) -> list[Record]:
    """Return a journal's records."""
    return list(read_journal(path).records())


def kinds_of(path: Path) -> list[Kind]:
    """Return the kinds of a journal's records."""
    return [record.kind for record in records_of(path)]


class SlowBroker:
    """Takes every order and fills only what the test tells it to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._events: list[Fill | Cancelled] = []

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        self.sent.append(order_id)

    def events(self) -> list[Fill | Cancelled]:
        found, self._events = self._events, []
        return found

    def tell(self, *events: Fill | Cancelled) -> None:
        self._events.extend(events)


class FailingBroker(SlowBroker):
    """Raises on every order."""

    def __init__(self, errors: Iterable[Exception]) -> None:
        super().__init__()
        self._errors = list(errors)

    def submit(self, order_id: str, candidate: Candidate, price: Price) -> None:
        super().submit(order_id, candidate, price)
        if self._errors:
            raise self._errors.pop(0)
