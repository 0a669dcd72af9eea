"""How an account stands within its limits now; nothing is judged and nothing is stored."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.calendars.sessions import Calendars
from app.gate.history import day_start_of, history_of, rolled
from app.gate.pairs import second_halves
from app.gate.periods import periods_of
from app.gate.service import (
    World,
    account_policy,
    classified,
    reserved_orders,
    without_orders,
)
from app.persistence import accounts, broker_messages, equity, protections
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from riskgate.contracts.standing import Standing
from riskgate.inputs import MessageKind
from riskgate.standing import SentCounts, StandingInput, standing_of

A_SECOND: Final = timedelta(seconds=1)
A_MINUTE: Final = timedelta(minutes=1)


async def account_standing(
    session: Session, calendars: Calendars, account: AccountRecord, world: World, *, at: datetime
) -> Standing | None:
    """Return what is used and left of each limit; None where the broker tells no equity.

    Counted as the gate counts when a plan is judged. Raises PolicyMissing.
    """
    margins = world.snapshot.margins
    if margins is None:
        return None
    policy = await account_policy(session, account)
    periods = periods_of(calendars, account.currency, at)
    before = await equity.find_equity(session, account.account_id)
    is_known = margins.equity > 0
    record = rolled(before, periods, margins, world.snapshot.as_of) if is_known else before
    switch = await accounts.kill_switch(session, account.account_id)
    pairs = await protections.open_pairs(session, account.account_id)
    once = second_halves(pairs, world.snapshot)
    given = StandingInput(
        broker=without_orders(world.snapshot, once),
        margins=margins,
        quotes=world.quotes,
        as_of=at,
        kill_switch=switch.level,
        kill_switch_reason=switch.reason,
        reserved=await reserved_orders(
            session,
            account.account_id,
            world.snapshot,
            but_of_plan=None,
            but=once,
            reach_back=world.reach_back,
        ),
        start_of_day_equity=day_start_of(record, margins, periods),
        history=history_of(record),
        sent=await _sent(session, account.account_id, periods.day_starts_at, at),
        instruments=world.instruments,
        classifications=classified(world.instruments),
    )
    return standing_of(policy, given)


async def _sent(
    session: Session, account_id: str, day_starts_at: datetime, at: datetime
) -> SentCounts:
    # No plan has an empty id, so that nothing is left out.
    gone = await broker_messages.messages_since(
        session, account_id, since=at - A_MINUTE, but_of_plan=""
    )
    coming = await broker_messages.messages_to_come(session, account_id, at=at, but_of_plan="")
    today = await broker_messages.count_orders_since(
        session, account_id, since=day_starts_at, but_of_plan=""
    )
    messages = [*gone, *coming]
    return SentCounts(
        orders_minute=Decimal(sum(each.kind is MessageKind.ORDER for each in messages)),
        messages_second=Decimal(sum(each.at > at - A_SECOND for each in messages)),
        messages_minute=Decimal(len(messages)),
        orders_day=Decimal(today + len(coming)),
    )
