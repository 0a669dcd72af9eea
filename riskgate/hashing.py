"""Canonical JSON and its SHA-256, the identity of plans, policies, decisions and traces."""

import hashlib
import json

from pydantic import BaseModel, JsonValue


def canonical_json(value: BaseModel | JsonValue) -> str:
    """Write a value with sorted keys and no spaces.

    Contracts write decimals and times as strings, so equal values have equal bytes on every
    machine. Binary floating point is refused with ValueError.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    _refuse_floats(plain)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: BaseModel | JsonValue) -> str:
    """Return the SHA-256, in hex, of a value's canonical JSON."""
    return text_hash(canonical_json(value))


def text_hash(text: str) -> str:
    """Return the SHA-256, in hex, of a text: of canonical JSON that was written already."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_floats(value: object) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)
    elif isinstance(value, float):
        raise ValueError(f"canonical JSON holds no binary floats, was {value!r}")
