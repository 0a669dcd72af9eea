"""The words of a condition: what is compared, how, and over which bars."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

CONDITION_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.IF, "", "if you get it|if you can get it|only if you get it|only if you can get it|"
        "if i can get it|if i get it|if you find it|if available|if it's available|"
        "if it is available|as and when|the minute|the second|the instant|the time|"
        "if|when|once|only if|only when|agar|jab|provided|provided that|as soon as|"
        "whenever|but only if|but only when|only once|in case|the moment|only after|jaise hi|"
        "if and only if|if at any time|if ever|when ever|assuming|jab bhi|whenever the"),
    (Tag.THEN, "", "to|then|toh|tab"),
    (Tag.ABOVE, "", "above|over|is above|goes above|goes over|rises above|trades above|is over|"
        "higher than|greater than|more than|>|goes past|moves above|climbs above|jumps above|"
        "ke upar|se upar|upar|ke upar jaye|ke upar jata hai|ke upar gaya|se upar jaye|closes above|"
        "ke upar ho|ke upar chala jaye|stays above|holds above|exceeds|is higher than|gets above|"
        "ke uper|se zyada|se jyada|is more than|is greater than|moves past|spikes above|>=|"
        "ends above|opens above|trading above|close above|go above|rise above|goes beyond|beyond|"
        "ke paar|is trading above|cross kare above|go over|be above"),
    (Tag.BELOW, "", "below|under|is below|goes below|goes under|falls below|drops below|"
        "dips below|trades below|is under|lower than|less than|<|moves below|slips below|<=|"
        "ke neeche|se neeche|neeche|ke niche|se niche|niche|ke neeche jaye|ke neeche gira|"
        "ke neeche aaye|ke neeche aa jaye|closes below|falls under|drops under|dips under|"
        "sinks below|gets below|is lower than|is less than|drop below|fall below|dip below|"
        "go below|se kam|ke neeche gire|ke neeche chala jaye|trading below|close below|"
        "slides below|"
        "stays below|holds below|opens below|ends below|tanks below|slip below|comes below|"
        "falls back below|is trading below|come below|be below|ke neeche ho"),
    (Tag.CROSS, "up", "crosses above|crosses over|breaks above|breaks out above|cross above|"
        "break above|breakout above|crosses back above|crossing above|breaks out over|"
        "crossed above|breaks through|breakout over|crosses upwards|ke upar cross"),
    (Tag.CROSS, "down", "crosses below|breaks below|cross below|break below|breaks down below|"
        "crosses under|crossing below|breaks under|crossed below|breaks down|breakdown below|"
        "ke neeche cross"),
    (Tag.CROSS, "", "crosses|cross|breaks|break|breaches|breach|cross kare|cross kar jaye|"
        "cross kiya|cross kar de|breaks out of|breaks past|crosses past|todta hai|tod de|tode|"
        "cross karta hai|crossing|cross kre|paar kare|break kare|break kar de|breakout"),
    (Tag.HIT, "", "hits|hit|reaches|reach|touches|touch|comes to|comes near|gets to|is at|"
        "becomes|equals|aaye|aa jaye|tak aaye|tak jaye|pahunche|pahunch jaye|touch kare|"
        "jaye|jaaye|jae|jaae|jata hai|chala jaye|chali jaye|chala jaaye|chali jaaye|chala gaya|"
        "pe jaye|par jaye|pe chala jaye|ho jaaye|ho jae|ho gaya|ho gayi|hote hi|aate hi|jate hi|"
        "jaate hi|pahunchte hi|pahonche|pohche|pahuche|pahuch jaye|milta hai|mil gaya|milte hi|hua|"
        "hit kare|comes at|ho jaye|pe aaye|par aaye|pe aa jaye|par aa jaye|touch kar le|"
        "pe mile|par mile|tak mile|me mile|mile|pe mil jaye|tak mil jaye|mil jaye|mil raha ho|"
        "tak gire|tak gir jaye|tak aa jaye|tak aajaye|pe aajaye|aa jae|aajaye|tak aae|pe aae|"
        "pe pahunche|tak pahunche|tags|prints|returns to|tests|trades at|come to"),
    (Tag.HIT, "down", "falls to|drops to|dips to|comes down to|slips to|goes down to|declines to|"
        "drop to|fall to|dip to|corrects to|slides to|gir ke|pulls back to|retraces to"),
    (Tag.HIT, "up", "rises to|goes up to|climbs to|jumps to|rallies to|goes to|gets up to|moves to|"
        "rise to|go up to|moves up to|bounces to|upar jaye"),
    (Tag.FALL, "", "falls|falls by|drops|drops by|dips|dips by|down|is down|down by|is down by|"
        "declines|declines by|loses|corrects|corrects by|slips|goes down|goes down by|fall|drop|"
        "gire|gir jaye|girta hai|gira|girta|falls another|falls more than|drops more than|"
        "fall of|drop of|fall by|falling|slides|slides by|tanks|cracks|crashes|gap down|loss of|"
        "neeche jaye|goes down more than|dips more than|is down more than|drawdown of|"
        "a fall of|a drop of|dip|dip of|pulls back|tumbles|sheds|gir jata hai|gir jae|goes down"),
    (Tag.RISE, "", "rises|rises by|gains|up|is up|up by|is up by|jumps|jumps by|rallies|goes up|"
        "goes up by|rise|gain|badhe|badh jaye|climbs|rises more than|rise of|gain of|surges|"
        "moves up|spikes|a rise of|a gain of|rally of|is up more than|jumps more than|gap up|"
        "adds|chadhe|chadh jaye|goes up more than|gains more than|bounces"),
    (Tag.METRIC, "rsi", "rsi|relative strength index|rsi value|day rsi|period rsi"),
    (Tag.METRIC, "pnl", "pnl|p&l|p and l|profit and loss|mtm|my pnl|my p&l|day pnl|day's pnl|"
        "total pnl|my mtm|overall pnl|net pnl|intraday pnl|pl"),
    (Tag.METRIC, "profit", "profit|my profit|profits|my profits|day profit|total profit|"
        "overall profit"),
    (Tag.METRIC, "loss", "loss|losses|my loss|my losses|day loss|total loss|overall loss|"
        "my day's loss|day's loss|net loss"),
    (Tag.METRIC, "volume", "volume|volumes|traded volume"),
    (Tag.METRIC, "sma", "sma|dma|moving average|day moving average|simple moving average|ma|"
        "day ma|day sma|days moving average|day simple moving average|days sma|days ma|"
        "days simple moving average"),
    (Tag.METRIC, "ema", "ema|day ema|exponential moving average|days ema|"
        "day exponential moving average|days exponential moving average"),
    (Tag.METRIC, "vwap", "vwap"),
    (Tag.METRIC, "macd", "macd"),
    (Tag.METRIC, "adx", "adx"),
    (Tag.METRIC, "price", "close of|close price|closing price|close price of|closing price of|"
        "last close|prev close|price|ltp|the price|its price|rate|bhav|the ltp|spot|share price|"
        "stock price|level"),
    (Tag.METRIC, "value", "value"),
    (Tag.INTERVAL, "1d", "daily|on daily|on the daily|day chart|on day chart|daily chart|"
        "on the daily chart|on daily chart|daily candle|on a daily basis|1 day chart"),
    (Tag.INTERVAL, "1h", "hourly|on hourly|on the hourly|hourly chart|on the hourly chart|"
        "hourly candle|on hourly chart"),
    (Tag.EVERY, "", "every|har|each|once every|once in every|after every"),
    (Tag.MARKET_MOOD, "", "looks weak|looks good|looks strong|is low|is high|is good|is weak|"
        "is strong|improves|recovers|turns|gets better|market falls|market crashes|looks bad|"
        "the market falls|the market crashes|market girta hai|goes crazy|turns bullish|"
        "turns bearish|turns red|turns green|news is good|results are good|stabilises|settles|"
        "looks cheap|gets cheap|is cheap|cools off|picks up|weakens|strengthens|reverses|"
        "the market recovers|sentiment improves|bounces back|it makes sense|things look good|"
        "the chart looks good|it feels right|is volatile"),
)  # fmt: skip
# "the 50 dma" is daily even where nobody says so.
DAILY_AVERAGES: Final = frozenset({"dma", "day moving average", "day ma", "day sma", "day ema",
    "days moving average", "day simple moving average", "days sma", "days ma", "days ema",
    "days simple moving average", "day exponential moving average",
    "days exponential moving average"})  # fmt: skip
