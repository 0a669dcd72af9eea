"""What is stored, for those who may see it: their own, or the tenant's for those who oversee."""

from collections.abc import Sequence

from adapters.ports import Clock
from app.errors import InvalidRequest, NotFound
from app.gate.policies import PolicyDesk
from app.identity.principal import OVERSEERS
from app.persistence import accounts, cards, exceptions, orders, plans, traces
from app.persistence.cards import CardRecord
from app.persistence.database import Database
from app.persistence.exceptions import ExceptionRecord
from app.persistence.orders import OrderRecord
from app.pipeline.views import submitted_order
from app.reconciliation.wording import in_words
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.plans import TradePlan
from riskgate.contracts.traces import DecisionTrace
from tools.ports import (
    Caller,
    KillSwitch,
    StoredAccount,
    StoredCard,
    StoredException,
    StoredOrder,
    StoredPolicy,
)


class Records:
    """Implements tools.ports.RecordReader."""

    def __init__(self, *, database: Database, policies: PolicyDesk, clock: Clock) -> None:
        self._database = database
        self._policies = policies
        self._clock = clock

    async def accounts(self, caller: Caller) -> Sequence[StoredAccount]:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await accounts.list_accounts(session)
        return [
            StoredAccount(
                account_id=one.account_id,
                broker=one.broker,
                mode=one.mode,
                currency=one.currency,
                is_default=one.is_default,
            )
            for one in found
        ]

    async def kill_switch(self, caller: Caller) -> KillSwitch:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await accounts.kill_switch(session, caller.account_id)
        return KillSwitch(
            account_id=caller.account_id,
            level=found.level,
            reason=found.reason,
            by_person=found.set_by.startswith("usr_"),
            set_at=found.set_at,
        )

    async def orders(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredOrder]:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await orders.list_orders(
                session, account_id=caller.account_id, limit=limit, offset=offset
            )
        return [_order(one) for one in found]

    async def exceptions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[StoredException]:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await exceptions.list_exceptions(
                session,
                include_resolved=False,
                limit=limit,
                offset=offset,
                account_id=caller.account_id,
            )
        return [_exception(one) for one in found]

    async def decisions(
        self, caller: Caller, *, limit: int, offset: int
    ) -> Sequence[DecisionTrace]:
        async with self._database.tenant(caller.tenant_id) as session:
            return await traces.list_traces(
                session, user_id=_only(caller), limit=limit, offset=offset
            )

    async def decision(self, caller: Caller, decision_id: str) -> DecisionTrace | None:
        async with self._database.tenant(caller.tenant_id) as session:
            trace = await traces.latest_trace(session, decision_id)
        return trace if trace is not None and _sees(caller, trace.user_id) else None

    async def plan(self, caller: Caller, plan_id: str) -> TradePlan | None:
        async with self._database.tenant(caller.tenant_id) as session:
            owner = await plans.plan_owner(session, plan_id)
            if owner is None or not _sees(caller, owner):
                return None
            return await plans.find_plan(session, plan_id)

    async def policy(self, caller: Caller, policy_hash: str | None) -> StoredPolicy | None:
        try:
            page = (
                await self._policies.current(caller.tenant_id, caller.account_id)
                if policy_hash is None
                else await self._policies.page(caller.tenant_id, policy_hash)
            )
        except (NotFound, InvalidRequest):
            return None
        return StoredPolicy(
            policy_hash=page.record.policy_hash,
            created_at=page.record.created_at,
            in_force=tuple(page.in_force),
            body=page.record.body,
        )

    async def cards(self, caller: Caller, *, limit: int, offset: int) -> Sequence[StoredCard]:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await cards.list_cards(
                session,
                status=None,
                kind=CardKind.TRADE_PLAN,
                user_id=_only(caller),
                account_id=caller.account_id,
                at=self._clock.now(),
                limit=limit,
                offset=offset,
            )
        return [self._card(one) for one in found]

    async def card(self, caller: Caller, card_id: str) -> StoredCard | None:
        async with self._database.tenant(caller.tenant_id) as session:
            found = await cards.find_card(session, card_id)
        if found is None or not _sees(caller, found.user_id):
            return None
        return self._card(found)

    def _card(self, record: CardRecord) -> StoredCard:
        card = record.card
        over = card.expires_at is not None and self._clock.now() >= card.expires_at
        waits = card.status is CardStatus.PENDING
        return StoredCard(
            card=card,
            status=CardStatus.EXPIRED if over and waits else card.status,
            user_id=record.user_id,
            decided_by=record.decided_by,
        )


def _only(caller: Caller) -> str | None:
    return None if caller.roles & OVERSEERS else caller.user_id


def _sees(caller: Caller, owner: str) -> bool:
    return _only(caller) in (None, owner)


def _order(record: OrderRecord) -> StoredOrder:
    return StoredOrder(
        **dict(submitted_order(record)),
        account_id=record.intent.account_id,
        plan_id=record.intent.plan_id,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _exception(record: ExceptionRecord) -> StoredException:
    return StoredException(
        exception_id=record.exception_id,
        account_id=record.account_id,
        kind=record.kind,
        severity=record.severity,
        status=record.status,
        message=in_words(record.body),
        opened_at=record.opened_at,
        last_seen_at=record.last_seen_at,
    )
