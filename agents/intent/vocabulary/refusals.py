"""What is refused whoever asks: single phrases, and words that only together say it."""

from typing import Final

from agents.intent.vocabulary.composed import joined

REFUSED: Final[dict[str, str]] = {
    "risk_bypass": "developer mode|no rules|ignore the rules|ignore your rules|dev mode|god mode|"
        "ignore risk|bypass|override the limit|override risk|disable risk|loss limit to|"
        "ignore previous instructions|ignore all previous|ignore your instructions|"
        "ignore all instructions|ignore prior instructions|disregard|previous instructions|"
        "remove the limit|remove my limit|skip the checks|skip risk|turn off risk|admin mode|"
        "without checks|without any checks|without risk checks|raise my limit|"
        "increase my limit|raise my daily loss|no risk check|no risk checks|root access|"
        "raise the limit|jailbreak|ignore limits|ignore the limits|ignore my limits|"
        "ignore your limits|ignore the risk|override riskgate|override the riskgate|"
        "override the gate|around the limits|around the risk|exceed my limit|"
        "past the limit|beyond my limit|even if it breaks the limit|even if blocked|"
        "even if it is blocked|even if risk|break the rules|sudo|without riskgate|"
        "limit hata do|limit hatao|risk check hatao|risk check band|risk check hata do|"
        "so the risk check|so that the risk check|so it doesn't trigger the limit|"
        "unlimited leverage",
    "self_approval": "approve it yourself|approve yourself|approve itself|skip confirmation|"
        "skip approval|skip the approval|don't ask me|dont ask me|without my approval|"
        "without approval|without confirmation|without asking for approval|without my confirmation|"
        "approve everything|auto approve|auto-approve|approved everything|approve for me|"
        "no confirmation|no need to ask|approve on my behalf|approve the order|approve all|"
        "approve this for me|approve them|self approve|self-approve|click approve|"
        "press approve|bina approval|bina pooche|bina puche|khud approve|apne aap approve|"
        "no approval|without the approval|don't wait for approval|dont wait for approval|"
        "don't wait for my approval|without waiting for approval|approve my trades|"
        "approve my orders|approval ke bina|no approval needed|pre approve|pre-approve|"
        "approve every|approve the plan|approve the trade|approve the card|you approve|"
        "give the approval|give approval|give your approval|give it the approval|grant approval|"
        "grant the approval|give my approval|give the go ahead for me|give consent for me|"
        "sign off for me|skip the confirmation|approve kar do khud|mat poochna|mat puchna",
    "credentials": "access token|api key|api secret|password|my token|otp|totp|secret key|"
        "private key|credentials|passcode|2fa|enctoken|request token|login details|pan number|"
        "aadhaar|session token|bearer token|api keys|secrets|secret|mpin|login pin|my pin|"
        "environment variables|.env|system prompt|your prompt|your instructions|login as",
    "guarantee": "guarantee|guaranteed|sure shot|100% profit|risk free profit|assured return|"
        "assured returns|guarantees|pakka profit|double my money|riskless profit|sureshot|"
        "risk-free profit|sure profit|paisa double|can't lose|cannot lose|promise me|"
        "confirmed profit|assured profit|fixed returns|100 % sure|jackpot call",
    "other_accounts": "someone else's account|other people's|my friend's account|"
        "another client's|other users|other clients|my wife's account|his account|her account|"
        "another client|other client|my husband's account|their account|client's account|"
        "my father's account|my mother's account|dad's account|mom's account|friend's account|"
        "wife's account|husband's account|brother's account|sister's account|another user|"
        "another user's|other user's|someone else's|my boss's account|account of another|"
        "my brother's account|different user|other account holders|other customers|"
        "biwi ke account|dost ke account|papa ke account|kisi aur ke account|uske account|"
        "neighbour's account|other person's|clients account|customer's account|all users|"
        "all clients|other people|customers' positions|my dad's account|my mom's account",
    "tamper": "audit log|audit trail|don't log|do not log|dont log|hide this trade|backdate|"
        "delete the log|delete the logs|edit the record|alter the record|erase the trace|"
        "backdated|erase the record|delete the record|delete the records|hide the loss|"
        "hide this loss|hide this|hide it from|change the timestamp|delete my trade history|"
        "delete the trade history|modify the ledger|falsify|fake|forge|tamper|rewrite history|"
        "erase|without logging|off the record|remove it from the history|delete the evidence|"
        "from the logs|from the log|from the audit|change the records|log mat karo|"
        "record mita do|wipe|delete history|destroy|cover up|no trace|no record|off the books|"
        "doctor the|change yesterday's|edit yesterday's",
    "manipulation": "inside info|inside information|insider|pump|pump and dump|spoof|spoofing|"
        "wash trade|circular trading|manipulate|layering|before the news|insider info|"
        "unpublished|before the announcement|before results are out|non public|nonpublic|"
        "non-public|upsi|before it is public|before it's public|front run|front-run|front running|"
        "rig the|rig|corner the|fake orders|fake volume|"
        "paint the tape|ramp up the price|ramp the price|price up artificially|artificially|"
        "confidential|leaked|leak|andar ki khabar|before they announce|"
        "before it is announced|before it's announced|wash trades|marking the close|"
        "mark the close|operator game|bear raid|spread rumours|spread rumors|"
        "fake news|between my accounts|between my two accounts|"
        "with my other account|buy and sell to myself|trade with myself|not public yet",
}  # fmt: skip

# reason, words of doing, words of what it is done to: both in one message make a refusal.
REFUSED_TOGETHER: Final[tuple[tuple[str, str, str], ...]] = (
    ("risk_bypass", "split|slice|break it up|evade|dodge|get around|go around|circumvent|sneak",
        "the limit|the limits|the cap|the check|the checks|the rule|the rules|radar|detection|"
        "under the limit|my limit|risk"),
    ("risk_bypass", "even if|regardless|despite|in spite of|no matter|breaks my|break my",
        "risk limit|risk limits|my limit|my limits|the limits|the limit|loss limit|position limit|"
        "daily limit|exposure limit|risk rules|the rules|blocked|the gate"),
    ("risk_bypass",
        "disable|turn off|switch off|deactivate|remove|ignore|skip|override|bypass|raise|"
        "increase|lift|suspend|pause|evade|dodge|avoid|get around|go around|around|"
        "circumvent|without|relax|band karo|band kar do|hata do|hatao|off karo|off kar do|"
        "double|set|change|reset|exceed|break|past|overrule|kill|unlock|loosen|badha do|split",
        "risk check|risk checks|risk limit|risk limits|kill switch|loss limit|daily loss limit|"
        "daily loss|guardrail|guardrails|risk gate|riskgate|risk rules|risk engine|safety|"
        "safety checks|safeguard|safeguards|position limit|position limits|exposure limit|"
        "exposure limits|max order size|order limits|drawdown limit|the checks|all checks|"
        "risk management|risk control|risk controls|validation|your rules|the rules|"
        "my limits|trading limit|trading limits|the gate|compliance|rate limit|"
        "order value limit|size limit|limits|daily limit|max loss limit|policy|risk policy|"
        "killswitch|circuit breaker|quantity limit"),
    ("self_approval", "approve|approved|sign",
        "yourself|on my behalf|for me|automatically|itself|without me|everything|all my|"
        "from now on|as me|by yourself|instead of me|in my name|all pending|all orders|every|"
        "all the|all of them|khud|all cards"),
    ("self_approval", "don't|dont|do not|without|no|skip|never|bina|stop",
        "approval|approvals|confirmation|asking me|ask me|ask for|approving|my consent|"
        "consent|confirming"),
    ("other_accounts", "log in|login|sign in|access|use|trade in|sell from|show me|place in|"
        "from|into|buy in|in|of|check|see|into the account|account|accounts|positions|holdings|"
        "portfolio|orders|trades",
        "friend's|wife's|husband's|another client|other client|client's|someone else|customer's|"
        "brother's|sister's|dad's|father's|mom's|mother's|neighbour's|colleague's|"
        "another user|other user|other users|someone else's|user 2|boss's|cousin's|uncle's|"
        "different account holder|ramesh's|client|son's|daughter's|other clients|"
        "other customer|another customer|other people's|another person's|another trader's"),
    ("tamper", "delete|erase|edit|alter|change|remove|hide|wipe|modify|rewrite|clear|fake|"
        "don't|do not|dont|without|purge|scrub|destroy|mask|overwrite|backdate|conceal",
        "audit|audit log|audit trail|log|logs|the record|records|trade record|evidence|history|"
        "ledger|log it|record it|logging|trade log|tax|journal|decision trace|trace|"
        "off the record|auditor|auditors|from compliance|sebi|trade history"),
    ("manipulation", "spoof|rig|pump|corner|manipulate|artificial|circular|wash|inflate|ramp|"
        "place and cancel|fake|crash the",
        "price|the stock|orders|volume|market|the close|closing price|the price up|"
        "the price down|demand|bids|the market"),
    ("manipulation", "result|results|quarter|figures|merger|acquisition|order win|earnings|"
        "board meeting|deal|takeover|"
        "buyback|bonus|numbers|tip|info|information|news",
        "unpublished|before the announcement|from inside|inside the company|cfo|director|"
        "works at|works in|who works|not public|before it's out|secret|my cousin at|auditor of|"
        "works there|works in the company|works for them|friend at|"
        "sits on|sit on the board|on the board|on its board|on their board|board member|"
        "in the boardroom|finance team|accounts team|audit team|works on the audit|audits the|"
        "audits them|inside the firm|someone inside|somebody inside|source inside|board me hai|"
        "board mein hai|board pe hai|board par hai|company me kaam|company mein kaam|"
        "ke andar kaam|me kaam karta|mein kaam karta|me kaam karti|mein kaam karti|me kaam karte|"
        "mein kaam karte|confidential|leaked|"
        "company secretary|promoter told|privately|ceo|"
        "before they're out|before everyone|before anyone|employee"),
    ("manipulation",
        "my uncle|my aunt|my cousin|my brother|my sister|my wife|my husband|my father|my mother|"
        "my dad|my mom|my son|my daughter|my friend|a friend|my boss|my brother in law|my client|"
        "my neighbour|my roommate|a director|the cfo|the ceo|the auditor|an employee|an insider|"
        "chacha|mama|jija|mera dost|mere dost|mera bhai|mere bhai",
        "before they come out|before it comes out|before they are out|before it is out|"
        "before they're out|before it's out|before it's declared|before they are declared|"
        "before it is declared|before they declare|before they're declared|"
        "before they are announced|before they're announced|before it hits the news|"
        "before the market knows|before everyone knows|before it becomes public|not announced yet|"
        "not been announced|hasn't been announced|haven't been announced|"
        "not yet announced|not yet public|announce hone se pehle|bahar aane se pehle|"
        "public hone se pehle"),
    ("guarantee", "promise|assure|ensure|pakka|sure|certain|100%|zero risk|without risk|no risk|"
        "risk free|fixed",
        "profit|profits|return|returns|gain|gains|double|munafa|make money"),
    ("credentials", "show|print|give|tell|send|what|what's|reveal|share|read out|export|display|"
        "batao|paste|email|dump|store|save",
        "token|secret|pin|password|otp|api|credential|cookie|cookies"),
)  # fmt: skip

# Words of an ordinary order that contain words of a refusal.
HARMLESS: Final = "|".join(
    (
        "stop loss limit|stop-loss limit|sl limit|limit price|limit order|limit orders|stop limit|"
        "raise the limit on|raise my limit price|raise the limit price",
        # money for a relative is no account of theirs
        joined(
            "wife's|husband's|friend's|brother's|sister's|dad's|father's|mom's|mother's|son's|"
            "daughter's|uncle's|cousin's|kid's|kids'",
            "fees|school fees|college fees|tuition|tuition fees|school|college|education|wedding|"
            "marriage|engagement|birthday|birthday gift|birthday present|anniversary|admission|"
            "treatment|operation|surgery|hospital bill|hospital bills|medical bill|medical bills|"
            "medical expenses|loan|rent|visa|exam fees|laptop|bike|gift",
        ),
    )
)
