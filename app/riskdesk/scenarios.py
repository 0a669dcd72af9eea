"""Days to run the gate through: each a folder of the files that `risk run` takes."""

from pathlib import Path
from typing import Final, NamedTuple

from app.errors import NotFound
from app.riskdesk.running import RunFiles

PACKS: Final = Path(__file__).with_name("packs")


class Scenario(NamedTuple):
    """A pack: its name, what happens in it, and its files."""

    name: str
    about: str
    files: RunFiles


def scenarios() -> list[Scenario]:
    """Return every pack, by name."""
    return [_scenario(folder) for folder in sorted(PACKS.iterdir()) if folder.is_dir()]


def find_scenario(name: str) -> Scenario:
    """Return one pack. Raises NotFound."""
    for one in scenarios():
        if one.name == name:
            return one
    known = ", ".join(one.name for one in scenarios())
    raise NotFound(f"there is no scenario {name}", remedy=f"There are {known}.")


def _scenario(folder: Path) -> Scenario:
    lines = folder / "market.jsonl"
    execution = folder / "execution.json"
    return Scenario(
        name=folder.name,
        about=(folder / "README").read_text(encoding="utf-8").strip(),
        files=RunFiles(
            policy=folder / "policy.yaml",
            intents=folder / "intents.jsonl",
            portfolio=folder / "portfolio.json",
            market=lines if lines.exists() else folder / "market.json",
            execution=execution if execution.exists() else None,
        ),
    )
