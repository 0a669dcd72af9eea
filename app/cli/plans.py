"""Plan, validate, execute: from a terminal, through a running server."""

import os
import secrets
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.text import Text

from app.cli.errors import FAILED, USAGE, guarded
from app.cli.sse_client import ChatError, ServerRefused, refusal, unreachable
from app.cli.text import json_text, safe
from app.settings import load_settings

KEY_VARIABLE: Final = "SIGMATRADER_API_KEY"
CONNECT_S: Final = 5.0
# An execution waits for fills; three times the longest wait is silence.
SILENCE_S: Final = 90.0
notes = Console(stderr=True)

Client = Annotated[
    str, typer.Option("--client-id", help="The tenant that owns the plan; 1 is the first.")
]
Url = Annotated[str | None, typer.Option(help="Server; the local one by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@guarded
def plan(
    words: Annotated[str, typer.Argument(help="What to trade, in words.")],
    account: Annotated[str | None, typer.Option(help="Account to trade in.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a plan out of words; it is stored and judged, and nothing is sent."""
    body = {"message": words} | ({"account_id": account} if account else {})
    answer = _call(url, "POST", "/api/v1/chat", body, as_json=as_json)
    made = answer.get("outcome") == "AWAITING_APPROVAL"
    card = next((c for c in answer.get("cards") or [] if c.get("kind") == "trade_plan"), None)
    if as_json:
        shown = {
            "ok": made,
            "plan_id": answer.get("plan_id"),
            "plan_hash": None if card is None else card.get("plan_hash"),
            "card_id": None if card is None else card.get("id"),
            "outcome": answer.get("outcome"),
            "error_code": answer.get("error_code"),
            "message": answer.get("message"),
            "card": card,
        }
        _print_json(shown)
    else:
        if card is not None:
            typer.echo(safe(card.get("title")))
        if answer.get("plan_id"):
            typer.echo(f"plan {safe(answer['plan_id'])}")
        if card is not None:
            typer.echo(f"card {safe(card.get('id'))} waits until {safe(card.get('expires_at'))}")
        typer.echo(safe(answer.get("message")))
    raise typer.Exit(0 if made else FAILED)


@guarded
def validate(plan_id: str, client_id: Client, url: Url = None, as_json: AsJson = False) -> None:
    """Check a plan and simulate it: PASS, WARNING or FAIL. Exit code 1 is FAIL."""
    body = {"client_id": client_id}
    answer = _call(url, "POST", f"/api/v1/plans/{_path(plan_id)}/validate", body, as_json=as_json)
    report = answer["validation"]
    _show(answer, report, as_json=as_json)
    raise typer.Exit(FAILED if report["status"] == "FAIL" else 0)


@guarded
def execute(
    plan_id: str,
    client_id: Client,
    paper: Annotated[bool, typer.Option("--paper", help="Send to the paper broker.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Send to the live broker.")] = False,
    acknowledge_risk: Annotated[
        bool, typer.Option("--acknowledge-risk", help="Say that LIVE risks money.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Execute a plan: a dry run, unless --paper or --live. Exit code 1 is blocked or failed."""
    if paper and live:
        notes.print("Give --paper or --live, not both.")
        raise typer.Exit(USAGE)
    body: dict[str, Any] = {
        "mode": "LIVE" if live else "PAPER" if paper else "DRY_RUN",
        "client_id": client_id,
        "acknowledge_risk": acknowledge_risk,
    }
    path = f"/api/v1/plans/{_path(plan_id)}/execute"
    answer = _call(url, "POST", path, body, as_json=as_json, blocked={"plan_id": plan_id, **body})
    report = answer["execution"] | {
        "already_executed": answer["already_executed"],
        "codes": answer["codes"],
        "orders_now": answer["orders"],
    }
    _show(answer, report, as_json=as_json)
    raise typer.Exit(0 if report["status"] == "SUCCESS" else FAILED)


def _show(answer: Mapping[str, Any], report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        _print_json(report)
        return
    for line in answer["text"]:
        typer.echo(safe(line))


def _call(
    url: str | None,
    method: str,
    path: str,
    body: Mapping[str, Any],
    *,
    as_json: bool,
    blocked: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Call the server with a key of its own for this one command; a refusal ends the command.

    With `blocked`, a plan that is not the tenant's is told as a report that was BLOCKED.
    """
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        notes.print(f"Set {KEY_VARIABLE} to the key that the first 'serve' printed.")
        raise typer.Exit(USAGE)
    settings = load_settings()
    with _client(url or f"http://{settings.host}:{settings.port}", key) as client:
        try:
            response = client.request(
                method, path, json=dict(body), headers={"Idempotency-Key": secrets.token_hex(16)}
            )
        except httpx.TransportError as error:
            return _refused(unreachable(client, error), as_json=as_json)
    if not response.is_success:
        problem = refusal(response)
        not_there = response.status_code == httpx.codes.NOT_FOUND
        return _refused(problem, as_json=as_json, blocked=blocked if not_there else None)
    answer: dict[str, Any] = response.json()
    return answer


def _refused(
    error: ChatError, *, as_json: bool, blocked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    if as_json:
        body = error.body if isinstance(error, ServerRefused) else {}
        body = body or {"ok": False, "code": error.code, "detail": error.message}
        if blocked is not None:
            body |= {**blocked, "status": "BLOCKED", "codes": [error.code]}
        _print_json(body)
    else:
        before = "" if blocked is None else "EXECUTION BLOCKED. Nothing was sent. "
        notes.print(Text(safe(f"{before}{error.code}: {error.message} {error.remedy}")))
    raise typer.Exit(FAILED)


def _client(base_url: str, key: str) -> httpx.Client:
    try:
        address = httpx.URL(base_url)
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in {"http", "https"} or not address.host:
        notes.print(Text(f"{safe(base_url)} is not an address like http://127.0.0.1:8080"))
        raise typer.Exit(USAGE)
    return httpx.Client(
        base_url=address,
        headers={"Authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(CONNECT_S, read=SILENCE_S),
        # A proxy of the machine must see neither the key nor the orders.
        trust_env=False,
    )


def _path(plan_id: str) -> str:
    if not plan_id or not all(c.isalnum() or c in "_.:-" for c in plan_id):
        notes.print(Text(f"{safe(plan_id)} is not the id of a plan; it looks like pln_..."))
        raise typer.Exit(USAGE)
    return plan_id


def _print_json(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json_text(value) + "\n")
