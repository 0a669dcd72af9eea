"""How far from the market an account's policy lets a limit price be."""

from decimal import Decimal
from typing import Final

from app.gate.service import account_policy
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from riskgate.contracts.instruments import InstrumentRef
from riskgate.policy import OrderLimits, scope_of

# The strategy that everything people ask for is judged as.
STRATEGY: Final = "manual"


async def price_collar(
    session: Session, account: AccountRecord, ref: InstrumentRef
) -> Decimal | None:
    """Return the collar on an instrument's limit prices as a share; None where there is none.

    Raises PolicyMissing.
    """
    return (await _order_limits(session, account, ref)).price_collar_pct


async def market_collar(
    session: Session, account: AccountRecord, ref: InstrumentRef
) -> Decimal | None:
    """Return how far a limit may be that stands for a market order; None where nothing says.

    What the policy says of market orders holds for it too. Raises PolicyMissing.
    """
    limits = await _order_limits(session, account, ref)
    said = (limits.price_collar_pct, limits.market_protection_pct)
    return min((share for share in said if share is not None), default=None)


async def _order_limits(
    session: Session, account: AccountRecord, ref: InstrumentRef
) -> OrderLimits:
    policy = await account_policy(session, account)
    names = (str(ref), str(ref.tradingsymbol))
    return scope_of(policy, names, STRATEGY).limits.order
