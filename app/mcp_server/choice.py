"""Which tools are served, as the settings choose."""

from collections.abc import Iterable, Sequence
from typing import Final

from app.errors import FieldError, SettingsInvalid
from app.settings import Settings
from tools.offers import AnyOffer, Toolset

EVERY: Final = "all"


def chosen_offers(settings: Settings, offers: Sequence[AnyOffer]) -> tuple[AnyOffer, ...]:
    """Return the offers that are served. Raises SettingsInvalid for a name that is none."""
    toolsets = _names(settings.mcp_toolsets)
    excluded = _names(settings.mcp_excluded_tools)
    known_toolsets = {EVERY, *(toolset.value for toolset in Toolset)}
    _refuse_unknown("SIGMATRADER_MCP_TOOLSETS", toolsets, known_toolsets)
    _refuse_unknown("SIGMATRADER_MCP_EXCLUDED_TOOLS", excluded, {offer.name for offer in offers})
    return tuple(
        offer
        for offer in offers
        if (EVERY in toolsets or offer.toolset in toolsets)
        and offer.name not in excluded
        and (offer.tool.read_only or not settings.mcp_read_only)
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(name for part in text.split(",") if (name := part.strip()))


def _refuse_unknown(variable: str, given: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        error = FieldError(
            variable, f"{', '.join(unknown)} is unknown; use {', '.join(sorted(known))}"
        )
        raise SettingsInvalid(f"{error.field}: {error.issue}", errors=(error,))
