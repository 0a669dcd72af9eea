"""Exceptions and protections in the terminal chat: what is wrong, and who holds which stop."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from agents.insights.figures import currency_of
from app.cli.text import money, safe, words
from riskgate.contracts.instruments import Exchange, InstrumentRef

Json = Mapping[str, Any]
NO_EXCEPTIONS: Final = "Nothing needs your attention."
NO_PROTECTIONS: Final = "No entry has a stop or a target."
SEVERITY: Final = {"H": "high", "M": "medium", "L": "low"}


def exception_lines(rows: Sequence[Json]) -> list[Text]:
    """Return each exception with its cause, the proof in words, and what may be done about it."""
    lines: list[Text] = []
    for row in rows:
        severity = SEVERITY.get(str(row.get("severity")), words(row.get("severity")))
        lines.append(
            Text.assemble(
                (f"{severity:<7}", "bold red" if row.get("severity") == "H" else "yellow"),
                safe(row.get("message")),
                ("  acknowledged" if row.get("acknowledged_by") else "", "dim"),
            )
        )
        proof = (row.get("proof") or {}).get("evidence")
        if row.get("cause"):
            lines.append(Text(f"       {words(row['cause'])}: {safe(proof or 'no proof')}"))
        possible = ", ".join(safe(action) for action in row.get("possible") or ())
        todo = f"possible: {possible}" if possible else "nothing to do but to look"
        lines.append(Text(f"       {safe(row.get('exception_id'))}  {todo}", style="dim"))
    if rows:
        lines.append(Text("Act with: sigmatrader exception ack|remediate ID", style="dim"))
    return lines or [Text(NO_EXCEPTIONS)]


def protection_lines(rows: Sequence[Json]) -> list[Text]:
    """Return each protected entry with its stop and target, and who holds them."""
    lines: list[Text] = []
    for row in rows:
        lines.append(Text(" ".join(safe(row.get(name)) for name in ("side", "instrument"))))
        for name in ("stop", "target"):
            part = row.get(name)
            if part:
                lines.append(Text(f"  {name} {_price(row, part)}: {safe(part['state'])}"))
        if row.get("note"):
            lines.append(Text(f"  {safe(row['note'])}", style="yellow"))
    return lines or [Text(NO_PROTECTIONS)]


def _price(row: Json, part: Json) -> str:
    exchange, _, symbol = str(row.get("instrument")).partition(":")
    ref = InstrumentRef(exchange=Exchange(exchange), tradingsymbol=symbol)
    return money(part["price"], currency_of(ref))
