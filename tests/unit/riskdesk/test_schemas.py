"""What the desk writes keeps to the published schemas, and every kind of record has one."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.riskdesk.answers import json_text
from app.riskdesk.broker import BrokerRefused, Cancelled
from app.riskdesk.running import RunOptions, run_files
from app.riskdesk.scenarios import scenarios
from riskgate.documents import Execution, InFlight, Terms
from riskgate.records import Kind
from tests.risk_desk_schemas import BODIES
from tests.schemas import FOLDER
from tests.unit.riskdesk.desks import (
    T0,
    FailingBroker,
    a_desk,
    a_portfolio,
    a_start,
    an_intent,
    at,
    kinds_of,
    prices,
)


def checker(name: str) -> Draft202012Validator:
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_kind_of_record_has_a_schema() -> None:
    assert set(BODIES) == {kind.value for kind in Kind}


@pytest.mark.parametrize("one", scenarios(), ids=lambda one: one.name)
def test_the_journal_and_summary_of_a_scenario_keep_to_their_schemas(
    one: Any, tmp_path: Path
) -> None:
    journal = tmp_path / "j"
    found = run_files(replace(one.files, journal=journal), RunOptions(run_id="run"))
    checker("RiskRunSummary").validate(json.loads(json_text(found)))
    record = checker("RiskRecord")
    for line in journal.read_bytes().splitlines():
        record.validate(json.loads(line))


def test_the_rarer_records_keep_to_their_schema_and_a_surprise_does_not(tmp_path: Path) -> None:
    path, broker = tmp_path / "j", FailingBroker([BrokerRefused("no"), RuntimeError("cut")])
    order = InFlight("o-1", "B", -1, Decimal(1), Decimal("9.5"))
    instruments = {"B": Terms(Decimal(5), "USD", Decimal(1), Decimal("0.05"), "s", "u")}
    portfolio = a_portfolio(currency="INR", in_flight=(order,), instruments=instruments)
    market = prices(A=100, B="NaN")._replace(as_of={"A": T0}, fx={"USD": Decimal(83)})
    execution = Execution(1, {"a": 1}, {"A": 1}, 1, 1, 1, (("t", "EXP-001"),))
    desk = a_desk(path, broker=broker, start=a_start(portfolio, market, execution))
    desk.submit(an_intent("x" * 900), at(0))
    desk.set_prices(prices(A=100, B=5), at(1))
    for n in range(3):
        desk.submit(an_intent(f"i-{n}"), at(24 * 3600 + n))
    broker.tell(Cancelled(broker.sent[-1], "late"))
    desk.take_events(at(24 * 3600 + 9))
    desk.journal.close()
    record = checker("RiskRecord")
    for line in path.read_bytes().splitlines():
        value = json.loads(line)
        record.validate(value)
        assert not record.is_valid({**value, "body": {**value["body"], "surprise": 1}})
    rare = {Kind.INTENT, Kind.ACCOUNT, Kind.REJECT, Kind.UNKNOWN, Kind.CANCEL, Kind.PRICE}
    assert rare <= set(kinds_of(path))
