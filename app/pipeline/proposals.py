"""Make plans, have them judged, and put sealed cards before people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import JsonValue

from adapters.ports import Clock, IdFactory, ReachBack
from app.approvals.seal import SealedTerms, seal
from app.audit.log import Entry, append
from app.gate.collars import market_collar
from app.gate.largest import largest_allowed
from app.gate.service import Gate, without_orders
from app.persistence import accounts, cards, jobs, plans, protections, runs
from app.persistence.accounts import OBSERVE
from app.persistence.database import Database
from app.pipeline.card_fields import plan_fields, plan_provenance
from app.pipeline.contested import contested_entry
from app.pipeline.exit_notes import exit_notes, standing_protection
from app.pipeline.views import AccountViews, require_account
from app.pipeline.world import make_world, priced_instruments
from app.planning.compose import compose_plan
from app.planning.costs import plan_cost
from app.planning.inputs import PlanningInputs, PlanProblem, PriceCollar
from riskgate.contracts.cards import Card, CardKind, CardStatus
from riskgate.contracts.insights import StopFact
from riskgate.contracts.intents import TradeIntent
from riskgate.contracts.orders import ExecutionMode, OrderType
from riskgate.contracts.snapshots import BrokerSnapshot, Quote
from riskgate.contracts.traces import ReplayStep
from riskgate.tariff import Tariff
from tools.ports import (
    AccountView,
    Caller,
    CardContent,
    ComposedPlan,
    EarlierRequest,
    InstrumentDirectory,
    Judged,
    Relay,
    ToolRefusal,
    Weighed,
)

PLAN_STAGE = "PLAN"


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long a plan may be executed, how long its card may be approved, and for how long the
    same words are taken for a repetition, in seconds."""

    plan_ttl_s: int
    card_ttl_s: int
    resend_window_s: int


class Proposals:
    """Implements tools.ports.PlanProposer and CardDesk. Sends nothing."""

    def __init__(  # noqa: PLR0913  # each is a port or a setting
        self,
        *,
        database: Database,
        views: AccountViews,
        gate: Gate,
        directory: InstrumentDirectory,
        clock: Clock,
        ids: IdFactory,
        lifetimes: Lifetimes,
        secret: bytes,
        live: bool,
        tariff: Tariff,
    ) -> None:
        self._database = database
        self._views = views
        self._gate = gate
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._lifetimes = lifetimes
        self._secret = secret
        self._live = live
        self._tariff = tariff

    async def earlier(self, caller: Caller, message: str) -> EarlierRequest | None:
        """Return what the same words led to a moment ago, if that waits or was approved."""
        now = self._clock.now()
        async with self._database.tenant(caller.tenant_id) as session:
            run = await runs.find_run(session, caller.run_id)
            if run is None:
                return None
            found = await runs.earlier_request(
                session,
                run=replace(run, message=message),
                since=now - timedelta(seconds=self._lifetimes.resend_window_s),
                at=now,
            )
        if found is None:
            return None
        return EarlierRequest(
            seconds_ago=max(int((now - found["created_at"]).total_seconds()), 0),
            title=found["title"],
            approved=found["status"] == CardStatus.APPROVED,
        )

    async def compose(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> ComposedPlan | ToolRefusal:
        """Make a plan from the account as seen and prices of now, and store it."""
        refusal = _observes(view) or await self._wrong_currency(caller, intent, view)
        if refusal is not None or view.snapshot is None:
            return refusal or _broker_down(view)
        inputs, quotes = await self._planning_inputs(caller, intent, view, view.snapshot)
        plan = compose_plan(inputs)
        if isinstance(plan, PlanProblem):
            return ToolRefusal(code=plan.code, message=plan.message, remedy=plan.remedy)
        async with self._database.tenant(caller.tenant_id) as session:
            refusal = await contested_entry(session, plan, view.snapshot)
            if refusal is not None:
                return refusal
            await plans.add_plan(session, plan, run_id=caller.run_id)
            await append(
                session, _plan_entry(caller, plan.plan_id, plan.plan_hash), at=plan.created_at
            )
        step = ReplayStep(
            step="plan", inputs=inputs.model_dump(mode="json"), output=plan.model_dump(mode="json")
        )
        return ComposedPlan(
            plan=plan,
            snapshot=view.snapshot,
            quotes=quotes,
            broker_mode=view.execution_mode,
            step=step,
        )

    async def weigh(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> Weighed | ToolRefusal:
        """Plan and judge in memory; nothing is stored, so nothing can be approved or sent."""
        refusal = await self._wrong_currency(caller, intent, view)
        if refusal is not None or view.snapshot is None:
            return refusal or _broker_down(view)
        inputs, quotes = await self._planning_inputs(caller, intent, view, view.snapshot)
        plan = compose_plan(inputs)
        if isinstance(plan, PlanProblem):
            return ToolRefusal(code=plan.code, message=plan.message, remedy=plan.remedy)
        world = make_world(
            view.snapshot,
            quotes,
            self._directory,
            asked=(),
            mode=view.execution_mode,
            aside=await self._makes_way(caller, intent, view.snapshot),
            reach_back=self._reach_back(caller),
        )
        async with self._database.tenant(caller.tenant_id) as session:
            refusal = await contested_entry(session, plan, view.snapshot)
            if refusal is not None:
                return refusal
            weighing = await self._gate.weigh(
                session,
                account=await require_account(session, caller.account_id),
                plan=plan,
                world=world,
                ledger=view.ledger,
                at=self._clock.now(),
            )
        return Weighed(
            plan=plan,
            quotes=quotes,
            decision=weighing.decision,
            exposure=self._gate.exposures(weighing),
            largest=largest_allowed(weighing.policy, weighing.gate_input),
        )

    async def _planning_inputs(
        self, caller: Caller, intent: TradeIntent, view: AccountView, snapshot: BrokerSnapshot
    ) -> tuple[PlanningInputs, tuple[Quote, ...]]:
        aside = await self._makes_way(caller, intent, snapshot)
        in_flight = [order.instrument for order in view.ledger.expected_orders]
        refs = priced_instruments((*intent.symbols, *in_flight), snapshot)
        quotes = tuple(await self._views.quotes(refs))
        rows = [self._directory.get(symbol) for symbol in intent.symbols]
        broker = self._views.capabilities(caller.tenant_id, caller.account_id)
        inputs = PlanningInputs(
            plan_id=self._ids.new("pln"),
            tenant_id=caller.tenant_id,
            account_id=caller.account_id,
            currency=view.currency,
            mode=mode_of_run(view.execution_mode, live=self._live),
            created_at=self._clock.now(),
            plan_ttl_s=self._lifetimes.plan_ttl_s,
            intent=intent,
            instruments=tuple(row for row in rows if row is not None),
            quotes=quotes,
            snapshot=without_orders(snapshot, aside),
            places_oco=broker.places_oco,
            order_types=tuple(kind for kind in OrderType if kind in broker.order_types),
            collars=await self._collars(caller, intent, broker.order_types),
            slices_max=broker.slices_max,
        )
        return inputs, quotes

    async def _collars(
        self, caller: Caller, intent: TradeIntent, taken: frozenset[str]
    ) -> tuple[PriceCollar, ...]:
        """Return how far an order may reach that the broker does not take as it was asked."""
        if intent.order_type is None or intent.order_type in taken:
            return ()
        async with self._database.tenant(caller.tenant_id) as session:
            account = await require_account(session, caller.account_id)
            return tuple(
                [
                    PriceCollar(
                        instrument=symbol, share=await market_collar(session, account, symbol)
                    )
                    for symbol in intent.symbols
                ]
            )

    async def _makes_way(
        self, caller: Caller, intent: TradeIntent, snapshot: BrokerSnapshot
    ) -> frozenset[str]:
        """Return the tags of our own stops that are taken back before this trade is sent."""
        async with self._database.tenant(caller.tenant_id) as session:
            ours = await protections.protective_tags(session, caller.account_id)
        return frozenset(
            order.tag
            for order in snapshot.orders
            if order.tag is not None
            and order.tag in ours
            and (order.side, order.product) == (intent.side, intent.product)
            and order.instrument in intent.symbols
        )

    def _reach_back(self, caller: Caller) -> ReachBack | None:
        return self._views.capabilities(caller.tenant_id, caller.account_id).orders_reach_back

    async def _wrong_currency(
        self, caller: Caller, intent: TradeIntent, view: AccountView
    ) -> ToolRefusal | None:
        """Refuse what the account has no money for, naming the account that has, if it is one."""
        rows = (self._directory.get(symbol) for symbol in intent.symbols)
        wrong = next((row for row in rows if row and row.currency is not view.currency), None)
        if wrong is None:
            return None
        async with self._database.tenant(caller.tenant_id) as session:
            known = await accounts.list_accounts(session)
        fitting = [account.account_id for account in known if account.currency is wrong.currency]
        return ToolRefusal(
            code="CURRENCY_MISMATCH",
            message=(
                f"{wrong.ref} trades in {wrong.currency},"
                f" account {view.account_id} is in {view.currency}"
            ),
            remedy=(
                f"Use account {fitting[0]}."
                if len(fitting) == 1
                else f"Choose an account in {wrong.currency}."
            ),
        )

    async def judge(self, caller: Caller, composed: ComposedPlan) -> Judged:
        """Judge with the account held, so that plans are judged one after another."""
        world = make_world(
            composed.snapshot,
            composed.quotes,
            self._directory,
            asked=(),
            mode=composed.broker_mode,
            aside=await self._makes_way(caller, composed.plan.intent, composed.snapshot),
            reach_back=self._reach_back(caller),
        )
        async with self._database.tenant(caller.tenant_id) as session:
            await accounts.lock_account(session, caller.account_id)
            account = await require_account(session, caller.account_id)
            judgement = await self._gate.judge(
                session,
                account=account,
                plan=composed.plan,
                world=world,
                ledger=await self._views.ledger(session, caller.account_id),
                stage=PLAN_STAGE,
                at=self._clock.now(),
            )
        step = gate_step(PLAN_STAGE, judgement.decision_hash, judgement.policy.policy_hash)
        trip = None if judgement.trip is None else judgement.trip.text
        return Judged(
            decision=judgement.decision,
            step=step,
            trip=trip,
            exposure=self._gate.exposures(judgement),
        )

    async def request_approval(
        self,
        caller: Caller,
        composed: ComposedPlan,
        judged: Judged,
        *,
        title: str,
        proposed_by: Relay | None,
    ) -> Card:
        """Store the pending card with a seal over everything an approval is bound to."""
        now = self._clock.now()
        plan, decision = composed.plan, judged.decision
        async with self._database.tenant(caller.tenant_id) as session:
            standing = await standing_protection(session, plan)
        expires_at = min(
            now + timedelta(seconds=self._lifetimes.card_ttl_s), plan.validity_window.end
        )
        card = Card(
            id=self._ids.new("crd"),
            kind=CardKind.TRADE_PLAN,
            status=CardStatus.PENDING,
            title=title,
            run_id=caller.run_id,
            thread_id=caller.thread_id,
            account_id=caller.account_id,
            created_at=now,
            expires_at=expires_at,
            plan_id=plan.plan_id,
            plan_hash=plan.plan_hash,
            decision_id=caller.decision_id,
            fields={**self._fields(composed, judged, standing), **_proposed_by(proposed_by)},
            provenance=plan_provenance(plan),
        )
        terms = SealedTerms(
            tenant_id=caller.tenant_id,
            account_id=caller.account_id,
            card_id=card.id,
            plan_hash=plan.plan_hash,
            policy_hash=decision.policy_hash,
            expires_at=expires_at,
        )
        async with self._database.tenant(caller.tenant_id) as session:
            await cards.add_card(
                session,
                card,
                user_id=caller.user_id,
                policy_hash=decision.policy_hash,
                seal=seal(terms, secret=self._secret),
            )
            expiry = jobs.expire_card(caller.tenant_id, card.id)
            await jobs.defer(session, expiry, after=expires_at - now)
            await append(session, _card_entry(caller, card), at=now)
        return card

    def _fields(
        self, composed: ComposedPlan, judged: Judged, standing: Sequence[StopFact]
    ) -> dict[str, JsonValue]:
        plan, exposure = composed.plan, judged.exposure
        lowered = frozenset() if exposure is None else exposure.lowered
        fields = plan_fields(
            plan,
            judged.decision,
            composed.quotes,
            trip=judged.trip,
            exposure=exposure,
            cost=plan_cost(plan, self._tariff, lowered=lowered),
        )
        if not standing:
            return fields
        kept: list[JsonValue] = [fact.model_dump(mode="json") for fact in standing]
        notes: list[JsonValue] = [*plan.notes, *exit_notes(standing)]
        return {**fields, "notes": notes, "standing_protection": kept}

    async def show(self, caller: Caller, content: CardContent) -> Card:
        """Store an informing card, or a question that waits for an answer."""
        now = self._clock.now()
        waits = content.kind is CardKind.QUESTION
        card = Card(
            id=self._ids.new("crd"),
            kind=content.kind,
            status=CardStatus.PENDING if waits else CardStatus.INFO,
            title=content.title,
            run_id=caller.run_id,
            thread_id=caller.thread_id,
            account_id=caller.account_id,
            created_at=now,
            expires_at=now + timedelta(seconds=self._lifetimes.card_ttl_s) if waits else None,
            plan_id=content.plan_id,
            decision_id=caller.decision_id,
            fields=content.fields,
            provenance=content.provenance,
        )
        async with self._database.tenant(caller.tenant_id) as session:
            await cards.add_card(session, card, user_id=caller.user_id)
            if card.expires_at is not None:
                expiry = jobs.expire_card(caller.tenant_id, card.id)
                await jobs.defer(session, expiry, after=card.expires_at - now)
        return card


def gate_step(stage: str, decision_hash: str, policy_hash: str) -> ReplayStep:
    """Point a trace at the stored inputs and answer of one judgement."""
    inputs: dict[str, JsonValue] = {"stage": stage, "policy_hash": policy_hash}
    return ReplayStep(step="gate", inputs=inputs, output={"decision_hash": decision_hash})


def _observes(view: AccountView) -> ToolRefusal | None:
    if view.mode != OBSERVE:
        return None
    return ToolRefusal(
        code="ACCOUNT_OBSERVES",
        message=f"account {view.account_id} is in OBSERVE mode and takes no trades",
        remedy="An admin may set it to PROPOSE.",
    )


def _broker_down(view: AccountView) -> ToolRefusal:
    return ToolRefusal(
        code="BROKER_UNAVAILABLE",
        message=view.warning or "the broker does not answer",
        remedy="Try again when the broker is back.",
    )


def mode_of_run(broker_mode: ExecutionMode, *, live: bool) -> ExecutionMode:
    """Return what a plan's orders will be; a live broker is only simulated against where this
    server sends no live orders."""
    if broker_mode is ExecutionMode.LIVE and not live:
        return ExecutionMode.DRY_RUN
    return broker_mode


def _proposed_by(relay: Relay | None) -> dict[str, JsonValue]:
    """Name the program whose words the card stands on, so that nobody takes them for their own."""
    return {} if relay is None else {"proposed_by": relay.model_dump(mode="json")}


def _plan_entry(caller: Caller, plan_id: str, plan_hash: str) -> Entry:
    return Entry(
        actor=caller.user_id,
        action="plan.composed",
        entity="plan",
        entity_id=plan_id,
        body={"plan_hash": plan_hash, "account_id": caller.account_id, "run_id": caller.run_id},
    )


def _card_entry(caller: Caller, card: Card) -> Entry:
    return Entry(
        actor=caller.user_id,
        action="card.shown",
        entity="card",
        entity_id=card.id,
        body={"plan_id": card.plan_id, "plan_hash": card.plan_hash},
    )
