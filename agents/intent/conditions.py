"""Stage 4: what must come true first, read from its own words and taken out of the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from agents.intent.model import HeldPosition
from agents.intent.tag import Item
from agents.intent.vocabulary.conditions import DAILY_AVERAGES
from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import InstrumentRef
from riskgate.contracts.intents import Condition, Metric, Operator

COMPARING: Final = (Tag.ABOVE, Tag.BELOW, Tag.CROSS, Tag.HIT, Tag.RISE, Tag.FALL)
VERBS: Final = (Tag.BUY, Tag.SELL, Tag.EXIT, Tag.MONITOR, Tag.PLACE)
VALUES: Final = (Tag.NUM, Tag.SCALED, Tag.MONEY, Tag.PCT)
AVERAGES: Final = frozenset({Metric.SMA, Metric.EMA, Metric.VWAP})
SAID_METRICS: Final = {
    "profit": Metric.PNL, "loss": Metric.PNL, "value": Metric.PNL,
}  # fmt: skip
# Words that may stand within a condition without saying anything.
PASSED_OVER: Final = (
    Tag.FILLER, Tag.OF, Tag.MY, Tag.IN, Tag.FOR, Tag.BY, Tag.AT, Tag.PE, Tag.PAR, Tag.TO,
    Tag.ALL, Tag.ABOUT, Tag.EACH, Tag.DAYWORD, Tag.MINUTES, Tag.HOURS, Tag.SECONDS,
)  # fmt: skip
# After these a price is the price of the order, its stop or its target.
NOT_BEFORE_A_CONDITION: Final = (
    Tag.STOP, Tag.TARGET, Tag.TRAIL, Tag.SLIPPAGE, Tag.PCT, Tag.POINTS, Tag.AT, Tag.LIMIT,
    Tag.TRIGGER, Tag.RISK,
)  # fmt: skip
SO_IT_IS: Final = "is "
# Words for the bars that a number of minutes is of.
CHARTS: Final = frozenset(
    {"chart", "charts", "candle", "candles", "timeframe", "tf", "bar", "bars", "frame"}
)  # fmt: skip
# "14 period daily rsi"
PERIODS: Final = frozenset({"period", "periods"})
HYPHEN: Final = "-"
UNIT_SECONDS: Final = {Tag.SECONDS: "s", Tag.MINUTES: "m", Tag.HOURS: "h"}
# Hinglish for "then", behind a condition that has no "if".
THEN: Final = frozenset({"to", "toh", "tab", "to phir", "toh phir"})

Resolve = Callable[[Item], tuple[InstrumentRef, ...]]


@dataclass
class _Reading:
    """What has been read of one condition so far."""

    subject: Item | None = None
    portfolio: bool = False
    metric: Metric | None = None
    losing: bool = False
    compared: Item | None = None
    value: Item | None = None
    period: int | None = None
    interval: str | None = None
    against_average: bool = False
    unread: bool = False
    places: list[int] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.compared is not None and (self.value is not None or self.against_average)


@dataclass(frozen=True, slots=True)
class Said:
    """A condition in the words of a message; `condition` is None where they do not make one.

    `subject` is the name within it, `of_it` that a pronoun or nothing stands for the instrument.
    """

    condition: Condition | None
    subject: Item | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A message with its conditions taken out."""

    kept: tuple[Item, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Reads conditions; `last` gives what is known of the price of an instrument."""

    resolve: Resolve
    held: tuple[HeldPosition, ...]
    buying: bool | None = None
    own: InstrumentRef | None = None

    def cut(self, items: Sequence[Item], *, bare: bool) -> Cut:
        """Take out each "if ..." and, where `bare`, comparisons without an "if"."""
        items = _without_hyphens(items)
        kept: list[Item] = []
        said: list[Said] = []
        at = 0
        while at < len(items):
            begins = items[at].has(Tag.IF) or (bare and self._begins_bare(items, at))
            found, end = self._read(items, at) if begins else (None, at)
            if found is None:
                kept.append(items[at])
                at += 1
            else:
                said.append(found)
                at = end
        return Cut(tuple(kept), tuple(said))

    def _begins_bare(self, items: Sequence[Item], at: int) -> bool:
        item = items[at]
        if at and items[at - 1].has(*NOT_BEFORE_A_CONDITION):
            return False
        if item.folded.startswith(SO_IT_IS):
            # "infy is at 1480" says so; only an "if" makes it a condition.
            return False
        if item.has(Tag.METRIC) and not item.has(Tag.AT):
            return True
        follows = items[at + 1 : at + 2]
        after = items[at + 2 : at + 3]
        if item.has(Tag.PCT) and follows and follows[0].has(Tag.FALL, Tag.RISE):
            return True
        if item.has(Tag.SYMBOL) and _is_of_another(items[at:]):
            return True
        if item.has(*VALUES) and follows and follows[0].has(*COMPARING):
            # "1040 ke upar": the value stands before the word.
            then = bool(after) and after[0].has(Tag.THEN)
            return not (after and after[0].has(*VALUES)) and (" " in follows[0].folded or then)
        if item.has(Tag.CROSS, Tag.HIT) or (
            item.has(Tag.ABOVE, Tag.BELOW) and not item.has(Tag.CAP)
        ):
            return bool(follows) and follows[0].has(*VALUES)
        return False

    def _read(self, items: Sequence[Item], start: int) -> tuple[Said | None, int]:
        reading = _Reading()
        at = start + items[start].has(Tag.IF)
        while at < len(items) and not reading_stops(reading, items, at):
            if not self._take(reading, items, at):
                break
            at += 1
        said_if = items[start].has(Tag.IF)
        if not reading.is_whole:
            return self._unread(items, start) if said_if else (None, start)
        at = _trailing(items, at)
        condition = self._condition(reading)
        last = max(place for place in range(start, at) if not items[place].has(Tag.COMMA))
        return Said(condition, reading.subject, items[start].start, items[last].end), at

    def _unread(self, items: Sequence[Item], start: int) -> tuple[Said | None, int]:
        """Take out an "if" that is no known condition, up to the next comma or verb."""
        at = start + 1
        while at < len(items) and not items[at].has(*VERBS) and items[at].folded != ",":
            at += 1
        return Said(None, None, items[start].start, items[at - 1].end), at

    def _take(self, reading: _Reading, items: Sequence[Item], at: int) -> bool:
        """Let an item say its part of the condition; False where it is none of it."""
        item = items[at]
        if item.has(Tag.METRIC) and self._take_metric(reading, items, at):
            return True
        if item.has(*COMPARING) and reading.compared is None:
            reading.compared = item
            return True
        if item.has(Tag.CROSS, Tag.ABOVE, Tag.BELOW) and _sharpens(reading):
            reading.compared = item
            return True
        if item.has(Tag.HOLDINGS, Tag.POSITIONS) and reading.subject is None:
            reading.portfolio = True
            return True
        if item.has(Tag.SYMBOL) and reading.subject is None:
            reading.subject = item
            return True
        if item.has(Tag.INTERVAL):
            reading.interval = item.meanings[Tag.INTERVAL]
            return True
        if self._take_amount(reading, items, at):
            return True
        if reading.compared is not None and item.has(Tag.HIT, Tag.RISE, Tag.FALL):
            # "1000 se neeche aaye": the second word only completes the first.
            return True
        if item.folded in CHARTS or item.folded in PERIODS:
            return True
        passed = item.has(*PASSED_OVER) or item.has(Tag.PRONOUN) or item.folded in {"(", ")"}
        return passed and not item.has(Tag.UNKNOWN)

    def _take_metric(self, reading: _Reading, items: Sequence[Item], at: int) -> bool:
        word = items[at].meanings[Tag.METRIC]
        if word == "value" and not reading.portfolio:
            return False
        metric = SAID_METRICS.get(word) or Metric(word)
        compares = reading.compared is not None
        if compares and metric in AVERAGES:
            # "9 ema crosses 21 ema" compares two, and there is room for one.
            reading.unread = reading.unread or reading.metric in AVERAGES
            reading.metric, reading.against_average = metric, True
        elif compares and reading.value is not None and word not in {"loss", "profit"}:
            return False
        else:
            reading.metric = metric
        reading.losing = reading.losing or word == "loss"
        if items[at].folded in DAILY_AVERAGES or (
            reading.interval is None and _is_daily(items, at)
        ):
            reading.interval = reading.interval or "1d"
        return True

    def _take_amount(self, reading: _Reading, items: Sequence[Item], at: int) -> bool:
        item = items[at]
        if not item.has(*VALUES):
            return False
        following = items[at + 1] if at + 1 < len(items) else None
        if following is not None and following.has(Tag.METRIC) and _averages(following):
            reading.period = _small(item)
            return reading.period is not None
        if following is not None and following.folded in PERIODS:
            reading.period = _small(item)
            return reading.period is not None
        if following is not None and following.has(*UNIT_SECONDS):
            unit = next(letter for tag, letter in UNIT_SECONDS.items() if following.has(tag))
            reading.interval = f"{item.value}{unit}"
            return item.value is not None
        if following is not None and _is_interval_word(following):
            reading.interval = f"{item.value}{following.folded[0]}"
            return True
        indicator = reading.metric not in {None, Metric.PRICE, Metric.PNL, Metric.PCT_CHANGE}
        if indicator and reading.compared is None and reading.period is None:
            reading.period = _small(item)
            return reading.period is not None
        if reading.against_average and reading.value is None and reading.period is None:
            # A number behind an average is its period: "above ema 20".
            reading.period = _small(item)
            return reading.period is not None
        if reading.value is not None:
            return False
        reading.value = item
        return True

    def _condition(self, reading: _Reading) -> Condition | None:
        value = None if reading.value is None else reading.value.value
        if reading.unread or (reading.value is not None and value is None):
            return None
        instrument = None
        if reading.subject is not None:
            refs = self.resolve(reading.subject)
            if len(refs) != 1:
                return None
            instrument = refs[0]
        metric = self._metric(reading)
        operator = self._operator(reading, metric, value, instrument or self.own)
        return Condition(
            metric=metric,
            operator=operator,
            value=_signed(reading, metric, operator, value),
            instrument=instrument,
            of_portfolio=reading.portfolio or (metric is Metric.PNL and instrument is None),
            period=reading.period,
            interval=reading.interval,
        )

    def _metric(self, reading: _Reading) -> Metric:
        is_percent = reading.value is not None and reading.value.has(Tag.PCT)
        if is_percent and reading.metric in {None, Metric.PRICE, Metric.PNL}:
            return Metric.PCT_CHANGE
        if reading.metric is None and reading.portfolio:
            return Metric.PNL
        return reading.metric or Metric.PRICE

    def _operator(
        self,
        reading: _Reading,
        metric: Metric,
        value: Decimal | None,
        ref: InstrumentRef | None,
    ) -> Operator:
        compared = reading.compared
        assert compared is not None
        is_change = metric is Metric.PCT_CHANGE
        falls = _falls(reading)
        if is_change and compared.has(Tag.FALL, Tag.RISE, Tag.CROSS, Tag.HIT):
            return Operator.LTE if falls else Operator.GTE
        if reading.losing:
            return Operator.LTE if compared.has(Tag.HIT) else Operator.LT
        if compared.has(Tag.CROSS):
            way = compared.meanings[Tag.CROSS] or self._way(value, ref, "up")
            return Operator.CROSSES_ABOVE if way == "up" else Operator.CROSSES_BELOW
        if compared.has(Tag.HIT):
            usual = "down" if self.buying else "up"
            way = compared.meanings[Tag.HIT] or self._way(value, ref, usual)
            return Operator.GTE if way == "up" else Operator.LTE
        if compared.has(Tag.ABOVE):
            return Operator.GT
        if compared.has(Tag.BELOW):
            return Operator.LT
        return Operator.LTE if falls else Operator.GTE

    def _way(self, value: Decimal | None, ref: InstrumentRef | None, usual: str) -> str:
        """Say from which side a price will come to a value, by the last price where known."""
        last = next((row.last for row in self.held if row.instrument == ref and row.last), None)
        if last is None or value is None:
            return usual
        return "up" if value >= last else "down"


def reading_stops(reading: _Reading, items: Sequence[Item], at: int) -> bool:
    """Say whether a condition is over: at a verb of an order, a comma, or "then"."""
    item = items[at]
    if item.has(Tag.IF):
        return True
    if item.has(Tag.COMMA) and item.folded not in {"(", ")"}:
        return reading.is_whole or item.folded in {";", "!", "?"}
    if item.has(*VERBS) and not item.has(*COMPARING, Tag.METRIC, Tag.HOLDINGS, Tag.FILLER):
        return True
    return reading.is_whole and item.has(Tag.THEN, Tag.SYMBOL, Tag.AND, Tag.PROPOSE, Tag.CANCEL)


def _trailing(items: Sequence[Item], at: int) -> int:
    """Skip what may follow a whole condition and belongs to it, up to "then" or a comma."""
    while at < len(items):
        item = items[at]
        if item.has(Tag.THEN) or item.folded in {",", ":"}:
            return at + 1
        if not item.has(Tag.POINTS):
            return at
        at += 1
    return at


def _sharpens(reading: _Reading) -> bool:
    """Say whether a second comparing word only says the same more exactly: "falls ... below"."""
    before = reading.compared
    return before is not None and reading.value is None and before.has(Tag.FALL, Tag.RISE, Tag.HIT)


def _falls(reading: _Reading) -> bool:
    compared = reading.compared
    if compared is None:
        return False
    if compared.has(Tag.CROSS, Tag.HIT):
        way = compared.meanings.get(Tag.CROSS) or compared.meanings.get(Tag.HIT)
        return reading.losing or way == "down"
    return reading.losing or compared.has(Tag.FALL, Tag.BELOW)


def _signed(
    reading: _Reading, metric: Metric, operator: Operator, value: Decimal | None
) -> Decimal | None:
    """Write falls and losses as negative numbers."""
    if value is None or value < 0:
        return value
    compared = reading.compared
    falls = reading.losing or (compared is not None and compared.has(Tag.FALL))
    down = metric is Metric.PCT_CHANGE and operator in {Operator.LTE, Operator.LT}
    if metric in {Metric.PCT_CHANGE, Metric.PNL} and (falls or down):
        return -value
    return value


def _without_hyphens(items: Sequence[Item]) -> list[Item]:
    """Join "200-day average" and "14-period rsi": no dash parts a number from its metric."""
    return [
        item
        for at, item in enumerate(items)
        if not (
            item.folded == HYPHEN
            and 0 < at < len(items) - 1
            and items[at - 1].has(Tag.NUM)
            and (items[at + 1].has(Tag.METRIC) or items[at + 1].folded in PERIODS)
        )
    ]


def _averages(item: Item) -> bool:
    return item.meanings[Tag.METRIC] in {"sma", "ema", "rsi"}


def _is_daily(items: Sequence[Item], at: int) -> bool:
    before = items[at - 1] if at else None
    return before is not None and before.folded in {"day", "days"}


def _is_interval_word(item: Item) -> bool:
    return item.folded in {"m", "min", "h", "hr", "d"}


def _small(item: Item) -> int | None:
    value = item.value
    fits = value is not None and value == int(value) and 1 <= value <= 1000
    return int(value) if fits and value is not None else None


def _is_of_another(items: Sequence[Item]) -> bool:
    """Say whether a name begins a condition of its own: "nifty 1% gire to 50 niftybees lo"."""
    then = next((at for at, item in enumerate(items) if item.folded in THEN), 0)
    said = items[1:then]
    compared = any(item.has(*COMPARING) for item in said) and any(
        item.has(*VALUES) for item in said
    )
    other = any(item.has(Tag.SYMBOL) for item in said)
    return compared and not other and any(item.has(Tag.SYMBOL) for item in items[then:])
