"""Whatever a model does, a turn gives it no more than its time, and that is less than two answers'.

The clock is the event loop's own and simulated, so that the bound is exact on any machine.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Final, LiteralString, TypeAlias

import httpx2
import pytest

from adapters.llm.openai_model import DIALECTS, ModelEndpoint, OpenAIModel
from agents.intent.model import ParseContext
from agents.prompts import load_prompt
from agents.reading.planner import PROMPT_NAME, Planner
from app.bootstrap.reading import TURN_TIMEOUTS
from app.persistence.database import Database, Params, Row, Session
from app.understanding.desk import MeteredModel, ModelDesk
from app.understanding.limits import ModelLimits, ModelPrices, Sight
from app.understanding.rates import LookRates
from riskgate.contracts.models import ModelFailure, ModelRequest, PortfolioTier
from tests.fakes.clock import FakeClock
from tests.fakes.ids import CountingIds
from tests.fakes.model_answers import NothingToSee
from tests.fakes.model_server import completion
from tests.fakes.simulated_time import SimulatedLoop
from tests.fakes.turn import CALLER
from tests.unit.intent.talk import NOW
from tests.unit.llm.test_openai_model import a_request

TIMEOUT_S: Final = 10.0
CALLS_PER_TURN: Final = 6
ASKED: Final = 20
MEGABYTE: Final = 1_000_000
PROMPTS: Final = Path(__file__).resolve().parents[3] / "prompts"
Behaviour: TypeAlias = Callable[[], Awaitable[httpx2.Response]]


class NoRows(Session):
    """A session of an empty store that keeps nothing."""

    def __init__(self) -> None:
        self.tenant_id = CALLER.tenant_id

    async def execute(self, query: LiteralString, params: Params = ()) -> int:
        return 1

    async def fetch_one(self, query: LiteralString, params: Params = ()) -> Row | None:
        return {"calls": 0, "tokens": 0, "cost": 0}


class NoStore(Database):
    """A store that costs no time."""

    def __init__(self) -> None:
        return

    @asynccontextmanager
    async def tenant(self, tenant_id: str) -> AsyncIterator[Session]:
        yield NoRows()


@dataclass
class Endpoint(httpx2.AsyncBaseTransport):
    """Answers every request as it behaves now, and counts."""

    behave: Behaviour
    requests: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        return await self.behave()


@dataclass
class Drops(httpx2.AsyncByteStream):
    """A body that comes in parts, each after a while."""

    parts: int | None
    size: int
    each_s: float
    left: list[int] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in repeat(None) if self.parts is None else repeat(None, self.parts):
            await asyncio.sleep(self.each_s)
            yield b" " * self.size


def says(text: str, *, after_s: float = 0) -> Behaviour:
    async def behave() -> httpx2.Response:
        await asyncio.sleep(after_s)
        return httpx2.Response(200, text=completion(text).body)

    return behave


def refuses(*, after_s: float) -> Behaviour:
    async def behave() -> httpx2.Response:
        await asyncio.sleep(after_s)
        return httpx2.Response(422, text="{}")

    return behave


def drips(parts: int | None, size: int, each_s: float) -> Behaviour:
    async def behave() -> httpx2.Response:
        return httpx2.Response(200, stream=Drops(parts, size, each_s))

    return behave


async def never() -> httpx2.Response:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "slow": says("no json at all", after_s=0.4 * TIMEOUT_S),
    "too slow": says("no json at all", after_s=3 * TIMEOUT_S),
    "silent": never,
    "endless": drips(None, 1, 0.5),
    "a megabyte at once": drips(1, MEGABYTE, 0),
    "a megabyte in drops": drips(1_000, MEGABYTE // 1_000, 0.25),
    "malformed": says("no json at all"),
    "slowly refusing every dialect": refuses(after_s=0.4 * TIMEOUT_S),
}


def an_endpoint_of(transport: Endpoint) -> OpenAIModel:
    endpoint = ModelEndpoint(
        url="http://127.0.0.1:9/v1",
        api_key=None,
        model="any-1",
        timeout_s=TIMEOUT_S,
        tokens_max=200,
        reply_bytes_max=20_000,
    )
    return OpenAIModel(endpoint, transport=transport)


def a_turn(model: OpenAIModel, loop: SimulatedLoop) -> MeteredModel:
    limits = ModelLimits(
        turn_s=TIMEOUT_S * TURN_TIMEOUTS,
        calls_per_turn=CALLS_PER_TURN,
        calls_per_day=1_000,
        tokens_per_day=1_000_000,
    )
    desk = ModelDesk(
        database=NoStore(),
        clock=FakeClock(NOW),
        ids=CountingIds(),
        monotonic=loop.time,
        model=model,
        limits=limits,
        prices=ModelPrices(),
        portfolio=PortfolioTier.DIGEST_ONLY,
        rates=LookRates(loop.time),
        secret=b"secret",
    )
    return MeteredModel(
        desk=desk,
        caller=CALLER,
        seen=Sight(portfolio=PortfolioTier.DIGEST_ONLY, may_ask_for_more=False),
    )


def in_simulated_time(
    behave: Behaviour, ask: Callable[[MeteredModel], Awaitable[object]]
) -> tuple[float, Endpoint, MeteredModel, object]:
    """Return how many seconds asking took, whom was asked, and what it came to."""
    loop = SimulatedLoop()

    async def scenario() -> tuple[float, Endpoint, MeteredModel, object]:
        transport = Endpoint(says("{}"))
        model = an_endpoint_of(transport)
        # The first request of a client looks at the machine in a thread.
        await model.complete(a_request())
        transport.behave, transport.requests = behave, 0
        turn = a_turn(model, loop)
        with loop.moving():
            outcome = await ask(turn)
        await model.close()
        return loop.now_s, transport, turn, outcome

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(scenario())


async def ask_for_ever(turn: MeteredModel) -> list[str]:
    """Ask again and again, as no turn does; return what each came to."""
    request: ModelRequest = a_request()
    answers = [await turn.ask(request) for _ in range(ASKED)]
    return [one.code if isinstance(one, ModelFailure) else "ok" for one in answers]


async def read_a_message(turn: MeteredModel) -> object:
    planner = Planner(load_prompt(PROMPTS, PROMPT_NAME))
    return await planner.ask("buy some infy", ParseContext(now=NOW), turn, NothingToSee())


def test_a_turn_has_less_time_for_its_model_than_two_answers() -> None:
    assert 1 <= TURN_TIMEOUTS < 2


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
def test_one_answer_takes_no_longer_than_its_time(behaviour: str) -> None:
    took_s, transport, turn, _ = in_simulated_time(
        BEHAVIOURS[behaviour], lambda turn: turn.ask(a_request())
    )

    assert took_s <= TIMEOUT_S
    assert 1 <= transport.requests <= len(DIALECTS)
    assert len(turn.calls) == 1


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
def test_all_answers_of_a_turn_take_no_longer_than_the_turn(behaviour: str) -> None:
    took_s, _, turn, outcome = in_simulated_time(BEHAVIOURS[behaviour], ask_for_ever)

    assert took_s <= TIMEOUT_S * TURN_TIMEOUTS
    assert isinstance(outcome, list)
    assert outcome[-1] == "MODEL_LIMIT"
    assert len(turn.calls) <= CALLS_PER_TURN


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
def test_a_message_is_read_or_given_up_within_the_turn(behaviour: str) -> None:
    took_s, _, _, outcome = in_simulated_time(BEHAVIOURS[behaviour], read_a_message)

    assert took_s <= TIMEOUT_S * TURN_TIMEOUTS
    assert isinstance(outcome, ModelFailure)


def test_silence_takes_the_time_of_one_answer_and_is_asked_once() -> None:
    took_s, transport, _, outcome = in_simulated_time(never, read_a_message)

    assert took_s == TIMEOUT_S
    assert isinstance(outcome, ModelFailure)
    assert outcome.code == "MODEL_UNAVAILABLE"
    assert transport.requests == 1


def test_a_bad_answer_and_a_slow_repair_share_the_time_of_one_turn() -> None:
    first = says("no json at all", after_s=0.8 * TIMEOUT_S)
    behaviours = iter((first, never))

    async def behave() -> httpx2.Response:
        return await next(behaviours)()

    took_s, transport, _, outcome = in_simulated_time(behave, read_a_message)

    assert took_s == TIMEOUT_S * TURN_TIMEOUTS
    assert isinstance(outcome, ModelFailure)
    assert outcome.code == "MODEL_UNAVAILABLE"
    assert transport.requests == 2
