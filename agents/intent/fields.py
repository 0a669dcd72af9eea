"""A draft under construction: each value with the words it came from."""

from dataclasses import dataclass, field
from typing import Final

from agents.intent.match import Match
from agents.intent.model import Problem, TradeDraft
from riskgate.contracts.intents import Provenance, ProvenanceSource

LONGEST_SPAN: Final = 500


@dataclass
class Fields:
    """Values and their words, gathered until a draft is built of them.

    `offers` are answers to what is asked, made of numbers that were said and are not sure.
    """

    message: str
    values: dict[str, object] = field(default_factory=dict)
    words: dict[str, Provenance] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)

    def put(self, name: str, value: object, *said: Match) -> None:
        """Set a field from the words that say it."""
        self.values[name] = value
        self.words[name] = span(self.message, said[0].start, said[-1].end)

    def drop(self, name: str) -> None:
        """Forget a field and its words."""
        self.values.pop(name, None)
        self.words.pop(name, None)

    def ask(self, name: str, *offers: str) -> None:
        """Note that a person must still say something, and the answers that their words suggest."""
        if name not in self.missing:
            self.missing.append(name)
        self.offers += [offer for offer in offers if offer not in self.offers]

    def copy(self) -> "Fields":
        """Return an equal draft that can be changed alone."""
        return Fields(
            self.message,
            dict(self.values),
            dict(self.words),
            list(self.missing),
            list(self.problems),
            list(self.offers),
        )

    def draft(self) -> TradeDraft:
        """Build the draft; values were checked when they were put."""
        return TradeDraft.model_validate({**self.values, "provenance": self.words})


def span(message: str, start: int, end: int) -> Provenance:
    """Quote a piece of the message; a very long one is quoted from its beginning."""
    end = min(end, start + LONGEST_SPAN)
    return Provenance(
        source=ProvenanceSource.USER_SPAN, text=message[start:end], start=start, end=end
    )
