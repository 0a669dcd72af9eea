"""The words that say what a message is for: queries, cancels, questions, refusals, small talk."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

# A question that asks for a price only when nothing else in it is unknown.
WEAK_QUOTE: Final = "weak_quote"

TALK_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.HOLDINGS, "", "holding|holdings|portfolio|i hold|my holdings|my portfolio|"
        "everything i hold|demat"),
    (Tag.POSITIONS, "", "position|positions|open position|open positions|trades open|"
        "my positions|my open positions"),
    (Tag.ORDER, "", "order|an order|orders|order id|order no|order number|order #"),
    (Tag.PENDING, "", "pending|open|open orders|pending orders|open order|resting"),
    (Tag.TOPIC, "portfolio", "portfolio|my portfolio|show portfolio|portfolio summary|"
        "how is my portfolio|net worth|overview|total value"),
    (Tag.TOPIC, "positions", "positions|open positions|my positions|am i short|am i long|"
        "what positions|position in|short anything|long anything"),
    (Tag.TOPIC, "holdings", "holdings|my holdings|what do i hold|what i actually hold|do i hold|"
        "do i own|what do i own|what i hold|show holdings|how many do i have|kitne share hai"),
    (Tag.TOPIC, "orders", "orders|my orders|open orders|pending orders|order book|orderbook|"
        "order status|status of my order|status of my orders|any orders|show orders"),
    (Tag.TOPIC, "quote", "quote|quotes|ltp|price of|price for|the price|what price|trading at|"
        "rate of|bhav|current price of|"
        "cost me|last price|last traded price|bid and ask|quote for|quote of|price"),
    (Tag.TOPIC, WEAK_QUOTE, "how is|how's|how are|what's|what is|kitna chal raha"),
    (Tag.TOPIC, "margin", "margin|margins|funds|cash|buying power|available funds|free cash|"
        "available cash|balance|how much money|available margin|fund|purchasing power"),
    (Tag.TOPIC, "pnl", "pnl|p&l|p & l|p and l|profit and loss|profit or loss|mtm|"
        "how much did i make|how much did i lose|am i up|am i down|my profit|my loss|my losses|"
        "how much have i made|how much have i lost|realised profit|unrealised profit"),
    (Tag.TOPIC, "exceptions", "exceptions|exception|errors|mismatch|mismatches|discrepancies|"
        "reconciliation|anything wrong|what went wrong|unreconciled"),
    (Tag.TOPIC, "help", "help|need help|i need help|what can you do|how do i use this|commands|"
        "what can i say|what can i ask|help me"),
    (Tag.CANCEL, "", "cancel|revoke|withdraw|pull|kill|scrap|delete|remove|cancel karo|"
        "cancel kar do|hata do|radd karo"),
    (Tag.MODIFY, "", "modify|change|convert|shift|edit|amend|update|revise|increase|decrease|"
        "raise|lower|move|kar do"),
    (Tag.MONITOR, "", "alert|alert me|tell me when|tell me if|ping me|notify|notify me|monitor|"
        "watch|warn me|remind me|let me know|keep an eye|set an alert|inform me|batana|bolna|"
        "bata dena|alerts|track"),
    (Tag.ASK, "", "what|what's|who|who's|when is|when does|when will|when did|why|which|how|"
        "how's|is|are|am|should|should i|does|do i|did|do you|will|would|would it|where|whose|"
        "kya|kaisa|kaise|kaun|kab|kyun|kitna|kitne|kitni|thoughts|any good|worth it|is it|"
        "explain|what does|show|list|give me|tell me|thoughts on|opinion"),
    (Tag.CAN_YOU, "", "can you|could you|will you|would you|can u|could u|would you please|"
        "can you please|could you please|i want to|i'd like to|i would like to|i want you to|"
        "please can you|i wanna|let's|lets|go ahead and"),
    (Tag.NOT_NOW, "", "bought|sold|was|were|had|yesterday|kal|last week|last month|last year|"
        "ago|told|tells|says|said|say|recommends|recommended|recommend|suggested|suggests|"
        "suggest|emailed|forwarded|advised|friend|tip|analyst|analysts|"
        "wish|could|maybe|perhaps|might|thinking|think|considering|wondering|suppose|imagine|"
        "what if|what happens|if i|would have|should have|if only|hypothetically|pretend|"
        "agar maine|kharida|kharide|kharidi|becha|beche|bechi|diye the|liye the|bola|buyback|"
        "haha|lol|tomorrow|next week|meant|instead|someone|everyone|everybody|people|best|worst|"
        "able to|without asking|test|testing|example|e.g|ignore|meaning|mean|means"),
    (Tag.NEGATION, "", "not|don't|dont|do not|no|never|nahi|nahin|mat|na|n't|avoid|without|"
        "stop buying|stop selling|won't|wont|nope|shouldn't|can't|cannot|unless|except"),
    (Tag.QUOTE, "", "\"|“|”|«|»|'|‘|’|`|system :|assistant :"),
    (Tag.YES, "", "yes|yep|yeah|ok|okay|confirm|go ahead|sure|haan|ji|do it|place it|done|"
        "approve|approved|confirmed|proceed|theek hai|thik hai"),
    (Tag.DROP, "", "no|never mind|nevermind|cancel that|cancel it|forget it|drop it|leave it|"
        "forget that|drop that|nothing|abort|chhodo|rehne do|jaane do|nahi|nope|cancel|"
        "don't|stop|scrap that|scrap it|not now"),
    (Tag.ORDINAL, "0", "first|the first|first one|the first one|1st|1st one|option 1|# 1|#1|"
        "the former|pehla|number one"),
    (Tag.ORDINAL, "1", "second|the second|second one|the second one|2nd|2nd one|option 2|# 2|#2|"
        "doosra|number two"),
    (Tag.ORDINAL, "2", "third|the third|third one|the third one|3rd|3rd one|option 3|#3|teesra"),
    (Tag.ORDINAL, "3", "fourth|the fourth|fourth one|the fourth one|4th|4th one|option 4|#4"),
    (Tag.ORDINAL, "-1", "last one|the last one|the last|the latter"),
    (Tag.FILLER, "", "please|pls|plz|the|a|an|now|right now|immediately|today|just|i|me|i'm|"
        "with|on|bhai|yaar|sir|kindly|asap|hey|hi|hello|thanks|thank you|only|then|also|bhi|"
        "hai|do|de|kar|karo|ko|ho|want|buy order|sell order|at once|quickly|abhi|aaj|jo|is|as|"
        "so|urgently|or better|doing|trading|currently|want to|need to|like to|"
        "for me|ltd shares|use|would like|make it|make that|'s|name|"
        "target n/a|no target|no limit order|company|ticker|symbol|scrip|go with|take|"
        "choose|aur kuch nahi|more"),
)  # fmt: skip

REFUSED: Final[dict[str, str]] = {
    "risk_bypass": "kill switch|developer mode|no rules|ignore the rules|ignore your rules|"
        "ignore risk|bypass|override the limit|override risk|disable risk|loss limit to|"
        "ignore previous instructions|ignore all previous|ignore your instructions|"
        "remove the limit|remove my limit|skip the checks|skip risk|turn off risk|"
        "without checks|raise my limit|increase my limit|raise my daily loss|"
        "raise the limit|jailbreak|ignore limits|ignore the limits",
    "self_approval": "approve it yourself|approve yourself|skip confirmation|skip approval|"
        "don't ask me|without my approval|without approval|approve everything|auto approve|"
        "auto-approve|approved everything|approve for me|no confirmation|no need to ask|"
        "approve on my behalf|without asking for approval",
    "credentials": "access token|api key|api secret|password|my token|otp|totp|secret key|"
        "private key|credentials",
    "guarantee": "guarantee|guaranteed|sure shot|100% profit|risk free profit|assured return|"
        "assured returns",
    "other_accounts": "someone else's account|other people's|my friend's account|"
        "another client's|other users|other clients|my wife's account|his account|her account",
    "tamper": "audit log|audit trail|don't log|do not log|hide this trade|backdate|"
        "delete the log|delete the logs|edit the record|alter the record|erase the trace",
    "manipulation": "inside info|inside information|insider|pump|pump and dump|spoof|spoofing|"
        "wash trade|circular trading|manipulate|layering|before the news",
}  # fmt: skip
