"""YAML text to plain values: numbers exactly as written, nothing guessed, every fault placed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple, NoReturn

import yaml
from yaml.resolver import Resolver

from riskgate.errors import PolicyFault, PolicyInvalid

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 20
MAX_FAULTS: Final = 50
MAX_DIGITS: Final = 400

Path = tuple[str | int, ...]

_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(
    r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
_RESOLVE: Final[Callable[[type[yaml.Node], str, tuple[bool, bool]], str]] = Resolver().resolve
_TAG: Final = "tag:yaml.org,2002:"


class Refusal(NamedTuple):
    """Why a word without quotes is not read."""

    message: str
    remedy: str


class Faults:
    """The faults of one document: one a path, the first found, with the line of its key."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._found: dict[Path, PolicyFault] = {}

    def add(self, path: Path, message: str, remedy: str, *, line: int | None = None) -> None:
        """Note a fault. Raises PolicyInvalid once there are more than anyone reads."""
        if path in self._found:
            return
        place = line or self._line_of(path)
        self._found[path] = PolicyFault(path_text(path), message, remedy, place)
        if len(self._found) == MAX_FAULTS:
            self.stop((), f"has more faults than these {MAX_FAULTS}", "correct these first")

    def stop(self, path: Path, message: str, remedy: str, *, line: int | None = None) -> NoReturn:
        """Note a fault after which nothing more can be read, and raise PolicyInvalid."""
        last = PolicyFault(path_text(path), message, remedy, line or self._line_of(path))
        raise PolicyInvalid([*self._in_order(), last])

    def raise_any(self) -> None:
        """Raise PolicyInvalid with all that was noted, unless that is nothing."""
        if self._found:
            raise PolicyInvalid(self._in_order())

    def _in_order(self) -> list[PolicyFault]:
        return sorted(self._found.values(), key=lambda fault: fault.line or 0)

    def _line_of(self, path: Path) -> int | None:
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def path_text(path: Path) -> str:
    """Write a path as the reader of a document would: `limits.order.deny_list.0`."""
    return ".".join(_on_one_line(str(step), 100) for step in path) or "policy"


def override_path(scope: str, field: str) -> str:
    """Return where a document gives a field of the override of `symbol X` or `strategy X`."""
    kind, name = scope.split(" ", 1)
    return f"overrides.{'symbols' if kind == 'symbol' else 'strategies'}.{name}.{field}"


def shown(value: object) -> str:
    """Write a wrong value for a message, cut short."""
    return _on_one_line(value if isinstance(value, str) else _json_like(value), 60)


def _on_one_line(text: str, longest: int) -> str:
    text = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _json_like(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return str(value)


def load_plain(text: str, faults: Faults) -> object:
    """Read one YAML document, JSON included, into mappings, lists, text, int, Decimal and bool.

    Faults are noted; raises PolicyInvalid at once where the text cannot be read on.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        faults.stop((), f"is longer than {MAX_BYTES // 1024} KB", "shorten it")
    try:
        return _Builder(faults).build(_json_indented_by_spaces(text))
    except yaml.MarkedYAMLError as fault:
        line = None if fault.problem_mark is None else fault.problem_mark.line + 1
        faults.stop((), f"is not YAML: {fault.problem}", "correct the text there", line=line)
    except yaml.reader.ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        faults.stop((), "holds a character that no text has", "remove it", line=line)


def _json_indented_by_spaces(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return text
    return re.sub(r"(?m)^[ \t]+", lambda indent: " " * len(indent[0]), text)


def read_word(word: str) -> object:
    """Return what a word without quotes means, or a Refusal where readers of YAML disagree."""
    tag = _RESOLVE(yaml.ScalarNode, word, (True, False)).removeprefix(_TAG)
    if tag in {"str", "int", "float"}:
        if _WHOLE.fullmatch(word) or _DECIMAL.fullmatch(word):
            return _number(word)
        return word if tag == "str" else _odd_number(word)
    name = shown(word)
    match tag:
        case "null":
            return None
        case "bool" if word in {"true", "false"}:
            return word == "true"
        case "bool":
            return Refusal(
                f"{name} without quotes is a truth value to YAML",
                f'write "{name}" for a name, true or false for a switch',
            )
        case "timestamp":
            return Refusal(f"{name} without quotes is a date to YAML", f'write "{name}"')
    return Refusal(f"{name} has a meaning of its own in YAML", f'write "{name}", or its keys')


def _number(word: str) -> object:
    if len(word) > MAX_DIGITS:
        return Refusal("has more digits than any program writes", "write fewer")
    if _WHOLE.fullmatch(word):
        return int(word)
    try:
        return Decimal(word)
    except InvalidOperation:
        return Refusal("has a larger exponent than any program writes", "write the digits")


def _odd_number(word: str) -> Refusal:
    name = shown(word)
    if word.lstrip("+-").lower() in {".inf", ".nan"}:
        return Refusal(f"must be a finite number, was {name}", "write a number")
    return Refusal(
        f"{name} is read as different numbers by different programs",
        f'write plain digits, 1000 or 0.1; or "{name}" for a name',
    )


@dataclass
class _Open:
    """A mapping or list whose end was not read yet."""

    path: Path
    into: dict[str, object] | list[object]
    key: str | None = None

    @property
    def next_path(self) -> Path:
        if isinstance(self.into, list):
            return (*self.path, len(self.into))
        return self.path if self.key is None else (*self.path, self.key)


class _Builder:
    """Builds the value from events, not by recursion, so that nesting costs no stack."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._open: list[_Open] = []
        self._root: object = None

    def build(self, text: str) -> object:
        documents = 0
        for event in _events(text):
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self._faults.stop((), "is more than one document", "remove the others")
                case yaml.NodeEvent():
                    self._node(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._open.pop()
        return self._root

    def _node(self, event: yaml.NodeEvent) -> None:
        path = self._open[-1].next_path if self._open else ()
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self._faults.stop(path, f"refers to *{shown(event.anchor)}", "write it out", line=line)
        if event.anchor is not None:
            self._faults.add(path, f"has an anchor, &{shown(event.anchor)}", "remove it", line=line)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._faults.add(path, f"has a tag, {shown(tag)}", "remove it", line=line)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, path, line)
        else:
            self._begin([] if isinstance(event, yaml.SequenceStartEvent) else {}, path, line)

    def _begin(self, value: dict[str, object] | list[object], path: Path, line: int) -> None:
        if self._awaits_key():
            self._faults.stop(path, "has a key that is no name", "write a name", line=line)
        if len(self._open) == MAX_DEPTH:
            self._faults.stop(
                path[:3], f"is nested deeper than {MAX_DEPTH}", "flatten it", line=line
            )
        self._put(value)
        self._open.append(_Open(path, value))

    def _scalar(self, event: yaml.ScalarEvent, path: Path, line: int) -> None:
        value = read_word(event.value) if event.style is None else event.value
        if self._awaits_key():
            self._key(event.value, value, path, line)
        elif isinstance(value, Refusal):
            self._faults.add(path, *value, line=line)
            self._put(None)
        else:
            self._put(value)

    def _key(self, word: str, value: object, mapping: Path, line: int) -> None:
        path = (*mapping, word)
        if isinstance(value, Refusal):
            self._faults.add(path, *value, line=line)
        elif not isinstance(value, str):
            message = f"{shown(word) or 'an empty key'} without quotes is no text to YAML"
            self._faults.add(path, message, f'write "{shown(word)}"', line=line)
        if path in self._faults.lines:
            self._faults.add(
                path,
                f"is given twice, first on line {self._faults.lines[path]}",
                "keep one of them",
                line=line,
            )
        self._faults.lines.setdefault(path, line)
        self._open[-1].key = word

    def _awaits_key(self) -> bool:
        if not self._open:
            return False
        top = self._open[-1]
        return isinstance(top.into, dict) and top.key is None

    def _put(self, value: object) -> None:
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        if isinstance(top.into, list):
            top.into.append(value)
        elif top.key is not None:
            top.into[top.key] = value
            top.key = None


def _events(text: str) -> Iterator[yaml.Event]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def checked_plain(value: object, faults: Faults, path: Path = ()) -> object:
    """Return a copy of a decoded value in which every number is finite and whole ones are int.

    What no document can hold is noted: binary numbers, keys that are not text, endless nesting.
    """
    if len(path) > MAX_DEPTH:
        faults.stop(path[:3], f"is nested deeper than {MAX_DEPTH}", "flatten it")
    match value:
        case dict():
            return {
                _checked_key(key, faults, path): checked_plain(item, faults, (*path, str(key)))
                for key, item in value.items()
            }
        case list():
            return [checked_plain(item, faults, (*path, n)) for n, item in enumerate(value)]
    return _checked_scalar(value, faults, path)


def _checked_key(key: object, faults: Faults, path: Path) -> str:
    if not isinstance(key, str):
        faults.add((*path, str(key)), "is a key that is not text", "write text")
    return str(key)


def _checked_scalar(value: object, faults: Faults, path: Path) -> object:
    match value:
        case None | bool():
            return value
        case int() if abs(value) < 10**MAX_DIGITS:
            return value
        case int():
            faults.add(path, "has more digits than any program writes", "write fewer")
        case str() if any("\ud800" <= letter <= "\udfff" for letter in value):
            faults.add(path, "holds half a character", "write the character itself")
        case str():
            return value
        case Decimal() if value.is_finite():
            whole = value.adjusted() < 9 and value == value.to_integral_value()
            return int(value) if whole else value
        case Decimal():
            faults.add(path, f"must be a finite number, was {value}", "write a number")
        case _:
            faults.add(
                path, f"must be an exact number, was {type(value).__name__}", "decode it as Decimal"
            )
    return None
