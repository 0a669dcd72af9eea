"""Carry out what was approved and look at the result."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.errors import BrokerUnavailable
from app.errors import NotFound
from app.execution.canceller import CancelUnknown, OrderNotOpen
from app.execution.engine import ExecutionEngine
from app.persistence import cards, orders
from app.persistence.cards import CardRecord
from app.persistence.database import Database
from app.pipeline.views import submitted_order
from app.reconciliation.service import Reconciler
from app.telemetry import log
from riskgate.contracts.cards import CardStatus
from riskgate.contracts.traces import ReconciliationResult, SubmittedOrder
from tools.ports import Caller, ExecutionReport, ToolRefusal

NOT_APPROVED = {
    CardStatus.REJECTED: ("CARD_REJECTED", "You rejected the plan; nothing was sent."),
    CardStatus.EXPIRED: ("CARD_EXPIRED", "The card's time was over; nothing was sent."),
    CardStatus.VOID: ("CARD_VOID", "The plan could not be approved; nothing was sent."),
    CardStatus.PENDING: ("CARD_PENDING", "Nobody has approved the plan; nothing was sent."),
}


# Protects what an account's orders opened; what it cannot do now it does at its next look.
Keep: TypeAlias = Callable[[str, str], Awaitable[object]]


class Submission:
    """Implements tools.ports.PlanSubmitter and OrderCanceller.

    The stored approval decides what is sent, never the caller.
    """

    def __init__(
        self,
        *,
        database: Database,
        engine: ExecutionEngine,
        reconciler: Reconciler,
        keep: Keep,
    ) -> None:
        self._database = database
        self._engine = engine
        self._reconciler = reconciler
        self._keep = keep

    async def submit(self, caller: Caller, card_id: str) -> ExecutionReport:
        """Execute the plan of an approved card; anything else sends nothing and says why."""
        async with self._database.tenant(caller.tenant_id) as session:
            record = await cards.find_card(session, card_id)
        if record is None:
            raise NotFound(f"there is no card {card_id}")
        if record.card.status is not CardStatus.APPROVED or record.card.plan_id is None:
            return ExecutionReport(refusal=_refusal(record))
        done = await self._engine.execute(caller.tenant_id, record.card.plan_id)
        await self._protect(caller.tenant_id, record.card.account_id)
        return ExecutionReport(
            orders=tuple(submitted_order(order) for order in done),
            approved_by=record.decided_by,
        )

    async def cancel(self, caller: Caller, order_id: str) -> SubmittedOrder | ToolRefusal:
        """Cancel one order of the caller's account."""
        async with self._database.tenant(caller.tenant_id) as session:
            found = await orders.find_order(session, order_id)
        if found is None or found.intent.account_id != caller.account_id:
            return ToolRefusal(
                code="NOT_FOUND",
                message=f"There is no order {order_id} in this account",
                remedy="Ask for 'orders' to see them.",
            )
        try:
            order = await self._engine.cancel(caller.tenant_id, order_id, by=caller.user_id)
        except (OrderNotOpen, CancelUnknown) as refused:
            return ToolRefusal(code=refused.code, message=refused.message, remedy=refused.remedy)
        except BrokerUnavailable as down:
            return ToolRefusal(
                code="BROKER_UNAVAILABLE",
                message=f"The broker did not answer: {down.message}",
                remedy="Nothing was cancelled; try again.",
            )
        await self._protect(caller.tenant_id, caller.account_id)
        return submitted_order(order)

    async def _protect(self, tenant_id: str, account_id: str) -> None:
        """Protect what was opened; a failure must not hide what became of the orders."""
        try:
            await self._keep(tenant_id, account_id)
        except Exception as failed:  # noqa: BLE001 # edge: the orders are at the broker already
            log.error("protection_failed", account_id=account_id, exc_info=failed)

    async def reconcile(self, caller: Caller) -> ReconciliationResult | ToolRefusal:
        """Compare ledger and broker; a broker that is down changes nothing."""
        try:
            return await self._reconciler.reconcile(caller.tenant_id, caller.account_id)
        except BrokerUnavailable as down:
            return ToolRefusal(
                code="BROKER_UNAVAILABLE",
                message=f"The broker did not answer, so nothing was compared: {down.message}.",
                remedy="It is compared again by itself when the broker is back.",
            )


def _refusal(record: CardRecord) -> ToolRefusal:
    code, message = NOT_APPROVED.get(
        record.card.status, ("CARD_NOT_APPROVABLE", "The card cannot be executed.")
    )
    comment = f" ({record.comment})" if record.comment else ""
    return ToolRefusal(
        code=code, message=message + comment, remedy="Ask for the trade again if you want it."
    )
