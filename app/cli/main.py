"""Every command of `sigmatrader`, grouped as people look for them."""

import os
from typing import Annotated

import typer
from rich.console import Console

from app.cli import (
    accounts,
    data,
    database,
    decisions,
    exceptions,
    files,
    intent,
    kill,
    kite,
    mcp,
    plans,
    policy,
    protection,
    risk_desk,
    trading_accounts,
    worker,
)
from app.cli.errors import guarded
from app.settings import Settings, load_settings, require_broker, require_model
from app.settings_help import misspelt

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="SigmaTrader: words in, gated and audited orders out.",
)
app.add_typer(database.app, name="db")
app.add_typer(accounts.users, name="user")
app.add_typer(accounts.keys, name="key")
app.add_typer(trading_accounts.app, name="account")
app.add_typer(kill.app, name="kill")
app.add_typer(kite.app, name="kite")
app.add_typer(policy.app, name="policy")
app.add_typer(data.app, name="data")
app.add_typer(files.app, name="file")
app.add_typer(decisions.app, name="decision")
app.add_typer(decisions.audit, name="audit")
app.add_typer(risk_desk.app, name="risk")
app.add_typer(exceptions.app, name="exception")
app.add_typer(intent.app, name="intent")

app.command()(worker.worker)
app.command()(mcp.mcp)
app.command()(protection.panic)
app.command()(protection.drain)
app.command()(protection.protections)
app.command()(exceptions.reconcile)
app.command()(plans.plan)
app.command()(plans.validate)
app.command()(plans.execute)

SIGN_IN = (
    "Sign in at {url} with the key that the first start printed. Lost it?"
    " 'sigmatrader key create owner' makes another."
)
KEY_VARIABLE = "SIGMATRADER_API_KEY"
notes = Console(stderr=True)


def warn(text: str) -> None:
    """Tell the person at the terminal what will need somebody."""
    typer.echo(f"Warning: {text}", err=True)


@app.command()
@guarded
def serve() -> None:
    """Serve the page, the API and AG-UI; starts and migrates the database first."""
    for text in misspelt(os.environ, Settings.model_fields):
        warn(text)
    settings = load_settings()
    # What is wrong with the settings is said before anything of the machine, such as a port.
    require_broker(settings)
    require_model(settings)
    # The server imports the graph library, which the other commands need not wait for.
    from app.bootstrap import prepare_database
    from app.main import listen
    from app.main import serve as run_server
    from app.persistence.location import release
    from app.telemetry import configure_logging

    configure_logging(settings.log_level)
    listener = listen(settings)
    url = f"http://{settings.host}:{listener.getsockname()[1]}/"
    notes.print("Preparing the database ...")
    location = prepare_database(settings)

    def announce(new_key: str | None) -> None:
        if new_key is not None:
            typer.echo(f"API key: {new_key}")
            typer.echo(f"Open {url}#key={new_key}")
            typer.echo("The key is shown only this once; keep it.")
        else:
            typer.echo(SIGN_IN.format(url=url))
        typer.echo(f"SigmaTrader serves on {url}")

    try:
        run_server(settings, location, listener, on_ready=announce, on_warning=warn)
    finally:
        release(location)


@app.command()
@guarded
def chat(
    message: Annotated[str | None, typer.Argument(help="One message; none for a talk.")] = None,
    account: Annotated[str | None, typer.Option(help="Account to trade in.")] = None,
    thread: Annotated[str | None, typer.Option(help="Conversation to go on with.")] = None,
    file: Annotated[
        list[str] | None, typer.Option(help="A .csv or .xlsx file that the message is about.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Server; the local one by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Talk to a running server; the key comes from SIGMATRADER_API_KEY."""
    from app.cli.chat import run_chat

    key = os.environ.get(KEY_VARIABLE)
    if not key:
        notes.print(f"Set {KEY_VARIABLE} to the key that the first 'serve' printed.")
        raise typer.Exit(2)
    settings = load_settings()
    base_url = url or f"http://{settings.host}:{settings.port}"
    raise typer.Exit(
        run_chat(
            base_url=base_url,
            api_key=key,
            account_id=account,
            thread_id=thread,
            attach=file or (),
            message=message,
            as_json=as_json,
        )
    )


def main() -> None:
    """Run the command line."""
    app()
