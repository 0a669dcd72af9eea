"""What is at risk before and after a plan, as the gate counts it."""

from enum import StrEnum

from riskgate.contracts.base import Contract, Money
from riskgate.contracts.instruments import Currency, InstrumentRef


class ExposureOf(StrEnum):
    """GROSS is all that is at risk, NET the larger end of its signed sum, POSITION one instrument
    over all products."""

    GROSS = "GROSS"
    NET = "NET"
    POSITION = "POSITION"


class Exposure(Contract):
    """One figure before the plan and once all of it has filled, with the most it may be.

    Orders in flight count as filled wherever that is worse, before and after alike. `instrument` is
    of a POSITION; `limit` is None where the policy sets none or equity is not known.
    """

    of: ExposureOf
    instrument: InstrumentRef | None = None
    before: Money
    after: Money
    limit: Money | None = None


class ExposureChange(Contract):
    """What a plan changes; a figure whose price is not known is left out."""

    currency: Currency
    equity: Money | None
    rows: tuple[Exposure, ...]

    @property
    def lowered(self) -> frozenset[InstrumentRef]:
        """The instruments of which less is at risk afterwards."""
        return frozenset(
            row.instrument
            for row in self.rows
            if row.instrument is not None and row.after < row.before
        )
