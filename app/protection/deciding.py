"""Write down, for one protected entry, what was decided of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.ports import IdFactory
from app.audit.log import Entry as AuditEntry
from app.audit.log import append
from app.gate.service import World
from app.persistence import protections
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from app.persistence.protections import DONE
from app.protection.desired import (
    Action,
    Cancel,
    Nothing,
    Place,
    Raise,
    Trouble,
    View,
    Wanted,
    is_over,
)
from app.protection.doubt import short_of
from app.protection.placing import Placed, Placer
from app.protection.seeing import Line
from riskgate.contracts.orders import OrderType

ACTOR: Final = "protector"
DENIED_WAIT: Final = timedelta(seconds=30)
# What begins so needs a person; anything else that keeps a stop away ends by itself.
STOPPED: Final = "stopped: "


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of an account, with everything its decisions were made from."""

    account: AccountRecord
    line: Line
    view: View
    world: World


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is left to do outside of the transaction: a plan to execute, orders to cancel."""

    execute: str | None = None
    cancel: tuple[str, ...] = ()
    trouble: str | None = None


class Decider:
    """Stores decisions with the account held; the caller carries them out afterwards."""

    def __init__(self, *, placer: Placer, ids: IdFactory) -> None:
        self._placer = placer
        self._ids = ids

    def stop_type(self, tenant_id: str, account_id: str) -> OrderType | None:
        """Return the stop order that the account's broker takes; None when it takes none."""
        return self._placer.stop_type(tenant_id, account_id)

    def pairs(self, tenant_id: str, account_id: str) -> bool:
        """Say whether the account's broker takes a stop and a target as a pair."""
        return self._placer.pairs(tenant_id, account_id)

    async def write(self, session: Session, case: Case, wanted: Wanted, action: Action) -> Outcome:
        """Store one action for one entry and return what is to be done about it."""
        if isinstance(action, Cancel):
            return await self._take_back(session, case, action)
        if isinstance(action, Place):
            return await self._place(session, case, action)
        if isinstance(action, Raise):
            return await self._trouble(
                session, case, wanted.entry_id, action.trouble, action.message
            )
        return await self._leave(session, case, wanted, action)

    async def _take_back(self, session: Session, case: Case, action: Cancel) -> Outcome:
        own = case.line.order(action.order_id)
        plan_id, both = own.intent.plan_id, (own, *case.line.partners(own))
        await protections.take_back(session, plan_id, why=action.why.value)
        await self._audit(session, case, action.entry_id, "take_back", action.why.value)
        # The stop of a pair goes last: until then the position has one.
        both_in_turn = sorted(both, key=lambda order: -order.intent.slice)
        return Outcome(cancel=tuple(order.intent.order_id for order in both_in_turn))

    async def _place(self, session: Session, case: Case, action: Place) -> Outcome:
        entry_id, now = action.entry_id, case.view.now
        outcome = await self._placer.place(
            session, case.account, case.line, action, case.world, at=now
        )
        if isinstance(outcome, Placed):
            await protections.note(session, entry_id, text="", at=now)
            await protections.end_troubles(session, entry_id, at=now)
            return Outcome(execute=outcome.plan_id)
        await protections.note(
            session, entry_id, text=outcome.why, at=now, not_before=now + DENIED_WAIT
        )
        return await self._trouble(session, case, entry_id, Trouble.PROTECTION_DENIED, outcome.why)

    async def _leave(
        self, session: Session, case: Case, wanted: Wanted, action: Nothing
    ) -> Outcome:
        entry_id, now = wanted.entry_id, case.view.now
        if case.line.order(entry_id).state.final and is_over(case.view, wanted):
            await protections.note(session, entry_id, text="", at=now, status=DONE)
            await protections.end_troubles(session, entry_id, at=now)
            if short_of(case.view):
                await self._audit(session, case, entry_id, "gone", "the broker shows it no more")
            return Outcome()
        await protections.note(
            session, entry_id, text=action.why, at=now, not_before=wanted.not_before
        )
        if action.why.startswith(STOPPED):
            return await self._trouble(
                session, case, entry_id, Trouble.PROTECTION_STOPPED, action.why
            )
        if not action.why:
            await protections.end_troubles(session, entry_id, at=now)
        return Outcome()

    async def _trouble(
        self, session: Session, case: Case, entry_id: str, trouble: Trouble, message: str
    ) -> Outcome:
        new = await protections.open_trouble(
            session,
            exception_id=self._ids.new("exc"),
            account_id=case.account.account_id,
            kind=trouble.value,
            entry_order_id=entry_id,
            message=f"the position of order {entry_id} is not protected: {message}",
            at=case.view.now,
        )
        if new:
            await self._audit(session, case, entry_id, trouble.value.lower(), message)
        return Outcome(trouble=trouble.value)

    async def _audit(
        self, session: Session, case: Case, entry_id: str, what: str, why: str
    ) -> None:
        entry = AuditEntry(
            actor=ACTOR,
            action=f"protection.{what}",
            entity="order",
            entity_id=entry_id,
            body={"why": why},
        )
        await append(session, entry, at=case.view.now)
