"""How words stand together in an order: one row for each way to say one field.

A row is a slot and a pattern of classes: `?` optional, `|` either. The first row that fits at a
place wins, so longer rows stand first. Quiet words and commas are taken out before, unless a row
could need them.
"""

from enum import StrEnum
from typing import Final

from agents.intent.vocabulary.tags import Tag


class Slot(StrEnum):
    BUY = "buy"
    SELL = "sell"
    EXIT = "exit"
    LONG = "long"
    SHORT = "short"
    PLACE = "place"
    SYMBOL = "symbol"
    PRONOUN = "pronoun"
    CONTRACT = "contract"
    EXCHANGE = "exchange"
    QUANTITY = "quantity"
    LOTS = "lots"
    NOTIONAL = "notional"
    FRACTION = "fraction"
    EQUITY_PCT = "equity_pct"
    RISK_AMOUNT = "risk_amount"
    RISK_PCT = "risk_pct"
    UNCLEAR_SIZE = "unclear_size"
    ALL = "all"
    HOLDINGS = "holdings"
    POSITIONS = "positions"
    EACH = "each"
    NUMBER = "number"
    MARKET = "market"
    LIMIT = "limit"
    SL_ORDER = "sl_order"
    SLM_ORDER = "slm_order"
    LIMIT_PRICE = "limit_price"
    TRIGGER_PRICE = "trigger_price"
    TRIGGER = "trigger"
    STOP_PRICE = "stop_price"
    STOP_PCT = "stop_pct"
    STOP_POINTS = "stop_points"
    STOP = "stop"
    TARGET_PRICE = "target_price"
    TARGET_PCT = "target_pct"
    TARGET_POINTS = "target_points"
    PRODUCT = "product"
    VALIDITY = "validity"
    SLIPPAGE = "slippage"
    MINUTES = "minutes"
    HOURS = "hours"
    BETWEEN = "between"
    AFTER = "after"
    UNTIL = "until"
    RULE_ABOVE = "rule_above"
    RULE_BELOW = "rule_below"


AMOUNT: Final = "NUM|SCALED|MONEY"

PATTERNS: Final[tuple[tuple[Slot, str], ...]] = (
    # an option's strike, before any size or price
    (Slot.CONTRACT, "NUM CONTRACT"),
    (Slot.CONTRACT, "CONTRACT"),
    # stops and targets
    (Slot.STOP_PCT, "STOP AT|OF? PCT"),
    (Slot.STOP_POINTS, "STOP AT|OF? NUM POINTS"),
    (Slot.STOP_PRICE, f"STOP AT|OF? {AMOUNT} PE|PAR?"),
    (Slot.STOP_PCT, "PCT STOP"),
    (Slot.STOP_POINTS, "NUM POINTS STOP"),
    (Slot.TARGET_PCT, "TARGET AT|OF? PCT"),
    (Slot.TARGET_POINTS, "TARGET AT|OF? NUM POINTS"),
    (Slot.TARGET_PRICE, f"TARGET AT|OF? {AMOUNT} PE|PAR?"),
    (Slot.TARGET_PCT, "PCT TARGET"),
    (Slot.TARGET_POINTS, "NUM POINTS TARGET"),
    # prices
    (Slot.TRIGGER_PRICE, f"SLM_ORDER AT|OF|TRIGGER? {AMOUNT}"),
    (Slot.TRIGGER_PRICE, f"TRIGGER AT|OF? {AMOUNT}"),
    (Slot.LIMIT_PRICE, f"LIMIT AT|OF? {AMOUNT}"),
    (Slot.LIMIT_PRICE, f"AT {AMOUNT} LIMIT?"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} OF|PE|PAR? LIMIT"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} PAR"),
    (Slot.CONTRACT, "NUM PE"),
    (Slot.CONTRACT, "PE"),
    (Slot.LIMIT_PRICE, f"CAP {AMOUNT}"),
    (Slot.MARKET, "AT? MARKET"),
    # conditions on a price
    (Slot.RULE_ABOVE, f"IF? AT? SYMBOL|PRONOUN? AT? ABOVE {AMOUNT}"),
    (Slot.RULE_BELOW, f"IF? AT? SYMBOL|PRONOUN? AT? BELOW {AMOUNT}"),
    # times
    (Slot.BETWEEN, "BETWEEN|AFTER TIME AND|UNTIL TIME"),
    (Slot.AFTER, "AFTER|AT TIME"),
    (Slot.UNTIL, "UNTIL|BY TIME"),
    (Slot.MINUTES, "FOR? NUM MINUTES"),
    (Slot.HOURS, "FOR? NUM HOURS"),
    (Slot.SLIPPAGE, "SLIPPAGE PCT"),
    (Slot.SLIPPAGE, "PCT SLIPPAGE"),
    # sizes
    (Slot.RISK_PCT, "RISK PCT OF? MY? CAPITAL?"),
    (Slot.RISK_AMOUNT, f"RISK {AMOUNT}"),
    (Slot.EQUITY_PCT, "PCT OF? MY? CAPITAL"),
    (Slot.EQUITY_PCT, "FRAC OF? MY? CAPITAL"),
    (Slot.LOTS, "NUM|SCALED LOT"),
    (Slot.LOTS, "LOT NUM"),
    (Slot.QUANTITY, "NUM|SCALED UNIT"),
    (Slot.QUANTITY, "UNIT NUM"),
    (Slot.NOTIONAL, f"WORTH ABOUT? {AMOUNT}"),
    (Slot.NOTIONAL, f"{AMOUNT} WORTH"),
    (Slot.NOTIONAL, "SCALED|MONEY OF|IN"),
    (Slot.NOTIONAL, "NUM INTO"),
    (Slot.NOTIONAL, "FOR ABOUT? SCALED|MONEY"),
    (Slot.NOTIONAL, "ABOUT SCALED|MONEY"),
    (Slot.FRACTION, "FRAC|PCT"),
    (Slot.QUANTITY, "BY NUM"),
    (Slot.UNCLEAR_SIZE, "ABOUT NUM"),
    (Slot.UNCLEAR_SIZE, "SCALED|MONEY|VAGUE"),
    (Slot.EACH, "EACH"),
    (Slot.NUMBER, "NUM"),
    (Slot.HOLDINGS, "ALL? IN? MY? HOLDINGS"),
    (Slot.POSITIONS, "ALL? IN? MY? POSITIONS"),
    (Slot.ALL, "ALL"),
    # what is left of the order
    (Slot.SYMBOL, "SYMBOL"),
    (Slot.EXCHANGE, "EXCHANGE"),
    (Slot.PRONOUN, "PRONOUN"),
    (Slot.SL_ORDER, "SL_ORDER"),
    (Slot.SLM_ORDER, "SLM_ORDER"),
    (Slot.LIMIT, "LIMIT"),
    (Slot.TRIGGER, "TRIGGER"),
    (Slot.STOP, "STOP"),
    (Slot.PRODUCT, "PRODUCT"),
    (Slot.VALIDITY, "VALIDITY"),
    (Slot.BUY, "BUY"),
    (Slot.SELL, "SELL"),
    (Slot.EXIT, "EXIT"),
    (Slot.LONG, "LONG"),
    (Slot.SHORT, "SHORT"),
    (Slot.PLACE, "PLACE"),
)

# Words that an order may hold without meaning anything by themselves.
QUIET: Final = frozenset(
    {Tag.FILLER, Tag.COMMA, Tag.MY, Tag.OF, Tag.IN, Tag.FOR, Tag.AND, Tag.UNIT, Tag.CAN_YOU,
     Tag.ORDER, Tag.ABOUT, Tag.INTO}
)  # fmt: skip
# Words taken out before patterns are tried: none of them is named in a pattern.
SILENT: Final = frozenset({Tag.FILLER, Tag.CAN_YOU})
