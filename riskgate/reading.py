"""JSON documents read strictly: numbers exactly as written, every fault at its path."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn, TypeVar

from riskgate.errors import RiskGateError
from riskgate.figures import ZERO
from riskgate.policy.plain import MAX_DIGITS, shown

MAX_CHARACTERS: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 32
MAX_FAULTS: Final = 50
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_NOT_FINITE: Final = ("NaN", "Infinity", "-Infinity")
_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_FINITE_REMEDY: Final = "write a finite number"

Word = TypeVar("Word")


class DocumentFault(NamedTuple):
    """One thing that is wrong with a document; the path is `positions.INFY`, or its own name."""

    document: str
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.document} {self.path}: {self.message}; {self.remedy}"


class DocumentInvalid(RiskGateError):
    """Documents that cannot be judged; the text has one fault a line."""

    code = "DOCUMENT_INVALID"

    def __init__(self, faults: Iterable[DocumentFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def decode_json(text: str, document: str) -> object:
    """Decode JSON with exact numbers. NaN and Infinity are Decimals, refused where they count.

    Raises DocumentInvalid for what is no JSON, too long or too deep, or gives a key twice.
    """
    if len(text) > MAX_CHARACTERS:
        refuse(document, f"is longer than {MAX_CHARACTERS} characters", "shorten it")
    if _depth(text) > MAX_DEPTH:
        refuse(document, f"is nested deeper than {MAX_DEPTH}", "flatten it")

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _value in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            refuse(document, "is given twice", "keep one of them", path=shown(twice))
        return found

    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=Decimal,
            object_pairs_hook=once,
        )
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        refuse(document, f"is not JSON: {fault.msg} at {where}", "correct it there")


def refuse(document: str, message: str, remedy: str, *, path: str = "") -> NoReturn:
    """Raise DocumentInvalid with one fault, of the whole document where there is no path."""
    raise DocumentInvalid([DocumentFault(document, path or document, message, remedy)])


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for match in _BRACKET.finditer(text):
        bracket = match[0]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # An exponent beyond what any number type holds.
        return Decimal("-Infinity" if text.startswith("-") else "Infinity")


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_DIGITS else Decimal(text)


class Faults:
    """The faults of several documents, in the order they were found."""

    def __init__(self) -> None:
        self.found: list[DocumentFault] = []

    def add(self, document: str, path: str, message: str, remedy: str) -> None:
        """Note a fault. Raises DocumentInvalid once there are more than anyone reads."""
        self.found.append(DocumentFault(document, path or document, message, remedy))
        if len(self.found) == MAX_FAULTS:
            self.raise_any()

    def raise_any(self) -> None:
        """Raise DocumentInvalid with all that was noted, unless that is nothing."""
        if self.found:
            raise DocumentInvalid(self.found)


class Block:
    """One mapping of a document. Fields are taken by name; a wrong one is noted and read as zero.

    What is not in `known` is noted at once. Nothing that was read may be used before the faults
    were raised.
    """

    def __init__(
        self, faults: Faults, document: str, value: object, known: frozenset[str], path: str = ""
    ) -> None:
        self.faults = faults
        self.document = document
        self.path = path
        self._values: Mapping[str, object] = {}
        if isinstance(value, dict):
            self._values = value
            for key in value:
                if key not in known:
                    self._unknown(str(key), known)
        else:
            self.fault("", f"must be an object, was {shown(value)}", "write its keys in braces")
        self._is_read = isinstance(value, dict)

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def place(self, name: str) -> str:
        return f"{self.path}.{name}".strip(".")

    def fault(self, name: str, message: str, remedy: str) -> None:
        self.faults.add(self.document, self.place(name), message, remedy)

    def text(self, name: str) -> str:
        """Read a text that must be there; it may be empty."""
        return self._text(name, self._required(name))

    def name(self, name: str) -> str:
        """Read a text that must be there and say something."""
        value = self._required(name)
        if value == "":
            self.fault(name, "must not be empty", "write the name")
        return self._text(name, value)

    def name_or_none(self, name: str) -> str | None:
        return self.name(name) if name in self else None

    def word(self, name: str, words: Mapping[str, Word], default: Word) -> Word:
        """Read one of some words, exactly as they are written; `default` stands in for a fault."""
        value = self._required(name)
        if isinstance(value, str) and value in words:
            return words[value]
        if value is not None:
            known = ", ".join(words)
            self.fault(name, f"must be one of {known}, was {shown(value)}", "write it so")
        return default

    def above_zero(self, name: str) -> Decimal:
        """Read a finite number above zero that must be there."""
        value = self._required(name)
        return ZERO if value is None else self._number(name, value, above_zero=True)

    def above_zero_or_none(self, name: str) -> Decimal | None:
        return self.above_zero(name) if name in self else None

    def number(self, name: str) -> Decimal:
        """Read a finite number, zero where it is left out."""
        if name not in self._values:
            return ZERO
        return self._number(name, self._values[name])

    def number_or_none(self, name: str) -> Decimal | None:
        return self._number(name, self._values[name]) if name in self else None

    def not_below_zero_or_none(self, name: str) -> Decimal | None:
        value = self.number_or_none(name)
        if value is not None and value < 0:
            self.fault(name, f"must be zero or more, was {shown(value)}", "write its size")
        return value

    def count(self, name: str) -> int:
        """Read a whole number of zero or more, zero where it is left out."""
        if name not in self._values:
            return 0
        return self._count(name, self._values[name])

    def flag(self, name: str) -> bool:
        """Read true or false, false where it is left out."""
        value = self._values.get(name, False)
        if isinstance(value, bool):
            return value
        self.fault(name, f"must be true or false, was {shown(value)}", "write it without quotes")
        return False

    def flag_or_none(self, name: str) -> bool | None:
        return self.flag(name) if name in self else None

    def numbers(self, name: str) -> dict[str, Decimal]:
        """Read finite numbers by name; none where they are left out."""
        return {key: self._number(place, value) for key, place, value in self._items(name)}

    def rates(self, name: str) -> dict[str, Decimal]:
        """Read finite numbers above zero by name; none where they are left out."""
        return {
            key: self._number(place, value, above_zero=True)
            for key, place, value in self._items(name)
        }

    def counts(self, name: str) -> dict[str, int]:
        """Read whole numbers of zero or more by name; none where they are left out."""
        return {
            key: self._count(place, value)
            for key, place, value in self._items(name, may_be_empty=True)
        }

    def times(self, name: str) -> dict[str, datetime]:
        """Read times by name; none where they are left out."""
        return {key: self._time(place, value) for key, place, value in self._items(name)}

    def prices(self, name: str) -> dict[str, Decimal]:
        """Read numbers by name that must be there, of which none need be finite."""
        if self._is_read and name not in self._values:
            self._required(name)
        return {
            key: self._number(place, value, finite=False) for key, place, value in self._items(name)
        }

    def block(self, name: str, known: frozenset[str]) -> "Block":
        """Read a mapping that must be there."""
        value = self._required(name)
        return Block(
            self.faults, self.document, {} if value is None else value, known, self.place(name)
        ).silent_if(value is None)

    def blocks(self, name: str, known: frozenset[str]) -> Iterator[tuple[str, "Block"]]:
        """Yield mappings by name; none where they are left out."""
        for key, place, value in self._items(name):
            yield key, Block(self.faults, self.document, value, known, self.place(place))

    def listed(self, name: str) -> Iterator[tuple[str, object]]:
        """Yield the place and value of every item of a list; none where it is left out."""
        value = self._values.get(name, [])
        if isinstance(value, list):
            yield from ((f"{name}.{number}", item) for number, item in enumerate(value))
        else:
            self.fault(name, f"must be a list, was {shown(value)}", "write it in square brackets")

    def silent_if(self, is_missing: bool) -> "Block":
        """Report no missing field of a block that is missing itself."""
        self._is_read = self._is_read and not is_missing
        return self

    def _required(self, name: str) -> object:
        value = self._values.get(name)
        if value is None and self._is_read:
            if name in self._values:
                self.fault(name, "must not be null", "write a value")
            else:
                self.fault(name, "is missing", "add it")
        return value

    def _text(self, name: str, value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(name, f"must be text, was {shown(value)}", "write it in quotes")
            return ""
        if _HALF_CHARACTER.search(value):
            self.fault(name, "holds half a character", "write the character itself")
        return value

    def _number(
        self, name: str, value: object, *, above_zero: bool = False, finite: bool = True
    ) -> Decimal:
        number = _as_number(value)
        if number is None:
            self.fault(name, f"must be a number, was {_kind(value)}", _number_remedy(value))
        elif not number.is_finite():
            if not finite:
                return number
            self.fault(name, f"must be a finite number, was {number}", _FINITE_REMEDY)
        elif not _is_reasonable(number):
            self.fault(name, "has more digits than any program writes", "write fewer")
        elif above_zero and number <= 0:
            self.fault(name, f"must be above zero, was {shown(number)}", "write a positive number")
        else:
            return number
        return ZERO

    def _count(self, name: str, value: object) -> int:
        number = self._number(name, value)
        if number < 0:
            self.fault(name, f"must be zero or more, was {shown(number)}", "write the count")
        elif number != number.to_integral_value():
            self.fault(name, f"must be a whole number, was {shown(number)}", "write the count")
        else:
            return int(number)
        return 0

    def _time(self, name: str, value: object) -> datetime:
        time = parse_time(value)
        if time is None:
            message = f"must be a time with its offset, was {shown(value)}"
            self.fault(name, message, "write it as 2026-03-02T06:00:00Z")
        return time or EPOCH

    def _items(self, name: str, *, may_be_empty: bool = False) -> Iterator[tuple[str, str, object]]:
        values = self._values.get(name, {})
        if not isinstance(values, dict):
            self.fault(name, f"must be an object, was {shown(values)}", "write names with values")
            return
        for key, value in values.items():
            place = f"{name}.{key}"
            if not key and not may_be_empty:
                self.fault(place, "has an empty name", "write the name")
            elif _HALF_CHARACTER.search(key):
                self.fault(name, "has a name with half a character", "write the character itself")
            else:
                yield key, place, value

    def _unknown(self, key: str, known: frozenset[str]) -> None:
        near = get_close_matches(key[:100], sorted(known), n=1, cutoff=0.7)
        self.fault(key, "is not known", f"did you mean {near[0]}?" if near else "remove it")


def parse_time(value: object) -> datetime | None:
    """Read an ISO 8601 time with an offset; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _as_number(value: object) -> Decimal | None:
    """Return an exact number; None for text, truth values, and binary numbers."""
    match value:
        case bool():
            return None
        case Decimal():
            return value
        case int():
            return Decimal(value)
        case str() if value in _NOT_FINITE:
            return Decimal(value)
    return None


def _is_reasonable(number: Decimal) -> bool:
    _sign, digits, exponent = number.as_tuple()
    return len(digits) <= MAX_DIGITS and abs(int(exponent)) <= MAX_DIGITS


def _kind(value: object) -> str:
    return f'"{shown(value)}"' if isinstance(value, str) else shown(value)


def _number_remedy(value: object) -> str:
    if isinstance(value, str):
        return "write it without quotes"
    if isinstance(value, float):
        return "decode it as Decimal"
    return "write a number"
