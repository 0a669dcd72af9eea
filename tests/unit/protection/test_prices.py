"""Limits of exits: on the tick, worse than their price, and inside every band."""

from decimal import Decimal

import pytest

from app.protection.prices import worse
from riskgate.contracts.orders import Side
from tests.unit.riskgate.builders import a_quote, an_instrument


@pytest.mark.parametrize(
    ("side", "collar", "limit"),
    [
        (Side.SELL, None, "970.2"),
        (Side.SELL, "0.02", "970.2"),
        (Side.SELL, "0.001", "979.05"),
        (Side.BUY, None, "989.8"),
        (Side.BUY, "0.001", "980.95"),
    ],
)
def test_the_limit_is_a_band_worse_and_inside_the_collar(
    side: Side, collar: str | None, limit: str
) -> None:
    given = None if collar is None else Decimal(collar)
    assert worse(Decimal(980), side, an_instrument(), collar=given) == Decimal(limit)


def test_the_limit_stays_inside_the_days_band() -> None:
    quote = a_quote().model_copy(
        update={"lower_circuit": Decimal(975), "upper_circuit": Decimal(985)}
    )
    low = worse(Decimal(980), Side.SELL, an_instrument(), collar=None, quote=quote)
    high = worse(Decimal(980), Side.BUY, an_instrument(), collar=None, quote=quote)
    assert (low, high) == (Decimal(975), Decimal(985))


def test_an_instrument_without_a_tick_has_no_limit() -> None:
    unknown = an_instrument().model_copy(update={"tick_size": None})
    assert worse(Decimal(980), Side.SELL, unknown, collar=None) is None
