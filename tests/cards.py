"""Every kind of card that people are shown, as the product makes it in a world that stands still.

`python -m tests.cards` (or `make cards`) writes tests/golden/cards and docs/reference/cards.md.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from app.persistence.embedded import EmbeddedServer
from tests.card_fields import MEANINGS
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.instruments import INFY, TCS
from tests.fakes.market import ScriptedMarket
from tests.fakes.model_answers import an_answer
from tests.integration.conftest import (
    Desk,
    fresh_database,
    open_desk,
    quick_settings,
    template_server,
)
from tests.integration.driving import approve, say
from tests.integration.kite_desks import kite_world
from tests.integration.modelled import open_modelled
from tests.integration.test_files import added
from tests.integration.test_insights import rising_bars
from tests.integration.test_model_path import UNSURE

FOLDER: Final = Path(__file__).resolve().parent / "golden" / "cards"
PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cards.md"
INTRODUCTION: Final = """\
# Cards

Written by `make cards` from the cards that the product makes in a world that stands still; they are
kept whole in `tests/golden/cards`. The shape around `fields` is [Card](schemas/Card.json).

Figures are decimals written as text; null is not known and never zero. A name means the same on
every card. Fields may be added; do not fail on one that you do not know.
"""
_ID: Final = re.compile(r"\b([a-z]{2,5})_([0-9a-f]{20}|\d+)\b")
_HASH: Final = re.compile(r"\b[0-9a-f]{64}\b")
_TAG: Final = re.compile(r'("tag": )"[A-Z0-9]{20}"')


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One card as a front end receives it, after the words that led to it."""

    words: str
    said: str
    card: Mapping[str, Any]

    def text(self) -> str:
        """Write it as its file has it, with ids numbered within the file and hashes left out."""
        body = {"words": self.words, "said": self.said, "card": self.card}
        return _steady(json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True)) + "\n"


# A file's name, and what is said in a conversation of its own; the last card is meant.
SAID: Final[Mapping[str, str]] = {
    "insight_nothing_held": "positions",
    "trade_plan": "buy 10 INFY at market, cnc",
    "result": "",
    "trade_plan_with_stop": "buy 10 TCS at 2000, cnc, stop 2%, target 5%",
    "result_with_stop": "",
    "trade_plan_exit": "sell 4 INFY at market, cnc",
    "result_exit": "",
    "veto": "buy 100000 INFY at market, cnc",
    "veto_not_made": "buy 10 INFY at 1480.03, cnc",
    "question_size": "buy INFY at market, cnc",
    "question_cooling_off": "buy 10 INFY at market, cnc, to win it back",
    "insight_portfolio": "portfolio",
    "insight_funds": "funds",
    "insight_profit_and_loss": "pnl",
    "insight_limits": "how much of my limits is left",
    "insight_orders": "orders",
    "insight_fills": "trades today",
    "insight_exceptions": "exceptions",
    "insight_price": "price of INFY",
    "insight_market_context": "trend of INFY",
    "insight_market_hours": "is the market open today",
    "insight_why": "why did you buy infy",
    "insight_why_not": "why was it refused",
    "insight_decisions": "past decisions",
    "insight_morning_brief": "morning brief",
    "insight_help": "help",
    "insight_stops": "where are my stops",
    "insight_what_if": "what if i buy 100 INFY",
}
# Said last, after prices moved: INFY up, TCS down but above its stop.
AFTER_A_MOVE: Final[Mapping[str, str]] = {
    "insight_winners": "show my winners",
    "insight_losers": "which stocks are in loss",
}
FILE: Final = b"Symbol,Quantity,Price\nINFY,6,1010\nTCS,4,2000\nSBIN,2.5,-\n"
# Said with the file attached.
OF_A_FILE: Final[Mapping[str, str]] = {
    "insight_file": "show the file",
    "insight_file_figure": "total of quantity in the file",
    "insight_file_compared": "compare this with my positions",
}
APPROVED: Final[Mapping[str, str]] = {
    "result": "trade_plan",
    "result_with_stop": "trade_plan_with_stop",
    "result_exit": "trade_plan_exit",
}


async def produced(server: EmbeddedServer, home: Path) -> dict[str, Shown]:
    """Return every card by its file's name, from desks in databases of their own."""
    of_model = {"question_portfolio_detail": await _of_a_model(server, home)}
    return {**await _of_paper(server, home), **await _of_kite(server, home), **of_model}


async def _of_paper(server: EmbeddedServer, home: Path) -> dict[str, Shown]:
    clock = FakeClock()
    market = ScriptedMarket(clock)
    for ref, price in ((INFY, "1000"), (TCS, "2000")):
        market.show(ref, bids=[(price, 100_000)], asks=[(price, 100_000)], last=price)
    found: dict[str, Shown] = {}
    with fresh_database(server) as location:
        async with (
            open_desk(
                quick_settings(home), location, clock=clock, ids=CountingIds(), market=market
            ) as desk,
            desk.client() as client,
        ):
            await desk.container.bars.store_bars(rising_bars(INFY, 80))
            for name, words in SAID.items():
                clock.advance(seconds=61)
                found[name] = await _shown(client, found, name, words)
            for ref, price in ((INFY, "1010"), (TCS, "1990")):
                market.show(ref, bids=[(price, 100_000)], asks=[(price, 100_000)], last=price)
            for name, words in AFTER_A_MOVE.items():
                clock.advance(seconds=61)
                found[name] = await _shown(client, found, name, words)
            found |= await _of_a_file(client)
    return found


async def _of_a_file(client: httpx.AsyncClient) -> dict[str, Shown]:
    file_id = await added(client, FILE, "holdings.csv")
    found = {}
    for name, words in OF_A_FILE.items():
        answer = await say(client, words, files=[file_id])
        found[name] = Shown(words=words, said=answer["message"], card=answer["cards"][-1])
    return found


async def _shown(
    client: httpx.AsyncClient, found: Mapping[str, Shown], name: str, words: str
) -> Shown:
    if name in APPROVED:
        plan = found[APPROVED[name]]
        answer = (await approve(client, plan.card["id"])).json()
        words = f"the approval of: {plan.words}"
    else:
        answer = await say(client, words)
    return Shown(words=words, said=answer["message"], card=answer["cards"][-1])


async def _of_a_model(server: EmbeddedServer, home: Path) -> Shown:
    wants = an_answer("chat", wants="portfolio_detail")
    with fresh_database(server) as location:
        async with (
            open_modelled(
                quick_settings(home),
                location,
                lambda _: wants,
                clock=FakeClock(),
                # The stand-in answers; a busy machine may take its time.
                model_timeout_s=60.0,
            ) as modelled,
            modelled.desk.client() as client,
        ):
            answer = await say(client, UNSURE)
    return Shown(words=UNSURE, said=answer["message"], card=answer["cards"][-1])


async def _of_kite(server: EmbeddedServer, home: Path) -> dict[str, Shown]:
    async with kite_world() as world:
        with fresh_database(server) as location:
            async with world.desk(quick_settings(home), location) as desk:
                return await _logins(desk)


async def _logins(desk: Desk) -> dict[str, Shown]:
    async with desk.client() as client:
        answer = await say(client, "am i logged in to kite")
    words = "am i logged in to kite"
    return {"connect": Shown(words=words, said=answer["message"], card=answer["cards"][-1])}


def _steady(text: str) -> str:
    numbers: dict[str, int] = {}
    of_prefix: dict[str, int] = {}

    def renamed(found: re.Match[str]) -> str:
        whole, prefix = found.group(0), found.group(1)
        if whole not in numbers:
            numbers[whole] = of_prefix[prefix] = of_prefix.get(prefix, 0) + 1
        return f"{prefix}_{numbers[whole]}"

    short = _TAG.sub(r'\1"<20 letters and digits>"', _HASH.sub("<64 hexadecimal digits>", text))
    return _ID.sub(renamed, short)


def published() -> dict[str, str]:
    """Return the files as they are kept."""
    return {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}


def page(files: Mapping[str, str]) -> str:
    """Return the reference of every card's fields, with the first of each list as example."""
    return "\n".join([INTRODUCTION, *(_section(name, files[name]) for name in sorted(files))])


def _section(name: str, text: str) -> str:
    shown = json.loads(text)
    card, fields = shown["card"], shown["card"]["fields"]
    rows = [f"| `{path}` | {meaning_of(path)} |" for path in paths_of(fields)]
    example = json.dumps(_first_rows(fields), indent=1, ensure_ascii=False)
    return "\n".join(
        [
            f"## {name.replace('_', ' ')}",
            "",
            f"`{card['kind']}`, {card['status']}, titled \u201c{card['title']}\u201d,"
            f" after \u201c{shown['words']}\u201d.",
            "",
            "| field | what it is |",
            "|---|---|",
            *rows,
            "",
            "```json",
            example,
            "```",
            "",
        ]
    )


def paths_of(value: Any, path: str = "") -> list[str]:
    """Return where the figures and words of fields stand, each path once."""
    match value:
        case dict():
            below = [(f"{path}.{name}", one) for name, one in value.items()]
            inner = [each for where, one in below for each in paths_of(one, where)]
        case list() if any(isinstance(one, dict | list) for one in value):
            inner = [each for one in value for each in paths_of(one, f"{path}[]")]
        case list():
            inner = [f"{path}[]"]
        case _:
            inner = [path]
    return list(dict.fromkeys(each.removeprefix(".") for each in inner))


def meaning_of(path: str) -> str:
    """Return what a field is. Raises KeyError for a name that has no meaning yet."""
    return MEANINGS[path.rpartition(".")[2].removesuffix("[]")]


def _first_rows(value: Any) -> Any:
    match value:
        case dict():
            return {name: _first_rows(one) for name, one in value.items()}
        case list():
            return [_first_rows(one) for one in value[:1]]
        case _:
            return value


async def _write() -> None:
    with template_server() as server, tempfile.TemporaryDirectory() as home:
        cards = await produced(server, Path(home))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, shown in cards.items():
        (FOLDER / f"{name}.json").write_text(shown.text(), encoding="utf-8")
    PAGE.write_text(page(published()), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
