"""Tell which question a message about the page itself asks; it never asks for more than a look."""

import re
from types import MappingProxyType
from typing import Final

from agents.intent.model import QueryDetail, QueryTopic
from agents.intent.vocabulary.pages import ABOUT_THE_PAGE, PAGES

_PLEASE: Final = re.compile(
    r"^(?:please |pls |can you |could you )+|(?: please| pls| now| again)+$"
)
_ABOUT: Final = tuple(re.compile(pattern) for pattern in ABOUT_THE_PAGE)
_TOPICS: Final = MappingProxyType(
    {
        name: (QueryTopic(topic), None if detail is None else QueryDetail(detail))
        for names, topic, detail in PAGES
        for name in names.split("|")
    }
)


def page_topic(message: str, page: str | None) -> tuple[QueryTopic, QueryDetail | None] | None:
    """Return what the page shows, where the whole message is about it; None for anything else."""
    if page is None:
        return None
    text = " ".join(re.sub(r"[?!.,]", " ", message.casefold().replace("’", "'")).split())
    text = _PLEASE.sub("", text)
    if not any(pattern.fullmatch(text) for pattern in _ABOUT):
        return None
    return _TOPICS.get(re.sub(r"[\s/_\-]+", " ", page.casefold()).strip())
