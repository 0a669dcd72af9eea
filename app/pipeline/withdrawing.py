"""Cancel one of two orders at the broker that carry one tag of ours, and nothing else."""

from collections.abc import Sequence

from adapters.errors import OrderRejected, OutcomeUnknown
from adapters.ports import Brokers, Clock
from app.audit.log import Entry, append
from app.errors import Conflict
from app.execution.canceller import CancelUnknown
from app.persistence.broker_messages import add_message
from app.persistence.database import Database
from app.persistence.orders import OrderRecord
from riskgate.contracts.orders import BrokerOrder
from riskgate.inputs import MessageKind


class NothingToCancel(Conflict):
    """No second order with our tag is open."""

    code = "NOTHING_TO_CANCEL"
    remedy = "What filled cannot be cancelled: ADOPT it, then close the position."


class Withdrawing:
    """Asks the broker to cancel a twin with our tag; orders of others are never touched."""

    def __init__(self, *, database: Database, brokers: Brokers, clock: Clock) -> None:
        self._database = database
        self._brokers = brokers
        self._clock = clock

    def choose(
        self, order: OrderRecord, named: Sequence[BrokerOrder], wanted: str | None
    ) -> BrokerOrder:
        """Return the twin to cancel: the wanted one, else the last placed that is not the order's.

        Raises NothingToCancel.
        """
        twins = [
            seen
            for seen in named
            if seen.tag == order.intent.tag
            and seen.open_quantity
            and (order.state.final or seen.broker_order_id != order.broker_order_id)
        ]
        if wanted is not None:
            twins = [seen for seen in twins if seen.broker_order_id == wanted]
        if not twins:
            raise NothingToCancel("no second order with our tag is open at the broker")
        return twins[-1]

    async def cancel(
        self, tenant_id: str, order: OrderRecord, twin: BrokerOrder, *, by: str
    ) -> None:
        """Ask once. Raises CancelUnknown, BrokerUnavailable, and NothingToCancel for one over."""
        account_id = order.intent.account_id
        async with self._database.tenant(tenant_id) as session:
            entry = Entry(
                actor=by,
                action="order.cancel_asked",
                entity="order",
                entity_id=order.intent.order_id,
                body={"broker_order_id": twin.broker_order_id},
            )
            await append(session, entry, at=self._clock.now())
            await add_message(session, order.intent, MessageKind.CANCEL, at=self._clock.now())
        broker = self._brokers.for_account(tenant_id, account_id)
        try:
            await broker.cancel_order(account_id, twin.broker_order_id)
        except OrderRejected as over:
            raise NothingToCancel(f"the broker refused: {over.message}") from over
        except OutcomeUnknown as unknown:
            raise CancelUnknown(
                f"the cancel of {twin.broker_order_id} is not confirmed"
            ) from unknown
