"""Who reads people's messages, as it is configured."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from adapters.ports import LanguageModel
from agents.insights.writer import PROMPT_NAME as WORDING
from agents.insights.writer import Writer
from agents.intent.model import ParseContext, ParsedMessage
from agents.intent.offline import OfflineParser
from agents.prompts import load_prompt
from agents.reading.hybrid import HybridReader
from agents.reading.model_port import NoModels, TurnModels
from agents.reading.planner import PROMPT_NAME, Planner
from agents.reading.reader import MessageReader, OfflineReader, WordParser
from app.bootstrap.ground import Ground
from app.calendars.expiry_days import trading_days
from app.errors import FieldError, SettingsInvalid
from app.instruments.directory import Directory
from app.settings import ParserName, Settings
from app.understanding.desk import ModelDesk
from app.understanding.direct import DirectModel, NothingToShow
from app.understanding.limits import ModelLimits, ModelPrices
from app.understanding.rates import LookRates

PROMPTS: Final = Path(__file__).resolve().parents[2] / "prompts"
# One answer and a bad one repaired stay within twice the time of one.
TURN_TIMEOUTS: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The reader of messages, the models behind it, and the writer of answers, where there are."""

    reader: MessageReader
    models: TurnModels = field(default_factory=NoModels)
    model: LanguageModel | None = None
    writer: Writer | None = None


def build_reading(ground: Ground) -> Reading:
    """Build the reader; without a model, or by choice, the tables read alone."""
    settings = ground.settings
    parser = OfflineParser(ground.directory, trading_days(ground.calendars))
    offline = OfflineReader(parser, ground.directory)
    name = settings.parser or ParserName.HYBRID
    if settings.openai_model is None or name is ParserName.OFFLINE:
        return Reading(reader=offline)
    model = build_model(settings)
    planner = Planner(load_prompt(PROMPTS, PROMPT_NAME))
    reader = HybridReader(offline, planner, ground.directory, always=name is ParserName.LLM)
    writer = Writer(load_prompt(PROMPTS, WORDING)) if settings.model_wording else None
    return Reading(reader=reader, models=_desk(ground, model), model=model, writer=writer)


class ModelledParser:
    """Reads words alone with the configured model; implements IntentParser for the terminal.

    Each message has a connection of its own, for it may be read in an event loop of its own.
    """

    def __init__(self, settings: Settings, parser: WordParser, directory: Directory) -> None:
        self._settings = settings
        self._offline = OfflineReader(parser, directory)
        planner = Planner(load_prompt(PROMPTS, PROMPT_NAME))
        always = settings.parser is ParserName.LLM
        self._reader = HybridReader(self._offline, planner, directory, always=always)

    @property
    def name(self) -> str:
        return str(self._settings.parser)

    def parse(self, message: str, context: ParseContext) -> ParsedMessage:
        """Say what a message is for; a model that fails leaves what the tables say."""
        return asyncio.run(self._read(message, context))

    async def _read(self, message: str, context: ParseContext) -> ParsedMessage:
        model = build_model(self._settings)
        try:
            direct = DirectModel(model)
            return (await self._reader.read(message, context, direct, NothingToShow())).parsed
        finally:
            await model.close()


def build_model(settings: Settings) -> LanguageModel:
    """Build the configured model. Raises SettingsInvalid where none is."""
    # Here and not above, for openai is slow to import.
    from adapters.llm.openai_model import ModelEndpoint, OpenAIModel

    if settings.openai_base_url is None or settings.openai_model is None:
        error = FieldError("SIGMATRADER_OPENAI_BASE_URL", "a model needs it, and a name")
        raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,))
    endpoint = ModelEndpoint(
        url=settings.openai_base_url,
        api_key=settings.openai_api_key,
        model=settings.openai_model,
        timeout_s=settings.model_timeout_s,
        tokens_max=settings.model_tokens_max,
        reply_bytes_max=settings.model_reply_bytes_max,
    )
    return OpenAIModel(endpoint, never=_secrets(settings))


def _secrets(settings: Settings) -> tuple[SecretStr, ...]:
    """Return every secret of the installation; none may ever be in what is sent."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return tuple(value for value in values if isinstance(value, SecretStr))


def _desk(ground: Ground, model: LanguageModel) -> ModelDesk:
    settings = ground.settings
    return ModelDesk(
        database=ground.database,
        clock=ground.clock,
        ids=ground.ids,
        monotonic=time.monotonic,
        model=model,
        limits=ModelLimits(
            turn_s=settings.model_timeout_s * TURN_TIMEOUTS,
            calls_per_turn=settings.model_calls_per_turn,
            calls_per_day=settings.model_calls_per_day,
            tokens_per_day=settings.model_tokens_per_day,
            cost_per_day=settings.model_cost_per_day,
        ),
        prices=ModelPrices(
            tokens_in=settings.openai_price_in, tokens_out=settings.openai_price_out
        ),
        portfolio=settings.model_portfolio,
        rates=LookRates(time.monotonic),
        secret=ground.secret,
    )
