"""Facts for answers and stored records, as a test gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.planning.market_context import context_of
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.insights import FillFact, Gains, MarketContext, MarketHours, StopFact
from riskgate.contracts.instruments import Currency, Exchange, InstrumentRef
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.standing import Standing
from riskgate.contracts.traces import DecisionTrace
from tests.unit.riskgate.builders import ACCOUNT, NOW
from tools.ports import (
    AccountView,
    Caller,
    KillSwitch,
    StoredAccount,
    StoredCard,
    StoredException,
    StoredOrder,
    StoredPolicy,
)


def a_stored_exception(**changes: Any) -> StoredException:
    fields = {
        "exception_id": "exc-1",
        "account_id": ACCOUNT,
        "kind": "POSITION_QTY_MISMATCH",
        "severity": "H",
        "status": "OPEN",
        "message": "10 not 7",
        "opened_at": NOW,
        "last_seen_at": NOW,
    }
    return StoredException.model_validate(fields | changes)


@dataclass
class FakeInsights:
    """Implements tools.ports.InsightReader; `asked` names the calls that reached it."""

    stands: Standing | None = None
    day: Gains | None = None
    filled: Sequence[FillFact] = ()
    kept: Sequence[StopFact] = ()
    contexts: Mapping[InstrumentRef, MarketContext] = field(default_factory=dict)
    today: MarketHours = field(
        default_factory=lambda: MarketHours(exchange=Exchange.NSE, is_open=None)
    )
    since: datetime = NOW
    asked: list[str] = field(default_factory=list)

    async def standing(self, caller: Caller, view: AccountView) -> Standing | None:
        self.asked.append("standing")
        return self.stands

    async def gains(self, caller: Caller, view: AccountView) -> Gains:
        self.asked.append("gains")
        return self.day or Gains(
            currency=Currency.INR,
            since=self.since,
            realised=(),
            realised_total=None,
            day_start_equity=None,
            line=(),
        )

    async def fills(self, caller: Caller) -> Sequence[FillFact]:
        self.asked.append("fills")
        return self.filled

    async def stops(self, caller: Caller) -> Sequence[StopFact]:
        self.asked.append("stops")
        return self.kept

    async def market_context(self, instrument: InstrumentRef) -> MarketContext:
        self.asked.append(f"context {instrument}")
        return self.contexts.get(instrument) or context_of(instrument, (), None)

    async def hours(self, caller: Caller) -> MarketHours:
        self.asked.append("hours")
        return self.today


@dataclass
class FakeRecords:
    """Implements tools.ports.RecordReader."""

    traces: Sequence[DecisionTrace] = ()
    differences: Sequence[StoredException] = ()
    asked: list[str] = field(default_factory=list)

    async def accounts(self, caller: Caller) -> Sequence[StoredAccount]:
        return ()

    async def kill_switch(self, caller: Caller) -> KillSwitch:
        level = KillSwitchLevel.RUNNING
        return KillSwitch(
            account_id=caller.account_id, level=level, reason=None, by_person=False, set_at=None
        )

    async def orders(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredOrder]:
        return ()

    async def exceptions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[StoredException]:
        self.asked.append("exceptions")
        return self.differences[offset : offset + limit]

    async def decisions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[DecisionTrace]:
        self.asked.append("decisions")
        return self.traces[offset : offset + limit]

    async def decision(self, caller: Caller, decision_id: str) -> DecisionTrace | None:
        return next((each for each in self.traces if each.decision_id == decision_id), None)

    async def plan(self, caller: Caller, plan_id: str) -> TradePlan | None:
        return None

    async def policy(self, caller: Caller, policy_hash: str | None) -> StoredPolicy | None:
        return None

    async def cards(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredCard]:
        return ()

    async def card(self, caller: Caller, card_id: str) -> StoredCard | None:
        return None
