"""The operator's commands compare, list, acknowledge and put exceptions right."""

import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from app.cli.main import app
from app.cli.running import with_application
from app.identity.principal import OWNER_TENANT
from app.persistence import exceptions, ledger
from app.persistence.ledger import Adjustment
from app.persistence.location import DatabaseLocation
from app.reconciliation.severities import SEVERITY
from riskgate.contracts.orders import Product
from riskgate.contracts.snapshots import Position
from riskgate.contracts.traces import DeltaKind, ReconciliationDelta
from tests.fakes.instruments import TCS
from tests.integration.driving import rows

ACCOUNT = "paper-inr"


async def expect_five(container: Any) -> None:
    """Let the ledger expect what somebody took over and the broker has no more."""
    await container.start()
    at = container.services.clock.now()
    position = Position(
        instrument=TCS, product=Product.CNC, quantity=Decimal(5), average_price=Decimal(100)
    )
    kind = DeltaKind.POSITION_EXTRA_AT_BROKER
    delta = ReconciliationDelta(kind=kind, severity=SEVERITY[kind], key="old", message="old")
    adjustment = Adjustment(
        adjustment_id="adj_old",
        account_id=ACCOUNT,
        exception_id="exc_old",
        instrument=TCS,
        product=Product.CNC,
        quantity=Decimal(5),
        average_price=Decimal(100),
        cause="MANUAL_TRADE",
        proof="{}",
        trades=(),
        adjusted_by="test",
        comment=None,
    )
    async with container.database.tenant(OWNER_TENANT) as session:
        await exceptions.open_exception(
            session, delta, exception_id="exc_old", account_id=ACCOUNT, at=at
        )
        await exceptions.resolve(session, exception_id="exc_old", at=at)
        await ledger.add_adjustment(session, adjustment, at=at)
        await ledger.lock_position(
            session, account_id=ACCOUNT, instrument=TCS, product=Product.CNC, at=at
        )
        await ledger.set_position(session, position, account_id=ACCOUNT, at=at)


def test_the_command_line_compares_acknowledges_and_adopts(
    shell: pytest.MonkeyPatch,
    location: DatabaseLocation,
) -> None:
    with_application(expect_five)

    def run(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, [*words])
        return done.exit_code, json.loads(done.stdout) if "--json" in words else done.output

    # An answer without any rows counts when the comparison before it, seconds ago, was the same.
    first = run("reconcile", "--account", ACCOUNT, "--json")
    held_back = run("exception", "list", "--json")
    psql = "UPDATE snapshots SET body = jsonb_set(body, '{as_of}', '\"2026-01-01T00:00:00Z\"')"
    with psycopg.connect(location.owner_conninfo) as connection:
        connection.execute(psql)
    second = run("reconcile", "--account", ACCOUNT)
    _code, listed = run("exception", "list", "--json")
    name = listed[0]["exception_id"]
    acknowledged = run("exception", "ack", name, "--json")
    refused = run("exception", "remediate", name, "CLOSE_POSITION")
    adopted = run("exception", "remediate", name, "ADOPT", "--comment", "seen", "--json")
    matched = run("reconcile", "--account", ACCOUNT)

    assert (first[0], first[1][0]["matched"], held_back) == (1, False, (0, []))
    assert (second[0], "1 difference" in second[1]) == (1, True)
    assert listed[0]["possible"] == ["ADOPT"]
    assert acknowledged[1]["status"] == "ACK"
    assert refused[0] == 1
    assert (adopted[0], adopted[1]["status"]) == (0, "DONE")
    assert (matched[0], matched[1].split()) == (0, [ACCOUNT, "matched"])
    held = rows(location, "SELECT quantity FROM ledger_positions")
    assert [row["quantity"] for row in held] == [Decimal(0)]
