"""The words of an order. Add a phrase to a row; longer phrases win over shorter ones."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

# A value that makes a phrase count only at the start of a message.
FIRST_ONLY: Final = "first"

# (class, what it stands for, phrases separated by |)
ORDER_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.BUY, "", "buy|to buy|buying|purchase|get me|pick up|grab|accumulate|add|need|go long|"
        "go long on|long on|invest|invest in|sip|bto|acquire|average down|average up|"
        "kharid|kharido|kharid lo|kharid le|kharid do|kharidna|kharidna hai|le lo|lelo|lena hai|"
        "le le|le do|daal do|buy kar do|buy karo|buy kar|buy karna hai|खरीदो|खरीद|खरीद लो|"
        "compra|comprar|place a buy order for|place buy order for"),
    (Tag.SELL, "", "sell|to sell|selling|dump|offload|stc|reduce|trim|sell off|go short|"
        "go short on|short sell|bech|becho|bech do|bech de|bech dena|bechna|bechna hai|bechne hai|"
        "bechdo|bechke|bech ke|sell kar do|sell karo|sell kar|बेचो|बेच|बेच दो|"
        "place a sell order for|place sell order for"),
    (Tag.BUY, FIRST_ONLY, "b|by|bu|put|put money"),
    (Tag.SELL, FIRST_ONLY, "s|sel"),
    (Tag.EXIT, "", "exit|exit from|exit out of|close|close out|square off|square-off|squareoff|"
        "cut|cover|unwind|get rid of|get out of|book profit|book profits|book profits in|"
        "book profit in|book|liquidate|flatten|nikalo|nikal do|nikal lo|kaat do|kaato|"
        "square off kar do|square off karo|exit karo|exit kar do|cover karo|cover kar do|"
        "close karo"),
    (Tag.PLACE, "", "place|place an|place a|put in|laga do|lagao|lagado|set|trade"),
    (Tag.LONG, "", "long"),
    (Tag.SHORT, "", "short"),
    (Tag.UNIT, "", "share|shares|qty|quantity|nos|units|unit|stocks|stock|equity shares|"
        "शेयर|acciones"),
    (Tag.LOT, "", "lot|lots"),
    (Tag.WORTH, "", "worth|worth of|rupees worth of|value of"),
    (Tag.ALL, "", "all|everything|full|entire|whole|all of|all of it|all of my|all my|sab|saara|"
        "saare|saari|sara|sari|sare|sab kuch|poora|pura|completely|complete"),
    (Tag.EACH, "", "each|each of|apiece|every"),
    (Tag.VAGUE, "", "some|a few|few|a bit of|a little|a couple of|kuch|thoda|thode|thodi|"
        "a lot of|few more|some more"),
    (Tag.CAPITAL, "", "capital|account|equity|net worth|funds|my capital|my account|my equity|"
        "account value|account equity|portfolio value"),
    (Tag.RISK, "", "risk|risking|max loss|maximum loss|max risk|risk of|max loss of"),
    (Tag.AT, "", "at|@|at price|price|rate|at a price of|entry|entry at"),
    (Tag.PAR, "", "par"),
    # "at" in Hinglish, but a put in an option's name.
    (Tag.PE, "", "pe"),
    (Tag.MARKET, "", "market|mkt|cmp|market order|market price|at market|current market price|"
        "current price|mp|best price"),
    (Tag.LIMIT, "", "limit|lmt|limit order|limit price|limit order at"),
    (Tag.CAP, "", "not above|but not above|but not below|not below|not over|not under|near|"
        "upto|no more than|not more than|"
        "at most|at least|not less than|no higher than|no lower than|max price|around price"),
    (Tag.TRIGGER, "", "trigger|trigger price|trigger at|trg|stop order|stop order at"),
    (Tag.SL_ORDER, "", "sl limit|sl-limit|stop limit|stop-limit|stop loss limit|sl order|sl-l"),
    (Tag.SLM_ORDER, "", "sl-m|slm|sl m|stop loss market|sl market|stop-market|stop market"),
    (Tag.STOP, "", "sl|stop loss|stoploss|stop-loss|stop|with a stop loss|with sl|a stop"),
    (Tag.TARGET, "", "target|tgt|tp|take profit|target price|tg|targets"),
    (Tag.POINTS, "", "point|points|pts|pt"),
    (Tag.PRODUCT, "CNC", "cnc|delivery|btst|for delivery|in delivery|delivery me|delivery mein|"
        "in cnc"),
    (Tag.PRODUCT, "MIS", "mis|intraday|for intraday|in mis|intraday me|intraday mein|day trade"),
    (Tag.PRODUCT, "NRML", "nrml|carry|carryforward|carry forward"),
    (Tag.VALIDITY, "IOC", "ioc order|immediate or cancel|immediate-or-cancel|validity ioc|"
        "as ioc"),
    (Tag.VALIDITY, "DAY", "day order|valid today|valid for the day|valid for today|validity day|"
        "good for the day|good for day|for the day"),
    (Tag.SLIPPAGE, "", "slippage|max slippage|slippage of|max slippage of|slippage max"),
    (Tag.MINUTES, "", "minute|minutes|min|mins"),
    (Tag.HOURS, "", "hour|hours|hr|hrs"),
    (Tag.IF, "", "if|when|once|only if|only when|agar|provided|as soon as|whenever|but only if|"
        "but only when|only once"),
    (Tag.ABOVE, "", "above|over|is above|goes above|goes over|rises above|trades above|"
        "is over|higher than|greater than|more than|>|goes past|crosses|crosses above|breaks above|"
        "breaks|moves above|crosses over"),
    (Tag.BELOW, "", "below|under|is below|goes below|goes under|falls below|drops below|"
        "dips below|trades below|is under|lower than|less than|<|breaks below|crosses below|"
        "moves below|slips below"),
    (Tag.AFTER, "", "after|from|post|starting"),
    (Tag.UNTIL, "", "before|till|until|upto time|no later than"),
    (Tag.BETWEEN, "", "between"),
    (Tag.EXCHANGE, "NSE", "nse"),
    (Tag.EXCHANGE, "BSE", "bse"),
    (Tag.EXCHANGE, "NFO", "nfo"),
    (Tag.EXCHANGE, "BFO", "bfo"),
    (Tag.EXCHANGE, "NASDAQ", "nasdaq"),
    (Tag.EXCHANGE, "NYSE", "nyse"),
    (Tag.CONTRACT, "", "ce|pe option|put|puts|call|calls|fut|future|futures|option|options|"
        "straddle|strangle|spread|strike|covered call|expiry|weekly|monthly|call option|"
        "put option"),
    (Tag.PRONOUN, "", "it|this|that|them|this one|that one|ise|isko|usko|yeh|this stock|maal"),
    (Tag.MY, "", "my|mine|mere|meri|mera|apna|apne|apni|our"),
    (Tag.OF, "", "of|ka|ke|ki|worth of|के|का|की"),
    (Tag.IN, "", "in|me|mein|से|में"),
    (Tag.INTO, "", "into"),
    (Tag.FOR, "", "for"),
    (Tag.BY, "", "by"),
    (Tag.AND, "", "and|&|aur|plus"),
    (Tag.ABOUT, "", "about|around|roughly|approx|approximately|~|nearly|almost|lagbhag"),
    (Tag.COMMA, "", ",|;|.|!|:|(|)|?|…|-|–|—|/-"),
)  # fmt: skip
