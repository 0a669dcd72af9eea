"""Prompts: versioned text, one file each, known by the hash of its bytes."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One prompt as it is sent. `name` is its file's, without the ending."""

    name: str
    text: str
    sha256: str


def load_prompt(folder: Path, name: str) -> Prompt:
    """Read a prompt; raises OSError when the file is not there."""
    body = (folder / f"{name}.md").read_bytes()
    return Prompt(name=name, text=body.decode(), sha256=sha256(body).hexdigest())
