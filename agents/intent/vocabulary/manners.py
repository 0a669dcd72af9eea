"""Greetings, courtesies, exclamations and reasons: what stands around an order and changes none.

A word belongs here only where an order means the same without it, wherever it stands. A word that
could say when, how much, at what price, for whom or whether at all never does.
"""

from typing import Final

from agents.intent.vocabulary.composed import joined
from agents.intent.vocabulary.orders import FIRST_ONLY
from agents.intent.vocabulary.tags import Tag

GENTLY: Final = "|please|kindly|just|pls|possibly|quickly|also"
# "would you buy 10 infy" asks for an opinion; the others ask for it to be done.
ASKED_TO: Final = (
    joined("can|could|will", "you", GENTLY)
    + "|"
    + joined("would", "you", "please|kindly|possibly|just please")
)
KINDNESS: Final = (
    "be so kind as to|be kind enough to|do me a favour and|do me a favor and|be able to|"
    "go ahead and|help me|help me to|mind"
)
WISHES: Final = (
    "i'd like|i would like|i'd love|i would love|i'd prefer|i would prefer|i want|i need|"
    "i wish|i would want|i'd want|we'd like|we want|i require"
)
PLEAS: Final = (
    "i request you to|requesting you to|i'm requesting you to|request you to|"
    "i am requesting you to|this is a request to|may i ask you to|might i ask you to|"
    "can i ask you to|could i ask you to|may i request you to|can i get you to|"
    "could i get you to|could i trouble you to|can i trouble you to|i'm asking you to|"
    "i am asking you to|i ask you to|i instruct you to|i hereby instruct you to|"
    "i'm instructing you to|i authorise you to|be a dear and|be a darling and|be kind and|"
    "be a sport and|be good and|do me a favour and|do me a favor and|do me a favour|"
    "do me a favor|do the needful and|kindly do the needful and|please arrange to|"
    "kindly arrange to|please proceed to|proceed to|kindly proceed to|feel free to|"
    "i was wondering if you could|was wondering if you could|wondering if you could|"
    "i wonder if you could|i was hoping you could|i'm hoping you can|i was hoping you would|"
    "i hope you can|it would be great if you could|it'd be great if you could|"
    "it would be nice if you could|would be great if you could|would be nice if you could|"
    "i would appreciate it if you could|i'd appreciate it if you could|"
    "would appreciate it if you could|i'd be grateful if you could|"
    "i would be grateful if you could|grateful if you could|i'd be glad if you could|"
    "i would like for you to|see if you can|please ensure you|make sure you|make sure to|"
    "remember to please|i think it's time to|i think it is time to|"
    "i've decided to|i have decided to|i decided to|"
    "i've finally decided to|i have made up my mind to|i'm going ahead and|i am ready to|"
    "i'm ready to|i'm here to|i am here to|"
    "my instruction is to|my instructions are to|aap please|zara|kya aap please|kya aap mere liye|"
    "aap mere liye|mai chahta hu ki|main chahta hoon ki|main chahti hu ki|mujhko|mereko|mere ko|"
    "hamko|humko|hame|hamein|humein|apan|apan ko"
)
# Courtesies that hold an "if" or a "when" and are no condition.
IF_YOU_WILL: Final = (
    "if you would be so kind|if you'd be so kind|if you could be so kind|if you will|"
    "if you would|if you don't mind|if you dont mind|if you wouldn't mind|"
    "if that's ok|if that's okay|if thats ok|if that is ok|if that's alright|"
    "if it's not too much trouble|if it isn't too much trouble|if its not too much trouble|"
    "if it's no trouble|if it's no bother|if it's ok with you|if you please|if you like|"
    "if i may|if you get a chance|if you can please|if you could|if you could please|"
    "when you get a chance|when you get a moment|when you get a minute|when you have a moment|"
    "when you have a minute|when you have a second|when you get a second|when you are free|"
    "when you're free|ho sake to|agar ho sake to|agar ho sake|ho sake toh|ho jaye to accha"
)
GREETINGS: Final = (
    "hope you are well|hope you're well|hope you are doing well|hope you're doing well|"
    "hope you are doing great|hope you're doing great|hope all is well|hope all's well|"
    "hope you are good|hope you're good|i hope you are well|i hope you're well|"
    "i hope all is well|i hope you are doing well|i hope you're doing well|"
    "hope this finds you well|i hope this finds you well|i hope this message finds you well|"
    "hope this message finds you well|hope you had a good weekend|hope you had a nice weekend|"
    "hope you are having a good day|hope you're having a good day|trust you are well|"
    "trust you are doing well|trust you're well|trust this finds you well|trust all is well|"
    "how are you|how are you doing|how are you today|how's it going|how is it going|what's up|"
    "whats up|sup|hey there|hi there|hello there|hiya|howdy|good day|greetings|morning all|"
    "hi team|hello team|dear team|dear sir|dear madam|dear sir or madam|"
    "respected sir|respected madam|sir ji|madam|ma'am|maam|namaskar|ram ram|salaam|pranam|"
    "kaise ho|kaise hain aap|sab badhiya|happy monday|happy diwali"
)
# Times of the day, but for a greeting where a message begins with one and a mark.
BARE_GREETINGS: Final = (
    "morning!|morning,|morning.|evening!|evening,|evening.|afternoon!|afternoon,|gm"
)
THANKS: Final = (
    "thank you so much|thank you very much|thanks a lot|thanks so much|many thanks|thanks much|"
    "thanking you|thanks and regards|thanks & regards|regards|best regards|kind regards|"
    "warm regards|best wishes|yours sincerely|yours faithfully|yours truly|much appreciated|"
    "appreciate it|really appreciate it|i'd appreciate it|thanks again|thanks buddy|shukriya|"
    "dhanyawad|dhanyavaad|meherbani|badi meherbani|god bless|have a nice day|have a good day|"
    "take care|that's all|thats all|that is all|that will be all|that'd be all|that's it|"
    "that is it|nothing else|nothing more|bas itna hi|bas|bass|that would be great|"
    "that'd be great|that would be lovely|would ya|ta|tysm|tks|tnx"
)
CALLS: Final = (
    "assistant|bot|computer|sigma|sigmatrader|jarvis|alexa|siri|robot|hey sigma|ok sigma|oi|oye|"
    "oyee|yo|mate|man|dear|darling|champ|"
    "boss man|bruh|bhaisaab|bhai sahab|bhaisahab|bhai saab|bhaijaan|bhai jaan|bhaiyya|bro please|"
    "yaara|yar|guru ji|sirji|sir please|arre|are bhai|arre bhai|are yaar|arre yaar|abe|"
    "oh|ah|aha|hmm ok|ooh|wow|uh|um|umm|uhh|er|erm|eh|huh|phew|"
    "listen|look here|see here|hear me|suno|suniye|dekho bhai|ek baat suno|"
    "ek kaam karo|ek kaam kar|ek kaam karna|ek kaam kariye|chalo|chal|chaliye|accha|acha|achha|"
    "achha to|theek hai|thik hai|thik h|theek h|haan to|haan toh|to phir|toh phir|phir to|"
    "haan bhai|ha bhai|kripya|kripaya|meharbani karke|meherbani karke|please yaar|zara sa please|"
    "any more|anymore|any longer|ke saath|ke sath|ke saath me|ke saath mein|sirf|keval|mere liye|"
    "hamare liye|meri taraf se|"
    "mere account me|mere account mein|mere khate me|"
    "mere naam pe|jaldi se|jaldi|fataafat|phataphat|abhi ke abhi|abhi ke liye|isi waqt"
)
NOISES: Final = (
    "go on|come on|c'mon|cmon|come on now|quick quick|chop chop|now now|right then|"
    "alright then|ok then|okay then|ok so|okay so|so yeah|yeah so|alright so|right so|well then|"
    "very well|fine then|ok fine|very good|here goes|here we go|here goes nothing|"
    "let's go|lets go|let's do this|let's do it|lets do it|let's roll|without delay|"
    "without further ado|right this second|this very second|this second|stat|pronto|on the double|"
    "exactly|precisely|literally|simply|actually please|honestly|frankly|seriously|basically|"
    "obviously|clearly|definitely|certainly|absolutely|really|totally please|finally|"
    "at last|once and for all|damn|damn it|dammit|darn|bloody|freaking|friggin|goddamn|"
    "the hell|hell|heck|to hell with it|what the heck|what the hell|screw it|screw this|sod it|"
    "stuff it|ah well|oh well|who cares|i don't care|i dont care|i couldn't care less|"
    "come what may|no matter what|no more waiting|no more thinking|enough waiting|"
    "enough thinking|enough of waiting|enough is enough|no second thoughts|no questions asked|"
    "call me crazy|call me mad|call me stupid|call me old fashioned|don't judge|dont judge|"
    "don't judge me|don't laugh|no need to worry|don't worry|trust me|believe me|you know|"
    "you see|i mean it|mark my words|fingers crossed|touch wood|knock on wood|wish me luck|"
    "good luck to me|god willing|inshallah|jai mata di|jai shri ram|bhagwan bharose|jo hoga dekha "
    "jayega|jo hoga so hoga|pretty please|i beg you|i beg of you|for god's sake|for gods sake|"
    "for heaven's sake|on my behalf|for myself|for my own account|"
    "into my account|to my account|in my name|under my account|for my demat|in my demat|"
    "my order|my trade|new trade|new order|make this trade|do this trade|"
    "here's my order|here is my order|here's the order|here is the order|here's what i want|"
    "here is what i want|here's an order|this is my order|today's order|todays order|"
    "first order of the day|order of the day|my instruction|"
    "with that money|with that cash|with the money|with the cash|with the proceeds|"
    "using the proceeds|from the proceeds|from that money|us paise se|usi paise se|"
    "execute:|action:|task:|todo:|to do:|instruction:|command:|request:|fast|real fast|"
    "urgent|important|attention|attn|new instruction|my instruction|please do this|pls do this|"
    "kindly do this|do the following|please do the following|following up|just do it|do it|"
    "please do it|as discussed|as agreed|as i said|as said|as mentioned|as instructed|"
    "as i told you|like i said|like i told you|i repeat|once again|once more|"
    "as per our discussion|as per my instruction|as per my instructions|per my last message|"
    "as requested|as before|as usual|today's|todays|aaj ka|aaj ke|aaj ki|pair trade|pair|"
    "pairs trade|as follows|"
    "i like this call|i like this tip|i like this idea|i agree with this call|"
    "i agree with this|i agree with that|i agree with this one|i trust this call|"
    "i've made up my mind|i have made up my mind|made up my mind|my mind is made up|"
    "i've decided|i have decided|decision made|i'm sure|i am sure|i'm certain|i am certain|"
    "i'm serious|i am serious|i agree|i like it|i love it|i'm convinced|i am convinced|"
    "i am done|i'm done|i am done with it|i'm done with it|done with it|i am tired of it|"
    "i'm tired of it|tired of it|sick of it|i'm sick of it|fed up|i'm fed up|had enough|"
    "i've had enough|i have had enough|i'm bullish|i am bullish|i'm bearish|i am bearish|"
    "bullish|bearish|i'm in|count me in"
)

MANNER_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.CAN_YOU, "", ASKED_TO),
    (Tag.CAN_YOU, "", joined("can|could|will|would", "you", KINDNESS)),
    (Tag.CAN_YOU, "", joined(WISHES, "you to", "|please")),
    (Tag.CAN_YOU, "", joined(WISHES, "to|to please|to go ahead and")),
    (Tag.CAN_YOU, "", "i'd like|i would like|i want"),
    (Tag.CAN_YOU, "", PLEAS),
    (Tag.CAN_YOU, "", "gotta|i gotta|got to|i've got to|i have got to|we gotta|i've to|"
        "have to|i shall|i hereby|hereby"),
    (Tag.FILLER, "", IF_YOU_WILL),
    (Tag.FILLER, "", GREETINGS),
    (Tag.FILLER, FIRST_ONLY, BARE_GREETINGS),
    (Tag.FILLER, "", THANKS),
    (Tag.FILLER, "", CALLS),
    (Tag.FILLER, "", NOISES),
)  # fmt: skip
