"""Policies, their changes and the time machine as text for a terminal: pure, from plain data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.cli.text import NOTHING, decimal, instrument, money, safe, sign_of, words

Json: TypeAlias = Mapping[str, Any]

STYLES: Final = {"looser": "bold dark_orange3", "either": "bold dark_orange3", "tighter": "green"}
KINDS: Final = ("newly_denied", "newly_allowed", "changed_quantity", "incomparable")
MONEY: Final = (
    "refused",
    "let through",
    "of it filled",
    "realised",
    "at last price",
    "its result",
)
SHORT: Final = 12


def render_replay(report: Json) -> RenderableType:
    """Draw what recorded days would have been under another policy."""
    total = report["total"]
    head = Text(
        f"Account {safe(report['account_id'])}, {safe(report['from_day'])} to"
        f" {safe(report['to_day'])} (UTC): {total['decisions']} decisions judged again under"
        f" policy {short(report['policy_hash'])}"
    )
    if not total["decisions"]:
        return Group(head, Text("Nothing was recorded in these days.", style="dim"))
    parts: list[RenderableType] = [head, _days(report)]
    if report["rules"]:
        parts.append(_rules(report["rules"]))
    if report["changed"]:
        parts.append(_changed(report))
    elif total["same"] == total["decisions"]:
        parts.append(Text("Every answer is the same.", style="green"))
    else:
        parts.append(Text("No answer that can be compared differs.", style="yellow"))
    parts += [_mark(mark, report) for mark in report["marks"]]
    parts += [Text(f"• {safe(note)}", style="dim") for note in report["notes"]]
    return Group(*parts)


def render_check(check: Json) -> RenderableType:
    """Draw what a text would change, what the linter says, and the recorded days."""
    parts: list[RenderableType] = [
        Text(f"policy {short(check['policy_hash'])}, in force {short(check['from_hash'])}"),
        render_differences(check["differences"]),
        render_findings(check["findings"]),
    ]
    if check.get("replay") is not None:
        parts.append(render_replay(check["replay"]))
    return Group(*parts)


def render_differences(rows: Sequence[Json]) -> RenderableType:
    """Draw the limits that differ; looser ones stand out."""
    if not rows:
        return Text("No limit differs.", style="green")
    table = _table("limit", "now", "new", "what it does")
    for row in rows:
        direction = str(row["direction"])
        table.add_row(
            Text(safe(row["path"])),
            Text(_value(row["old"])),
            Text(_value(row["new"])),
            Text(direction, style=STYLES.get(direction, "")),
        )
    return table


def render_findings(rows: Sequence[Json]) -> RenderableType:
    """Draw the linter's findings."""
    if not rows:
        return Text("The linter found nothing.", style="green")
    table = _table("finding", "where", "what", "what to do")
    for row in rows:
        table.add_row(*(Text(safe(row[name])) for name in ("code", "path", "message", "remedy")))
    return table


def render_policies(rows: Sequence[Json]) -> RenderableType:
    """Draw stored policies; those in force name their accounts."""
    table = _table("policy", "version", "mode", "made (UTC)", "in force for")
    for row in rows:
        table.add_row(
            short(row["policy_hash"]),
            safe(row["version"]),
            safe(row["mode"]),
            safe(row["created_at"])[:16].replace("T", " "),
            Text(", ".join(map(safe, row["accounts"])) or NOTHING, style="bold"),
        )
    return table


def render_changes(rows: Sequence[Json]) -> RenderableType:
    """Draw proposed and decided changes."""
    table = Table("change", "account", "to", "status", "loosens")
    for column in table.columns:
        column.no_wrap = column.header != "account"
    for row in rows:
        table.add_row(
            safe(row["change_id"]),
            safe(row["account_id"]),
            short(row["to_hash"]),
            safe(row["status"]),
            "yes" if row["loosens"] else "no",
        )
    return table


def render_change(row: Json) -> RenderableType:
    """Draw one change with all that a person needs to decide on it."""
    decided = f", decided by {safe(row['decided_by'])}" if row["decided_by"] else ""
    said = [
        Text(f"{who}: “{safe(row[name])}”")
        for who, name in (("proposed", "comment"), ("decided", "decision_comment"))
        if row[name]
    ]
    return Group(
        Text(f"change {safe(row['change_id'])}  {safe(row['status'])}", style="bold"),
        Text(
            f"account {safe(row['account_id'])}, policy {short(row['from_hash'])} to"
            f" {short(row['to_hash'])}, proposed by {safe(row['proposed_by'])}{decided}"
        ),
        *said,
        render_differences(row["differences"]),
        render_findings(row["findings"]),
    )


def short(policy_hash: object) -> str:
    """Return the first letters of a hash, enough to name a policy."""
    return safe(policy_hash)[:SHORT]


def _days(report: Json) -> Table:
    table = _table("day")
    for name in ("judged", "same", *map(words, KINDS)):
        table.add_column(name, justify="right")
    for name in MONEY:
        table.add_column(name, justify="right", no_wrap=True)
    for row in report["days"]:
        table.add_row(*_day(safe(row["day"]), row, report))
    table.add_section()
    table.add_row(*_day("all", report["total"], report), style="bold")
    return table


def _day(name: str, row: Json, report: Json) -> list[Text]:
    currency = str(report["currency"])
    result = row["filled_result"]
    style = {1: "green", -1: "red"}.get(sign_of(result), "")
    return [
        Text(name),
        *(Text(str(row[key])) for key in ("decisions", "same", *KINDS)),
        *(
            Text(money(row[key], currency))
            for key in ("notional_refused", "notional_allowed", "filled_notional")
        ),
        Text(money(row["filled_realised"], currency)),
        Text(_priced(row["filled_marked"], currency)),
        Text(_priced(result, currency), style=style),
    ]


def _priced(amount: object, currency: str) -> str:
    return "no price" if amount is None else money(str(amount), currency)


def _rules(rows: Sequence[Json]) -> Table:
    table = _table("rule")
    table.add_column("newly broken", justify="right")
    table.add_column("broken no more", justify="right")
    for row in rows:
        table.add_row(safe(row["rule_id"]), str(row["fires"]), str(row["falls_silent"]))
    return table


def _changed(report: Json) -> Table:
    currency = str(report["currency"])
    table = _table("plan", "at (UTC)", "was", "would be", "rules")
    table.add_column("quantity", justify="right")
    for row in report["changed"]:
        quantities = (decimal(row[key], currency=currency) for key in _QUANTITIES)
        table.add_row(
            safe(row["plan_id"]),
            safe(row["at"])[:16].replace("T", " "),
            safe(row["old_verdict"]),
            safe(row["new_verdict"]),
            ", ".join(map(safe, row["rules"])),
            " → ".join(quantities),
        )
    return table


_QUANTITIES: Final = ("old_quantity", "new_quantity")


def _mark(mark: Json, report: Json) -> Text:
    price = money(mark["price"], str(report["currency"]))
    seen = safe(mark["as_of"])[:16].replace("T", " ")
    name = instrument(mark["instrument"])
    return Text(f"{name} at {price}, from a {safe(mark['source'])} of {seen} UTC", style="dim")


def _value(value: object) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(safe, value))}]"
    return safe(value)


def _table(*names: str) -> Table:
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold")
    return table
