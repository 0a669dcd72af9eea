"""Settings choose what is served; a name that is none stops the start."""

from typing import Any

import pytest

from app.errors import SettingsInvalid
from app.mcp_server.choice import chosen_offers
from app.settings import Settings
from tools.catalogue import OFFERS


def served(**chosen: Any) -> set[str]:
    return {offer.name for offer in chosen_offers(Settings(**chosen), OFFERS)}


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, {offer.name for offer in OFFERS}),
        ({"mcp_toolsets": ""}, set()),
        (
            {"mcp_toolsets": "market"},
            {"get_market_hours", "get_quotes", "search_instruments"},
        ),
        (
            {"mcp_toolsets": "proposals", "mcp_read_only": True},
            {"get_plan", "get_proposal", "list_proposals"},
        ),
        (
            {"mcp_toolsets": " market , policy", "mcp_excluded_tools": "get_quotes"},
            {"get_market_hours", "search_instruments", "get_policy", "get_standing"},
        ),
    ],
)
def test_settings_choose_the_tools(chosen: dict[str, Any], names: set[str]) -> None:
    assert served(**chosen) == names


@pytest.mark.parametrize(
    ("chosen", "variable"),
    [
        ({"mcp_toolsets": "markets"}, "SIGMATRADER_MCP_TOOLSETS"),
        ({"mcp_excluded_tools": "place_order"}, "SIGMATRADER_MCP_EXCLUDED_TOOLS"),
    ],
)
def test_an_unknown_name_stops_the_start_and_the_known_ones_are_told(
    chosen: dict[str, Any], variable: str
) -> None:
    with pytest.raises(SettingsInvalid) as wrong:
        served(**chosen)
    assert wrong.value.errors[0].field == variable
    assert "use " in wrong.value.errors[0].issue
