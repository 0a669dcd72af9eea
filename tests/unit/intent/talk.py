"""Short ways to say something to the parser."""

from datetime import UTC, datetime
from typing import Final

from agents.intent.model import Draft, HeldPosition, OpenOrder, ParseContext, ParsedMessage
from agents.intent.offline import OfflineParser
from riskgate.contracts.instruments import Currency, InstrumentRef
from tests.unit.intent.fake_directory import FakeDirectory

NOW: Final = datetime(2026, 3, 10, 4, 45, tzinfo=UTC)  # 10:15 in India
PARSER: Final = OfflineParser(FakeDirectory())


def say(
    message: str,
    *,
    draft: Draft | None = None,
    positions: tuple[HeldPosition, ...] = (),
    holdings: tuple[HeldPosition, ...] = (),
    open_orders: tuple[OpenOrder, ...] = (),
    focus: InstrumentRef | None = None,
    told: tuple[str, ...] = (),
    currency: Currency = Currency.INR,
) -> ParsedMessage:
    """Parse a message with what the account holds."""
    context = ParseContext(
        now=NOW,
        currency=currency,
        positions=positions,
        holdings=holdings,
        open_orders=open_orders,
        focus_symbol=focus,
        told_orders=told,
        draft=draft,
    )
    return PARSER.parse(message, context)


def unfinished(message: str) -> Draft:
    """Parse a message that lacks something and keep it as the draft of the next turn."""
    parsed = say(message)
    assert len(parsed.trades) == 1
    assert parsed.missing
    return Draft(
        trade=parsed.trades[0],
        missing=parsed.missing,
        ambiguous=parsed.ambiguous,
        message=message,
    )


def codes(parsed: ParsedMessage) -> list[str]:
    return [problem.code for problem in parsed.problems]
