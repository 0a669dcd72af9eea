"""Cards as text for a terminal: pure functions from card JSON to Rich renderables."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli import charts, insights
from app.cli.text import clock, decimal, instrument, money, safe, sign_of, words

Json: TypeAlias = Mapping[str, Any]
Column: TypeAlias = tuple[str, bool, Callable[[Json], Text]]

SOURCES: Final = {
    "user_span": "your words",
    "client_span": "the program's words",
    "ui": "chosen by you",
    "playbook": "playbook",
    "policy_default": "account default",
}
SPANS: Final = frozenset({"user_span", "client_span"})
SIDE_STYLES: Final = {"BUY": "bold blue", "SELL": "bold dark_orange3"}
STATE_STYLES: Final = {
    "FILLED": "green",
    "OPEN": "cyan",
    "PARTIALLY_FILLED": "cyan",
    "REJECTED": "red",
    "UNKNOWN": "bold red",
    "NOT_SENT": "red",
}
EMPTY: Final = {
    "fills": "Nothing has filled since the day began.",
    "realised": "Nothing was closed today.",
    "stops": "No stops or targets are kept.",
}
# A brief tells of what is open alone.
EMPTY_IN_BRIEF: Final = {
    "orders": "No open orders.",
    "stops": "No stops or targets are kept.",
    "exceptions": "No open exceptions.",
    "limits": "Nothing is used of any limit.",
}
SEVERITIES: Final = {"H": "high", "M": "medium", "L": "low"}


def source_text(source: Json) -> str:
    """Say where a value came from, quoting the words where it was words."""
    name = SOURCES.get(str(source.get("source")), words(source.get("source")))
    text = source.get("text")
    if source.get("source") in SPANS:
        return f"{name} “{safe(text)}”"
    # What was chosen stands beside it, where it came from does not.
    return safe(text) if text and source.get("source") != "ui" else name


def render_card(card: Json, *, currency: str = "INR") -> RenderableType:
    """Draw any card; `currency` is the account's, for cards that do not name one."""
    draw = {
        "trade_plan": _ticket,
        "question": _question,
        "veto": _veto,
        "result": _result,
    }.get(str(card.get("kind")), _insight)
    return draw({**card, "fields": {"currency": currency, **card["fields"]}})


def render_problem(*, message: str, code: str, remedy: str = "", request_id: str = "") -> Text:
    """Draw a problem: what was wrong, what to do, and its code."""
    text = Text(safe(message), style="bold red")
    if remedy:
        text.append(f"\n{safe(remedy)}", style="not bold default")
    known = f"  request {safe(request_id)}" if request_id else ""
    return text.append(f"\n{safe(code)}{known}", style="not bold dim")


def what_is_sent(card: Json) -> str:
    """Say a plan in the fewest words: 'BUY 10 NSE:INFY'."""
    fields = card["fields"]
    legs = fields.get("legs") or []
    side = safe(fields.get("side"))
    if len(legs) != 1:
        return f"{side} {len(legs)} instruments"
    quantity = decimal(legs[0].get("quantity"), currency=_currency(card))
    return f"{side} {quantity} {instrument(legs[0].get('instrument'))}"


def choices_of(card: Json) -> list[tuple[str, str]]:
    """Return a question's choices as (value, label)."""
    return [
        (str(item["value"]), safe(item.get("label") or item["value"]))
        if isinstance(item, Mapping)
        else (str(item), safe(item))
        for item in card["fields"].get("choices") or []
    ]


def _ticket(card: Json) -> RenderableType:
    fields = card["fields"]
    parts: list[RenderableType] = [*_proposed_by(card), _facts(card)]
    if len(fields.get("legs") or []) > 1:
        parts.append(_legs(card))
    parts += [_slices(leg, card) for leg in fields.get("legs") or [] if _sliced(leg)]
    parts += [*charts.levels(card, _currency(card)), *charts.exposures(card), *charts.charges(card)]
    parts += [_quote_line(quote, card) for quote in fields.get("quotes") or []]
    parts += [Text(f"• {safe(note)}", style="dim") for note in fields.get("notes") or []]
    parts += [_gate_line(card), *_waived(card), *_kill_switch(card)]
    return Panel(
        Group(*parts),
        title=Text(f" {what_is_sent(card)} ", style=SIDE_STYLES.get(str(fields.get("side")), "")),
        subtitle=Text(f" {_status(card)} ", style="dim"),
        title_align="left",
        subtitle_align="right",
        border_style=SIDE_STYLES.get(str(fields.get("side")), "").removeprefix("bold "),
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _proposed_by(card: Json) -> list[RenderableType]:
    """Name the program that passed on the words: nobody may take them for their own."""
    said = card["fields"].get("proposed_by")
    if not said:
        return []
    how, client, user = (safe(said.get(name)) for name in ("channel", "client", "user"))
    sources = {source.get("source") for source in (card.get("provenance") or {}).values()}
    whose = "except where the card says yours." if "user_span" in sources else "not yours."
    line = f"Proposed through {how.upper()} by “{client}” in the name of {user}: its words, {whose}"
    return [Text(line, style="bold yellow")]


def _facts(card: Json) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(style="dim", overflow="fold")
    for label, value, notes in _fact_rows(card):
        if value is not None:
            grid.add_row(Text(label), Text(value, style="bold"), Text(" · ".join(notes)))
    return grid


def _fact_rows(card: Json) -> list[tuple[str, str | None, list[str]]]:
    fields, currency = card["fields"], _currency(card)
    legs = fields.get("legs") or []
    only: Json = legs[0] if len(legs) == 1 else {}

    def price(value: object) -> str | None:
        return None if value is None else money(value, currency)

    def said(name: str, *more: object) -> list[str]:
        source = (card.get("provenance") or {}).get(name)
        origin = [source_text(source)] if source else []
        return origin + [safe(text) for text in more if text]

    percent, cost = fields.get("loss_at_stop_pct"), fields.get("cost") or {}
    leaving = price(cost.get("leaving"))
    quantity = only.get("quantity")
    return [
        ("Side", _text(fields.get("side")), said("side")),
        ("Instrument", _name(only), said("symbols", only.get("name"))),
        (
            "Quantity",
            None if quantity is None else decimal(quantity, currency=currency),
            said("sizing", _noteworthy(only.get("sizing_note"))),
        ),
        ("Order", _text(fields.get("order_type")), said("order_type")),
        ("Limit", price(only.get("limit_price")), said("limit_price")),
        ("Trigger", price(only.get("trigger_price")), said("trigger_price")),
        ("Product", _text(fields.get("product")), said("product")),
        ("Validity", _text(fields.get("validity")), said("validity")),
        ("Reference price", price(only.get("reference_price")), []),
        ("Notional", price(fields.get("notional")), []),
        (
            "Charges",
            price(cost.get("total")),
            [f"{leaving} more to leave again"] if leaving else [],
        ),
        (
            "Break-even",
            price(cost.get("breakeven_price")),
            ["after all charges"],
        ),
        ("Stop", price(only.get("stop_price")), said("stop_loss")),
        ("Target", price(only.get("target_price")), said("target")),
        (
            "Loss at stop",
            price(fields.get("loss_at_stop") or only.get("loss_at_stop")),
            [f"{safe(percent)} % of equity"] * bool(percent),
        ),
        ("Gain at target", price(fields.get("gain_at_target")), []),
        ("Send before", _time(fields.get("valid_until")), said("ttl_minutes")),
        ("Mode", _text(fields.get("mode")), []),
    ]


def _noteworthy(note: object) -> object:
    return None if note == "as stated" else note


def _legs(card: Json) -> Table:
    currency = _currency(card)

    def price(name: str) -> Callable[[Json], Text]:
        return lambda leg: Text(money(leg.get(name), currency))

    return _table(
        [
            ("Instrument", False, lambda leg: Text(instrument(leg.get("instrument")))),
            ("Side", False, lambda leg: _side(leg.get("side"))),
            ("Qty", True, lambda leg: Text(decimal(leg.get("quantity"), currency=currency))),
            ("Price", True, price("reference_price")),
            ("Notional", True, price("notional")),
            ("Stop", True, price("stop_price")),
            ("Target", True, price("target_price")),
            ("Loss at stop", True, price("loss_at_stop")),
        ],
        card["fields"]["legs"],
    )


def _sliced(leg: Json) -> bool:
    return len(leg.get("slices") or []) > 1


def _slices(leg: Json, card: Json) -> Text:
    sizes = " + ".join(decimal(size, currency=_currency(card)) for size in leg["slices"])
    return Text(f"{instrument(leg.get('instrument'))} goes out in {len(leg['slices'])}: {sizes}")


def _quote_line(quote: Json, card: Json) -> Text:
    currency = _currency(card)
    prices = " · ".join(f"{n} {money(quote.get(n), currency)}" for n in ("last", "bid", "ask"))
    text = Text(f"{instrument(quote.get('instrument'))} {prices}")
    return text.append(f" · {words(quote.get('source'))} · {clock(quote.get('as_of'))}", "dim")


def _gate_line(card: Json) -> Text:
    fields = card["fields"]
    checked = len(fields.get("evidence") or [])
    policy = safe(fields.get("policy_hash"))[:12]
    return Text(
        f"Risk gate {safe(fields.get('verdict'))}, {checked} figures checked, policy {policy}",
        style="dim",
    )


def _status(card: Json) -> str:
    status = str(card.get("status"))
    if status == "PENDING" and card.get("expires_at"):
        return f"waiting for you until {clock(card['expires_at'])}"
    return words(status)


def _question(card: Json) -> RenderableType:
    fields = card["fields"]
    lines: list[RenderableType] = [
        Text(safe(fields.get("question") or card.get("title")), style="bold")
    ]
    for number, (value, label) in enumerate(choices_of(card)):
        same = label == safe(value)
        text = Text.assemble((f"  {choice_letter(number)}) ", "cyan"), (safe(value), "bold"))
        lines.append(text if same else text.append(f"  {label}"))
    return Panel(Group(*lines), border_style="cyan", box=box.ROUNDED, padding=(0, 1))


def choice_letter(number: int) -> str:
    """Name a choice by a letter, which no quantity or price can be mistaken for."""
    return chr(ord("a") + number)


def _veto(card: Json) -> RenderableType:
    fields = card["fields"]
    lines: list[RenderableType] = []
    for item in fields.get("violations") or []:
        head = Text.assemble((safe(item.get("rule_id")), "bold red"), f"  {safe(item['message'])}")
        lines += [head, Text(f"  → {safe(item.get('remedy'))}")]
    passing = fields.get("would_pass") or []
    for item in passing:
        leg = f" (leg {int(item['leg']) + 1})" if len(passing) > 1 else ""
        # Cards of older releases carry the quantity alone.
        text = item.get("text") or f"quantity {item.get('quantity')}"
        lines.append(Text(f"Would pass{leg}: {safe(text)}.", style="green"))
    lines += [*charts.exposures(card), *_kill_switch(card)]
    return _panel(card, lines, "red")


def _kill_switch(card: Json) -> list[RenderableType]:
    said = card["fields"].get("kill_switch")
    return [Text(f"! {safe(said)}", style="bold red")] if said else []


def _waived(card: Json) -> list[RenderableType]:
    """Name the rules that let the order pass because it only reduces."""
    found = card["fields"].get("waived") or []
    ids = ", ".join(dict.fromkeys(safe(item.get("rule_id")) for item in found))
    return [Text(f"Passes {ids}: it only reduces a position", style="dim")] if ids else []


def _result(card: Json) -> RenderableType:
    fields = card["fields"]
    orders = fields.get("orders") or []
    differences = fields.get("differences") or []
    parts: list[RenderableType] = [
        _orders(orders, _currency(card)) if orders else Text("No order was sent.")
    ]
    if fields.get("reconciled"):
        parts.append(Text("✓ reconciled: ledger and broker agree", style="green"))
    elif differences:
        parts += [Text(f"✗ {safe(text)}", style="red") for text in differences]
    else:
        parts.append(Text("not compared with the broker yet", style="yellow"))
    return _panel(card, parts, "green" if fields.get("reconciled") else "yellow", "What happened")


def _insight(card: Json) -> RenderableType:
    fields = dict(card["fields"])
    evidence = fields.pop("evidence", None)
    del fields["currency"]
    warning, text, margins = (fields.pop(name, None) for name in ("warning", "help", "margins"))
    currency = str((margins or {}).get("currency") or _currency(card))
    parts: list[RenderableType] = []
    if warning:
        parts.append(Text(f"! {safe(warning)}", style="yellow"))
    if text:
        parts.append(Text(safe(text)))
    if margins:
        parts.append(_margins(margins, currency))
    empty = EMPTY_IN_BRIEF if "hours" in fields else {}
    for name, value in fields.items():
        if value == [] and name in empty:
            parts.append(Text(empty[name], style="dim"))
        else:
            parts += _parts(name, value, currency)
    parts += [insights.evidence_line(evidence)] if evidence else []
    return _panel(card, parts, "yellow" if card.get("kind") == "exception" else "bright_black")


def _parts(name: str, value: object, currency: str) -> list[RenderableType]:
    if value is None:
        return []
    draw = insights.PARTS.get(name)
    if name in insights.SILENT and not value:
        return []
    return [_section(name, value, currency)] if draw is None or not value else draw(value, currency)


def _section(name: str, value: object, currency: str) -> RenderableType:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return Text(f"{words(name)}: {safe(value)}")
    if not value:
        return Text(EMPTY.get(name, f"No {words(name)}."), style="dim")
    rows = [row for row in value if isinstance(row, Mapping)]
    draw = {
        "positions": _positions,
        "holdings": _positions,
        "quotes": _quotes,
        "orders": _orders,
        "exceptions": _exceptions,
    }.get(name)
    if draw is None or len(rows) != len(value):
        return Text(f"{words(name)}: {', '.join(safe(item) for item in value)}")
    return draw(rows, currency)


def _positions(rows: Sequence[Json], currency: str) -> Table:
    return _table(
        [
            ("Instrument", False, lambda row: Text(instrument(row.get("instrument")))),
            ("Product", False, lambda row: Text(safe(row.get("product")))),
            ("Qty", True, lambda row: Text(decimal(row.get("quantity"), currency=currency))),
            ("Average", True, lambda row: Text(money(row.get("average_price"), currency))),
            ("Last", True, lambda row: Text(money(row.get("last"), currency))),
            ("P&L", True, lambda row: _gain(row.get("unrealised_pnl"), currency)),
        ],
        rows,
    )


def _quotes(rows: Sequence[Json], currency: str) -> Table:
    def price(name: str) -> Callable[[Json], Text]:
        # A quote names no currency, and an instrument need not trade in the account's.
        return lambda row: Text(decimal(row.get(name), currency=currency, places=2))

    return _table(
        [
            ("Instrument", False, lambda row: Text(instrument(row.get("instrument")))),
            ("Last", True, price("last")),
            ("Bid", True, price("bid")),
            ("Ask", True, price("ask")),
            ("From", False, lambda row: Text(words(row.get("source")))),
            ("At", False, lambda row: Text(clock(row.get("as_of")))),
        ],
        rows,
    )


def _orders(rows: Sequence[Json], currency: str) -> Table:
    return _table(
        [
            ("Side", False, lambda row: _side(row.get("side"))),
            ("Instrument", False, lambda row: Text(instrument(row.get("instrument")))),
            ("Order", False, lambda row: Text(_terms(row, currency))),
            ("Filled", True, lambda row: Text(_filled(row, currency))),
            ("Average", True, lambda row: Text(money(row.get("average_price"), currency))),
            ("State", False, _state),
        ],
        rows,
    )


def _exceptions(rows: Sequence[Json], _currency: str) -> Table:
    return _table(
        [
            ("What", False, lambda row: Text(safe(row.get("message")))),
            ("Kind", False, lambda row: Text(words(row.get("kind")))),
            ("Severity", False, lambda row: Text(_severity(row.get("severity")))),
        ],
        rows,
    )


def _margins(margins: Json, currency: str) -> Table:
    grid = Table.grid(padding=(0, 2))
    row = {**margins, "in_positions": _in_positions(margins)}
    names = ("equity", "available", "in_positions", "used", "start_of_day_equity")
    shown = [name for name in names if row.get(name) is not None]
    labels = {"used": "blocked as margin"}
    grid.add_row(*(Text(labels.get(name, words(name)), style="dim") for name in shown))
    grid.add_row(*(Text(money(row[name], currency), style="bold") for name in shown))
    return grid


def _in_positions(margins: Json) -> Decimal | None:
    """Return what is bound in positions: neither free nor blocked; None for none."""
    try:
        equity, free, used = (Decimal(str(margins[n])) for n in ("equity", "available", "used"))
    except (KeyError, InvalidOperation):
        return None
    bound = round(equity - free - used, 2)
    return bound if bound > 0 else None


def _terms(row: Json, currency: str) -> str:
    price = f" {money(row['limit_price'], currency)}" if row.get("limit_price") else ""
    trigger = (
        f" trigger {money(row['trigger_price'], currency)}" if row.get("trigger_price") else ""
    )
    return f"{safe(row.get('order_type'))}{price}{trigger} {safe(row.get('product'))}"


def _filled(row: Json, currency: str) -> str:
    done = decimal(row.get("filled_quantity"), currency=currency)
    return f"{done} of {decimal(row.get('quantity'), currency=currency)}"


def _state(row: Json) -> Text:
    state = str(row.get("state"))
    text = Text(words(state), style=STATE_STYLES.get(state, ""))
    reason = row.get("reason")
    return text.append(f" ({safe(reason)})", "dim") if reason else text


def _side(side: object) -> Text:
    return Text(safe(side), style=SIDE_STYLES.get(str(side), ""))


def _gain(value: object, currency: str) -> Text:
    shown, sign = money(value, currency), sign_of(value)
    if sign == 0:
        return Text(shown)
    return Text(shown, style="red") if sign < 0 else Text(f"+{shown}", style="green")


def _severity(value: object) -> str:
    return SEVERITIES.get(str(value), words(value))


def _table(columns: Sequence[Column], rows: Sequence[Json]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for label, right, _cell in columns:
        table.add_column(label, justify="right" if right else "left", no_wrap=right)
    for row in rows:
        table.add_row(*(cell(row) for _label, _right, cell in columns))
    return table


def _panel(
    card: Json, parts: Sequence[RenderableType], style: str, title: str | None = None
) -> Panel:
    return Panel(
        Group(*parts),
        title=Text(f" {safe(title or card.get('title'))} ", style="bold"),
        title_align="left",
        border_style=style,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _currency(card: Json) -> str:
    return str(card["fields"].get("currency") or "INR")


def _name(leg: Json) -> str | None:
    return None if leg.get("instrument") is None else instrument(leg["instrument"])


def _text(value: object) -> str | None:
    return None if value is None else safe(value)


def _time(value: object) -> str | None:
    return None if value is None else clock(value)
