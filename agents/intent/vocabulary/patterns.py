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
    EITHER = "either"
    KEEP = "keep"
    DOUBLE = "double"
    INCREASE = "increase"
    ALL = "all"
    HOLDINGS = "holdings"
    POSITIONS = "positions"
    FNO = "fno"
    LONGS = "longs"
    SHORTS = "shorts"
    WINNERS = "winners"
    LOSERS = "losers"
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
    STOP_ATR = "stop_atr"
    STOP = "stop"
    TRAIL_PRICE = "trail_price"
    TRAIL_PCT = "trail_pct"
    TRAIL_POINTS = "trail_points"
    TRAIL_ATR = "trail_atr"
    TRAIL = "trail"
    TARGET_PRICE = "target_price"
    TARGET_PCT = "target_pct"
    TARGET_POINTS = "target_points"
    TARGET_ATR = "target_atr"
    PRODUCT = "product"
    VALIDITY = "validity"
    VARIETY = "variety"
    SLIPPAGE = "slippage"
    MINUTES = "minutes"
    HOURS = "hours"
    BETWEEN = "between"
    AFTER = "after"
    UNTIL = "until"
    DAY = "day"
    NOTHING = "nothing"


AMOUNT: Final = "NUM|SCALED|MONEY"
# Between the word for a price and the price.
JOIN: Final = "AT|OF|BY|TO|ABOUT?"

PATTERNS: Final[tuple[tuple[Slot, str], ...]] = (
    (Slot.NOTHING, "NO_EXTRA"),
    # an option nobody could make a contract of
    (Slot.CONTRACT, "NUM CALL|PUT|OPTION|STRATEGY"),
    (Slot.CONTRACT, "CALL|PUT|FUTURE|OPTION|STRATEGY|EXPIRY|MONTH"),
    # trailing stops, before plain ones
    (Slot.TRAIL_PCT, f"PE|PAR? TRAIL STOP? {JOIN} PCT"),
    (Slot.TRAIL_POINTS, f"PE|PAR? TRAIL STOP? {JOIN} NUM POINTS"),
    (Slot.TRAIL_ATR, f"PE|PAR? TRAIL STOP? {JOIN} NUM ATR"),
    (Slot.TRAIL_PRICE, f"PE|PAR? TRAIL STOP? {JOIN} {AMOUNT}"),
    (Slot.TRAIL_PCT, "PE|PAR? PCT OF? TRAIL STOP?"),
    (Slot.TRAIL_POINTS, "PE|PAR? NUM POINTS OF? TRAIL STOP?"),
    (Slot.TRAIL_ATR, "PE|PAR? NUM ATR TRAIL STOP?"),
    # stops and targets
    (Slot.TRIGGER_PRICE, f"STOP TRIGGER {JOIN} {AMOUNT}"),
    (Slot.STOP_PCT, f"PE|PAR? STOP {JOIN} PCT BELOW|ABOVE?"),
    (Slot.STOP_POINTS, f"PE|PAR? STOP {JOIN} NUM POINTS BELOW|ABOVE?"),
    (Slot.STOP_ATR, f"PE|PAR? STOP {JOIN} NUM ATR BELOW|ABOVE?"),
    (Slot.STOP_PRICE, f"PE|PAR? STOP {JOIN} BELOW|ABOVE? {AMOUNT} PE|PAR?"),
    (Slot.STOP_PCT, "STOP PLACE PCT BELOW|ABOVE?"),
    (Slot.STOP_POINTS, "STOP PLACE NUM POINTS BELOW|ABOVE?"),
    (Slot.STOP_PRICE, f"STOP PLACE {AMOUNT} PE|PAR?"),
    (Slot.STOP_PCT, "PE|PAR? PCT OF? STOP"),
    (Slot.STOP_POINTS, "PE|PAR? NUM POINTS OF? STOP"),
    (Slot.STOP_ATR, "PE|PAR? NUM ATR OF? STOP"),
    (Slot.STOP_PRICE, f"PE|PAR? {AMOUNT} OF|PE|PAR STOP"),
    (Slot.TARGET_PCT, f"PE|PAR? TARGET {JOIN} PCT ABOVE|BELOW?"),
    (Slot.TARGET_POINTS, f"PE|PAR? TARGET {JOIN} NUM POINTS ABOVE|BELOW?"),
    (Slot.TARGET_ATR, f"PE|PAR? TARGET {JOIN} NUM ATR"),
    (Slot.TARGET_PRICE, f"PE|PAR? TARGET {JOIN} ABOVE|BELOW? {AMOUNT} PE|PAR?"),
    (Slot.TARGET_PCT, "PE|PAR? PCT OF? TARGET"),
    (Slot.TARGET_POINTS, "PE|PAR? NUM POINTS OF? TARGET"),
    (Slot.TARGET_PRICE, f"PE|PAR? {AMOUNT} OF|PE|PAR TARGET"),
    # prices
    (Slot.UNCLEAR_SIZE, "CAP NUM UNIT"),
    (Slot.UNCLEAR_SIZE, "BETWEEN? NUM TO NUM UNIT"),
    (Slot.UNCLEAR_SIZE, "BETWEEN NUM AND NUM UNIT"),
    # sizes, or prices beside a size
    (Slot.EITHER, "BETWEEN? NUM TO NUM"),
    (Slot.EITHER, "BETWEEN NUM AND NUM"),
    (Slot.UNCLEAR_SIZE, "NUM UNIT? ABOUT_AFTER UNIT?"),
    (Slot.TRIGGER_PRICE, f"SLM_ORDER AT|OF|TRIGGER? {AMOUNT}"),
    (Slot.TRIGGER_PRICE, f"AT? TRIGGER {JOIN} {AMOUNT}"),
    (Slot.TRIGGER_PRICE, f"{AMOUNT} OF|PE|PAR? TRIGGER"),
    (Slot.BETWEEN, "BETWEEN|AFTER TIME AND|UNTIL|TO TIME"),
    (Slot.BETWEEN, "BETWEEN NUM AND|TO TIME"),
    (Slot.AFTER, "AFTER|AT TIME AFTER?"),
    (Slot.AFTER, "TIME AFTER|PE|PAR"),
    (Slot.AFTER, "BETWEEN TIME"),
    (Slot.UNTIL, "UNTIL|BY TIME UNTIL?"),
    (Slot.UNTIL, "TIME UNTIL"),
    (Slot.AFTER, "TIME"),
    (Slot.LIMIT_PRICE, f"LIMIT {JOIN} {AMOUNT} ABOUT_AFTER?"),
    (Slot.LIMIT_PRICE, f"AT LIMIT|TO|ABOUT? {AMOUNT} PE|PAR|ABOUT_AFTER? LIMIT?"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} OF? LIMIT PE|PAR"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} OF|PE|PAR|AT? LIMIT"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} OF AT"),
    (Slot.LIMIT_PRICE, f"{AMOUNT} PAR|PE CAP_AFTER?"),
    (Slot.CONTRACT, "PE"),
    (Slot.SLIPPAGE, "CAP PCT SLIPPAGE"),
    (Slot.LIMIT_PRICE, f"CAP AT? {AMOUNT}"),
    (Slot.LIMIT_PRICE, f"PAR? {AMOUNT} CAP_AFTER"),
    (Slot.MARKET, "AT? MARKET"),
    # settings
    (Slot.DAY, "DAYWORD"),
    (Slot.MINUTES, "FOR? UNTIL? NUM MINUTES UNTIL?"),
    (Slot.HOURS, "FOR? UNTIL? NUM HOURS UNTIL?"),
    (Slot.SLIPPAGE, "SLIPPAGE OF|TO|AT|BELOW? PCT CAP_AFTER?"),
    (Slot.SLIPPAGE, "CAP? PCT SLIPPAGE"),
    # sizes
    (Slot.RISK_PCT, "RISK ABOUT? PCT OF? MY? CAPITAL?"),
    (Slot.RISK_AMOUNT, f"RISK ABOUT? {AMOUNT}"),
    (Slot.RISK_PCT, "PCT OF? MY? CAPITAL? RISK"),
    (Slot.RISK_AMOUNT, f"{AMOUNT} OF? RISK"),
    (Slot.EQUITY_PCT, "PCT OF? IN? MY? CAPITAL"),
    (Slot.EQUITY_PCT, "FRAC OF? MY? CAPITAL"),
    (Slot.EQUITY_PCT, "CAPITAL OF PCT|FRAC"),
    (Slot.EQUITY_PCT, "PCT|FRAC OF MY? HOLDINGS METRIC?"),
    (Slot.LOTS, "NUM|SCALED LOT"),
    (Slot.LOTS, "LOT NUM"),
    (Slot.QUANTITY, "UNIT TO NUM UNIT?"),
    (Slot.KEEP, "KEEP NUM UNIT?"),
    (Slot.KEEP, "ALL? ALL_BUT NUM UNIT?"),
    (Slot.KEEP, "DOWN_TO NUM UNIT?"),
    (Slot.KEEP, "TO NUM UNIT?"),
    (Slot.KEEP, "NUM UNIT? KEEP"),
    (Slot.QUANTITY, "NUM|SCALED UNIT"),
    (Slot.QUANTITY, "UNIT OF? NUM"),
    (Slot.NOTIONAL, f"WORTH ABOUT? {AMOUNT}"),
    (Slot.NOTIONAL, f"{AMOUNT} WORTH"),
    (Slot.NOTIONAL, "SCALED|MONEY EACH? OF|IN|INTO|EACH"),
    (Slot.NOTIONAL, "NUM EACH? INTO"),
    (Slot.NOTIONAL, "FOR ABOUT? SCALED|MONEY"),
    (Slot.NOTIONAL, "ABOUT SCALED|MONEY"),
    (Slot.EITHER, "FOR|IN|INTO ABOUT? NUM"),
    (Slot.INCREASE, "INCREASE"),
    (Slot.DOUBLE, "DOUBLE"),
    (Slot.FRACTION, "BY? FRAC|PCT"),
    (Slot.QUANTITY, "BY NUM"),
    (Slot.UNCLEAR_SIZE, "ABOUT NUM"),
    (Slot.NOTIONAL, "MONEY"),
    (Slot.UNCLEAR_SIZE, "SCALED|VAGUE"),
    (Slot.EACH, "EACH"),
    (Slot.NUMBER, "NUM"),
    (Slot.HOLDINGS, "ALL? IN? MY? HOLDINGS"),
    (Slot.POSITIONS, "ALL? IN? MY? POSITIONS"),
    (Slot.FNO, "ALL? IN? MY? FNO"),
    (Slot.LONGS, "ALL? MY? LONGS"),
    (Slot.SHORTS, "ALL? MY? SHORTS"),
    (Slot.WINNERS, "WINNERS"),
    (Slot.LOSERS, "LOSERS"),
    (Slot.ALL, "ALL"),
    # what is left of the order
    (Slot.SYMBOL, "SYMBOL"),
    (Slot.EXCHANGE, "EXCHANGE"),
    (Slot.PRONOUN, "PRONOUN"),
    (Slot.SL_ORDER, "SL_ORDER"),
    (Slot.SLM_ORDER, "SLM_ORDER"),
    (Slot.LIMIT, "AT? LIMIT"),
    (Slot.TRIGGER, "TRIGGER"),
    (Slot.TRAIL, "TRAIL"),
    (Slot.STOP, "STOP"),
    (Slot.PRODUCT, "PRODUCT"),
    (Slot.VALIDITY, "VALIDITY"),
    (Slot.VARIETY, "VARIETY"),
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
     Tag.ORDER, Tag.ABOUT, Tag.INTO, Tag.HASTE, Tag.MARKER, Tag.EMOJI}
)  # fmt: skip
# Words taken out before patterns are tried: none of them is named in a pattern.
SILENT: Final = frozenset({Tag.FILLER, Tag.CAN_YOU, Tag.HASTE, Tag.EMOJI})
