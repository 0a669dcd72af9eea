"""What the words of a message may refer to, from our own ledger."""

from datetime import datetime

from agents.intent.model import Draft, HeldPosition, OpenOrder, ParseContext
from app.persistence import accounts, files, ledger, orders
from app.persistence.database import Session
from riskgate.contracts.instruments import Currency, InstrumentRef


async def parse_context(
    session: Session,
    *,
    account_id: str,
    thread_id: str,
    run_id: str,
    user_id: str,
    draft: Draft | None,
    focus_symbol: InstrumentRef | None,
    now: datetime,
) -> ParseContext:
    """Return positions, open orders and the unfinished draft that words may point at."""
    account = await accounts.find_account(session, account_id)
    positions = await ledger.positions(session, account_id)
    pending = await orders.unfinished_orders(session, account_id)
    told = await orders.last_sent(
        session, thread_id=thread_id, user_id=user_id, account_id=account_id
    )
    named_in, named = await files.named_last(session, thread_id=thread_id, user_id=user_id)
    return ParseContext(
        now=now,
        currency=Currency.INR if account is None else account.currency,
        positions=tuple(
            HeldPosition(instrument=item.instrument, quantity=item.quantity, product=item.product)
            for item in positions
        ),
        open_orders=tuple(
            OpenOrder(
                order_id=order.intent.order_id,
                instrument=order.intent.instrument,
                side=order.intent.side,
                quantity=order.intent.quantity,
                price=order.intent.trigger_price or order.intent.limit_price,
                waits_for_trigger=order.intent.trigger_price is not None,
            )
            for order in pending
        ),
        focus_symbol=focus_symbol,
        draft=draft,
        # An unfinished request is newer than the orders before it: "it" is that.
        told_orders=() if draft is not None else told,
        files=tuple(named),
        files_named_now=named_in == run_id,
    )
