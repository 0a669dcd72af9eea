"""Whether a planned order may still be sent, asked while its account is held."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from app.execution.derive import derive_orders
from app.persistence import accounts, exceptions, plans
from app.persistence.accounts import OBSERVE, AccountRecord, KillSwitchRecord
from app.persistence.database import Session
from app.persistence.orders import OrderRecord
from app.persistence.plans import DecisionRecord
from app.telemetry import log
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.plans import TradePlan
from riskgate.hashing import content_hash

TOO_LATE = "its time to be sent is over"
JUDGED_TOO_LONG_AGO = "JUDGEMENT_TOO_OLD: prices and book were judged too long ago"
# What was judged fresh is not fresh for ever: the time between the approval and the send.
JUDGEMENT_AGE_MAX = timedelta(seconds=30)
CLOCK_WENT_BACK = "CLOCK_WENT_BACK: it was approved at a time that is not there yet"
# Two processes' clocks may differ by so much.
CLOCK_SKEW_MAX = timedelta(seconds=5)
TERMS_CHANGED = "its terms are not those that were approved"
NOT_JUDGED = "the gate's decision on its approval is not stored"
POLICY_CHANGED = "POLICY_CHANGED: the account's policy is not the one that it was approved under"
CONTESTED = "POSITION_CONTESTED"

# Which legs of a decision's plan only close what is held; the gate knows.
LegsThatReduce: TypeAlias = Callable[[Session, DecisionRecord], Awaitable[frozenset[int]]]


async def why_not(
    session: Session, order: OrderRecord, legs_that_reduce: LegsThatReduce, *, at: datetime
) -> str | None:
    """Say why a planned order may not be sent; None when it may.

    The caller holds the account, so neither its switch nor its policy changes before the claim.
    """
    account_id = order.intent.account_id
    account = await accounts.find_account(session, account_id)
    switch = await accounts.kill_switch(session, account_id)
    plan = await plans.find_plan(session, order.intent.plan_id)
    if plan is None or not _as_planned(order, plan):
        log.error("order_terms_changed", order_id=order.intent.order_id)
        return TERMS_CHANGED
    late = overdue(order, at=at)
    if late is not None:
        return late
    if account is None or account.mode == OBSERVE:
        return f"the account {account_id} only observes"
    judged = await plans.approved_decision(session, plan)
    if judged is None:
        return NOT_JUDGED
    stopped = (
        _stopped(switch)
        or _under_another_policy(account, judged)
        or await _contested(session, order)
    )
    if stopped is None:
        return None
    if switch.level is KillSwitchLevel.HALTED:
        return stopped
    # INVARIANT: what only closes what is held is never kept from leaving, but by a halt.
    return None if order.intent.leg in await legs_that_reduce(session, judged) else stopped


def overdue(order: OrderRecord, *, at: datetime) -> str | None:
    """Say why a planned order's time is over; an order is written down when it is judged."""
    if at > order.send_by:
        return TOO_LATE
    if at < order.created_at - CLOCK_SKEW_MAX:
        return CLOCK_WENT_BACK
    return JUDGED_TOO_LONG_AGO if at > order.created_at + JUDGEMENT_AGE_MAX else None


def _stopped(switch: KillSwitchRecord) -> str | None:
    if switch.level is KillSwitchLevel.RUNNING:
        return None
    return f"the kill switch is {switch.level}: {switch.reason}"


def _under_another_policy(account: AccountRecord, judged: DecisionRecord) -> str | None:
    return None if account.policy_hash == judged.decision.policy_hash else POLICY_CHANGED


async def _contested(session: Session, order: OrderRecord) -> str | None:
    """Say that nobody has looked yet at why broker and ledger hold something else of it."""
    instrument = order.intent.instrument
    found = await exceptions.contested(session, order.intent.account_id, instrument)
    if found is None:
        return None
    return (
        f"{CONTESTED}: broker and our books differ about {instrument}; decide on it under"
        f" “Needs you” first (exception {found.exception_id})"
    )


def _as_planned(order: OrderRecord, plan: TradePlan) -> bool:
    """Say whether the order is, to the last field, what the stored plan means."""
    planned = derive_orders(plan, new_id=lambda: order.intent.order_id)
    return content_hash(order.intent) == order.payload_hash and order.intent in planned
