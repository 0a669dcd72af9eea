"""Take a broker's postback: verify it, keep it once, and have the account looked at.

The checksum binds the order and its time only, so of one order at most `NOTICES_MAX` are kept.

Nothing in a postback is believed but that something happened. What happened is read from the
broker's book, so that a postback repeated, late, out of order or forged changes nothing.
"""

from typing import Annotated

from pydantic import StringConstraints

from adapters.ports import Clock
from app.errors import NotFound, Unauthorized, Unavailable
from app.persistence import accounts, identities, jobs, notices, orders
from app.persistence.database import Database, Session
from app.postbacks.checksum import is_genuine
from riskgate.contracts.base import Contract
from riskgate.hashing import content_hash


class PostbackForged(Unauthorized):
    """The checksum is not the broker's."""

    code = "POSTBACK_FORGED"
    remedy = "Check the secret in SIGMATRADER_POSTBACK_SECRET and the address given to the broker."


class PostbacksOff(Unavailable):
    """No secret is set, so no postback can be told from a forged one."""

    code = "POSTBACKS_OFF"
    remedy = "Set SIGMATRADER_POSTBACK_SECRET to the broker application's secret."


Printable = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,64}$")]


class Postback(Contract):
    """The part of a postback that is read: which order, when, and the proof of its sender."""

    order_id: Printable
    order_timestamp: Printable
    checksum: Printable
    status: Printable = "-"


class Postbacks:
    """Receives postbacks for the accounts of any tenant."""

    def __init__(self, *, database: Database, clock: Clock, secret: str) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

    async def receive(self, tenant_id: str, postback: Postback, body: str) -> bool:
        """Keep a genuine postback and have its account looked at; False for one known already.

        An order that is not ours has every account looked at, since its owner is not known.
        Raises PostbackForged, PostbacksOff and NotFound (no such tenant), having stored nothing.
        """
        if not self._secret:
            raise PostbacksOff("postbacks are not set up")
        genuine = is_genuine(
            postback.checksum, postback.order_id, postback.order_timestamp, self._secret
        )
        if not genuine:
            raise PostbackForged("the postback is not the broker's")
        await self._require_tenant(tenant_id)
        async with self._database.tenant(tenant_id) as session:
            new = await notices.add_notice(
                session,
                notice_id=content_hash(
                    [tenant_id, postback.order_id, postback.order_timestamp, postback.status]
                ),
                broker_order_id=postback.order_id,
                body=body,
                at=self._clock.now(),
            )
            if new:
                for account_id in await _accounts_of(session, postback.order_id):
                    await jobs.defer(session, jobs.follow_account(tenant_id, account_id))
        return new

    async def _require_tenant(self, tenant_id: str) -> None:
        async with self._database.installation() as session:
            if tenant_id not in await identities.tenant_ids(session):
                raise NotFound(f"there is no tenant {tenant_id}")


async def _accounts_of(session: Session, broker_order_id: str) -> list[str]:
    account_id = await orders.account_of(session, broker_order_id)
    if account_id is not None:
        return [account_id]
    # In the order in which every other place takes them.
    return sorted(account.account_id for account in await accounts.list_accounts(session))
