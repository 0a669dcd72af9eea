"""What pages show, and the words that ask about the page itself and nothing else."""

from typing import Final

# page: topic, detail. A page of no name here says nothing.
PAGES: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("position|positions", "positions", None),
    ("holding|holdings", "holdings", None),
    ("portfolio|overview|dashboard|home|brief", "portfolio", "brief"),
    ("order|orders|order book|orderbook", "orders", None),
    ("trade|trades|fills", "trades", None),
    ("risk|limit|limits|policy|risk limits", "risk", None),
    ("exception|exceptions|needs you|reconciliation", "exceptions", None),
    ("decision|decisions|history|trace|traces", "decision", "log"),
    ("pnl|p&l|profit and loss|performance", "pnl", None),
    ("fund|funds|margin|margins|money", "margin", None),
    ("connection|login|kite", "connection", None),
    ("chart|quote|instrument|symbol", "quote", None),
)
# The whole message, without its stops and "please".
ABOUT_THE_PAGE: Final[tuple[str, ...]] = (
    r"what(?:'s| is| are) (?:this|these|that|here|on this page|on the page|on this screen)",
    r"what (?:am i|are we) (?:looking at|seeing)",
    r"what does (?:this|this page|the page|this screen) (?:show|say|mean|tell)(?: me| us)?",
    r"(?:explain|describe|summari[sz]e|read out|tell me about|show)(?: me)?"
    r" (?:this|it|this page|the page|this screen|what i see)(?: again)?",
    r"(?:refresh|reload|update)(?: (?:this|it|the page|this page|now))?",
    r"ye kya hai|yeh kya hai|is page par kya hai",
)
