"""Earlier conversations, turn by turn, for the person who held them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.persistence import files, threads
from app.persistence.database import Session
from app.persistence.files import NamedFile
from app.persistence.runs import RunRecord
from app.persistence.threads import SaidRecord
from riskgate.contracts.cards import Card

TITLE_MAX: Final = 80
UNTITLED: Final = "No words"


@dataclass(frozen=True, kw_only=True)
class PastTurn:
    """One turn as it stands now: what was said in it and the cards it showed, oldest first, and
    those of the files it was about that are still kept."""

    run: RunRecord
    said: tuple[SaidRecord, ...]
    cards: tuple[Card, ...]
    files: tuple[NamedFile, ...] = ()


def title_of(first_words: str) -> str:
    """Name a conversation by its first words, cut between two of them."""
    words = " ".join(first_words.split())
    if len(words) <= TITLE_MAX:
        return words or UNTITLED
    cut = words[:TITLE_MAX]
    return f"{cut.rpartition(' ')[0] or cut}…"


async def past_turns(
    session: Session, thread_id: str, *, limit: int, offset: int, at: datetime
) -> list[PastTurn]:
    """Return turns of a conversation, newest first. The caller checked whose it is."""
    runs = await threads.thread_runs(session, thread_id, limit=limit, offset=offset)
    run_ids = [run.run_id for run in runs]
    said = _by_run(await threads.said_in(session, thread_id, run_ids))
    shown: dict[str, list[Card]] = defaultdict(list)
    for record in await threads.shown_in(session, thread_id, run_ids, at=at):
        shown[record.card.run_id].append(record.card)
    named = await files.named_in(session, run_ids)
    return [
        PastTurn(
            run=run,
            said=tuple(said[run.run_id]),
            cards=tuple(shown[run.run_id]),
            files=tuple(each for each in named if each.run_id == run.run_id),
        )
        for run in runs
    ]


def _by_run(said: Iterable[SaidRecord]) -> dict[str, list[SaidRecord]]:
    found: dict[str, list[SaidRecord]] = defaultdict(list)
    for message in said:
        found[message.run_id].append(message)
    return found
