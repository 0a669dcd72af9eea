"""The pins of Kite's tools, made from a list as its server gives it.

`python -m tests.kite_pins LIST.json` writes adapters/brokers/kite_mcp/pins.json again. Do it only
after a person has read what changed: a pin says that somebody looked.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from adapters.mcp.pins import ListedTool, pin_of

PINS: Final = (
    Path(__file__).resolve().parents[1] / "adapters" / "brokers" / "kite_mcp" / "pins.json"
)


def pins_text(tools: list[dict[str, Any]]) -> str:
    """Return the file's text: per tool its hashes, and its schema without words for people."""
    rows = [_row(tool) for tool in sorted(tools, key=lambda tool: str(tool["name"]))]
    return json.dumps({"tools": rows}, indent=1, ensure_ascii=False) + "\n"


def _row(tool: dict[str, Any]) -> dict[str, Any]:
    pin = pin_of(ListedTool(tool["name"], tool["description"], tool["inputSchema"]))
    return {
        "name": pin.name,
        "schema_sha256": pin.schema_sha256,
        "description_sha256": pin.description_sha256,
        "schema": _without_words(tool["inputSchema"]),
    }


def _without_words(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_words(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    if isinstance(schema, list):
        return [_without_words(item) for item in schema]
    return schema


if __name__ == "__main__":
    PINS.write_text(
        pins_text(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["tools"]),
        encoding="utf-8",
    )
