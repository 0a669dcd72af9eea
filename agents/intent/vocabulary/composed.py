"""Phrases that are put together of words: each word of one column with each of the next."""

from itertools import product
from typing import Final

from agents.intent.vocabulary.orders import MONEY_VERB
from agents.intent.vocabulary.tags import Tag


def joined(*columns: str) -> str:
    """Join every word of a column with every word of the next; an empty word adds nothing."""
    ways = product(*(column.split("|") for column in columns))
    return "|".join(dict.fromkeys(" ".join(" ".join(way).split()) for way in ways))


# How a Hinglish verb ends when it asks for something to be done now.
DO_IT: Final = (
    "do|de|dena|dijiye|dijie|dijiyega|dijye|dalo|daalo|dal|daal|daal do|dal do|daal de|dal de|"
    "lo|le|lena|lijiye|lijie|lijiyega|lijye|do na|de na|lo na|le na|hi do|hi lo|lete hai|"
    "lete hain|dete hai|dete hain|maro|maar|maar do|dena hai|lena hai|dene hai|dene hain|"
    "lene hai|lene hain"
)
AFTER_KAR: Final = (
    "kar|karo|kar do|kar de|kar dena|kar dijiye|kar dijie|kar dijiyega|kar lo|kar le|kar lena|"
    "kar lijiye|kardo|kar dalo|kar daalo|karna|karna hai|karna h|karwa do|karva do|maro|maar|"
    "maar do|maar de|maarna hai|kar dete hain|karte hain|kr do|kr de|krdo|krna hai|krna h|kro"
)
# How a price goes, behind "ke upar" and "ke neeche".
GOES: Final = (
    "jaaye|jae|jaae|jaye|jaaega|chali jaye|chali jaaye|chala jaaye|aaye|aae|aa jaye|aa jaaye|"
    "ho jaye|ho jaaye|jaati hai|jata ho|gaya to|gir jaaye|toot jaye|tute|toote"
)
# How it ends when it tells of the past, of what might have been, or asks what to do.
WAS_DONE: Final = (
    "diya|diye|di|liya|liye|li|chuka|chuke|chuki|rakha|rakhe|rakhi|diya tha|diye the|liya tha|"
    "liye the|dala|daala|raha|rahe|rahi|raha hai|rahe hain|rahi hai"
)
MIGHT_BE_DONE: Final = (
    "leta|lete|leti|deta|dete|deti|leta to|lete to|sakta|sakte|sakti|paata|pata tha"
)
WILL_BE_DONE: Final = "lunga|lungi|loonga|dunga|dungi|doonga|lenge|denge|dega|lega"
IS_ASKED: Final = "lu|lun|loon|du|dun|doon|lu kya|lun kya|du kya|dun kya|le kya|de kya"

BUY_STEMS: Final = "kharid|khareed|kharidwa|le|utha|uthwa|mangwa|manga|dila|dilwa"
SELL_STEMS: Final = "bech|bechwa|bech ke|phenk|fenk|phek|fek"
EXIT_STEMS: Final = "nikal|nikaal|kaat|kat|nikalwa"

PUT_IN: Final = (
    "place|put|put in|put through|enter|execute|initiate|punch|punch in|book|key in|do|make|open|"
    "submit|send|raise|set up|take|work|arrange|effect|process|carry out|organise|organize"
)
# What is paid at most or taken at least, said as a refusal of more or less.
NOT_TO: Final = (
    "won't|wont|will not|don't|dont|do not|not|never|don't want to|would rather not|rather not|"
    "i won't|i wont|i will not|i don't want to|i'd rather not|i would rather not|i refuse to|"
    "i'm not|i am not|i can't|can't|cannot|am not"
)
BEYOND: Final = "more than|above|over|higher than|beyond"
SHORT_OF: Final = "less than|below|under|lower than"
PRICE_NOUNS: Final = "rate|bhav|bhaav|bhaw|daam|dam|price|keemat|kimat"

PRICE_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.CAP, "", joined(NOT_TO, "pay|paying|give|go|going|bid|buy", BEYOND)),
    (Tag.CAP, "", joined(NOT_TO, "sell|selling|accept|accepting|take|go|let it go", SHORT_OF)),
    (Tag.CAP, "", joined("pay|paying|bid", "no more than|at most|up to|upto|not more than")),
    (Tag.CAP, "", joined("accept|accepting|take", "no less than|at least|not less than")),
    (Tag.CAP, "", joined("|with|with a|a|my", "ceiling|floor|cap|price cap|price limit|max price",
        "of|is|at")),
    (Tag.CAP, "", joined("nothing|not a rupee|not a paisa|not a penny|not a cent",
        "above|over|below|under|more than|less than|higher than|lower than")),
    (Tag.CAP, "", "no worse than|not worse than|no dearer than|no cheaper than|"
        "nothing worse than|at no more than|at no less than|at not more than|at not less than|"
        "at worst|my limit is|the limit is|limit is|my max is|max price is|with a limit of|"
        "willing to pay up to|i can pay up to|i'll pay up to|i will pay up to|"
        "stay under|stay below|stay above|keep it under|keep it below"),
    (Tag.CAP_AFTER, "", "tops|at worst|tak hi lena|tak hi|ke upar mat lena|ke upar nahi"),
    (Tag.CAP_AFTER, "", joined("se|ke", "upar|uper|oopar|zyada|jyada|mehenga|mehnga|mahnga|aage",
        "mat|nahi|nahin|na|me nahi|me mat|pe mat|ka mat", "lena|dena|kharidna|jana|le lena|")),
    (Tag.CAP_AFTER, "", joined("se|ke", "neeche|niche|nichhe|kam|kam me|kam mein|kam pe|sasta",
        "mat|nahi|nahin|na", "bechna|becho|bech dena|dena|jana|")),
    (Tag.ABOUT_AFTER, "", joined("or", "lower|less|below|under|cheaper|higher|more|above|over|"
        "better please|thereabouts|fewer")),
    (Tag.PAR, "", joined("ke|ki|ka|wale|", PRICE_NOUNS, "pe|par|pr|me|mein")),
    (Tag.MARKET, "", joined("jo|jo bhi|jis|jis bhi", PRICE_NOUNS,
        "mile|milega|mil jaye|mil raha hai|ho|hai|chal raha hai|chal raha ho|pe mile|par mile")),
    (Tag.MARKET, "", "jo mile|jo bhi mile|whatever price|whatever the price|at any price|"
        "at the going rate|at going rate|at the going price|going rate|whatever it's trading at|"
        "at the prevailing price|at prevailing price|at prevailing market price|"
        "at the prevailing market price|at the best available price|at best available price|"
        "best available price|at best price|at the best price|at the current price|"
        "at current rates|at current rate|at the current rate|at the current market price|"
        "at today's price|at the best price you can get|best price you can get|at the best price "
        "available|best price available|at whatever price it is trading at|"
        "at whatever price it is at|at whatever it is|chalu bhav|chalu bhav pe|chalu rate pe|"
        "current bhav pe|"
        "current rate pe|current price pe|aaj ke bhav pe|market bhav pe|market rate pe|"
        "mkt pe|mkt me|mkt par|cmp pe|cmp par|cmp me|cmp mein|cmp pr|cmp ke aas paas|"
        "bazaar bhav pe|bazar bhav pe|market price me"),
    (Tag.STOP, "", "protect it at|protect at|protected at|protection at|with protection at|"
        "a safety stop at|safety stop at|cut loss at|cut losses at|cut it at|cut my loss at|"
        "cut my losses at|stops at|with stops at|with a stop at|with stop at|stop it out at|"
        "stop me out at|stop out at|with a stop of|with stop of|stoploss of|stop of"),
    (Tag.TARGET, "", "book at|book it at|book profits at|take profits at|with a target of|"
        "target of|with target of|targeting|aiming for|aim for|tgt of|profit booking at"),
)  # fmt: skip

# Whose call or tip a message may pass on: "sir ki call infy buy 10".
CALLERS: Final = (
    "sir|sirji|sir ji|guru|guruji|guru ji|bhai|bhaiya|boss|madam|maam|ma'am|uncle|aunty|broker|"
    "advisor|adviser|analyst|expert|experts|channel|group|telegram|whatsapp|operator|operators|"
    "dost|friend|bhabhi|papa|mummy|chacha|mama|jija|teacher|trainer|mentor|market guru|tv|"
    "wale bhaiya|padosi|colleague|brother|sister|father|mother|dad|mom|neighbour|neighbor|"
    "unki|uski|inki|kisi"
)
CALL_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.SPEECH, "", joined("ka|ki|ke|se", "call|tip|message|msg|salah|reco|sujhav",
        "hai|aaya|aaya hai|aayi|aayi hai|mila|mila hai|mili|mili hai|tha|thi")),
    (Tag.SPEECH, "", joined(CALLERS, "ki|ka|ke",
        "call|calls|tip|tips|salah|reco|pick|picks|advice")),
    (Tag.SPEECH, "", joined("|".join(f"{who}'s" for who in CALLERS.split("|")),
        "call|calls|tip|tips|reco|pick|picks|advice|recommendation")),
    (Tag.SPEECH, "", joined("trade|trading|stock|investment|swing|intraday|option|options|btst",
        "idea|ideas")),
    (Tag.SPEECH, "", "idea of the day|idea of the week|stock of the week|pick of the week"),
)  # fmt: skip

# Taking over what somebody else says: "do what this tip says: ...".
ADOPT_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.ADOPT, "", joined("do|do exactly|follow|execute|place|go with", "what", "this|that|the",
        "tip|call|message|msg|sms|text|note|post|channel|advisor|analyst|signal|alert|mail|email",
        "says|say|said|is saying|suggests|recommends")),
    (Tag.ADOPT, "", joined("do|do exactly|follow|execute|place|take", "this|that|the",
        "tip|call|signal|reco", "as it is|as is|as given|exactly")),
)  # fmt: skip

AMEND_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.AMEND, "", joined(
        "bump|push|take|raise|lower|reduce|increase|cut|bring|drop|move|pull|change|update|"
        "correct|edit|set|adjust", "it|that", "to|up to|down to")),
)  # fmt: skip

# Which of what is held: "that's in the red".
WHICH: Final = "that's|thats|that is|that are|that're|which is|which are|which're|who are"
PART_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.LOSERS, "", joined(WHICH, "in the red|in red|in loss|in a loss|at a loss|losing|"
        "losing money|underwater|under water|making a loss|making losses|loss making")),
    (Tag.WINNERS, "", joined(WHICH, "in the green|in green|in profit|in a profit|at a profit|"
        "making money|making a profit|profitable|winning")),
)  # fmt: skip

VERB_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.BUY, "", joined(BUY_STEMS, DO_IT)),
    (Tag.BUY, "", "uthao|utha|mangao|mangwao|dilao|dilwao|lijiye|lijie|lijiyega|lele|lelena|"
        "leloo|lelijiye|lene hai|lene hain|lene h|lena h|kharidne hai|kharidne hain|"
        "khareedna|khareedna hai|kharidwao|chahiye|chaiye|chahie|chahiye mujhe"),
    (Tag.BUY, "", joined("buy|long", AFTER_KAR)),
    (Tag.BUY, "", "long lo|long le lo|long lena hai|long lelo|long bana do|long banao"),
    (Tag.SELL, "", joined(SELL_STEMS, DO_IT)),
    (Tag.SELL, "", joined("sell|short|dump", AFTER_KAR)),
    (Tag.SELL, "", "short lo|short le lo|short lena hai|short lelo|short bana do|short banao|"
        "bechwao|bechne hain|bechne h|bechna h|bech hi do"),
    (Tag.EXIT, "", joined(EXIT_STEMS, DO_IT)),
    (Tag.EXIT, "", joined("bech ke|bech kar|bechke", "nikal|nikal jao|niklo|nikal lo|bahar aa jao|"
        "nikal jana")),
    (Tag.EXIT, "", joined("bahar|se bahar|me se bahar", "nikalo|nikal do|nikal jao|niklo|aa jao|"
        "kar do|karo|nikaalo|nikaal do|nikalwa do")),
    (Tag.EXIT, "", joined("exit|close|cover|square off|squareoff|book|cut", AFTER_KAR)),
    (Tag.ABOVE, "", joined("ke|se|", "upar|uper|oopar|par", GOES)),
    (Tag.BELOW, "", joined("ke|se|", "neeche|niche|neche|nichay", GOES)),
    (Tag.BUY, MONEY_VERB, joined("daal|dal|laga|lagwa",
        "dijiye|dijie|dena|dalo|daalo|lo") + "|" + joined("invest", AFTER_KAR)),
    (Tag.BUY, "", joined(PUT_IN, "a|an|the|", "buy|buy order|purchase|purchase order|long|"
        "long position|buy trade|long trade", "for|of|in|on")),
    (Tag.SELL, "", joined(PUT_IN, "a|an|the|", "sell|sell order|sale|sale order|short|"
        "short position|sell trade|short trade", "for|of|in|on")),
    (Tag.PAST, "", joined(f"{BUY_STEMS}|{SELL_STEMS}|{EXIT_STEMS}", WAS_DONE)),
    (Tag.HYPOTHESIS, "", joined(f"{BUY_STEMS}|{SELL_STEMS}|{EXIT_STEMS}", MIGHT_BE_DONE)),
    (Tag.HYPOTHESIS, "", "hote to|hota to|hoti to|hote toh|hota toh|kaash|kash|agar mere paas|"
        "agar hota|leta|leti|lete|deta|deti|dete"),
    (Tag.HEDGE, "", joined(f"{BUY_STEMS}|{SELL_STEMS}|{EXIT_STEMS}", WILL_BE_DONE)),
    (Tag.ADVICE, "", joined(f"{BUY_STEMS}|{SELL_STEMS}|{EXIT_STEMS}", IS_ASKED)),
    (Tag.ADVICE, "", joined("kharidna|khareedna|lena|bechna|nikalna|kharidne|lene|bechne|nikalne",
        "chahiye|chaiye|chahie|chahiye kya|theek hai|sahi hai|sahi rahega|theek rahega")),
)  # fmt: skip
