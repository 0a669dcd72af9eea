"""How an account stands within its limits, with no plan in view."""

from riskgate.contracts.base import Code, Contract, Identifier, Number, Sha256, ShortText, UtcTime
from riskgate.contracts.decisions import KillSwitchLevel
from riskgate.contracts.instruments import Currency


class LimitUse(Contract):
    """One limit of one rule: how much of it is used and how much is left.

    `of` names the instrument, sector or underlying where the limit is not of the whole account.
    `unit` is a currency, or what is counted. `limit` is None where it cannot be told, as a share of
    an equity that is not known; `used` where the limit is of each order and nothing is used.
    `left` is never below zero. `source` is the override that the limit came from.
    """

    rule_id: Code
    limit_name: str
    unit: str
    of: str | None = None
    used: Number | None = None
    limit: Number | None = None
    left: Number | None = None
    source: str | None = None

    @property
    def is_reached(self) -> bool:
        """Say whether nothing is left."""
        return self.used is not None and self.left is not None and self.left <= 0


class Standing(Contract):
    """What an account has used of its policy's limits; the figures are those the gate compares.

    `unpriced` are instruments in the book that could not be valued, so what they put at risk is
    missing from the sums.
    """

    account_id: Identifier
    as_of: UtcTime
    currency: Currency
    broker_snapshot_id: Identifier
    policy_hash: Sha256
    policy_version: str
    kill_switch: KillSwitchLevel
    kill_switch_reason: ShortText | None = None
    uses: tuple[LimitUse, ...]
    unpriced: tuple[ShortText, ...] = ()
