"""Company names as they are written in Devanagari, and the name the master knows."""

from typing import Final

DEVANAGARI_NAMES: Final[dict[str, str]] = {
    "टीसीएस": "tcs", "इंफोसिस": "infosys", "इन्फोसिस": "infosys", "इंफी": "infy",
    "रिलायंस": "reliance", "एसबीआई": "sbi", "स्टेट बैंक": "state bank",
    "एचडीएफसी बैंक": "hdfc bank", "एचडीएफसी": "hdfc", "आईसीआईसीआई बैंक": "icici bank",
    "आईसीआईसीआई": "icici", "आईटीसी": "itc", "विप्रो": "wipro", "टाटा स्टील": "tata steel",
    "टाटा मोटर्स": "tata motors", "टाटा पावर": "tata power", "टाटा": "tata", "टाइटन": "titan",
    "मारुति": "maruti", "कोटक": "kotak", "एक्सिस बैंक": "axis bank", "निफ्टी": "nifty",
    "बैंक निफ्टी": "bank nifty", "सेंसेक्स": "sensex", "अडानी": "adani", "सुजलॉन": "suzlon",
    "यस बैंक": "yes bank", "एयरटेल": "airtel", "भारती एयरटेल": "bharti airtel",
    "कोल इंडिया": "coal india", "ओएनजीसी": "ongc", "एनटीपीसी": "ntpc", "सिप्ला": "cipla",
    "सन फार्मा": "sun pharma", "हिंडाल्को": "hindalco", "वेदांता": "vedanta", "ज़ोमैटो": "zomato",
    "जोमैटो": "zomato", "पेटीएम": "paytm", "आईआरसीटीसी": "irctc", "एलआईसी": "lic",
    "बजाज फाइनेंस": "bajaj finance", "बजाज": "bajaj", "एशियन पेंट्स": "asian paints",
    "एल एंड टी": "l&t", "वोडाफोन आइडिया": "vodafone idea", "पीएनबी": "pnb", "ल्यूपिन": "lupin",
    "एचसीएल": "hcl", "बीईएल": "bel", "एचएएल": "hal", "गेल": "gail", "डीएलएफ": "dlf",
}  # fmt: skip
