"""Panic close, drain and the list of stops and targets, for the operator at the machine."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.insights.figures import currency_of
from app.cli.desk_lists import NO_PROTECTIONS
from app.cli.errors import guarded
from app.cli.running import with_application
from app.cli.text import json_text, money
from app.identity.principal import OWNER_TENANT
from app.persistence import protections as rows
from app.pipeline.views import require_account
from app.protection.drain import State, StateChange
from app.protection.views import show_panic, show_protections, show_state
from riskgate.contracts.instruments import Exchange, InstrumentRef

if TYPE_CHECKING:
    from app.bootstrap import Container

Tenant = Annotated[str, typer.Option(help="Tenant.")]
Account = Annotated[str, typer.Option(help="The account.")]
Reason = Annotated[str, typer.Option(help="Why; it is audited.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OPERATOR = "operator"
SHOWN = 200
NOT_FLAT = 1


@guarded
def panic(account: Account, reason: Reason, tenant: Tenant = OWNER_TENANT) -> None:
    """Stop opening, cancel our open orders, leave every position; exit 1 if not all is closed."""

    async def work(container: "Container") -> dict[str, Any]:
        report = await container.services.protection.panic.close(
            tenant, account, by=OPERATOR, reason=reason
        )
        return show_panic(report)

    told = with_application(work, at_broker=True)
    again = " (asked before)" if told["repeated"] else ""
    typer.echo(f"panic {told['panic_id']}{again}: kill switch {told['kill_switch']}")
    for order_id in told["cancelled"]:
        typer.echo(f"cancelled      {order_id}")
    for order in told["not_cancelled"]:
        typer.echo(f"NOT cancelled  {order['order_id']}: {order['why']}")
    for order in told["exits"]:
        typer.echo(
            f"exit           {order['side']} {order['quantity']} {_name(order)}"
            f" {order['state']}, {order['filled_quantity']} filled"
        )
    for each in told["left"]:
        typer.echo(f"LEFT           {each['quantity']} {each['instrument']}: {each['why']}")
    typer.echo("Everything is closed." if told["flat"] else "NOT everything is closed.")
    typer.echo(f"To trade again: sigmatrader drain --account {account} --to RUNNING --reason ...")
    if not told["flat"]:
        raise typer.Exit(NOT_FLAT)


@guarded
def drain(
    account: Account,
    reason: Reason,
    to: Annotated[
        State, typer.Option(help="The state to go to.", case_sensitive=False)
    ] = State.DRAINING,
    tenant: Tenant = OWNER_TENANT,
) -> None:
    """Take open entries back and let what is held run to its stop or target; or another state."""

    async def work(container: "Container") -> dict[str, Any]:
        change = StateChange(to=to, by=OPERATOR, reason=reason, may_restart=True)
        return show_state(await container.services.protection.drain.change(tenant, account, change))

    told = with_application(work, at_broker=True)
    typer.echo(f"{account}  {told['state']}  kill switch {told['kill_switch']}")
    for what in (*told["open_orders"], *told["open_positions"]):
        typer.echo(f"open  {what}")


@guarded
def protections(
    account: Annotated[str | None, typer.Option(help="The account; all without.")] = None,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """Show each protected entry: where its stop and its target are, and who holds them."""

    async def work(container: "Container") -> list[dict[str, Any]]:
        async with container.database.tenant(tenant) as session:
            if account is not None:
                await require_account(session, account)
            found = await rows.list_protections(session, account_id=account, limit=SHOWN)
            return await show_protections(session, found)

    shown = with_application(work)
    if as_json:
        typer.echo(json_text(shown, indent=2))
        return
    if not shown:
        typer.echo(NO_PROTECTIONS)
    for row in shown:
        typer.echo(f"{row['entry_order_id']}  {row['side']} {row['instrument']}")
        for name in ("stop", "target"):
            if row[name] is not None:
                typer.echo(f"  {name} {_price(row, name)}: {row[name]['state']}")
        if row["note"]:
            typer.echo(f"  {row['note']}")


def _price(row: dict[str, Any], name: str) -> str:
    exchange, _, symbol = row["instrument"].partition(":")
    ref = InstrumentRef(exchange=Exchange(exchange), tradingsymbol=symbol)
    return money(row[name]["price"], currency_of(ref))


def _name(order: dict[str, Any]) -> str:
    return f"{order['instrument']['exchange']}:{order['instrument']['tradingsymbol']}"
