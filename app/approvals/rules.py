"""May this person approve this card now? Pure answers, each a refusal with its code or None."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.approvals.seal import SealedTerms
from riskgate.contracts.base import decimal_text
from riskgate.contracts.cards import CardKind, CardStatus
from riskgate.contracts.intents import ProvenanceSource
from riskgate.contracts.orders import Side
from riskgate.contracts.plans import PlanLeg, TradePlan
from riskgate.contracts.snapshots import Quote

APPROVER_ROLES = frozenset({"trader", "approver"})
EXECUTE = "EXECUTE"
MACHINE_ROLES = frozenset({"service"})
MAX_SLIPPAGE_PCT = Decimal(1)
HUNDRED = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an approval does not count; `final` voids the card."""

    code: str
    message: str
    remedy: str
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Approver:
    """The signed-in person who decides."""

    user_id: str
    roles: frozenset[str]


def may_decide(approver: Approver, *, initiator: str) -> Refusal | None:
    """People decide on their own plans, approvers on others' too; machines and models never."""
    if approver.roles & MACHINE_ROLES:
        return Refusal(
            code="APPROVER_NOT_A_PERSON",
            message="a service key cannot approve",
            remedy="Approve as a person, in the page or with a person's key.",
        )
    if not approver.roles & APPROVER_ROLES:
        return Refusal(
            code="FORBIDDEN",
            message="approving needs the role trader or approver",
            remedy="Ask an admin for the role, or ask an approver to decide.",
        )
    if approver.user_id != initiator and "approver" not in approver.roles:
        return Refusal(
            code="FORBIDDEN",
            message="deciding on another person's plan needs the role approver",
            remedy="Ask an approver to decide.",
        )
    return None


def card_is_open(kind: CardKind, status: CardStatus) -> Refusal | None:
    """A card is decided once."""
    if kind is not CardKind.TRADE_PLAN:
        return Refusal(
            code="CARD_NOT_APPROVABLE",
            message=f"a {kind} card cannot be approved",
            remedy="Answer it in the chat.",
        )
    if status is not CardStatus.PENDING:
        return Refusal(
            code="CARD_ALREADY_DECIDED",
            message=f"the card is {status}",
            remedy="Ask for the trade again if you still want it.",
        )
    return None


def four_eyes(
    approver: Approver, *, initiator: str, plan: TradePlan, above: Decimal | None
) -> Refusal | None:
    """Above the policy's second threshold somebody else must approve."""
    if above is None or plan.notional <= above:
        return None
    if approver.user_id != initiator and "approver" in approver.roles:
        return None
    return Refusal(
        code="FOUR_EYES_REQUIRED",
        message=f"a plan of {plan.notional} is above {above} and needs another person's approval",
        remedy="Ask someone else with the role approver to decide.",
    )


def word_authorises(
    approver: Approver, *, initiator: str, account_mode: str, plan: TradePlan, below: Decimal | None
) -> bool:
    """Say whether the person's own explicit word is the approval: in an account in EXECUTE mode,
    for their own plan, below the policy's first threshold. Without a threshold it never is, and
    words that a program passed on are not the person's own."""
    if account_mode != EXECUTE or approver.user_id != initiator:
        return False
    sources = {item.source for item in plan.intent.provenance.values()}
    if ProvenanceSource.CLIENT_SPAN in sources:
        return False
    if may_decide(approver, initiator=initiator) is not None:
        return False
    return below is not None and plan.notional < below


def plan_is_the_sealed_one(plan: TradePlan, terms: SealedTerms) -> Refusal | None:
    """The stored plan must be the one that was shown."""
    if plan.plan_hash == terms.plan_hash:
        return None
    return Refusal(
        code="CARD_PLAN_CHANGED",
        message="the plan is not the one this card was made for",
        remedy="Ask for the trade again.",
        final=True,
    )


def price_moved(plan: TradePlan, quotes: Sequence[Quote]) -> Refusal | None:
    """An order asked for without a price is void when the market left the price that was shown, or
    the limit that it was given: it was to fill at once, not to wait."""
    if plan.order_skeleton.order_type.has_limit_price and not plan.gives_a_limit:
        return None
    limit = plan.intent.max_slippage_pct
    allowed = MAX_SLIPPAGE_PCT if limit is None else limit
    now = {quote.instrument: quote for quote in quotes}
    for leg in plan.legs:
        price = _far_price(now.get(leg.instrument.ref), leg.side)
        moved = None if price is None else _moved_pct(price, leg)
        if moved is None or moved > allowed:
            shown = "unknown" if moved is None else f"{moved.quantize(Decimal('0.01'))} %"
            return _moved(
                f"{leg.instrument.ref} moved against the plan by {shown}, over {allowed} %"
            )
        if price is not None and _out_of_reach(plan, leg, price):
            return _moved(
                f"{leg.instrument.ref} is at {decimal_text(price)} now, beyond the order's limit of"
                f" {decimal_text(leg.limit_price or price)}"
            )
    return None


def _far_price(quote: Quote | None, side: Side) -> Decimal | None:
    if quote is None:
        return None
    far = quote.ask if side is Side.BUY else quote.bid
    return quote.last if far is None else far


def _moved_pct(price: Decimal, leg: PlanLeg) -> Decimal:
    return leg.side.sign * (price - leg.reference_price) * HUNDRED / leg.reference_price


def _out_of_reach(plan: TradePlan, leg: PlanLeg, price: Decimal) -> bool:
    """Say whether a limit that was to fill at once would wait; one behind a trigger waits anyway,
    and whether its trigger still stands is for the gate to say."""
    if leg.limit_price is None or plan.order_skeleton.order_type.has_trigger_price:
        return False
    return (price - leg.limit_price) * leg.side.sign > 0


def _moved(message: str) -> Refusal:
    return Refusal(
        code="PRICE_MOVED",
        message=message,
        remedy="Ask again to see a card at today's price.",
        final=True,
    )
