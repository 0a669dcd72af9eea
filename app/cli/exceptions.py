"""Compare with the broker and put exceptions right, for the operator at the machine."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.errors import BrokerUnavailable
from app.cli.errors import FAILED, guarded
from app.cli.running import with_application
from app.cli.text import json_text, safe, words
from app.errors import Unavailable
from app.identity.principal import OWNER_TENANT
from app.persistence import accounts, exceptions
from app.pipeline.views import require_account
from app.reconciliation.actions import Action
from riskgate.contracts.traces import ReconciliationDelta, ReconciliationResult

if TYPE_CHECKING:
    from app.bootstrap import Container

app = typer.Typer(no_args_is_help=True, help="Differences between ledger and broker.")

Tenant = Annotated[str, typer.Option(help="Tenant.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Account = Annotated[str | None, typer.Option(help="One account; every one without it.")]
OPERATOR = "operator"
out = Console()
SEVERITY = {"H": "high", "M": "medium", "L": "low"}


@guarded
def reconcile(
    account: Account = None, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False
) -> None:
    """Compare the ledger with the broker now; exit 1 where they differ."""

    async def work(container: "Container") -> list[ReconciliationResult]:
        async with container.database.tenant(tenant) as session:
            if account is not None:
                wanted = [(await require_account(session, account)).account_id]
            else:
                wanted = [one.account_id for one in await accounts.list_accounts(session)]
        try:
            return [await container.reconciler.reconcile(tenant, one) for one in wanted]
        except BrokerUnavailable as down:
            raise _down(down) from down

    found = with_application(work, at_broker=True)
    if as_json:
        _print_json([one.model_dump(mode="json") | {"matched": one.matched} for one in found])
    else:
        for one in found:
            said = "matched" if one.matched else f"{len(one.deltas)} difference(s)"
            typer.echo(f"{one.account_id}  {said}")
            if one.deltas:
                out.print(_table([_delta_row(delta) for delta in one.deltas]))
    if not all(one.matched for one in found):
        raise typer.Exit(FAILED)


@app.command("list")
@guarded
def list_exceptions(
    account: Account = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also those that are over.")] = False,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """List what a person should look at, with what may be done about it."""

    async def work(container: "Container") -> list[dict[str, Any]]:
        from app.reconciliation.showing import show_exception

        async with container.database.tenant(tenant) as session:
            found = await exceptions.list_exceptions(
                session, include_resolved=resolved, account_id=account, limit=200, offset=0
            )
        return [show_exception(one) for one in found]

    rows = with_application(work)
    if as_json:
        _print_json(rows)
        return
    out.print(_table([_exception_row(row) for row in rows]))


@app.command("ack")
@guarded
def acknowledge_exception(
    exception_id: str, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False
) -> None:
    """Say that you have seen an exception."""

    async def work(container: "Container") -> dict[str, Any]:
        from app.reconciliation.acknowledging import acknowledge
        from app.reconciliation.showing import show_exception

        async with container.database.tenant(tenant) as session:
            at = container.services.clock.now()
            return show_exception(await acknowledge(session, exception_id, by=OPERATOR, at=at))

    shown = with_application(work)
    _print_json(shown) if as_json else typer.echo(f"{exception_id}  {shown['status']}")


@app.command()
@guarded
def remediate(
    exception_id: str,
    action: Action,
    comment: Annotated[str | None, typer.Option(help="Why; it is audited.")] = None,
    broker_order: Annotated[str | None, typer.Option(help="Which order to cancel.")] = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Put an exception right, once. CLOSE_POSITION needs HTTP: a person approves its card."""

    async def work(container: "Container") -> dict[str, Any]:
        from app.pipeline.remedies import Wish
        from app.reconciliation.showing import show_remediation

        wish = Wish(action=action, comment=comment, broker_order_id=broker_order)
        try:
            done = await container.services.remedies.remediate(
                tenant, exception_id, wish, by=OPERATOR
            )
        except BrokerUnavailable as down:
            raise _down(down) from down
        return show_remediation(done)

    shown = with_application(work, at_broker=True)
    _print_json(shown) if as_json else typer.echo(f"{exception_id}  {shown['status']}")


def _down(down: BrokerUnavailable) -> Unavailable:
    return Unavailable(f"the broker does not answer: {down.message}", code="BROKER_UNAVAILABLE")


def _print_json(value: object) -> None:
    typer.echo(json_text(value))


def _delta_row(delta: ReconciliationDelta) -> tuple[str, str, str, str, str]:
    severity = SEVERITY[delta.severity]
    return "", severity, words(delta.kind), words(delta.cause), delta.message


def _exception_row(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    severity = SEVERITY.get(row["severity"], row["severity"])
    message = f"{row['message']} ({', '.join(row['possible']) or 'nothing to do'})"
    return row["exception_id"], severity, words(row["kind"]), words(row["cause"]), message


def _table(rows: list[tuple[str, str, str, str, str]]) -> Table:
    table = Table()
    for name in ("exception", "severity", "kind", "cause", "what"):
        # An id is there to be copied: it is never shortened.
        table.add_column(name, no_wrap=name == "exception", overflow="fold")
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    return table
