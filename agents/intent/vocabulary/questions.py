"""What questions are about, and the words of research. Rows that stand first win."""

from typing import Final

# What a purchase takes: "how much money would i need to buy 50 cipla".
_NEEDED: Final = "|".join(
    f"{what} {needed}"
    for what in ("money", "cash", "much", "rupees", "paisa", "paise")
    for needed in (
        "would i need", "do i need", "will i need", "would i have to pay", "do i have to pay",
        "will i have to pay", "would it take", "will it take", "does it take", "must i pay",
        "would i pay", "will i pay", "is needed", "needed to buy", "would be needed", "chahiye",
        "chahiye hoga", "chahiye honge", "lagega", "lagenge",
    )
)  # fmt: skip
# Why something was proposed, said with the word for proposing.
_PROPOSED: Final = "|".join(
    f"{why} {proposed}"
    for why in ("why did you", "why do you", "why have you", "why would you", "why were you",
        "why are you", "why did it", "why did the system")
    for proposed in (
        "recommend", "recommended", "recommending", "suggest", "suggested", "suggesting", "propose",
        "proposed", "proposing", "advise", "advised", "advising", "draft", "drafted", "pick",
    )
)  # fmt: skip
# topic: phrases. A topic is chosen by the first row that has a phrase in the message.
TOPIC_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    ("exceptions", "exceptions|exception|errors|error|mismatch|mismatches|discrepancies|"
        "discrepancy|"
        "reconciliation|anything wrong|what went wrong|unreconciled|reconcile|reconciled|"
        "does everything match|out of sync|break in the books|breaks|unmatched|issues|"
        "does the broker agree"),
    ("alerts", "my alerts|active alerts|alerts|alert history|price alerts|what alerts|"
        "monitors|my monitors|watches|what are you watching|what are you monitoring|"
        "which alerts|any alerts|alert list|triggered alerts|kaunse alert"),
    ("jobs", "jobs|job|scheduled|schedule|schedules|scheduler|running in the background|"
        "background tasks|playbook run|last run|next run|cron|is running|did it run|ran today|"
        "background|queue|queued|job status|status of the sweep|status of the backtest|"
        "sweep status|backtest status|sweep done|backtest done|is the sweep|"
        "sweep finished|backtest finished|training finished|training done|is the backtest"),
    ("playbooks", "playbooks|playbook|my playbooks|which playbook"),
    ("decision", _PROPOSED + "|why did you|"
        "why was|why were|why is my|why wasn't|why didn't|why was it|"
        "why did it|why are you|explain why|reason for|the reason|rejected|denied|blocked|"
        "refused|why not|your reasoning|reasoning|rationale|explain the decision|decision|"
        "decisions|why you suggested|why you|which rule|last decision|kyun reject|kyu reject|"
        "reject kyun|reject kyu|why the|declined|decision history|past decisions|decision log|"
        "my runs|past runs|run history|why can't i|why cannot i|why could i not|turned down|"
        "explain your|walk me through|kyun bola|kyu bola|kyun kaha|kyu kaha|kyun bataya|"
        "kyun suggest|"
        "kyu suggest|kyun recommend|kyun diya|kyu diya|kyun bech diya|kyun kharida|kyun becha"),
    ("risk", "risk|risk limit|risk limits|my limits|limits|max order size|maximum order size|"
        "exposure|drawdown|var|daily loss limit|loss limit|concentration|kill switch|"
        "how much can i lose|can i lose|may i lose|can still lose|before you block|"
        "before you stop me|"
        "allowed to lose|leverage|max loss allowed|allowed to trade|position limit|"
        "risk status|risk used|how risky|exposed|order limit|stop trading|beta|how much risk|"
        "biggest risk|circuit breaker|loss left|policy|risk policy|trading limits|risk report"),
    ("trades", "executed buys|executed sells|executed sales|executed purchases|buys in|sells in|"
        "today's buys|today's sells|todays buys|todays sells|buys today|sells today|last buy|"
        "last sell|last purchase|last sale|price did my|price was my|price were my|"
        "buy get filled|sell get filled|buys got filled|sells got filled|filled buys|filled sells|"
        "completed buys|completed sells|recent buys|recent sells|all buys|all sells|"
        "pay in charges|paid in charges|charges did i pay|brokerage did i pay|charges paid|"
        "brokerage paid|charges today|charges have i paid|pay in brokerage|trades|"
        "executed trades|my executed|tradebook|trade book|fills|fill|executions|"
        "trade history|"
        "executed trades|what did i buy|what did i sell|did i buy|did i sell|bought today|"
        "sold today|trades today|my trades|todays trades|today's trades|order fills|"
        "what have i bought|what have i sold|traded today|trade log|aaj ke trade|aaj kya kharida|"
        "aaj kya becha|kya kharida|kya becha|have i bought|have i sold|did i trade|"
        "of my buys|of my sells|my buys|my sells|my purchases|my sales|buys were|sells were|"
        "i bought today|i sold today|last trade|recent trades|did i get filled|price did i get"),
    ("plan", "plan|plans|pending plan|pending plans|draft|drafts|my draft|trade plan|trade plans|"
        "waiting for approval|awaiting approval|pending approval|pending approvals|approvals|"
        "approval|waiting for me|cards|preview|what would happen if i|cost of buying|"
        "charges for|brokerage for|how much would it cost|the card|proposals|proposal"),
    ("orders", "order hua|order ho gaya|order lag gaya|order laga kya|orders|my orders|"
        "open orders|pending orders|order book|orderbook|order status|"
        "status of my order|status of my orders|any orders|show orders|my order|order pending|"
        "pending order|status of order|orders today|order history|status of|still pending|"
        "still open|gone through|go through|went through|order executed|order gone|orderbook|"
        "order ka kya hua|get executed|been executed|got executed|be executed|get filled|"
        "been filled|order kya hua|kaunse order|order kya hua|order ka status|order laga|"
        "executed or not|"
        "working orders|order went|where is my order|where's my order|wheres my order"),
    ("pnl", "pnl|p&l|p & l|p and l|profit and loss|profit or loss|mtm|how much did i make|"
        "how much did i lose|am i up|am i down|my profit|my loss|my losses|made money|"
        "make money|lose money|lost money|making money|losing money|how am i doing|"
        "how much have i made|how much have i lost|realised|unrealised|realized|unrealized|"
        "profit today|loss today|gains|my gains|my returns|returns|profit|loss|made today|"
        "lost today|kitna kamaya|kitna profit|kitna loss|kitna nuksan|kitna fayda|nuksan|fayda|"
        "in profit or loss|how did i do|day's pnl|make today|lose today|money did i|"
        "best performer|worst performer|performing best|performing worst|am i making|am i losing|"
        "how are my|how's my day|how was my day"),
    ("cost", _NEEDED),
    ("margins", "can i spend|can i invest|can i deploy|left to invest|margin|margins|funds|cash|"
        "buying power|available funds|free cash|"
        "available cash|balance|how much money|available margin|fund|purchasing power|"
        "fund balance|paisa|paise|kitna paisa|money do i have|money left|cash left|"
        "can i afford|afford|collateral|account balance|wallet|free margin|enough money|"
        "enough margin|enough funds|enough balance|enough cash|money available|withdrawable|"
        "margin required|margin needed|margin do i need|how much margin|khate me"),
    ("positions", "any short|any shorts|any long|any longs|short in|long in|short on|long on|"
        "net long|net short|"
        "positions|open positions|my positions|am i short|am i long|what positions|"
        "position in|short anything|long anything|position|open trades|my position|"
        "how big is my|how large is my|size of my|my short|my long|"
        "any positions|trades open|intraday positions|positions open|f&o positions|"
        "what am i long|what am i short|open position|"
        "positons|postions|positins"),
    ("holdings", "holdings|my holdings|what do i hold|what i actually hold|do i hold|i hold|"
        "do i own|what do i own|what i hold|show holdings|how many do i have|kitne share hai|"
        "holding|do i have|do i still have|have in my demat|how many|mere paas|mere pas|"
        "what stocks do i|stocks do i own|i own|demat|shares do i|average price|my average|"
        "avg price|avg cost|average cost|my cost|buy price|buying price|bought at what|"
        "invested value|quantity do i|mera average|did i pay|have any|ka average|"
        "ka avg|ki average|average kya|average kitna|avg kitna|holdngs|holdigs"),
    ("portfolio", "portfolio|my portfolio|show portfolio|portfolio summary|overview|total value|"
        "how is my portfolio|net worth|portfolio value|portfolio worth|account summary|"
        "allocation|diversified|sector split|sector exposure|summary of my account|my account|"
        "account overview|breakup of my|sector breakup|worth right now|snapshot|morning brief|"
        "brief me|briefing|morning briefing|daily summary|daily brief|start of day summary|"
        "morning summary|day summary|pre market brief|pre-market brief|summary of the day|brief|"
        "subah ka brief|subah ki brief|din ka brief|subah ka haal|aaj ka haal"),
    ("instrument", "lot size|tick size|expiry date|expiry|expires|expire|freeze quantity|"
        "freeze limit|isin|symbol of|symbol for|ticker of|ticker for|face value|"
        "circuit limit|upper circuit|lower circuit|circuit|circuits|contract size|lot of|"
        "when does it expire|contract details|instrument details|price band|freeze qty|"
        "lot kitne|lot kitna|lot kitne ka|is it listed|listed|which exchange|trading symbol|"
        "tradingsymbol|next expiry|market hours|market open|market close|market timing|"
        "is the market open|holiday|holidays|trading holiday|strikes|f&o ban|ban list|"
        "is it tradable|tradable|multiplier|what exchange"),
    ("history", "history|historical|year|days|weeks|last year|last month|past year|past month|"
        "last week|"
        "past week|over the last|in the last|for the last|the last|52 week high|52 week low|"
        "52-week high|52-week low|52 week|52-week|all time high|"
        "chart|charts|candles|ohlc|ema of|sma of|this year|ytd|year to date|since january|"
        "over the past|past performance|month's|5 year|trend|performance|perform|performed|"
        "yesterday's close|previous close|prev close|yesterday|six months|last close|"
        "52w|week high|week low|high and low|day high|day low|kal ka|pichle|returns of|"
        "return of|rsi of|rsi for|atr of|atr for|market context|context for|context of|"
        "high of|low of|volatility|moving average|months|years|"
        "fell in|how much did|how far|gained in|this month|this week"),
    ("quote", "quote|quotes|ltp|price of|price for|the price|what price|trading at|"
        "rate of|bhav|current price of|kitne ka|kitne pe|kitne par|kya chal raha|kitne chal raha|"
        "cost me|last price|last traded price|bid and ask|quote for|quote of|price|market depth|"
        "depth|bid|ask|level|levels|going for|at now|rate|cmp|chal raha hai|daam|kya rate|"
        "is at|opened at|open at|bid ask|spot|doing|value of|kya bhav|current value|"
        "kitna kharcha|kitna paisa lagega|how much is|prices|kitna chal raha|kahan hai|how's the|"
        "where is|where's|wheres|up today|down today"),
    ("help", "help|need help|i need help|what can you do|how do i use this|commands|"
        "what can i say|what can i ask|help me"),
)  # fmt: skip
# detail, its topic: phrases. What is wanted of a topic, by the first row that has a phrase.
DETAIL_PHRASES: Final[tuple[tuple[str, str, str], ...]] = (
    ("brief", "portfolio", "morning brief|brief|briefing|brief me|morning briefing|daily summary|"
        "daily brief|start of day summary|summary of the day|morning summary|day summary|"
        "pre market brief|pre-market brief|subah ka brief|subah ki brief|din ka brief|"
        "subah ka haal|aaj ka haal"),
    ("why_not", "decision", "why not|why was it refused|refused|refuse|rejected|reject|denied|deny|"
        "blocked|block|declined|turned down|why wasn't|why didn't|which rule|not allowed|"
        "why can't i|why cannot i|why could i not|kyun reject|kyu reject|reject kyun|reject kyu"),
    ("log", "decision", "decisions|past decisions|decision history|decision log|"
        "previous decisions|recent decisions|my runs|past runs|run history"),
    ("why", "decision", "why"),
)  # fmt: skip
# Said alone, beside no more than quiet words, these ask why the last decision was as it was.
WHY_ALONE: Final = frozenset(
    {"why", "why so", "why that", "why though", "why is that", "why is it", "why was that",
     "why this", "but why", "kyun", "kyu", "kyon", "kyo", "kyun bhai", "aisa kyun", "aisa kyu",
     "reason", "how come", "how so"}
)  # fmt: skip
# Words that hold the word of a topic and are none.
NO_TOPIC: Final = (
    "stop loss|stop-loss|take profit|book profit|book profits|profit target|stop loss order|"
    "risk free|risk-free|lot of|a lot of|trailing stop loss|in order to|a demat|a demat account|"
    "open demat|open a demat account|need demat"
)
LOOKING_BACK: Final = frozenset({"last", "past", "previous", "recent", "pichle"})
# Words for time: a number before one counts how far back.
SPANS: Final = frozenset(
    {"day", "days", "week", "weeks", "month", "months", "year", "years", "yr", "yrs", "session",
     "sessions", "quarters", "din", "dino", "dinon", "hafte", "hafton", "mahine", "mahino",
     "mahinon", "saal", "saalon"}
)  # fmt: skip
# Questions about a word or how a thing works are answered in words, not with data.
EXPLAINING: Final = (
    "mean|means|meaning|difference between|define|how does a|how does an|how do i|how to|"
    "what is a|what is an|what's a|what's an|work|works|concept of|teach me|matlab|"
    "what is meant|kya hota hai|kaise kaam|how do you|how does the|how do people|how do traders|"
    "how do investors|how does one|how do we|how can one|how do others|log kaise|kaise karte|"
    "who are you|what is cnc|"
    "what is mis|what is nrml|what is btst|what is delivery|what is intraday|what is short"
)
# In a question beside the words of research these ask how a job is going.
PROGRESS: Final = (
    "finished|done|complete|completed|progress|status|running|ready|over|stuck|failed|started|"
    "how far|eta|pending|still going|results of|ho gaya|hua|khatam|queued|in the queue"
)
# A question that asks for a price only when it names something and nothing in it is unknown.
WEAK_QUOTE: Final = "weak_quote"
WEAK_PHRASES: Final = (
    "kitna lagega|kitne lagenge|kitna padega|kitne ka padega|kitne ka aayega|"
    "how is|how's|how are|what's|what is|kya haal|what about|kaisa chal raha|kaisa hai"
)

# topic: (words that say it, words that must stand beside one of them or nothing)
RESEARCH_PHRASES: Final[tuple[tuple[str, str, str], ...]] = (
    ("pack", "pack|packs|feature pack|strategy pack|lint|linter|lint my pack|validate the pack|"
        "research pack", ""),
    ("sweep", "sweep|parameter sweep|optimise|optimize|grid search|parameter search|optimisation|"
        "optimization|find the best|best parameters|tune|hyperparameter|try all|walk forward", ""),
    ("publish", "publish|push|promote|deploy|release|go live with|make live|ship|roll out|put live",
        "model|strategy|backtest|registry|winner|pack|live|result|results|version|sweep|"
        "production"),
    ("train", "train|retrain|fit|re-train|training|learn|finetune|refit|train kar do|"
        "build", "model|"
        "xgboost|classifier|on|again|lightgbm|regressor|network|weights|data"),
    ("backtest", "backtest|back test|back-test|backtests|test the strategy|test a strategy|"
        "backtesting|run the strategy on|historical test|test this strategy|strategy on past|"
        "backtest karo|backtest kar do|test an|would have performed|simulate the strategy", ""),
    ("dataset", "dataset|datasets|training data|data quality|feature data", ""),
    ("model", "model|models|model version|model in use|model registry|active model|which model|"
        "model accuracy|registry|auc|feature importance|precision of the", ""),
)  # fmt: skip
