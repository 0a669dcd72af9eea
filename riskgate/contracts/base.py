"""The model base and the scalar types all contracts are built from."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

MAX_DECIMAL_DIGITS: Final = 28
MAX_DECIMAL_EXPONENT: Final = 18
_WIDEST_EXPONENT: Final = 400


class Contract(BaseModel):
    """An immutable value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _refuse_binary_numbers(value: object) -> object:
    if isinstance(value, (bool, float)):
        raise ValueError(
            f"must be a decimal string or an integer, was {type(value).__name__}: "
            "binary numbers lose paise"
        )
    return value


def _bounded(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError(f"must be finite, was {value}")
    _sign, digits, written = value.as_tuple()
    exponent = int(written)
    # Counted as decimal_text writes it, so that what is accepted can be read back.
    length = len(digits) + max(exponent, 0)
    if length > MAX_DECIMAL_DIGITS or abs(exponent) > MAX_DECIMAL_EXPONENT:
        raise ValueError("has more digits than any market uses")
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError(f"must be finite, was {value}")
    _sign, digits, exponent = value.as_tuple()
    if len(digits) > _WIDEST_EXPONENT or abs(int(exponent)) > _WIDEST_EXPONENT:
        raise ValueError("has more digits than any program writes")
    return value


def decimal_text(value: Decimal) -> str:
    """Write a decimal without exponent or trailing zeros, so that equal values have equal text."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"is outside the calendar in UTC, was {value}") from None


def absent(value: object) -> bool:
    """Say whether an optional field added later is left unsaid, and so left out of the bytes.

    For `Field(exclude_if=...)`: what was stored before the field was known hashes as it did.
    """
    return value is None


def none_of(values: object) -> bool:
    """Say whether a list added later is empty, and so left out of the bytes as `absent` is."""
    return not values


def time_text(value: datetime) -> str:
    """Write a time as ISO 8601 in UTC with microseconds and a Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Number = Annotated[
    Decimal,
    BeforeValidator(_refuse_binary_numbers),
    AfterValidator(_bounded),
    PlainSerializer(decimal_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
# A number that another program wrote, in binary perhaps: every digit of it counts.
ExactNumber = Annotated[
    Decimal,
    BeforeValidator(_refuse_binary_numbers),
    AfterValidator(_finite),
    PlainSerializer(decimal_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
Positive = Annotated[Number, Field(gt=0)]
NonNegative = Annotated[Number, Field(ge=0)]
Price = Positive
Quantity = Positive
Money = Number
Percent = Annotated[Number, Field(ge=0, le=100)]

UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(time_text, return_type=str, when_used="json"),
]

Identifier = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]*$")
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_\-]{1,63}$")]
ShortText = Annotated[str, StringConstraints(max_length=500)]
