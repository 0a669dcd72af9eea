"""How people write amounts: words, scales, currencies."""

from decimal import Decimal
from typing import Final

UNITS: Final[dict[str, int]] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
    "ek": 1, "teen": 3, "chaar": 4, "paanch": 5, "panch": 5, "chhe": 6, "saat": 7, "aath": 8,
    "nau": 9, "das": 10, "bees": 20, "pachas": 50, "pachaas": 50,
}  # fmt: skip
SCALES: Final[dict[str, int]] = {
    "dozen": 12, "hundred": 100, "sau": 100,
    "k": 1_000, "thousand": 1_000, "grand": 1_000, "hazar": 1_000, "hazaar": 1_000,
    "lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "lacs": 100_000,
    "million": 1_000_000, "mn": 1_000_000,
    "crore": 10_000_000, "crores": 10_000_000, "cr": 10_000_000,
    "billion": 1_000_000_000, "bn": 1_000_000_000,
}  # fmt: skip
# A scale that counts things; any other says an amount that may be money.
COUNTING: Final = frozenset({"dozen", "hundred", "sau"})
# A scale only when nothing separates it from its number: "2.5L" but "10 l&t".
GLUED_SCALES: Final[dict[str, int]] = {"l": 100_000, "b": 1_000_000_000}
ARTICLES: Final = frozenset({"a", "an"})
NEGATIVE: Final = frozenset({"-", "−", "minus", "negative"})
NOT_NUMBERS: Final = frozenset({"nan", "inf", "infinity", "infinite"})
CURRENCY_BEFORE: Final = frozenset({"₹", "rs", "inr", "re", "$", "usd", "us$"})
CURRENCY_AFTER: Final = frozenset(
    {"₹", "rs", "inr", "rupee", "rupees", "rupaye", "rupay", "rupiya", "rupaiya", "bucks",
     "usd", "dollar", "dollars", "$"}
)  # fmt: skip
PERCENT: Final = frozenset({"%", "percent", "pct", "pc", "per cent", "percentage", "taka"})
FRACTIONS: Final[dict[str, Decimal]] = {
    "half": Decimal("0.5"), "halves": Decimal("0.5"), "quarter": Decimal("0.25"),
    "aadha": Decimal("0.5"), "aadhi": Decimal("0.5"), "aadhe": Decimal("0.5"),
    "adha": Decimal("0.5"), "adhi": Decimal("0.5"), "adhe": Decimal("0.5"),
    "आधे": Decimal("0.5"), "आधा": Decimal("0.5"), "आधी": Decimal("0.5"),
}  # fmt: skip
CLOCK_HALVES: Final[dict[str, int]] = {"am": 0, "pm": 12}
