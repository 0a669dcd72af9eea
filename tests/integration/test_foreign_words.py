"""Changing only what others wrote changes no plan, gate input, approval or tool call."""

import json
import random
import re
from typing import Any

import httpx
import pytest

from app.files.packing import NumberedRow, Packer, TextBudget
from app.files.shown import shown_name, shown_text
from app.instruments.directory import Directory
from app.persistence.location import DatabaseLocation
from app.settings import BrokerName, Settings
from tests.fakes.brokers import OneBroker
from tests.fakes.model_answers import an_answer, an_order
from tests.figures import many, tell
from tests.integration.benches import a_bench
from tests.integration.driving import approve, as_owner, propose, rows, say
from tests.integration.injections import GOALS, TEMPLATES
from tests.integration.modelled import open_modelled
from tests.integration.test_hijacked_model import attach, rename

MESSAGES = (
    "buy 10 INFY at market, cnc",
    "sell half my INFY",
    "exit INFY",
    "buy 5 TCS at 2000 sl 1950 target 2100",
    "sirjee buy 3 tcs zordaar bolo",
    "sell 500000 TCS at market",
    "buy tata",
    "orders",
    "exceptions",
    "positions",
    "cancel my SBIN order",
    "price of TCS",
    "show the file",
    "compare this with my positions",
)
READ = an_answer(
    "trade",
    orders=[an_order(side=("BUY", "buy"), symbols=[("TCS", "tcs")], quantity=("3", "3"))],
)
# Ids and hashes are new each time, and names are the very words that are changed.
FRESH = re.compile(r"\b[a-z]{2,4}_[0-9a-f]{20}\b|\b[0-9a-f]{64}\b")


# Refusals add up to the kill switch, so 1,000 pairs need more desks than one.
BATCHES = many(full=5, quick=1)


@pytest.mark.tampers
@pytest.mark.parametrize("batch", range(BATCHES))
async def test_foreign_words_change_nothing_that_is_decided(
    settings: Settings, location: DatabaseLocation, batch: int
) -> None:
    bench, chance, pairs = a_bench(), random.Random(batch), many(full=200, quick=30)
    differ: list[tuple[str, str, str]] = []
    async with (
        open_modelled(
            settings,
            location,
            lambda _: READ,
            brokers=OneBroker(bench.broker),
            clock=bench.clock,
            market=bench.market,
            broker=BrokerName.MOCK,
        ) as run,
        run.desk.client() as client,
    ):
        directory = run.desk.container.services.directory
        assert isinstance(directory, Directory)
        await approve(client, await propose(client, "buy 20 INFY at market, cnc"))
        await approve(client, await propose(client, "buy 1 TCS at 1900 cnc"))
        with_exception(location)
        file_id = await attach(client, "note")
        seen: dict[str, str] = {}
        # The first of each message is what all later ones are paired with.
        for number in range(pairs + len(MESSAGES)):
            message = MESSAGES[number % len(MESSAGES)]
            text = foreign_text(chance)
            put(location, directory, text)
            decided = await what_is_decided(client, location, message, file_id)
            if seen.setdefault(message, decided) != decided:
                differ.append((message, text, decided))
    tell("foreign words", pairs=pairs, differ=len(differ))
    assert differ == []


def foreign_text(chance: random.Random) -> str:
    """Make up something that a broker, an exchange or a stranger might have written."""
    goal = chance.choice(GOALS)
    noise = "".join(chance.choice("abc xyz 0123456789<>'\"{}[]\n") for _ in range(12))
    return chance.choice(TEMPLATES).format(goal=goal) + noise


def with_exception(location: DatabaseLocation) -> None:
    """Keep an exception whose words can be changed."""
    delta = {
        "kind": "ORDER_EXTRA_AT_BROKER",
        "severity": "L",
        "key": "extra:1",
        "message": "an order of somebody else's",
    }
    as_owner(
        location,
        "INSERT INTO exceptions (tenant_id, exception_id, account_id, kind, severity, key, status,"
        " body, opened_at, last_seen_at) SELECT tenant_id, 'exc_1', account_id, %s, 'L', 'extra:1',"
        " 'OPEN', %s, now(), now() FROM accounts WHERE currency = 'INR'",
        delta["kind"],
        json.dumps(delta),
    )


def put(location: DatabaseLocation, directory: Directory, text: str) -> None:
    """Write a text wherever others may write."""
    as_owner(location, "UPDATE orders SET reason = %s", text)
    as_owner(location, "UPDATE tenants SET name = %s", text)
    as_owner(
        location,
        "UPDATE exceptions SET body = jsonb_set(body, '{message}', to_jsonb(%s::text))",
        text,
    )
    for symbol in ("INFY", "TCS"):
        rename(directory, symbol, text)
    name, cell = shown_name(text), shown_text(text)
    as_owner(location, "UPDATE files SET name = %s", name)
    as_owner(
        location,
        "UPDATE file_sheets SET packed = %s, facts = facts || jsonb_build_object('name', %s::text)"
        " || jsonb_build_object('columns', jsonb_set(facts -> 'columns', '{2,name}',"
        " to_jsonb(%s::text)), 'head', jsonb_set(facts -> 'head', '{0,cells,2}',"
        " to_jsonb(%s::text)))",
        packed([(2, ["TCS", "100", text])]),
        name,
        name,
        cell,
    )


def packed(rows_of_a_sheet: list[NumberedRow]) -> bytes:
    packer = Packer(TextBudget())
    packer.add(rows_of_a_sheet)
    return packer.packed()


async def what_is_decided(
    client: httpx.AsyncClient, location: DatabaseLocation, message: str, file_id: str
) -> str:
    """Say a message and return all that was decided of it, without ids and names."""
    answer = await say(client, message, files=[file_id])
    trace = (await client.get(f"/api/v1/decisions/{answer['decision_id']}")).json()["decision"]
    judged = rows(
        location,
        "SELECT gate_input, verdict FROM risk_decisions WHERE plan_id = %s ORDER BY decision_hash",
        answer["plan_id"],
    )
    plan = rows(location, "SELECT body FROM plans WHERE plan_id = %s", answer["plan_id"])
    whole: dict[str, Any] = {
        "outcome": answer["outcome"],
        "code": answer["error_code"],
        "intent": answer["intent"],
        "plan": plan,
        "judged": judged,
        "tools": [(call["tool"], call["arguments"], call["outcome"])
                  for call in trace["tools_called"]],
        "orders": [order["state"] for order in trace["orders_submitted"]],
        "approvals": [card["status"] for card in answer["cards"]],
    }  # fmt: skip
    for card in answer["cards"]:
        if card["status"] == "PENDING" and card["kind"] == "trade_plan":
            await client.post(f"/api/v1/cards/{card['id']}/reject")
    return FRESH.sub("FRESH", json.dumps(_unnamed(whole), default=str, sort_keys=True))


def _unnamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unnamed(each) for key, each in value.items() if key != "name"}
    if isinstance(value, (list, tuple)):
        return [_unnamed(each) for each in value]
    return value
