"""The words that say what a message is for, and those that say it is no instruction."""

from typing import Final

from agents.intent.vocabulary.tags import Tag

TALK_PHRASES: Final[tuple[tuple[Tag, str, str], ...]] = (
    (Tag.HOLDINGS, "", "holding|holdings|portfolio|my holdings|my portfolio|everything i hold|"
        "demat|everything i own|all i hold|long term holdings|all that i hold|whatever i hold|"
        "stocks i hold|the stocks i hold|my stocks|all my stocks|all my shares|everything in my "
        "portfolio|from my holdings|from my portfolio|in my portfolio|from portfolio|"
        "in my holdings|everything in my holdings|saare holdings|delivery holdings|all i own"),
    (Tag.POSITIONS, "", "position|positions|open position|open positions|trades open|"
        "my positions|my open positions|open trades|my open trades|my trades|running positions|"
        "all trades"),
    (Tag.ORDER, "", "order|an order|orders|order id|order no|order number|order #|the order|"
        "id|limit orders|wala order|wale order|wale orders|order ko"),
    (Tag.ALERT, "", "alert|alerts|price alert|price alerts|my alerts|monitor|monitors|watches|"
        "alert on|alerts on|notifications|triggers set"),
    (Tag.PENDING, "", "pending|open|open orders|pending orders|open order|resting|unfilled|"
        "unexecuted|outstanding|working|live|pending order|active"),
    (Tag.CANCEL, "", "cancel|revoke|scrap|cancel karo|cancel kar do|radd karo|cancel kardo|"
        "cancel kar de|void|call off|cancel kar|cancel out|nix|cancel krdo|cancel karna hai|"
        "cancel kariye|get cancelled|have cancelled"),
    (Tag.CANCEL, "", "stop alerting me|stop alerting|stop notifying me|stop notifying|"
        "stop watching|stop monitoring|stop tracking|no more alerts|unwatch"),
    (Tag.ALERT, "", "stop alerting me|stop alerting|stop notifying me|stop notifying|"
        "stop watching|stop monitoring|stop tracking|no more alerts|unwatch"),
    (Tag.CANCEL, "soft", "take back|take it back|call back|yank|bin|ditch|axe|hatwa do|"
        "hata dena|nikal dena|wapas lo|wapas le lo|withdraw|pull|kill|delete|remove|hata do|"
        "drop my|drop all|drop all my|"
        "hatao|hata de|take down|drop|"
        "stop|"
        "switch off|turn off|clear|get rid of|pull out|pull back|mita do|band karo|band kar do|"
        "hata dijiye|take off|take out|nikal do|wipe out|dismiss"),
    (Tag.MODIFY, "", "modify|change|convert|shift|edit|amend|update|revise|increase|decrease|"
        "raise|lower|move|kar do|reduce|bump|make|set|kardo|kar de|badal do|badlo|karo|bring|cut|"
        "bump up|tighten|loosen|trail|change kar do|modify karo|badha do|badhao|kam kar do|"
        "switch|adjust|push|drop|turn|replace|reprice|alter|extend"),
    (Tag.MONITOR, "", "alert|alert me|alert me when|tell me when|tell me if|tell me once|ping me|"
        "ping|notify|notify me|"
        "monitor|watch|warn me|warn|remind me|remind|let me know|keep an eye|keep an eye on|"
        "set an alert|inform me|batana|bolna|bata dena|set alert|set up an alert|"
        "remind me to sell|remind me to buy|remind me to exit|remind me to book profit|"
        "remind me to book profits|remind me to cover|remind me to add|remind me to book|"
        "yaad dila dena|yaad dilana|batana zara|ping karna|ping kar dena|message karna|"
        "call me when|call me if|ring me when|ring me if|holler|holler when|drop me a note|"
        "drop me a message|drop a message|bol dena|bataiye|bata dijiye|bata dijiyega|"
        "create an alert|create alert|add an alert|alert karo|alert kar do|alert lagao|"
        "alert laga do|"
        "bata do|batao jab|notify karo|keep watch|keep watching|"
        "keep a watch|keep track of|look out for|put an alert|put alert|give me a shout|"
        "shout|message me|text me|send me an alert|send alert|buzz me|flag it|yaad dilana|"
        "keep monitoring|start monitoring|nazar rakho|nazar rakhna|dhyan rakhna|just tell me if|"
        "just tell me when|alert dena|alert de do|khabar karna|inform|set a price alert|"
        "price alert|"
        "give me a heads up|give me a heads up when|give me a heads up if|heads up when|"
        "heads up if|i want to know when|i want to know if|want to know when|want to know if|"
        "i'd like to know when|i'd like to know if|i need to know when|i need to know if|"
        "give me a ping|give me a nudge|nudge me|nudge me when|poke me|poke me when|"
        "send me a message|send me a message when|send me a ping|drop me a line|let us know|"
        "let me know when|let me know if|let me know once|update me when|update me if|"
        "keep me posted|keep me posted if|keep me updated if|keep me informed|"
        "ek alert|alert set karo|alert set kar do|alert chahiye|alert rakho|alert rakh do|"
        "alert bana do|"
        "alert lagana hai|alert lagana|ek alert lagana hai|ek alert lagao|ek alert laga do|"
        "naya alert|ek alert rakho|ek alert chahiye|an alert|keep an alert|alert at|set a watch|"
        "wake me"),
    (Tag.MONITOR, "weak", "check|scan|tell me|track|flag|batao|bata|see|dekhna|dekho|say"),
    (Tag.PROPOSE, "", "suggest|propose|draft|recommend|prepare|suggest a|suggest an|propose a|"
        "draft a|draft an|propose an|prepare a|come up with|plan|give me a plan|suggest selling|"
        "suggest buying|suggest a buy|suggest a sell|draft a buy|draft a sell|propose a trade|"
        "suggest a trade|draft an order|draft a trade|propose an exit|suggest an exit|"
        "ready a draft|prepare a draft|prepare an order|trade suggest karo|draft bana do|"
        "draft bana|propose buying|propose selling|draft an exit|draft a plan|keep a draft ready"),
    (Tag.ASK, "", "what|what's|whats|who|who's|when is|when does|when will|when did|why|which|"
        "how|how's|do i|do you|where|whose|"
        "kya|kaisa|kaise|kaun|konse|konsa|kab|kyun|kyu|kitna|kitne|kitni|kaunsa|kaunse|kahan|"
        "explain|what does|any|have i|can i|could i|may i|what are|how many|how much|"
        "book value|book closure|sell side|buy side|is there|are there|did i|shall i|do we|why did|"
        "what should|where should|how should|define|how come|क्या|कितना|kidhar"),
    (Tag.ASK, "start", "is|are|am|does|did|will|would|would it|has|have|was|were|shall|isn't|"
        "aren't|can|could|may"),
    (Tag.SHOW, "", "show|list|give me|tell me|show me|display|get|fetch|pull up|dikhao|batao|"
        "dikha do|bata|let me see|i want to see|can i see|print|report|dekhna hai|dikha|"
        "open up|look up|view|see|check|run me through|summarise|summarize"),
    (Tag.ADVICE, "", "should|should i|thoughts|any good|worth it|is it worth|thoughts on|opinion|"
        "good time|a good time|good price|a good price|right price|fair price|good level|"
        "right time|better to|good buy|good idea|wise to|recommend|"
        "recommendation|recommendations|advise|advice|best stock|best stocks|top picks|"
        "multibagger|which stock|which stocks|what stock|what stocks|stocks to buy|"
        "stock to buy|should we|lena chahiye|bechna chahiye|kharidna chahiye|le lu|le lun|"
        "bech du|bech dun|sahi rahega|theek rahega|kaisa rahega|what do you think|"
        "do you think|make sense|makes sense|safe to|too late to|undervalued|overvalued|a buy|"
        "worth buying|buy or sell|hold or sell|good pick|prediction|predict|forecast|"
        "rahega|lena sahi|will it go|going to go|le sakte hain|le sakta hu|jayega|"
        "what to buy|what to sell|advisable|your view|view on|views on|opinion on|"
        "best|worst|bottomed|overpriced|expensive|good entry|a sell|sense to"),
    (Tag.CAN_YOU, "", "can you|could you|will you|would you|can u|could u|would you please|"
        "can you please|could you please|i want to|i'd like to|i would like to|i want you to|"
        "please can you|i wanna|let's|lets|go ahead and|would you mind|will you please|"
        "can you just|could you just|can we|kya aap|i want|i'd like you to|i need to|i need you to|"
        "would like to|want to|need to|like to|kya tum|please go ahead and|"
        "i'd like|can you help me|help me|please help me|could we|i have to|i must|we need to|"
        "i'll|mujhe|hume|main chahta hu ki"),
    (Tag.PAST, "", "bought|sold|was|were|had|yesterday|kal|last week|last month|last year|ago|"
        "kharida|kharide|kharidi|becha|beche|bechi|diye the|liye the|buyback|exited|shorted|"
        "covered|invested|closed|squared off|le liya|bech diya|bech diye|kharid liya|le liye|"
        "went|been|did|came|made|lost|got|earlier|thought|hit my|booked|already|"
        "used to|placed|executed|filled|tha|thi|kiya tha|kiye the|bech di|kharid liye|"
        "have been|has been|saw|read|missed|the other day|on friday last|bechte the"),
    (Tag.HEDGE, "", "about to|just about to|ok to buy|okay to buy|ok to sell|okay to sell|"
        "i may|we may|may buy|may sell|may exit|may add|"
        "wish|maybe|perhaps|might|thinking|think|considering|wondering|may be|"
        "probably|possibly|planning|plan to|plan on|hoping|hope|"
        "not sure|unsure|confused|undecided|contemplating|toying|tempted|someday|"
        "one day|next week|later|eventually|"
        "i will|i am going to|i'm going to|thinking of|thinking about|i think|i guess|shayad|"
        "soch raha|soch rahi|sochta|socha|"
        "sochunga|one of these days|could|feel like|inclined|dekhte hain|"
        "would love to|sometime|in two minds|leaning towards|debating|mulling|on the fence|"
        "if i get a chance|hmm|soch ke|dekhenge|kabhi|at some point|lean towards|kharidunga|"
        "bechunga|lunga|karunga|buying|selling|shorting|investing|exiting|holding off|dunga"),
    (Tag.SPEECH, "", "told|tells|says|said|say|recommends|recommended|suggested|suggests|"
        "emailed|forwarded|forward|fwd|advised|tip|analyst|analysts|bola|bole|bol raha|bol rahe|"
        "bol rahi|wants me to|asked me to|asks me to|according to|"
        "reads|message from|he wants|she wants|they want|keeps saying|claims|tweeted|posted|"
        "article|telegram|whatsapp|news says|report says|call from|broker call|rating|"
        "kehta|kehte|kaha|keh raha|keh rahe|bolta|bolti|mentioned|calls for|tipped|headline|"
        "newsletter|wrote|texted|messaged|insists|urges|my advisor|my broker|the email|"
        "the message|subject|channel|saying|everyone says|they say|they're saying|signal|"
        "expert|experts|guru|anchor|cnbc|tv|youtube|reddit|twitter|bot says|screenshot|"
        "subject line|the note|the letter|pasted|copy pasted|quote from|our call|intraday call|"
        "btst call|jackpot call|"
        "today's call|todays call|free call|trading call|call of the day|stock of the day|"
        "pick of the day|top pick|breaking|breaking news|just in|reco|research call|swing call|"
        "sell off in|sell off on|sell-off in|sell-off|selloff|the sell off|sell off continues|"
        "stock alert|trade alert|trading alert|hot tip|stock tip|free tip|premium group|"
        "telegram group|paid group|live updates|market update|pre market update|heard|overheard|"
        "hear|"
        "rumour|rumor|"
        "apparently|reportedly|suna hai|suna|khabar hai|sources say"),
    (Tag.SPEECH, "third", "friend|dost|brother|uncle|everyone|everybody|people|someone|he|she|"
        "they|my wife|my husband|my dad|my father|my mother|papa|mummy|bhaiya ne|my boss|colleague|"
        "neighbour|neighbor|cousin|wife|husband|dad|father|mom|mother|son|fii|fiis|dii|diis|"
        "promoter|promoters|who buys|who sells|insiders|mutual funds|warren buffett|"
        "buffett|rakesh jhunjhunwala|my son|sister|client|customer|traders|investors|"
        "institutions|nobody|somebody|logo ne|log|others|his|her|their|jija|chacha|mama ji"),
    (Tag.HYPOTHESIS, "", "what if|what happens|what would|if i|would have|should have|if only|"
        "hypothetically|pretend|agar maine|suppose|imagine|say i|let's say|lets say|in theory|"
        "theoretically|joking|i was joking|just joking|teasing|sarcasm|prank|i take that back|"
        "i take it back|take that back|in case i|if i decide|if i ever|if i happen to|"
        "when i decide|whether|"
        "whether to|should i ever|could have|had i|if we|how would|what will happen|for example|"
        "e.g|"
        "example|test|testing|simulate|simulation|paper trade|as if|would you|"
        "if i were to|were i to|would it be|assume|assuming i|haha|lol|joke|kidding|just kidding|"
        "jk|mistake|regret|agar main|kya hoga|kya hota|would i|what could|dream|"
        "ever|meaning|mean|means|meant|able to|mazak|supposing|in a parallel|i'd be|"
        "i would be|i would|i'd|quiz|poem|story|translate|game|essay"),
    (Tag.ADOPT, "", "do what it says|do as it says|follow it|follow this|follow this call|"
        "execute this|do this|do exactly this|take this trade|place this|act on this|"
        "please execute|do exactly what it says|do what this says|do what he says|"
        "go with this call|take this call|follow the call|execute the following|"
        "follow this tip|act on it|place this order|execute this call|enter this trade|"
        "do it as written|place the following|jo likha hai wo karo|ye order daal do|"
        "ye wala order daal do|follow that|punch this order|punch this"),
    (Tag.ADOPT, "before a quote", "do it|take it|take this|place it|place this trade|execute it|"
        "execute that|go with this|go with it|go with that|go for it|go for this|do that|"
        "place that|punch it|book it|make it so|let's do it|let's do this|let's take it|"
        "let's take this|i want this|i want this one|i'll take this|i'll take it|enter it|"
        "enter this|go ahead with this|go ahead with it|place this for me|do this for me|"
        "take it for me|yehi karo|yahi karo|ye karo|ye kar do|yeh kar do|ye wala kar do|"
        "ye le lo|ye laga do|isko laga do|isi ko laga do|ye wala laga do|ye trade le lo"),
    (Tag.NEGATION, "", "❌|🚫|⛔|🛑|✋|🙅|✖|❎|"
        "not|don't|dont|do not|no|never|nahi|nahin|mat|na|n't|avoid|without|"
        "stop buying|stop selling|won't|wont|nope|shouldn't|can't|cannot|unless|"
        "rather than|instead of|refuse|refused|doesn't|didn't|isn't|wasn't|wouldn't|"
        "nai|नहीं|मत|do n't|hold off|wait|ruko|ruk|hold on|don’t|neither|nor|cant|undo|"
        "forget|ignore|scratch that|never mind|nevermind|abort|not going to|bina|doesnt|didnt|"
        "oops|not yet|before you|refrain|skip"),
    (Tag.QUOTE, "", "\"|“|”|«|»|'|‘|’|`|system:|assistant:|system :|assistant :|bot:|ai:|<|>>"),
    (Tag.YES, "", "yes|yep|yeah|ok|okay|confirm|go ahead|sure|haan|ji|do it|place it|done|"
        "approve|approved|confirmed|proceed|theek hai|thik hai|yes please|send it|fire|"
        "execute|execute it|submit|submit it|go for it|looks good|perfect|correct|right|"
        "ha|haa|haan ji|yup|y|kar do|kardo|chalo|sounds good|approve it|bhej do|do that|"
        "place the order|send the order|that's fine|fine|agreed|lgtm|good|great|accept|"
        "confirm it|i approve|i confirm|chalega|sahi hai|yes do it|please do|make it happen|"
        "yes go ahead|yes confirm|place that|place that order|ok go"),
    (Tag.DROP, "", "no|never mind|nevermind|cancel that|cancel it|forget it|drop it|leave it|"
        "forget that|drop that|nothing|abort|chhodo|rehne do|jaane do|nahi|nope|cancel|"
        "don't|stop|scrap that|scrap it|not now|discard|discard it|discard that|cancel this|"
        "don't do it|mat karo|leave that|forget about it|rehne de|scratch that|ignore that|"
        "drop this|leave|cancel the draft|discard the draft|chhod do|i changed my mind|"
        "changed my mind|don't place it|don't send it|cancel kar do|hata do"),
    (Tag.SAME, "", "same|the same|same thing|same order|same trade|do the same|wahi|wohi|same qty|"
        "same quantity|ditto|another|repeat|repeat that|again|same again|same for|likewise|"
        "same size|same with|wahi cheez|same to same|waisa hi|same as before|one more like that"),
    (Tag.INSTEAD, "", "on second thought|on second thoughts|second thoughts|second thought|"
        "thinking again|come to think of it|scratch that make it|no wait make it|instead|rather|"
        "wrong one|wrong stock|not that one|galat|wrong share|"
        "ki jagah|actually|i meant|correction|sorry|wait make it|"
        "no make it|ke badle|no i meant|i mean|make that|change that to|badal ke|replace with|"
        "no sorry|oh wait|replace it with|swap it for|swap to|switch to|switch it to|"
        "change symbol to|change stock to|change the stock to|change it to"),
    (Tag.AMEND, "", "daal|dal|daal do|daal de|dal do|dal de|let it be|make this|"
        "keep it at|have it|should be at|karna|kar dena|kar dijiye|rakh|rakho|rakh do|make it|"
        "make that|make the|change the|change it to|change to|set the|"
        "change quantity to|change the quantity to|change qty to|update the|update it to|"
        "increase to|reduce to|increase it to|reduce it to|raise it to|lower it to|"
        "set it to|modify it to|change|update|kar do|kardo|"
        "bring it to|cut it to|and|add|with|use|switch it to|convert it to|move the|put|drop the|"
        "make|set|let's do|let's make it|only|just|try|do|bhi|too|as well|also|but|increase the|"
        "reduce the|raise the|lower the|to|instead of that|give it|karo|kar de|rakho|go with|"
        "should be|limit it|limit it at|place it|shift"),
    (Tag.ORDINAL, "0", "first|the first|first one|the first one|1st|1st one|option 1|# 1|#1|"
        "the former|pehla|number one|number 1"),
    (Tag.ORDINAL, "1", "second|the second|second one|the second one|2nd|2nd one|option 2|# 2|#2|"
        "doosra|number two|number 2"),
    (Tag.ORDINAL, "2", "third|the third|third one|the third one|3rd|3rd one|option 3|#3|teesra"),
    (Tag.ORDINAL, "3", "fourth|the fourth|fourth one|the fourth one|4th|4th one|option 4|#4"),
    (Tag.ORDINAL, "-1", "last one|the last one|the last|the latter"),
    (Tag.BREAK, "", "but|anyway|anyways|so|however|though|although|par|lekin|magar|isliye|"
        "whatever|ok so|that said|instead|rather|just|regardless|now then|still|"
        "in any case|long story short|tldr|bottom line"),
    (Tag.BECAUSE, "", "because|since|as i|as it|kyunki|kyuki|cause|coz|cuz|bcoz|bcz|in order to|"
        "so that|given that|due to|as the|for diversification|as they|before the results|"
        "to lock in|which is|after the results|since i|for my kid|i need cash|for long term|"
        "to average|to raise cash|as my|as per my|as planned|like we discussed|to free up|"
        "to reduce|as part of"),
    (Tag.FILLER, "", "please|pls|plz|the|a|an|now|right now|immediately|today|just|i|me|i'm|"
        "with|on|bhai|yaar|sir|kindly|asap|hey|hi|hello|thanks|thank you|only|bhi|"
        "hai|do|de|kar|karo|ko|ho|want|buy order|sell order|at once|quickly|abhi|aaj|jo|is|as|"
        "so|urgently|or better|doing|trading|currently|want to|need to|like to|"
        "for me|use|would like|make it|make that|'s|name|under my name|"
        "company|ticker|symbol|scrip|go with|take|choose|aur kuch nahi|more|"
        "turant|jaldi|fatafat|straight away|right away|straightaway|dear|buddy|bro|dude|"
        "ek baar|na|ji|bhaiya|boss|friend please|ok|okay|well|alright|good morning|"
        "good afternoon|good evening|namaste|first|all right|today only|to my portfolio|"
        "to my holdings|in my account|from my account|to portfolio|from my portfolio|"
        "per share|a share|each share|"
        "if possible|if you can|when you can|thx|ty|thanks in advance|cheers|kindly please|"
        "this instant|this minute|this morning|this afternoon|at the moment|"
        "additional|extra|another|again|bring|fresh|new|wala|wale|wali|limited|ltd|lga do|then|"
        "karna|karna hai|"
        "kar dena|kar lo|kr do|kro|kr|krdo|dena|dedo|lena|for|to|chahiye mujhe|toh|to please|"
        "its|left|some of|actually|no worries|"
        "hi|maine|ne|unhe|keep it open|keep the order|"
        "keep it live|good|yes|haan|hain|wali hai|hu|hoon|as well|too|gtg|simple|quick|"
        "on my behalf please|hero zero|hero zero trade|zero hero|zero to hero|for my account|"
        "in total|of shares|hold|stays|valid|"
        "th|st|nd|rd|that|which|are|there|right|if not done|as of now|any|of those|by the way|btw"),
)  # fmt: skip

# Words of haste, revenge and all-or-nothing: the order is asked about once before it is planned.
HASTE_PHRASES: Final[dict[str, str]] = {
    "revenge": "revenge|recover my loss|recover my losses|recover the loss|recover losses|"
        "win it back|make it back|get it back|get my money back|make up for|loss recover|"
        "make back my losses|get back at|win back|loss wapas|teach it a lesson|"
        "make back what i lost|to recover",
    "all_in": "all-in|go all in|going all in|all in on|bet everything|double down|"
        "put everything i have|"
        "doubling down|bet the farm|yolo|mortgage|life savings|my entire savings|sab laga do|"
        "all my savings|max out|max leverage|full margin|full leverage|"
        "every rupee|every penny|poora paisa",
    "urgency": "before it's too late|before its too late|last chance|can't miss|cant miss|"
        "missing out|fomo|now or never|hurry|hurry up|jaldi jaldi|before it flies|"
        "before it runs away|to the moon|once in a lifetime|desperate|at any cost|no time",
}  # fmt: skip
# Haste only where it ends the message: "all in delivery" is none.
HASTE_ENDINGS: Final = "all in"
