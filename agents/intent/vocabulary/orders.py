"""The words of an order. Add a phrase to a row; longer phrases win over shorter ones."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

# A value that makes a phrase count only where an order may begin.
FIRST_ONLY: Final = "first"
# One that makes a phrase count only at the end of the message.
LAST_ONLY: Final = "last"
# One that makes a phrase count only where a clause begins and a size follows: "get 10 infy".
SIZED: Final = "sized"
# One that counts there, too, before a name that ends the message: "get infy".
NAMED: Final = "named"
# A verb of money: the amount beside it is how much to spend, without "worth" or "of".
MONEY_VERB: Final = "money"
# A verb of money only where an amount follows and then "in", "into" or "on" a name.
MONEY_SIZED: Final = "money sized"

# (class, what it stands for, phrases separated by |)
ORDER_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.BUY, "", "buy|to buy|purchase|get me|pick up|grab|accumulate|add|go long|"
        "go long on|long on|bto|acquire|average down|average up|"
        "kharid|kharido|kharid lo|kharid le|kharid do|kharid lena|kharidna|kharidna hai|khareed|"
        "khareedo|khareed lo|kharidlo|kharidiye|le lo|lelo|lena hai|le lena|utha lo|"
        "le le|le do|buy kar do|buy karo|buy kar|buy karna hai|"
        "buy kar lo|buy kar le|buy krdo|buy krlo|खरीदो|खरीद|खरीद लो|खरीद लें|"
        "compra|comprar|kaufe|kaufen|achète|acheter|scoop up|load up on|stock up on|snap up|"
        "purchase of|pick up|bulk up on|build up|stack up on|invest myself in|top up on|"
        "place a buy order for|place buy order for|place a buy order|place a buy on|enter|"
        "load the boat|load the boat on|load the boat with|back up the truck on|"
        "enter long|enter long on|buy back|i'll take|i will take|take a long in|take long in|"
        "initiate long in|b/o"),
    (Tag.SELL, "", "sell|to sell|dump|offload|stc|trim|sell off|go short|"
        "go short on|short sell|bech|becho|bech do|bech de|bech dena|bech dijiye|bechna|"
        "bechna hai|bechne hai|bech lo|becho na|bechiye|"
        "bechdo|bechke|bech ke|sell kar do|sell karo|sell kar|sell kar de|sell krdo|sell kardo|"
        "बेचो|बेच|बेच दो|vende|vender|verkaufe|verkaufen|vendre|vends|"
        "place a sell order for|place sell order for|place a sell order|take a short in|"
        "write|short kar do|short karo|reduce|shed|part with|unload|ditch|dispose of|dispose off|"
        "sell out of|off load|jettison|hive off|pare|pare back|pare down|lighten|lighten up on|"
        "lighten up|disinvest|divest|get shot of|palm off|pass on my|let go my|liquidate part of|"
        "cut down|scale down|scale back|thin out|go short in|fade|take short|sell down|sell away|"
        "slash|prune|whittle down|chop"),
    (Tag.BUY, MONEY_VERB, "invest|invest in|sip|deploy|daal do|dal do|daalo|daal de|dal de|"
        "put money in|put money into|allocate|park|invest karo|invest kar do|laga do paise|spend"),
    (Tag.BUY, NAMED, "need|get|pick|nab|bag|snag|get some|grab some|pick some"),
    (Tag.BUY, SIZED, "get us|give me|give us|fetch|fetch me|bring me|bring us|bag me|"
        "nab me|pick me|pick me up|pick us up|snatch|scoop|order|order me|lift|net|"
        "load|load up|gimme|gimme another|lemme have|lemme get|let me get|"
        "load me up on|load me up with|stock me up on|take me long|hook me up with|"
        "put me down for|put me in for|sign me up for|let me have|i'll have|i will have|"
        "i shall have|i'll get|i'd like|i would like|i want|i need|we need|we want|require|"
        "i require|want|own|collect|gather|go in for|go for|add me|add us|have me|score|"
        "secure|procure|obtain|source|i'd love|give me another|get another|grab me|grab us|"
        "throw in|chuck in|toss in"),
    (Tag.BUY, MONEY_SIZED, "stick|chuck|throw|drop|sink|pour|pump|plough|plow|dump|toss|plonk|"
        "lob|shove|punt|bung|pop|inject|channel|direct|commit|place|set aside|"
        "funnel|route|divert|move|shift|use|infuse"),
    (Tag.SELL, SIZED, "lose|drop|let go|let go of|release|knock out|knock off|chuck|chuck out|"
        "throw out|throw away|toss|toss out|bin|axe|kick out|get shot of|hand over|"
        "free up|relinquish|cash in|cash out|clear out|"
        "cut loose|boot|boot out|flog|flush|flush out"),
    (Tag.BUY, FIRST_ONLY, "b|by|bu|buyy|byu|put|take|lo"),
    (Tag.SELL, FIRST_ONLY, "s|sel|sll|selll|seel"),
    (Tag.EXIT, "", "exit|exit from|exit out of|close|close out|square off|square-off|squareoff|"
        "square of|sq off|sqoff|close off|close down|cut|cover|unwind|get rid of|get out of|get me "
        "out of|take me out of|book profit|book profits|"
        "book profits in|book profit in|book profits on|book profit on|"
        "book|liquidate|flatten|nikalo|nikal do|nikal lo|nikaal do|nikaalo|kaat do|kaato|kaat de|"
        "square off kar do|square off karo|exit karo|exit kar do|exit le lo|exit maro|cover karo|"
        "cover kar do|cover kar lo|close karo|close kar do|close kar de|profit book karo|"
        "profit book kar lo|profit book kar do|exit kardo|cut kar do|band kar do|nikal jao|"
        "i want out of|want out of|bail out of|cash out of|cash out my|cash out all my|"
        "clear out my|clear out all my|bail on|"
        "clear out of|take my money out of|get my money out of|take me out|take us out of|"
        "come out of|walk away from|step out of|pull out of|move out of|scratch my|"
        "lock in profits on|"
        "lock in profit on|lock in profits in|lock in gains on|lock in my profit on|"
        "realise profit on|encash|"
        "nikal jana hai"),
    (Tag.PLACE, "", "guard|safeguard|shield|defend|keep a|keep an|needs a|needs an|protect|place|"
        "place an|place a|put in|create|create a|create an|set up a|set up|"
        "laga do|lagao|lagado|laga de|lagana|set|"
        "set a|set an|trade|attach a|add a"),
    (Tag.LONG, "", "long"),
    (Tag.SHORT, "", "short|shrt|shrot"),
    (Tag.UNIT, "", "share|shares|qty|quantity|qnty|nos|units|unit|stocks|stock|equity shares|"
        "शेयर|शेयर्स|acciones|aktien|actions|shrs|shr|shs|pieces|pcs|scrips|ltd shares"),
    (Tag.LOT, "", "lot|lots|lots of|lot of|लॉट"),
    (Tag.WORTH, "", "worth|worth of|rupees worth of|value of|ka maal|ke barabar"),
    (Tag.ALL, "", "सब|सारे|सारा|सभी|पूरा|पूरे|all|everything|full|fully|entire|entirely|whole|"
        "all of|all of it|all of my|"
        "all my|"
        "sab|saara|all the|"
        "saare|saari|sara|sari|sare|sab kuch|poora|pura|poori|puri|completely|complete|"
        "every single|"
        "all of the|totally|everything in|the rest|rest|rest of|the rest of|the remaining|"
        "remaining|baaki|baki|the balance|the remainder|remainder|baaki sab|baki sab|bacha hua|"
        "every share of|every share|every single share of|every one of my|"
        "the whole lot|whole lot|lock stock and barrel|each and every|every last|every one of|"
        "every single one|the entire lot|the whole thing|poora ka poora|pura ka pura|"
        "jitni bhi|jitne bhi|jitna bhi|jitni|jitne|jo bhi|"
        "all my shares of|all the shares of|my entire|my whole|my complete|my full|har"),
    (Tag.EACH, "", "both|both the|both of|each|each of|apiece|every|each in|dono|dono me|in each|"
        "in each of|per stock|"
        "teeno|har ek"),
    (Tag.VAGUE, "", "some|a few|few|a bit of|a little|a couple of|a couple|kuch|thoda|thode|thodi|"
        "a lot of|few more|some more|a few more|bunch of|a bunch of|several|many|"
        "thoda sa|a little bit of|as many|as much|most of|part of|a part of"),
    (Tag.CAPITAL, "", "capital|account|equity|net worth|my capital|my account|my equity|"
        "account value|account equity|portfolio value|my portfolio value|trading capital|"
        "the account|"
        "total capital|my total capital|paise|my money|my funds|available funds|my net worth|"
        "my total equity|total equity|corpus|my corpus|account size"),
    (Tag.RISK, "", "risk|risking|max loss|maximum loss|max risk|risk of|max loss of|with a risk of|"
        "with max loss|with max loss of|a risk of|risk only|maximum risk|not risking more than|"
        "risking only|risk max|risk up to"),
    (Tag.AT, "", "at|@|at price|price|rate|at a price of|entry|entry at|at around|at rate"),
    (Tag.PAR, "", "par|pr|पर|पे"),
    # "at" in Hinglish, but a put in an option's name.
    (Tag.PE, "", "pe"),
    (Tag.MARKET, "", "मार्केट|मार्केट पर|मार्केट में|बाजार भाव पर|बाज़ार भाव पर|market|mkt|cmp|"
        "at market price|at current market price|at the market price|"
        "at mkt price|at market rate|at mp|"
        "market order|market price|at market|current market price|"
        "current price|mp|best price|market rate|at the market|mkt order|mkt price|market pe|"
        "market par|market price pe|market price par|market me|market mein|bazaar bhav|"
        "market orders|at whatever price|at best|current rate"),
    (Tag.LIMIT, "", "लिमिट|limit|lmt|limit order|limit price|limit order at|lim|limits|a limit of"),
    (Tag.CAP, "", "up to|not above|but not above|but not below|not below|not over|not under|near|"
        "upto|no more than|not more than|don't pay more than|dont pay more than|not higher than|"
        "not lower than|or lower than|max|maximum|min|minimum|"
        "at most|at least|not less than|no higher than|no lower than|max price|around price|"
        "don't go above|dont go above|don't cross|don't sell below|not a paisa above|"
        "not a rupee more than|only below|max at|capped at|cap at|"
        "at a price no lower than|at a price no higher than|"
        "at a price not below|at a price not above|at a price not lower than|"
        "at a price not higher than|at a price of at least|at a price of at most|"
        "price no lower than|price no higher than|at prices no lower than|at prices no higher than|"
        "under price|price not above|near about|around|close to"),
    (Tag.CAP_AFTER, "", "ke andar|se zyada nahi|se jyada nahi|ke andar andar|se upar nahi|"
        "ke neeche hi"),
    (Tag.TRIGGER, "", "trigger|trigger price|trigger at|trg|stop order|stop order at|trig|"
        "with trigger|with a trigger|with trigger at|trigger pe|trigger of|tp trigger|"
        "a trigger"),
    (Tag.SL_ORDER, "", "sl limit|sl-limit|stop limit|stop-limit|stop loss limit|sl order|sl-l|"
        "stop limit order|stop loss limit order|sl limit order|stop-loss limit"),
    (Tag.SLM_ORDER, "", "sl-m|slm|sl m|stop loss market|sl market|stop-market|stop market|"
        "sl-m order|slm order|stop loss market order|stop-loss market|stop loss order"),
    (Tag.STOP, "", "sl|stop loss|stoploss|stop-loss|stop|with a stop loss|with sl|a stop|"
        "with stop loss|with stop|with a stop|s/l|stop at|sl at|stoploss at|protective stop|a sl|"
        "a stop loss|a stoploss|a stop-loss|"
        "an sl|hard stop|with stoploss"),
    (Tag.TRAIL, "", "trailing stop|trailing stop loss|trailing stoploss|trailing sl|trail sl|"
        "trail stop|trail by|trailing|tsl|trail the stop|trail my stop|trail|trailing stop-loss|"
        "trail the sl|sl trail|stop trailing|with trailing stop|a trailing stop"),
    (Tag.TARGET, "", "target|tgt|tp|take profit|target price|tg|targets|profit target|trgt|"
        "book profit at|take profit at|target at|a target|with target|with a target"),
    (Tag.NO_EXTRA, "", "target n/a|no target|no limit order|no stop loss|no stop|no sl|"
        "without stop loss|without a stop|without sl|no stop loss needed|no sl needed|sl n/a|"
        "and keep the rest|and leave the rest|and hold the rest|"
        "the rest can stay|the rest stays|rest can stay|rest stays|keep the rest|leave the rest|"
        "hold the rest|let the rest be|baaki rehne do|baki rehne do|"
        "no stoploss|no target needed|bina sl|bina target|without target|no stop needed|"
        "stop loss n/a|sl na|tgt na|target na"),
    (Tag.POINTS, "", "point|points|pts|pt|rupees below|rs below"),
    (Tag.ATR, "", "atr|x atr|times atr"),
    (Tag.PRODUCT, "CNC", "cnc|delivery|btst|for delivery|in delivery|delivery me|delivery mein|"
        "in cnc|delivery wale|delivery ke liye|as delivery|cash and carry|for the long term|"
        "buy today sell tomorrow"),
    (Tag.PRODUCT, "MIS", "mis|intraday|for intraday|in mis|intraday me|intraday mein|day trade|"
        "intraday ke liye|as intraday|intra day|intra-day|intraday only|"
        "for the day only|bto today|for intraday trade"),
    (Tag.PRODUCT, "NRML", "nrml|carry|carryforward|carry forward|carry over|overnight|"
        "positional|in nrml|normal product|carry fwd|carry forward ke liye|carry ke liye|"
        "overnight ke liye|positional ke liye|carry forward me|carry forward mein|nrml me|"
        "nrml mein|carry forward karne ke liye|as carry forward|for carry forward|as nrml|"
        "as overnight|carry forward wala|as positional"),
    (Tag.VALIDITY, "IOC", "ioc order|immediate or cancel|immediate-or-cancel|validity ioc|"
        "as ioc|ioc"),
    (Tag.VALIDITY, "DAY", "day order|valid today|valid for the day|valid for today|validity day|"
        "good for the day|good for day|for the day|valid till end of day|good till day|"
        "day validity|valid only for today"),
    (Tag.VALIDITY, "GTT", "gtt|gtt order|as gtt|a gtt|gtt for|good till triggered|gtt lagao|"
        "gtt on|gtt oco|gtt oco order|a gtt oco|oco gtt|oco gtt order|an oco gtt|two leg gtt|"
        "two-leg gtt|gtt two leg|gtt two-leg"),
    (Tag.VALIDITY, "GTC", "gtc|good till cancelled|good till canceled|good till cancel"),
    # Kinds of order that are not offered; the value says so. Each is told, none is left out.
    (Tag.VARIETY, "bracket orders", "bo|b.o.|bo order|bracket|bracket order|a bracket|"
        "a bracket order|with bracket|with a bracket|with bracket order|as a bracket|as bracket|"
        "as bracket order|as a bracket order|as bo|as a bo|in bo|bo me|bo mein"),
    (Tag.VARIETY, "cover orders", "co|c.o.|co order|cover order|a cover order|with cover order|"
        "with a cover order|as a cover order|as cover order|as co|as a co|in co|co me|co mein"),
    (Tag.VARIETY, "after-market orders", "amo|as amo|as an amo|amo order|after market order|"
        "after-market order|an amo|after hours order|after-hours order"),
    (Tag.VARIETY, "iceberg orders", "iceberg|iceberg order|as iceberg|as an iceberg|"
        "an iceberg order|an iceberg|as an iceberg order"),
    (Tag.SLIPPAGE, "", "slippage|max slippage|slippage of|max slippage of|slippage max|"
        "with max slippage|slippage upto|slippage up to|slippage under|slippage below|"
        "slippage not more than|max slip"),
    (Tag.MINUTES, "", "minute|minutes|min|mins|minutes only|minute ke liye|min ke liye|"
        "minutes ke liye|mins ke liye"),
    (Tag.HOURS, "", "hour|hours|hr|hrs|ghante|ghanta|ghante ke liye|ghanta ke liye|"
        "hour ke liye|hours ke liye"),
    (Tag.SECONDS, "", "second|seconds|sec|secs"),
    (Tag.AFTER, "", "after|post|starting|starting at|not before|baad|ke baad|start at|"
        "anytime after"),
    (Tag.UNTIL, "", "expires in|expire in|expire after|expires after|"
        "before|till|until|upto time|no later than|latest by|tak|se pehle|ke pehle|"
        "latest|valid till|valid until|good till|sometime before|anytime before|open till"),
    (Tag.BETWEEN, "", "between|from"),
    (Tag.DAYWORD, "1", "tomorrow|tmrw|tomorrow morning|kal subah|tomorrow's"),
    (Tag.DAYWORD, "mon", "on monday|monday"),
    (Tag.DAYWORD, "tue", "on tuesday|tuesday"),
    (Tag.DAYWORD, "wed", "on wednesday|wednesday"),
    (Tag.DAYWORD, "thu", "on thursday|thursday"),
    (Tag.DAYWORD, "fri", "on friday|friday"),
    (Tag.EXCHANGE, "NSE", "nse|on nse|on the nse|nse pe|nse par|nse me|nse mein|nse se"),
    (Tag.EXCHANGE, "BSE", "bse|on bse|on the bse|bse pe|bse par|bse me|bse mein|bse se"),
    (Tag.EXCHANGE, "NFO", "nfo"),
    (Tag.EXCHANGE, "BFO", "bfo"),
    (Tag.EXCHANGE, "MCX", "on mcx|mcx pe|mcx par|mcx me|mcx mein"),
    (Tag.EXCHANGE, "NASDAQ", "nasdaq"),
    (Tag.EXCHANGE, "NYSE", "nyse"),
    (Tag.PRONOUN, "", "it|this|that|them|this one|that one|ise|isko|usko|yeh|ye|this stock|maal|"
        "these|those|iska|iske|uska|the same stock|that stock|the stock|iss stock|isi|usi|it all"),
    (Tag.KEEP, "", "keep|keeping|leave|leaving|retain|rakho|rakh lo|rakhna|but keep|"
        "leave me with|till i have|until only|till only|till just|until just|till there are only|"
        "until there are only|till i'm left with|until i'm left with|till i am left with|so only|"
        "so that only|and be left with|leaving only|leaving me with|leaving just|till only i have|"
        "hang on to|hang onto|holding on to|and keep|so i have|until i have|so that i have|"
        "keep only|hold on to|hold back"),
    (Tag.DOWN_TO, "", "down to|bring down to|cut down to|reduce to|trim to|to only|cut to|"
        "trim down to|reduced to"),
    (Tag.ALL_BUT, "", "all but|everything but|all except|everything except|all other than|"
        "but leave|except for"),
    (Tag.EXCEPT, "", "except|excluding|other than|apart from|barring|chhod ke|chhodke|chhod kar|"
        "ke alawa|ko chhod kar|ko chhod ke|leave out|besides"),
    (Tag.DOUBLE, "1", "double|double up on|double up|double my|dugna|dugna karo|dugna kar do"),
    (Tag.DOUBLE, "2", "triple|triple my"),
    (Tag.INCREASE, "", "increase|increase my|raise my|grow my|bump up|add to my|add to|scale up|"
        "scale into|top up|top up my|up my"),
    (Tag.LONGS, "", "longs|long positions|all longs|my longs|long side"),
    (Tag.SHORTS, "", "shorts|short positions|all shorts|my shorts|short side|open shorts"),
    (Tag.WINNERS, "", "that is in profit|that are in profit|in profit|in the green|winners|"
        "profitable|that is up|which are up|which is in profit|which are in profit|in green|"
        "everything in the green|everything in green|everything in profit|all in the green|"
        "winning|my winners|profit wale|jo profit me hai|jo profit mein hai|that's in profit|"
        "that are up|making money|profit me"),
    (Tag.LOSERS, "", "that is in loss|that are in loss|in loss|in the red|losers|losing|"
        "that is down|which are down|loss making|loss-making|my losers|loss wale|"
        "which are in loss|which is in loss|jo loss me hai|jo loss mein hai|that's in loss|in red|"
        "everything in the red|everything in red|everything in loss|all in the red|all in red|"
        "making a loss|at a loss|losing money|that are losing money|loss me|that are down|"
        "that are losing|underwater"),
    (Tag.MY, "", "my|mine|mere|meri|mera|apna|apne|apni|our|i hold|i have|i own|मेरे|मेरा"),
    (Tag.OF, "", "me se|mein se|mese|out of my|of|ka|ke|ki|के|का|की|wale|wala|wali|waale"),
    (Tag.IN, "", "in|me|mein|se|m|में|से|towards"),
    (Tag.INTO, "", "into"),
    (Tag.FOR, "", "with|for|para|in the next|within the next|within|"
        "over the next|for the next|agle"),
    (Tag.BY, "", "by"),
    (Tag.TO, "", "to"),
    (Tag.AND, "", "and|&|aur|plus|n|y|und|then|and then|and also|also|phir|followed by|along with"),
    # "around" caps a price; before what is counted it makes the count unsure
    (Tag.ABOUT, "", "around|at least|at most|up to|upto|max|maximum|min|minimum|near about|"
        "close to|no more than|not more than|not less than|no less than|minimum of|maximum of|"
        "kam se kam|zyada se zyada|"
        "about|roughly|approx|approximately|~|nearly|almost|lagbhag|kareeb|karib|"
        "around about|like|something like|ballpark"),
    (Tag.ABOUT_AFTER, "", "ish|or so|odd|give or take|ke aas paas|ke aaspaas|ke kareeb|"
        "ke lagbhag|more or less|something|approx|approximately"),
    (Tag.COMMA, "", ",|;|.|!|:|(|)|?|…|-|–|—|/-|/|*|[|]|=|+|·|•|→|->|..|..."),
)  # fmt: skip
