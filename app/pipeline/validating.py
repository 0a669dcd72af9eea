"""Validate a stored plan: look at everything that an execution needs, and send nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import BrokerUnavailable, MarketDataUnavailable
from adapters.ports import Brokers, Clock, IdFactory
from app.audit.log import Entry, append
from app.errors import NotFound, Unprocessable
from app.gate.checkup import missing_live_limits, oddities
from app.gate.service import Gate, Judgement, World, account_policy
from app.persistence import accounts, plans, validations
from app.persistence.accounts import AccountRecord
from app.persistence.database import Database, Session
from app.persistence.validations import StoredReport
from app.pipeline.arming import Wish, request_of
from app.pipeline.views import AccountViews, require_account
from app.pipeline.world import Worlds
from app.validation import checks
from app.validation.checks import OperationFacts, RiskFacts, Trouble
from app.validation.paper_run import PaperRun, paper_run
from app.validation.report import ValidationReport, status_of
from riskgate.contracts.orders import ExecutionMode
from riskgate.contracts.plans import TradePlan
from riskgate.guards import guard_tenant
from riskgate.hashing import canonical_json
from tools.ports import InstrumentDirectory

VALIDATION_STAGE = "VALIDATION"


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What a validation looked at, as far as it could."""

    plan: TradePlan
    account: AccountRecord
    risk: RiskFacts
    operation: OperationFacts
    judgement: Judgement | None
    run: PaperRun | None


class Validations:
    """Makes validations and stores each with what it is bound to."""

    def __init__(  # noqa: PLR0913  # each is a port or a setting
        self,
        *,
        database: Database,
        brokers: Brokers,
        worlds: Worlds,
        views: AccountViews,
        gate: Gate,
        directory: InstrumentDirectory,
        clock: Clock,
        ids: IdFactory,
        ttl: timedelta,
    ) -> None:
        self._database = database
        self._brokers = brokers
        self._worlds = worlds
        self._views = views
        self._gate = gate
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._ttl = ttl

    async def validate(
        self, tenant_id: str, plan_id: str, *, client_id: str | None, by: str
    ) -> ValidationReport:
        """Check a plan, judge it afresh and simulate it; store and return what was found.

        A plan that fails is an answer, not an error. Raises NotFound.
        """
        async with self._database.tenant(tenant_id) as session:
            plan = await require_plan(session, plan_id)
        world = await self._look(tenant_id, plan)
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, plan.account_id)
            now = self._clock.now()
            found = await self._find(session, plan, world, now)
            report = self._report(found, tenant_id, client_id=client_id, by=by, at=now)
            await _store(session, report)
        return report

    async def _look(self, tenant_id: str, plan: TradePlan) -> World | Trouble:
        try:
            return await self._worlds.fresh(tenant_id, plan)
        except BrokerUnavailable as down:
            return _down("BROKER_UNAVAILABLE", down.message)
        except MarketDataUnavailable as down:
            return _down("MARKET_DATA_UNAVAILABLE", down.message)

    async def _find(
        self, session: Session, plan: TradePlan, world: World | Trouble, now: datetime
    ) -> _Found:
        account = await require_account(session, plan.account_id)
        switch = await accounts.kill_switch(session, plan.account_id)
        broker = self._brokers.for_account(session.tenant_id, plan.account_id)
        risk, judgement = await self._judge(session, account, plan, world, now)
        seen = None if isinstance(world, Trouble) else world
        legs = [leg.instrument.ref for leg in plan.legs]
        priced = {quote.instrument for quote in (() if seen is None else seen.quotes)}
        known = (self._directory.get(ref) for ref in dict.fromkeys(legs))
        return _Found(
            plan=plan,
            account=account,
            risk=risk,
            operation=OperationFacts(
                at=now,
                account_mode=account.mode,
                kill_switch=switch.level,
                broker_mode=broker.capabilities.mode,
                order_types=broker.capabilities.order_types,
                trouble=world if isinstance(world, Trouble) else None,
                market_open=None if judgement is None else judgement.gate_input.market_open,
                unpriced=tuple(str(r) for r in legs if seen is not None and r not in priced),
                known=tuple(row for row in known if row is not None),
            ),
            judgement=judgement,
            run=None if seen is None else paper_run(plan, seen.quotes),
        )

    async def _judge(
        self,
        session: Session,
        account: AccountRecord,
        plan: TradePlan,
        world: World | Trouble,
        now: datetime,
    ) -> tuple[RiskFacts, Judgement | None]:
        try:
            policy = await account_policy(session, account)
        except Unprocessable as missing:
            trouble = Trouble(
                code="RISK_CONFIG_MISSING", message=missing.message, remedy=missing.remedy
            )
            return RiskFacts(trouble=trouble), None
        risk = RiskFacts(
            missing_live=missing_live_limits(policy),
            findings=tuple(
                Trouble(code=one.code, message=one.message, remedy=one.remedy)
                for one in oddities(policy)
            ),
        )
        if isinstance(world, Trouble):
            return risk, None
        await plans.add_snapshot(session, world.snapshot)
        try:
            judgement = await self._gate.judge(
                session,
                account=account,
                plan=plan,
                world=world,
                ledger=await self._views.ledger(session, plan.account_id),
                stage=VALIDATION_STAGE,
                at=now,
            )
        except Unprocessable as refused:
            trouble = Trouble(code=refused.code, message=refused.message, remedy=refused.remedy)
            return RiskFacts(trouble=trouble), None
        return risk, judgement

    def _report(
        self, found: _Found, tenant_id: str, *, client_id: str | None, by: str, at: datetime
    ) -> ValidationReport:
        plan, judgement = found.plan, found.judgement
        decision = None if judgement is None else judgement.decision
        live_broker = found.operation.broker_mode is ExecutionMode.LIVE
        request = request_of(
            plan, Wish(client_id=client_id), tenant_id=tenant_id, only_reduces=False, at=at
        )
        made = (
            checks.tenant_check(guard_tenant(request)),
            *checks.risk_checks(plan, found.risk, live_broker=live_broker),
            *checks.operation_checks(plan, found.operation),
            checks.gate_check(decision),
            *checks.paper_checks(plan, found.run),
        )
        return ValidationReport(
            validation_id=self._ids.new("val"),
            plan_id=plan.plan_id,
            plan_hash=plan.plan_hash,
            tenant_id=tenant_id,
            account_id=plan.account_id,
            mode=plan.mode,
            status=status_of(made),
            checks=made,
            verdict=None if decision is None else decision.verdict,
            decision_hash=None if judgement is None else judgement.decision_hash,
            paper_run=found.run,
            made_by=by,
            made_at=at,
            expires_at=at + self._ttl,
        )


async def require_plan(session: Session, plan_id: str) -> TradePlan:
    """Return the tenant's plan or raise NotFound."""
    plan = await plans.find_plan(session, plan_id)
    if plan is None:
        raise NotFound(f"there is no plan {plan_id}")
    return plan


async def _store(session: Session, report: ValidationReport) -> None:
    row = StoredReport(
        report_id=report.validation_id,
        plan_id=report.plan_id,
        plan_hash=report.plan_hash,
        status=report.status.value,
        body=canonical_json(report),
        made_by=report.made_by,
        made_at=report.made_at,
    )
    await validations.add_validation(session, row, expires_at=report.expires_at)
    entry = Entry(
        actor=report.made_by,
        action=f"plan.validated.{report.status.value.lower()}",
        entity="plan",
        entity_id=report.plan_id,
        body={
            "validation_id": report.validation_id,
            "plan_hash": report.plan_hash,
            "codes": list(report.codes),
        },
    )
    await append(session, entry, at=report.made_at)


def _down(code: str, message: str) -> Trouble:
    return Trouble(code=code, message=message, remedy="Validate again when it is back.")
