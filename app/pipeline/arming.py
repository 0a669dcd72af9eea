"""Gather what the guards of an execution judge by, and run them."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from app.calendars.sessions import Calendars
from app.execution.live import LiveEvidence
from app.gate.periods import periods_of
from app.gate.service import account_policy
from app.identity.principal import OWNER_TENANT
from app.ledger.live_day import day_totals
from app.persistence import validations
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from app.validation.execution import Block
from app.validation.report import ValidationReport
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.guards import DayTotals, ExecutionRequest, GuardReport, StoredValidation, run_guards

FIRST_CLIENT = "1"
LIVE_OFF = Block(
    code="LIVE_SWITCHED_OFF",
    message="this server sends no live orders",
    remedy="Start it with SIGMATRADER_LIVE=true, or run it as a dry run.",
)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How an execution was asked for; `client_id` is as it was written, None for one's own."""

    mode: ExecutionMode = ExecutionMode.DRY_RUN
    client_id: str | None = None
    acknowledged: bool = False


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """What the guards found; `evidence` is None unless a validation was there to be shown."""

    report: GuardReport
    switch_on: bool
    evidence: LiveEvidence | None = None

    @property
    def passed(self) -> bool:
        return self.report.passed and self.switch_on

    @property
    def codes(self) -> tuple[str, ...]:
        return self.report.codes if self.switch_on else (*self.report.codes, LIVE_OFF.code)


class Guards:
    """Runs the guards on the store's own facts; nothing that a caller says replaces one."""

    def __init__(self, *, calendars: Calendars, live: bool) -> None:
        self._calendars = calendars
        self._live = live

    async def run(
        self,
        session: Session,
        plan: TradePlan,
        account: AccountRecord,
        wish: Wish,
        *,
        only_reduces: bool,
        at: datetime,
    ) -> Guarded:
        """Run all guards. For LIVE the caller holds the account. Raises PolicyMissing."""
        policy = await account_policy(session, account)
        live = wish.mode is ExecutionMode.LIVE
        stored = await newest_validation(session, plan.plan_id)
        totals = await self._totals(session, plan, account, at=at) if live else DayTotals()
        request = request_of(
            plan, wish, tenant_id=session.tenant_id, only_reduces=only_reduces, at=at
        )
        report = run_guards(request, stored, policy.live, totals, at)
        return Guarded(
            report=report,
            switch_on=self._live or not live,
            evidence=(
                LiveEvidence(validation_id=stored.validation_id, guards=report)
                if live and stored is not None
                else None
            ),
        )

    async def _totals(
        self, session: Session, plan: TradePlan, account: AccountRecord, *, at: datetime
    ) -> DayTotals:
        day = periods_of(self._calendars, account.currency, at)
        return await day_totals(
            session,
            account.account_id,
            since=day.day_starts_at,
            at=at,
            but_of_plan=plan.plan_id,
        )


def request_of(
    plan: TradePlan, wish: Wish, *, tenant_id: str, only_reduces: bool, at: datetime
) -> ExecutionRequest:
    """Put what is asked into the guards' terms."""
    return ExecutionRequest(
        tenant_id=named_tenant(wish.client_id, tenant_id),
        plan_tenant_id=plan.tenant_id,
        plan_hash=plan.plan_hash,
        mode=wish.mode,
        proposed_orders=sum(len(leg.slices) for leg in plan.legs),
        proposed_notional=plan.notional,
        loss_at_stop=plan.risk_model.loss_at_stop,
        only_reduces=only_reduces,
        acknowledged_risk=wish.acknowledged,
        requested_at=at,
    )


def named_tenant(client_id: str | None, own: str) -> str:
    """Return the tenant that a client id names: the id itself, and 1 for the first tenant.

    What is not the caller's own is no caller's to use; the tenant guard says so.
    """
    if client_id is None or client_id == own:
        return own
    return OWNER_TENANT if client_id == FIRST_CLIENT else client_id


async def newest_validation(session: Session, plan_id: str) -> StoredValidation | None:
    """Return the plan's newest validation; one that cannot be read is none."""
    rows = await validations.plan_validations(session, plan_id, limit=1)
    try:
        return ValidationReport.model_validate(rows[0]).stored if rows else None
    except ValidationError:
        return None
