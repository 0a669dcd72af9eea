"""Earlier conversations in the terminal: the list of them, and their turns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from app.cli.echo import besides_cards
from app.cli.render import render_card
from app.cli.text import IST, safe

Json = Mapping[str, Any]
NO_THREADS: Final = "No earlier conversation with this account."


def thread_lines(rows: Sequence[Json]) -> list[Text]:
    """Return a line a conversation: when it was last talked in, its id, its first words."""
    lines = [
        Text.assemble(
            (f"{_when(row.get('last_active_at'))}  ", "dim"),
            f"{safe(row.get('thread_id'))}  {safe(row.get('title'))}",
            ("  running" if row.get("running") else "", "yellow"),
        )
        for row in rows
    ]
    if lines:
        lines.append(Text("Go on with one: /thread ID", style="dim"))
    return lines or [Text(NO_THREADS)]


def turn_parts(rows: Sequence[Json], currency: str) -> Iterator[RenderableType]:
    """Yield what turns said and showed, oldest first; `rows` come newest first."""
    for row in reversed(rows):
        said = row.get("messages") or []
        for message in said:
            if message["role"] == "user":
                yield Text.assemble(("you> ", "bold"), safe(message["content"]))
        for card in row.get("cards") or []:
            yield render_card(card, currency=currency)
        for message in said:
            left = besides_cards(row.get("cards") or [], str(message["content"]))
            if message["role"] != "user" and left:
                yield Text(safe(left))


def _when(value: object) -> str:
    try:
        return f"{datetime.fromisoformat(str(value)).astimezone(IST):%d %b %H:%M}"
    except ValueError:
        return "?"
