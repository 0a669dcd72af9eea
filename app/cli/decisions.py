"""Look at what was decided, run it again, and check the audit log."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from agents.insights.writer import WORDED
from app.audit.log import first_break
from app.cli.errors import FAILED, guarded
from app.cli.running import with_application
from app.cli.text import json_text
from app.errors import NotFound
from app.identity.principal import OWNER_TENANT
from app.persistence import traces
from app.persistence.audit import AuditRow, all_rows
from app.pipeline.replaying import ReplayReport, replay_trace
from riskgate.contracts.traces import DecisionTrace

if TYPE_CHECKING:
    from app.bootstrap import Container

app = typer.Typer(no_args_is_help=True, help="Decision traces.")
audit = typer.Typer(no_args_is_help=True, help="The audit log.")

Tenant = Annotated[str, typer.Option(help="Tenant.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
out = Console()


@app.command("list")
@guarded
def list_decisions(
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    tenant: Tenant = OWNER_TENANT,
    as_json: AsJson = False,
) -> None:
    """List the newest turns."""

    async def work(container: "Container") -> list[DecisionTrace]:
        async with container.database.tenant(tenant) as session:
            return await traces.list_traces(session, user_id=None, limit=limit, offset=0)

    found = with_application(work)
    if as_json:
        typer.echo(json_text([trace.model_dump(mode="json") for trace in found]))
        return
    table = Table()
    for name, whole in (
        ("decision", True),
        ("started (UTC)", True),
        ("message", False),
        ("outcome", True),
    ):
        table.add_column(name, no_wrap=whole)
    for trace in found:
        table.add_row(
            trace.decision_id,
            trace.started_at.strftime("%d %b %H:%M"),
            trace.user_message[:60],
            trace.final_outcome.value,
        )
    out.print(table)


@app.command()
@guarded
def show(decision_id: str, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False) -> None:
    """Show one turn's trace."""

    async def work(container: "Container") -> DecisionTrace:
        return await _trace(container, tenant, decision_id)

    trace = with_application(work)
    if as_json:
        typer.echo(json_text(trace.model_dump(mode="json")))
        return
    _print_trace(trace)


@app.command()
@guarded
def replay(decision_id: str, tenant: Tenant = OWNER_TENANT, as_json: AsJson = False) -> None:
    """Run the stored inputs again; exit 1 and name the first difference when they differ."""

    async def work(container: "Container") -> ReplayReport:
        trace = await _trace(container, tenant, decision_id)
        async with container.database.tenant(tenant) as session:
            return await replay_trace(session, trace)

    report = with_application(work)
    if as_json:
        typer.echo(json_text(report.model_dump(mode="json")))
    else:
        for step in report.steps:
            typer.echo(f"{step.step}: {'equal' if step.equal else step.difference}")
        typer.echo("replay equal" if report.equal else "replay DIFFERS")
    if not report.equal:
        raise typer.Exit(FAILED)


@audit.command()
@guarded
def verify(tenant: Tenant = OWNER_TENANT) -> None:
    """Check the whole chain; exit 1 and name the first broken row when it does not hold."""

    async def work(container: "Container") -> list[AuditRow]:
        async with container.database.tenant(tenant) as session:
            return await all_rows(session)

    rows = with_application(work)
    broken = first_break(rows)
    if broken is not None:
        typer.echo(f"broken at row {broken.seq}: {broken.reason}")
        raise typer.Exit(FAILED)
    typer.echo(f"{len(rows)} rows, intact")


async def _trace(container: "Container", tenant: str, decision_id: str) -> DecisionTrace:
    async with container.database.tenant(tenant) as session:
        trace = await traces.latest_trace(session, decision_id)
    if trace is None:
        raise NotFound(f"there is no decision {decision_id}")
    return trace


def _print_trace(trace: DecisionTrace) -> None:
    table = Table(show_header=False)
    table.add_row("decision", f"{trace.decision_id} (version {trace.version})")
    table.add_row("message", trace.user_message)
    table.add_row("outcome", trace.final_outcome.value)
    table.add_row("plan", f"{trace.plan_id or '-'} {trace.plan_hash or ''}")
    if trace.riskgate_result is not None:
        broken = ", ".join(trace.riskgate_result.codes)
        table.add_row("gate", f"{trace.riskgate_result.verdict} {broken}")
    for order in trace.orders_submitted:
        table.add_row("order", f"{order.order_id} {order.state} {order.broker_order_id or ''}")
    if trace.reconciliation_result is not None:
        matched = trace.reconciliation_result.matched
        table.add_row("reconciled", "agree" if matched else "differ")
    for call in trace.tools_called:
        table.add_row("tool", f"{call.tool}: {call.summary}")
    for sentence in trace.explanations:
        table.add_row("", sentence)
    used = trace.inputs_used.context
    wording = used.get("wording")
    if isinstance(wording, dict) and wording.get("outcome") == WORDED:
        prompt = f"{wording.get('prompt_name')} {str(wording.get('prompt_sha256'))[:12]}"
        table.add_row("shown as", f"{wording.get('shown')} (prompt {prompt})")
    if "page" in used:
        table.add_row("page", str(used["page"]))
    out.print(table)
