"""The words of futures and options, and the names of what they are written on."""

from typing import Final

from agents.intent.vocabulary.tags import Tag
from riskgate.contracts.instruments import Exchange

CONTRACT_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.CALL, "", "ce|call|calls|call option|call options|c.e|ce option|calls option"),
    (Tag.PUT, "", "put|puts|put option|put options|p.e|pe option|puts option"),
    (Tag.FUTURE, "", "fut|future|futures|futs|futures contract|future contract"),
    (Tag.STRATEGY, "straddle", "straddle|straddles"),
    (Tag.STRATEGY, "strangle", "strangle|strangles"),
    (Tag.OPTION, "", "option|options|spread|strike|covered call|condor|iron condor|butterfly|"
        "atm|itm|otm|at the money|bull call spread|bear put spread|collar"),
    (Tag.EXPIRY, "monthly", "monthly|monthly expiry|month end expiry|month-end|month end|"
        "monthly contract|end of month expiry|this month|this month expiry|current month|"
        "this month's expiry|current month expiry|is mahine"),
    (Tag.EXPIRY, "next_month", "next month|next month expiry|next month's expiry|agle mahine|"
        "next month contract|next monthly"),
    (Tag.EXPIRY, "far_month", "far month|far month expiry"),
    (Tag.EXPIRY, "weekly", "weekly|weekly expiry|this week|this week expiry|this week's expiry|"
        "current week|current weekly|current expiry|nearest expiry|near expiry|is hafte|"
        "current week expiry|near month|near month expiry|this weekly|weekly contract|this expiry"),
    (Tag.EXPIRY, "today", "today expiry|expiring today|today's expiry|aaj ki expiry|0dte"),
    (Tag.EXPIRY, "next_week", "next week|next week expiry|next week's expiry|next weekly|"
        "next weekly expiry|agle hafte|agle hafte ki expiry|next weeks expiry"),
    (Tag.EXPIRY, "next_expiry", "next expiry|agli expiry|following expiry"),
    (Tag.EXPIRY_WORD, "", "expiry|expiring|exp|series|contract|contracts|expiry of|ki expiry|"
        "expiry ka|expiry wala|ending|expires"),
    (Tag.FNO, "", "f&o|fno|f and o|derivatives|derivative|f & o|f&o positions|fno positions|"
        "options and futures|futures and options"),
    (Tag.FNO, "options", "option positions|options positions|my options|all my options|"
        "all options|all my option positions|my option positions|open options"),
    (Tag.MONTH, "1", "jan|january"), (Tag.MONTH, "2", "feb|february"),
    (Tag.MONTH, "3", "mar|march"), (Tag.MONTH, "4", "apr|april"),
    (Tag.MONTH, "5", "may"), (Tag.MONTH, "6", "jun|june"),
    (Tag.MONTH, "7", "jul|july"), (Tag.MONTH, "8", "aug|august"),
    (Tag.MONTH, "9", "sep|sept|september"), (Tag.MONTH, "10", "oct|october"),
    (Tag.MONTH, "11", "nov|november"), (Tag.MONTH, "12", "dec|december"),
)  # fmt: skip

# The index as it is quoted, and the name its contracts carry.
INDEX_UNDERLYINGS: Final[dict[str, tuple[Exchange, str]]] = {
    "NIFTY 50": (Exchange.NFO, "NIFTY"),
    "NIFTY BANK": (Exchange.NFO, "BANKNIFTY"),
    "NIFTY FIN SERVICE": (Exchange.NFO, "FINNIFTY"),
    "NIFTY MID SELECT": (Exchange.NFO, "MIDCPNIFTY"),
    "NIFTY NEXT 50": (Exchange.NFO, "NIFTYNXT50"),
    "SENSEX": (Exchange.BFO, "SENSEX"),
}
# Goods that have no row of their own in the master; a name here counts only in a contract.
COMMODITIES: Final[dict[str, str]] = {
    "crude oil": "CRUDEOIL", "crudeoil": "CRUDEOIL", "crude": "CRUDEOIL",
    "gold": "GOLD", "gold mini": "GOLDM", "goldm": "GOLDM", "gold petal": "GOLDPETAL",
    "silver": "SILVER", "silver mini": "SILVERM", "silverm": "SILVERM",
    "silver micro": "SILVERMIC",
    "natural gas": "NATURALGAS", "naturalgas": "NATURALGAS", "natgas": "NATURALGAS",
    "copper": "COPPER", "zinc": "ZINC", "aluminium": "ALUMINIUM", "lead": "LEAD",
    "crude oil mini": "CRUDEOILM", "crudeoilm": "CRUDEOILM", "nickel": "NICKEL",
}  # fmt: skip
