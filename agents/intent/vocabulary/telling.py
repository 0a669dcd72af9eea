"""Words by which a clause beside an order is known to tell, to overrule, or to leave in doubt."""

from typing import Final

# After one of these a person's own order overrules what others think.
OVERRULING: Final = frozenset(
    {"but", "but anyway", "anyway", "anyways", "still", "regardless", "however", "nevertheless",
     "nonetheless", "lekin", "magar", "phir bhi", "fir bhi", "whatever", "that said",
     "in any case"}
)  # fmt: skip
# A clause with one of these is a sentence, which tells; without one it may be a part of the order.
FINITE: Final = frozenset(
    {"is", "are", "am", "was", "were", "be", "been", "being", "has", "have", "had", "having",
     "it's", "its", "that's", "i'm", "i've", "they're", "we're", "there's", "he's", "she's",
     "does", "did", "do", "will", "would", "need", "needs", "needed", "want", "wants", "wanted",
     "like", "likes", "love", "loves", "hate", "hates", "feel", "feels", "felt", "know", "knows",
     "believe", "trust", "think", "look", "looks", "looking", "seem", "seems", "got", "went",
     "gone", "goes", "going", "came", "made", "held", "holding", "waited", "waiting", "tired",
     "bored", "scared", "fed", "thought", "consideration", "deliberation", "reflection",
     "research", "hai", "hain", "hu", "hoon", "tha", "thi", "raha", "rahe", "rahi",
     "gaya", "gayi", "gaye", "chahiye", "lag", "lagta", "happy", "sad", "worried", "excited"}
)  # fmt: skip
# After one of these a name signs a message.
SIGN_OFFS: Final = frozenset(
    {"regards", "best regards", "kind regards", "warm regards", "thanks", "thank you",
     "best wishes",
     "thanks and regards", "thanks & regards", "yours sincerely", "yours faithfully", "yours truly",
     "many thanks", "thanking you", "cheers", "rgds", "sincerely"}
)  # fmt: skip
# With "that" before them these look back at what was just said: "that was the tip".
WERE: Final = frozenset({"was", "were", "is", "are", "would", "will", "does", "did"})
# What no table of orders knows and yet may say when, how much, at what price, where or for whom.
UNSETTLING: Final = frozenset(
    {"later", "evening", "night", "tonight", "afternoon", "morning", "noon", "lunch", "close",
     "closing", "opening", "open", "eod", "week", "weekend", "month", "year", "hour", "hours",
     "weekly", "daily", "monthly", "tranche", "tranches", "batch", "batches", "portion",
     "portions", "parts", "pieces", "slices", "slowly", "gradually", "staggered", "bunch", "lots",
     "heaps", "cheap", "cheaper", "discount", "dip", "dips", "low", "lows", "high", "highs",
     "paper", "demo", "virtual", "dummy", "broker", "account", "zerodha", "groww", "upstox",
     "joint", "name", "somehow", "unless", "provided", "depending", "subject", "if", "when",
     "once", "till", "until", "after", "before", "between", "or", "else", "otherwise", "half",
     "double", "twice", "minus", "plus", "extra", "premium", "bonus", "shaam", "subah", "raat",
     "joking", "kidding", "lying", "teasing", "wrong", "mistaken", "sarcasm", "sarcastic", "plan",
     "idea", "tip", "wants", "asked", "ordered", "insisted", "prank", "dopahar", "baad",
     "pehle", "kal", "parso", "karenge", "karunga", "karungi", "hafte", "mahine", "thoda",
     "zyada", "kam", "sasta", "mehenga"}
)  # fmt: skip
# How words begin that say that an order was not meant.
JOKING: Final = ("jok", "jk", "kidd", "prank", "mazak", "mazaak", "typo", "mistake", "test", "undo")
# A heading with one of these says that what follows is somebody's call, and no order of one's own.
CALLED: Final = frozenset(
    {"call", "calls", "tip", "tips", "reco", "recos", "recommendation", "recommendations", "pick",
     "picks", "signal", "signals", "advice", "kehna", "salah", "rai", "jackpot"}
)  # fmt: skip
# With one of these it is no heading of a call: "my call: ...", "bull call spread: ...".
ONES_OWN: Final = frozenset(
    {"my", "mine", "mera", "meri", "mere", "apna", "apni", "our", "spread", "spreads", "covered",
     "ratio", "calendar", "straddle", "strangle", "collar", "ladder", "diagonal"}
)  # fmt: skip
# What a watch is for follows one of these, and then a person: "tell me so that i can sell".
PURPOSES: Final = frozenset({"so", "so that", "in order to", "taaki", "taki", "taake", "jisse"})
PERSONS: Final = frozenset({"i", "i'm", "i'd", "i'll", "we", "we'll", "me", "main", "mai", "hum"})
# What a person does without being helped: "i'll sell myself", "bechna main khud dekhunga".
ONESELF: Final = frozenset(
    {"myself", "ourselves", "manually", "khud", "decide", "decision", "faisla", "dekhunga",
     "dekhungi", "dekhenge", "sochunga", "sochungi", "sochenge"}
)  # fmt: skip
OF_THEN: Final = frozenset({"then", "there", "tab", "tabhi", "wahan", "waha"})
# Who is spoken to is asked for more.
ADDRESSING: Final = frozenset(
    {
        "you",
        "your",
        "yourself",
        "please",
        "pls",
        "plz",
        "kindly",
        "aap",
        "tum",
        "tu",
        "automatically",
        "auto",
    }
)
# What is left as it is stands between one of these and one of those: "leave infy alone".
SPARING: Final = frozenset({"leave", "keep", "let"})
SPARED: Final = frozenset({"alone", "untouched", "be", "intact", "as is", "in peace"})
# Before a colon these say that thinking is over and that an order follows.
DECIDED: Final = frozenset(
    {"i've decided", "i have decided", "decision made", "i've made up my mind",
     "i have made up my mind", "made up my mind", "my mind is made up"}
)  # fmt: skip
