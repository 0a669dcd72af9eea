"""Whether a person's own explicit word is the approval of their plan."""

from app.approvals import rules
from app.approvals.rules import Approver
from app.gate.service import account_policy
from app.persistence import cards, plans
from app.persistence.database import Session
from app.pipeline.views import require_account
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.plans import TradePlan


async def own_word_counts(
    session: Session, plan: TradePlan, by: Approver, *, initiator: str
) -> bool:
    """Say whether the account's mode and policy let the person's word stand for an approval.

    Raises PolicyMissing.
    """
    account = await require_account(session, plan.account_id)
    policy = await account_policy(session, account)
    return rules.word_authorises(
        by,
        initiator=initiator,
        account_mode=account.mode,
        plan=plan,
        below=policy.approval.execute_without_approval_below_notional,
    )


async def plan_of_waiting_card(session: Session, card_id: str) -> tuple[TradePlan, str] | None:
    """Return the plan that a pending card asks about and who asked for it."""
    record = await cards.find_card(session, card_id)
    if record is None or record.card.plan_id is None:
        return None
    if record.card.kind is not CardKind.TRADE_PLAN or record.card.status is not CardStatus.PENDING:
        return None
    plan = await plans.find_plan(session, record.card.plan_id)
    return None if plan is None else (plan, record.user_id)
