"""Compares what the parser said with what a person wrote down for the same words."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Label = dict[str, Any]

SIZES: Final = (
    "quantity", "lots", "notional", "fraction", "equity_pct", "risk_amount", "risk_pct",
)  # fmt: skip
US_EXCHANGES: Final = frozenset({"NASDAQ", "NYSE", "ARCA"})
CLOSE: Final = Decimal("1e-9")
NUMBERS: Final = (Decimal, int, float)


@dataclass
class Tally:
    """Counts over the corpus; each list holds the ids of the records that went wrong."""

    records: int = 0
    strict: list[str] = field(default_factory=list)
    false_trades: list[str] = field(default_factory=list)
    wrong_side: list[str] = field(default_factory=list)
    wrong_size: list[str] = field(default_factory=list)
    wrong_symbol: list[str] = field(default_factory=list)

    def add(self, record: Label, prediction: Label) -> None:
        """Judge what was read in one message."""
        self.records += 1
        name = record["id"]
        answers = [record["expected"], *record.get("accept", [])]
        said, missing = prediction["predicted"], prediction["missing"]
        if said["kind"] == "trade" and all(a["kind"] != "trade" for a in answers):
            self.false_trades.append(name)
        # An accepted other reading carries no list of what is missing.
        first = is_equal(answers[0], said) and set(missing) == set(record["missing"])
        if first or any(is_equal(answer, said) for answer in answers[1:]):
            self.strict.append(name)
        if said["kind"] == answers[0]["kind"] == "trade":
            self._compare_legs(name, legs_of(answers[0]), legs_of(said))

    def _compare_legs(self, name: str, wanted: list[Label], said: list[Label]) -> None:
        by_symbol = {leg["symbol"]: leg for leg in wanted}
        for leg in said:
            match = by_symbol.get(leg["symbol"])
            if match is None and leg["symbol"] is not None:
                self.wrong_symbol.append(name)
            match = match or (wanted[0] if len(wanted) == 1 else None)
            if match is None:
                continue
            if leg.get("side") and leg.get("side") != match.get("side"):
                self.wrong_side.append(name)
            size = {key: leg[key] for key in SIZES if key in leg}
            if size and not _same(size, {key: match.get(key) for key in size}):
                self.wrong_size.append(name)


def legs_of(trade: Label) -> list[Label]:
    """Write a trade as one leg for each instrument."""
    legs = []
    for order in trade.get("orders") or [trade]:
        rest = {key: order[key] for key in order if key not in {"kind", "symbols"}}
        legs += [rest | {"symbol": symbol} for symbol in order.get("symbols") or [None]]
    return legs


def is_equal(wanted: Label, said: Label) -> bool:
    """Say whether two labels mean the same, with nothing more and nothing less."""
    if wanted["kind"] != said["kind"]:
        return False
    if wanted["kind"] != "trade":
        return _same(wanted, said)
    return _same(legs_of(wanted), legs_of(said))


def _same(wanted: object, said: object) -> bool:
    if not wanted and not said and wanted != 0 and said != 0:
        return True
    if isinstance(wanted, NUMBERS) and isinstance(said, NUMBERS):
        return abs(Decimal(str(wanted)) - Decimal(str(said))) <= CLOSE
    if isinstance(wanted, dict) and isinstance(said, dict):
        return all(_same_field(key, wanted, said) for key in {*wanted, *said})
    if isinstance(wanted, list) and isinstance(said, list):
        return len(wanted) == len(said) and all(
            any(_same(one, other) for other in said) for one in wanted
        )
    return wanted == said


def _same_field(key: object, wanted: Label, said: Label) -> bool:
    one, other = wanted.get(str(key)), said.get(str(key))
    if key == "exchange" and {one, other} <= US_EXCHANGES:
        return True
    # The exchange of an instrument nobody could tell is no answer.
    if key == "exchange" and wanted.get("symbol") is None and other is None:
        return True
    return _same(one, other)
