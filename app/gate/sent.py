"""How much of an account's went to its broker lately, what is approved to go included."""

from datetime import datetime, timedelta

from app.persistence import broker_messages
from app.persistence.database import Session
from riskgate.contracts.plans import TradePlan
from riskgate.inputs import Sent
from riskgate.policy import Policy, longest_duplicate_window

RATE_WINDOW = timedelta(seconds=60)


async def sent_lately(
    session: Session, plan: TradePlan, policy: Policy, *, day_starts_at: datetime, at: datetime
) -> Sent:
    """Return the messages that rates and repeats are judged by, without the plan's own.

    An order counts from its approval on: two plans judged one after the other never both get the
    last place of a rate.
    """
    repeats = timedelta(microseconds=int(longest_duplicate_window(policy).scaleb(6)))
    since = at - max(RATE_WINDOW, repeats)
    account_id, own = plan.account_id, plan.plan_id
    gone = await broker_messages.messages_since(session, account_id, since=since, but_of_plan=own)
    coming = await broker_messages.messages_to_come(session, account_id, at=at, but_of_plan=own)
    today = await broker_messages.count_orders_since(
        session, account_id, since=day_starts_at, but_of_plan=own
    )
    return Sent(messages=(*gone, *coming), orders_today=today + len(coming))
