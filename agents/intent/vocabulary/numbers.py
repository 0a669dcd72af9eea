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
    "nau": 9, "das": 10, "dus": 10, "gyarah": 11, "barah": 12, "pandrah": 15, "bees": 20,
    "pachees": 25, "pachis": 25, "tees": 30, "chalis": 40, "chaalis": 40, "pachas": 50,
    "pachaas": 50, "sattar": 70, "assi": 80, "nabbe": 90, "char": 4, "cheh": 6, "chah": 6,
    "do": 2, "fourty": 40, "ninty": 90,
}  # fmt: skip
# Words that count only before a scale: "do lakh" is two lakh, "do" alone is no number.
ONLY_SCALED: Final = frozenset({"do"})
SCALES: Final[dict[str, int]] = {
    "dozen": 12, "dozens": 12, "darjan": 12, "hundred": 100, "hundreds": 100, "sau": 100,
    "k": 1_000, "thousand": 1_000, "grand": 1_000, "hazar": 1_000, "hazaar": 1_000,
    "hajar": 1_000, "hajaar": 1_000, "thousands": 1_000, "thou": 1_000, "लाख": 100_000,
    "हजार": 1_000, "करोड़": 10_000_000, "laakh": 100_000, "karod": 10_000_000, "caror": 10_000_000,
    "lakh": 100_000, "lakhs": 100_000, "lac": 100_000, "lacs": 100_000,
    "million": 1_000_000, "mn": 1_000_000, "mil": 1_000_000, "millions": 1_000_000,
    "crore": 10_000_000, "crores": 10_000_000, "cr": 10_000_000,
    "billion": 1_000_000_000, "bn": 1_000_000_000,
}  # fmt: skip
# Scales that a hyphen may join to their number: "two-hundred".
HYPHENED_SCALES: Final = frozenset({"dozen", "hundred", "thousand", "lakh", "crore", "million"})
# Scales that are numbers by themselves: "sau share" is a hundred.
ALONE: Final = frozenset({"sau", "hundred"})
# A scale that counts things; any other says an amount that may be money.
COUNTING: Final = frozenset({"dozen", "dozens", "darjan", "hundred", "hundreds", "sau"})
# A scale only when nothing separates it from its number: "2.5L" but "10 l&t".
GLUED_SCALES: Final[dict[str, int]] = {"l": 100_000, "b": 1_000_000_000}
ARTICLES: Final = frozenset({"a", "an"})
NEGATIVE: Final = frozenset({"-", "−", "minus", "negative"})
NOT_NUMBERS: Final = frozenset({"nan", "inf", "infinity", "infinite"})
CURRENCY_BEFORE: Final = frozenset({"₹", "rs", "inr", "re", "$", "usd", "us$"})
CURRENCY_AFTER: Final = frozenset(
    {"₹", "rs", "inr", "rupee", "rupees", "rupaye", "rupay", "rupiya", "rupaiya", "bucks", "rupya",
     "रुपये", "रुपए",
     "usd", "dollar", "dollars", "$"}
)  # fmt: skip
DOLLARS: Final = frozenset({"$", "us$", "usd", "dollar", "dollars"})
# What says which currency is meant; "bucks" are of any.
CURRENCIES: Final[dict[str, frozenset[str]]] = {
    "INR": (CURRENCY_BEFORE | CURRENCY_AFTER) - DOLLARS - {"bucks"},
    "USD": DOLLARS,
}
PERCENT: Final = frozenset({"%", "percent", "pct", "pc", "per cent", "percentage", "taka"})
FRACTIONS: Final[dict[str, Decimal]] = {
    "half": Decimal("0.5"), "halves": Decimal("0.5"), "quarter": Decimal("0.25"),
    "aadha": Decimal("0.5"), "aadhi": Decimal("0.5"), "aadhe": Decimal("0.5"),
    "adha": Decimal("0.5"), "adhi": Decimal("0.5"), "adhe": Decimal("0.5"),
    "आधे": Decimal("0.5"), "आधा": Decimal("0.5"), "आधी": Decimal("0.5"),
}  # fmt: skip
# Fractions that are parts only when a whole is named: "a third of", "third" is a place.
PARTS: Final[dict[str, Decimal]] = {
    "third": Decimal(1) / Decimal(3), "thirds": Decimal(1) / Decimal(3),
    "fourth": Decimal("0.25"), "fourths": Decimal("0.25"), "quarters": Decimal("0.25"),
    "fifth": Decimal("0.2"), "fifths": Decimal("0.2"), "tenth": Decimal("0.1"),
    "tihai": Decimal(1) / Decimal(3), "chauthai": Decimal("0.25"),
}  # fmt: skip
# A number and a half: "dedh lakh" is one and a half lakh.
MIXED: Final[dict[str, Decimal]] = {
    "dedh": Decimal("1.5"), "dhai": Decimal("2.5"), "adhai": Decimal("2.5"),
    "sava": Decimal("1.25"), "sawa": Decimal("1.25"),
}  # fmt: skip
CLOCK_HALVES: Final[dict[str, int]] = {"am": 0, "pm": 12, "a.m": 0, "p.m": 12}
# An hour of the working day said without its half: "3 baje" is in the afternoon.
CLOCK_WORDS: Final = frozenset({"baje", "o'clock", "oclock", "bje"})
FIRST_MORNING_HOUR: Final = 8
# Between a level and what is done there: "infy 1500 then sell".
THEN: Final = frozenset({"then", "to", "toh", "tab", "and then"})
# Behind a sum and before a verb of buying: "infy 5000 ka le lo".
OF_MONEY: Final = frozenset({"ka", "ki", "wala", "wali"})
# Words for a size that stand before their number: "qty 10".
BEFORE_ITS_NUMBER: Final = frozenset({"qty", "quantity", "qnty", "nos"})
# Before a number of no name these tell what a person has: "i have 50000 in my account".
HAVING: Final = frozenset({"i have", "i've", "i've got", "i got", "i hold", "i own", "have"})
# A size beside another one, or a time: "buy 10 infy by 3".
BY: Final = "by"
# Before "at" and a number these tell where the price is.
TRADES_NOW: Final = frozenset(
    {"trading", "currently", "quoting", "presently", "hovering", "is trading", "now trading"}
)
# Right before a number these may tell the price of now.
PRICES_NOW: Final = frozenset({"cmp", "ltp", "current price", "current market price"})
