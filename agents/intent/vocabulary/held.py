"""Which part of what is held a question is about, and the words for stops that are kept."""

from typing import Final

# detail: phrases. The first row that has a phrase in the message wins.
PART_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("down_today", "down today|fell today|falling today|fallen today|losing today|red today|"
        "in red today|in the red today|lost today|dropped today|dropping today|today's losers|"
        "losers today|down for the day|red for the day|aaj gire|aaj gira|aaj gir rahe|aaj down|"
        "aaj neeche|aaj red|aaj laal|aaj loss me|losers of the day|declined today|aaj gir gaye"),
    ("up_today", "up today|rose today|rising today|risen today|gaining today|green today|"
        "in green today|in the green today|gained today|today's gainers|today's winners|"
        "gainers today|winners today|up for the day|green for the day|aaj chadhe|aaj badhe|"
        "aaj up|aaj upar|aaj green|aaj hare|aaj profit me|winners of the day"),
    ("losers", "losers|loser|losing|losing money|in loss|in losses|in the red|in red|loss making|"
        "loss-making|underwater|under water|making a loss|making losses|at a loss|bleeding|"
        "biggest loser|biggest losers|worst|worst performer|worst performers|worst performing|"
        "performing worst|performing badly|biggest loss|largest loss|most loss|losing most|"
        "losing the most|red|down|negative|loss me|loss mein|loss wale|nuksan me|nuksaan me|"
        "nuksan mein|ghate me|ghaate me|minus me|doob rahe|"
        "ghate wale|ghaate wale|nuksan wale|top losers|hurting"),
    ("winners", "winners|winner|winning|profitable|in profit|in profits|in the green|in green|"
        "making money|making profit|making a profit|gainers|top gainers|gainer|top gainer|"
        "best performer|best performers|best performing|performing best|performing well|best|"
        "biggest gainer|biggest gainers|biggest winner|biggest gain|most profit|biggest profit|"
        "green|up|positive|profit me|profit mein|profit wale|munafe me|fayde me|plus me|"
        "fayde wale|munafe wale"),
    ("largest", "biggest|largest|heaviest|top|maximum|max|most invested|sabse bada|sabse badi|"
        "sabse bade|sabse zyada|highest value|most valuable"),
    ("smallest", "smallest|tiniest|least invested|sabse chhota|sabse chota|sabse chhoti|"
        "sabse choti|sabse kam|lowest value"),
)  # fmt: skip
# What the part is of, and the topic that it makes.
NOUN_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("positions", "position|positions|trade|trades|bet|bets|open positions|open trades"),
    ("holdings", "holding|holdings|stock|stocks|share|shares|portfolio|investment|investments|"
        "scrip|scrips|companies|demat|performer|performers|i hold|i own"),
)  # fmt: skip
# Rows that are a question of ours without a noun: "winners".
BARE: Final = frozenset({"winners", "losers", "winner", "loser"})
# Questions that ask which; "how much" and "why" ask something else.
WHICH: Final = frozenset(
    {"which", "what", "what's", "whats", "what are", "any", "are there", "do i have", "have i",
     "kaunse", "kaunsa", "kaun", "konse", "konsa", "kya", "who", "who's", "is", "are"}
)  # fmt: skip
# Names of what guards a position.
GUARDS: Final = (
    "stop|stops|stop loss|stop losses|stoploss|stoplosses|stop-loss|stop-losses|sl|sls|"
    "protection|protections|protected|protecting|protective|unprotected|bracket|brackets|oco|"
    "targets|target|my targets|trailing stop"
)
# Questions about them: where, which, whether; never how, why or what ought to be.
ABOUT_GUARDS: Final = frozenset(
    {"where", "what", "what's", "whats", "which", "is", "are", "any", "do i", "do we", "is there",
     "are there", "what are", "have", "has", "have i", "kahan", "kya", "kaunse", "konse", "kaunsa",
     "kidhar", "does", "kitna", "kitne"}
)  # fmt: skip
