"""What an answer is made of: a card, sentences from its facts, and the evidence of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from pydantic import JsonValue

from riskgate.contracts.base import decimal_text, time_text
from riskgate.contracts.cards import CardKind
from riskgate.contracts.snapshots import Quote
from tools.ports import AccountView, CardContent

Json: TypeAlias = dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One thing that facts rest on: a snapshot, a quote, a rule, a decision, a fill, bars.

    `id` is how rows name it; `of` says more of it where that is a fact too.
    """

    kind: str
    id: str
    as_of: datetime | None = None
    of: Mapping[str, str] = field(default_factory=dict)

    def shown(self) -> JsonValue:
        """Return it as cards carry it."""
        at: Json = {} if self.as_of is None else {"as_of": time_text(self.as_of)}
        return {"kind": self.kind, "id": self.id, **at, **self.of}


@dataclass(frozen=True, kw_only=True)
class Insight:
    """One answer. `inputs` are what the turn's trace cites, `code` why it is not what was asked."""

    title: str
    fields: Json
    said: tuple[str, ...]
    cited: tuple[Cited, ...] = ()
    inputs: Mapping[str, object] = field(default_factory=dict)
    code: str | None = None

    def content(self) -> CardContent:
        """Return the card, with every piece of evidence once."""
        evidence: list[JsonValue] = [
            each.shown() for each in {(c.kind, c.id): c for c in self.cited}.values()
        ]
        more: Json = {"evidence": evidence} if evidence else {}
        return CardContent(kind=CardKind.INSIGHT, title=self.title, fields={**self.fields, **more})


def plain(title: str, text: str, *, code: str | None = None) -> Insight:
    """Return an answer that is one sentence."""
    return Insight(title=title, fields={"help": text}, said=(text,), code=code)


def inputs_used(view: AccountView) -> dict[str, object]:
    """Return the ids of what was looked at, for the turn's trace."""
    return {
        "broker_snapshot_id": view.snapshot.snapshot_id if view.snapshot else None,
        "ledger_snapshot_id": view.ledger.snapshot_id,
    }


def cited_view(view: AccountView) -> Cited:
    """Cite the book that a view shows: the broker's, or our ledger where it is down."""
    book = view.snapshot or view.ledger
    kind = "ledger_snapshot" if view.snapshot is None else "broker_snapshot"
    return Cited(kind=kind, id=book.snapshot_id, as_of=book.as_of)


def cited_quote(quote: Quote) -> Cited:
    """Cite a price, by its instrument and time."""
    return Cited(
        kind="quote",
        id=str(quote.instrument),
        as_of=quote.as_of,
        of={"source": quote.source.value},
    )


def ids(cited: Iterable[Cited]) -> list[JsonValue]:
    """Return how a row names its evidence."""
    return [each.id for each in cited]


def number(value: Decimal | None) -> str | None:
    """Write a figure for a card; None stays unknown."""
    return None if value is None else decimal_text(value)


def listed(parts: Sequence[str]) -> str:
    """Join parts of a sentence."""
    return "; ".join(parts)
