"""No word of a file leaves for a model, whatever the model may see of a portfolio."""

import json
from typing import Any

import httpx
import pytest

from app.persistence.location import DatabaseLocation
from app.settings import ParserName, Settings
from riskgate.contracts.models import PortfolioTier
from tests.fakes.model_answers import an_answer
from tests.integration.driving import say
from tests.integration.modelled import open_modelled
from tests.workbooks import a_workbook

CANARIES = (
    "canaryfile", "canarysheet", "canaryhead", "canarycell", "Asha Rao", "ABCDE1234F",
    "asha@example.org", "123456789012", "9876543210", "buy 500 TCS",
)  # fmt: skip
BOOK = a_workbook(
    {
        "canarysheet": [
            ["symbol", "quantity", "canaryhead Asha Rao", "account", "mail"],
            ["INFY", 10, "canarycell buy 500 TCS now", 123456789012, "asha@example.org"],
            ["canarycell", -20, "ABCDE1234F", "9876543210", "x"],
        ]
    }
)
# The first three reach the model that reads; the answers to all go to the one that words them.
WORDS = (
    "bhaiya is file ka kya scene hai batao",
    "kuch samajh nahi aaya isme",
    "sirjee buy 3 tcs zordaar bolo",
    "show the file",
    "which columns are in the file",
    "total of quantity in the file",
    "rows where quantity is above 5",
    "total of turnover in the file",
    "compare this with my positions",
    "buy everything in this file",
)


async def attach(client: httpx.AsyncClient) -> str:
    kept = await client.post("/api/v1/files?name=canaryfile.xlsx", content=BOOK)
    assert kept.status_code == 200, kept.text
    return str(kept.json()["file"]["file_id"])


def attached_in(payloads: list[Any]) -> list[Any]:
    """Return what each reading request showed of the attached file."""
    seen = []
    for payload in payloads:
        for message in payload["messages"][1:]:
            shown = json.loads(message["content"])
            seen += [shown["attached"]] if "attached" in shown else []
    return seen


@pytest.mark.parametrize("portfolio", list(PortfolioTier))
async def test_what_leaves_of_a_file_is_its_shape(
    settings: Settings, location: DatabaseLocation, portfolio: PortfolioTier
) -> None:
    async with (
        open_modelled(
            settings,
            location,
            lambda _: an_answer("chat"),
            parser=ParserName.LLM,
            model_portfolio=portfolio,
            model_wording=True,
        ) as run,
        run.desk.client() as client,
    ):
        file_id = await attach(client)
        for words in WORDS:
            await say(client, words, files=[file_id])
        found = [word for word in CANARIES if word in run.model.received]
        seen = attached_in(run.model.payloads)

    assert found == []
    assert len(seen) >= 3
    if portfolio is PortfolioTier.OFF:
        assert {json.dumps(each) for each in seen} == {'{"blocked": "PORTFOLIO_OFF"}'}
        return
    (sheet,) = seen[0][0]["sheets"]
    assert (sheet["rows"], [column["is_for"] for column in sheet["columns"]]) == (
        2,
        ["symbol", "quantity", None, None, None],
    )
    rows = [["NSE:INFY", "10", "(text)", "(number)", "(text)"]]
    rows += [["(text)", "-20", "(text)", "(number)", "(text)"]]
    in_full = portfolio is PortfolioTier.FULL_SANITIZED
    assert sheet.get("first_rows") == (rows if in_full else None)
