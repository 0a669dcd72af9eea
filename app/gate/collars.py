"""How far from the market an account's policy lets a limit price be."""

from decimal import Decimal
from typing import Final

from app.gate.service import account_policy
from app.persistence.accounts import AccountRecord
from app.persistence.database import Session
from riskgate.contracts.instruments import InstrumentRef
from riskgate.policy import scope_of

# The strategy that everything people ask for is judged as.
STRATEGY: Final = "manual"


async def price_collar(
    session: Session, account: AccountRecord, ref: InstrumentRef
) -> Decimal | None:
    """Return the collar on an instrument's limit prices as a share; None where there is none.

    Raises PolicyMissing.
    """
    policy = await account_policy(session, account)
    names = (str(ref), str(ref.tradingsymbol))
    return scope_of(policy, names, STRATEGY).limits.order.price_collar_pct
