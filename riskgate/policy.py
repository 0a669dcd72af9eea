"""The limits that the gate judges by, as one immutable value with a hash of its meaning."""

import json
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from riskgate.contracts.base import Contract, NonNegative, Number, Positive
from riskgate.contracts.instruments import Exchange, InstrumentRef
from riskgate.contracts.orders import OrderType, Product
from riskgate.errors import PolicyInvalid
from riskgate.hashing import content_hash


def _known_exchange(entry: str) -> str:
    exchange, colon, _symbol = entry.rpartition(":")
    if colon and exchange not in set(Exchange):
        raise ValueError(f"names the exchange {exchange}, known are {', '.join(Exchange)}")
    return entry


Sorted = PlainSerializer(sorted, return_type=list[str], when_used="json")
Percentage = Annotated[Number, Field(gt=0, le=100)]
Fraction = Annotated[Number, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1, le=10_000, strict=True)]
Version = Annotated[str, StringConstraints(min_length=1, max_length=64)]
InstrumentName = Annotated[
    str,
    StringConstraints(max_length=50, pattern=r"^([A-Z]+:)?[A-Z0-9][A-Z0-9 &.\-]*$"),
    AfterValidator(_known_exchange),
]
InstrumentNames = Annotated[frozenset[InstrumentName], Sorted]
Products = Annotated[frozenset[Product], Sorted]
OrderTypes = Annotated[frozenset[OrderType], Sorted]


class ExposureLimits(Contract):
    """Caps on what may be held, in percent of equity; at the cap passes, above it breaches."""

    max_position_pct: Percentage = Decimal(25)
    max_gross_exposure_pct: Positive = Decimal(100)
    max_open_positions: Count = 20
    max_symbols_per_plan: Count = 5


class OrderLimits(Contract):
    """Bounds of one leg. Money is in the account's currency, collars in percent of the last price.

    List entries are `NSE:INFY`, or `INFY` for the symbol on every exchange. `allow_list` None
    permits every instrument that is not denied; an empty one permits none.
    """

    max_order_value: Positive = Decimal(1_000_000)
    max_order_quantity: Positive = Decimal(50_000)
    allowed_products: Products = frozenset(Product)
    allowed_order_types: OrderTypes = frozenset(OrderType)
    price_collar_pct: Percentage = Decimal(2)
    trigger_collar_pct: Percentage = Decimal(20)
    deny_list: InstrumentNames = frozenset()
    allow_list: InstrumentNames | None = None

    def denies(self, instrument: InstrumentRef) -> bool:
        """Say whether the instrument is on the deny list, or missing from an allow list."""
        names = {str(instrument), str(instrument.tradingsymbol)}
        if names & self.deny_list:
            return True
        return self.allow_list is not None and not names & self.allow_list


class LossLimits(Contract):
    """Bounds on losing: the day's in percent of start-of-day equity, a trade's of equity."""

    daily_loss_limit_pct: Percentage = Decimal(2)
    max_risk_per_trade_pct: Percentage = Decimal(1)


class DataLimits(Contract):
    """How old, in seconds, a fact may be, and how far ahead of the clock its stamp may run."""

    quote_age_max_s: NonNegative = Decimal(10)
    snapshot_age_max_s: NonNegative = Decimal(30)
    clock_skew_max_s: NonNegative = Decimal(5)


class ApprovalLimits(Contract):
    """Notionals that decide who must agree; None asks for an approval, and never for two."""

    execute_without_approval_below_notional: NonNegative | None = None
    four_eyes_above_notional: NonNegative | None = None

    @model_validator(mode="after")
    def _thresholds_are_in_order(self) -> Self:
        one, two = self.execute_without_approval_below_notional, self.four_eyes_above_notional
        if one is not None and two is not None and two < one:
            raise ValueError("four_eyes_above_notional is below the notional that needs nobody")
        return self


class ShortLimits(Contract):
    """Products in which more may be sold than is held."""

    allow_short_products: Products = frozenset({Product.MIS, Product.NRML})


class MarginLimits(Contract):
    """The part of a notional that must be free; CNC always needs all of it."""

    margin_fraction: Fraction = Decimal("0.2")


class Policy(Contract):
    """Every limit of one account; the same limits are the same policy however they are written."""

    version: Version = "1"
    exposure: ExposureLimits = ExposureLimits()
    order: OrderLimits = OrderLimits()
    loss: LossLimits = LossLimits()
    data: DataLimits = DataLimits()
    approval: ApprovalLimits = ApprovalLimits()
    short: ShortLimits = ShortLimits()
    margin: MarginLimits = MarginLimits()

    @property
    def policy_hash(self) -> str:
        """SHA-256 of the limits in force, defaults included; order and spelling do not count."""
        return content_hash(self)


DEFAULT_POLICY: Final = Policy()


def parse_policy(text: str) -> Policy:
    """Read a policy from JSON text, numbers exactly as written.

    Raises PolicyInvalid that lists every fault with its path and what to do about it.
    """
    try:
        return Policy.model_validate(_load(text))
    except ValidationError as fault:
        raise PolicyInvalid("\n".join(map(_explain, fault.errors()))) from fault


def _load(text: str) -> object:
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_without_repeats
        )
    except (ValueError, RecursionError) as fault:
        raise PolicyInvalid(f"policy: is not JSON, {fault}; correct the text there") from fault


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _value in pairs]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise ValueError(f"{', '.join(repeated)} is given twice in one object")
    return dict(pairs)


def _explain(error: ErrorDetails) -> str:
    path = ".".join(map(str, error["loc"])) or "policy"
    return f"{path}: {error['msg']}, was {_short(error['input'])}; {_remedy(error)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _remedy(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return "correct the value, or leave it out to take the default"
    near = get_close_matches(str(error["loc"][-1]), _names(error["loc"][:-1]), n=1)
    return f"did you mean {near[0]}?" if near else "remove it"


def _names(path: Iterable[Any]) -> list[str]:
    model: Any = Policy
    for step in path:
        model = model.model_fields[step].annotation
    return list(model.model_fields)
