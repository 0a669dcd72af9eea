"""The rules that a policy may name."""

from typing import Final

_NUMBERS: Final = {
    "KILL": (1,),
    "SYS": (1, 3, 4, 5, 7),
    "LOSS": range(1, 6),
    "EXEC": range(1, 7),
    "EXP": range(1, 9),
    "PLAN": range(1, 4),
    "ORD": range(1, 16),
    "MKT": range(1, 6),
    "MARGIN": (1,),
}

KNOWN_RULES: Final = frozenset(
    f"{family}-{number:03}" for family, numbers in _NUMBERS.items() for number in numbers
)
