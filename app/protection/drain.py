"""The running state of an account: who may open, and when nothing is left."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.errors import BrokerUnavailable
from adapters.ports import Clock
from app.audit.log import Entry, append
from app.errors import Conflict, Forbidden
from app.execution.canceller import CancelUnknown, OrderNotOpen
from app.execution.engine import ExecutionEngine
from app.gate.kill_switch import STRICTNESS, LevelChange, set_level
from app.persistence import accounts, ledger, orders, plans, running
from app.persistence.database import Database, Session
from app.persistence.orders import OrderRecord
from app.persistence.running import RunningState
from app.pipeline.views import require_account
from riskgate.contracts.decisions import KillSwitchLevel

ACTOR: Final = "drain"


class State(StrEnum):
    """PAUSED opens nothing. DRAINING also takes open entries back and waits until nothing is
    held: then it is DRAINED. STOPPED sends nothing at all."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DRAINING = "DRAINING"
    DRAINED = "DRAINED"
    STOPPED = "STOPPED"


# DRAINED is come to by itself, never asked for.
MAY_BECOME: Final = {
    State.RUNNING: frozenset({State.PAUSED, State.DRAINING, State.STOPPED}),
    State.PAUSED: frozenset({State.RUNNING, State.DRAINING, State.STOPPED}),
    State.DRAINING: frozenset({State.RUNNING, State.PAUSED, State.STOPPED}),
    State.DRAINED: frozenset({State.RUNNING, State.STOPPED}),
    State.STOPPED: frozenset({State.RUNNING}),
}
LEVEL: Final = {
    State.RUNNING: KillSwitchLevel.RUNNING,
    State.PAUSED: KillSwitchLevel.REDUCE_ONLY,
    State.DRAINING: KillSwitchLevel.REDUCE_ONLY,
    State.DRAINED: KillSwitchLevel.REDUCE_ONLY,
    State.STOPPED: KillSwitchLevel.HALTED,
}


class TransitionIllegal(Conflict):
    """The account cannot go from its state to the one asked for."""

    code = "STATE_TRANSITION_ILLEGAL"
    remedy = "Look at the state; a stopped or drained account only runs again or stays."


@dataclass(frozen=True, kw_only=True)
class StateView:
    """The state now, who set it and why, and what is still open of an account that drains."""

    state: State
    reason: str
    set_by: str
    level: KillSwitchLevel
    open_orders: tuple[str, ...] = ()
    open_positions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """A state asked for, by whom and why, and whether they may let orders run again."""

    to: State
    by: str
    reason: str
    may_restart: bool


class Drain:
    """Changes and shows the running state of accounts."""

    def __init__(self, *, database: Database, clock: Clock, engine: ExecutionEngine) -> None:
        self._database = database
        self._clock = clock
        self._engine = engine

    async def change(self, tenant_id: str, account_id: str, change: StateChange) -> StateView:
        """Go to another state; asking for the one it is in changes nothing.

        Raises TransitionIllegal, and Forbidden where the kill switch would be loosened without
        the right. A switch that is stricter than the state needs stays as it is.
        """
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            await require_account(session, account_id)
            now = await _state(session, account_id)
            if change.to is not now.state:
                await self._set(session, account_id, now, change)
        if change.to is State.DRAINING:
            await self._cancel_entries(tenant_id, account_id, change.by)
        return await self.look(tenant_id, account_id)

    async def look(self, tenant_id: str, account_id: str) -> StateView:
        """Return the state; an account that drains and has nothing left is DRAINED from now on."""
        async with self._database.tenant(tenant_id) as session:
            await accounts.lock_account(session, account_id)
            await require_account(session, account_id)
            view = await _state(session, account_id)
            if view.state is State.DRAINING and not view.open_orders and not view.open_positions:
                await self._store(
                    session, account_id, view, State.DRAINED, ACTOR, "nothing is open any more"
                )
                view = await _state(session, account_id)
        return view

    async def _set(
        self, session: Session, account_id: str, now: StateView, change: StateChange
    ) -> None:
        if change.to not in MAY_BECOME[now.state]:
            raise TransitionIllegal(f"the account is {now.state} and cannot become {change.to}")
        if change.to is State.RUNNING and not change.may_restart:
            raise Forbidden("letting orders run again needs the role risk_admin")
        level = LEVEL[change.to]
        loosens = STRICTNESS[level] < STRICTNESS[now.level]
        if change.to is State.RUNNING or not loosens:
            wanted = LevelChange(
                account_id=account_id,
                level=level,
                reason=f"{change.to.lower()}: {change.reason}",
                by=change.by,
                may_loosen=change.may_restart,
            )
            if level is not now.level:
                await set_level(session, wanted, at=self._clock.now())
        if change.to is State.RUNNING:
            await running.end_panic(session, account_id, at=self._clock.now())
        await self._store(session, account_id, now, change.to, change.by, change.reason)

    async def _store(
        self,
        session: Session,
        account_id: str,
        before: StateView,
        to: State,
        by: str,
        reason: str,
    ) -> None:
        at = self._clock.now()
        state = RunningState(state=to.value, reason=reason, set_by=by, set_at=at)
        await running.set_running_state(session, account_id, state)
        entry = Entry(
            actor=by,
            action="account.state",
            entity="account",
            entity_id=account_id,
            body={"from": before.state.value, "to": to.value, "reason": reason},
        )
        await append(session, entry, at=at)

    async def _cancel_entries(self, tenant_id: str, account_id: str, by: str) -> None:
        """Take back open entries; one whose cancel is not confirmed stays open in the view."""
        async with self._database.tenant(tenant_id) as session:
            pending = await orders.unfinished_orders(session, account_id)
            entries = [order for order in pending if not await _only_leaves(session, order)]
        for order in entries:
            try:
                await self._engine.cancel(tenant_id, order.intent.order_id, by=by)
            except (OrderNotOpen, CancelUnknown, BrokerUnavailable):
                continue


async def _state(session: Session, account_id: str) -> StateView:
    stored = await running.running_state(session, account_id)
    switch = await accounts.kill_switch(session, account_id)
    state = State.RUNNING if stored is None else State(stored.state)
    if STRICTNESS[switch.level] < STRICTNESS[LEVEL[state]]:
        # Who may loosen the switch let orders run again; the state follows the switch.
        state, stored = State.RUNNING, None
    if state is not State.DRAINING or stored is None:
        return StateView(
            state=state,
            reason=switch.reason if stored is None else stored.reason,
            set_by=switch.set_by if stored is None else stored.set_by,
            level=switch.level,
        )
    return StateView(
        state=state,
        reason=stored.reason,
        set_by=stored.set_by,
        level=switch.level,
        open_orders=tuple(
            order.intent.order_id for order in await orders.unfinished_orders(session, account_id)
        ),
        open_positions=tuple(
            f"{p.quantity} {p.instrument} {p.product}"
            for p in await ledger.positions(session, account_id)
        ),
    )


async def _only_leaves(session: Session, order: OrderRecord) -> bool:
    """Say whether an order was made to leave a position: it stays while an account drains."""
    plan = await plans.find_plan(session, order.intent.plan_id)
    leg = (
        None
        if plan is None
        else next((each for each in plan.legs if each.leg == order.intent.leg), None)
    )
    return leg is not None and leg.reduce_only
