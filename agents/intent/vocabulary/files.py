"""The words that ask about a file. Add a phrase to a row, separated by |."""

from typing import Final

from agents.intent.model import FileWish, QueryTopic
from riskgate.contracts.files import Comparison

# What a file is called, and how words point at one.
NOUNS: Final = (
    "file|files|csv|csv file|xlsx|xlsx file|excel|excel file|excel sheet|spreadsheet|sheet|workbook"
    "|attachment|attachments|upload|document"
)
POINTERS: Final = "the|this|that|these|those|my|our|an|a|attached|uploaded|last|new|whole|is"
GIVEN: Final = "i attached|i uploaded|i sent|i sent you|i gave you|attached|above|here"
IT: Final = "it|this|that|there|here|these|them"
INSIDE: Final = "in|of|from|inside|within|on|into"

# Words before a question that only introduce it.
LEADING: Final = (
    "please|pls|kindly|can you|could you|would you|will you|hey|hi|hello|ok|okay|so|and|now|then"
    "|tell me|show me|give me|show|get|get me|list|let me see|let me know|i want|i need"
    "|i want to see|i want to know|want|find|find me|calculate|compute|what is|what's|whats"
    "|what are|what was|which is|the|all|all the|only|just|display|print|do"
)
# What is said of a whole file.
SHOWING: Final = (
    "open|view|see|preview|read|look at|look into|summarise|summarize|summary|describe|analyse"
    "|analyze|explain|check|contents|content|head|first rows|what does|what do|say|says|contain"
    "|contains|tell|about|go through|load|parse|name|names|is|in|of|up|inside|within|have"
    "|has|here|you"
)
ROWS: Final = "row|rows|line|lines|record|records|entry|entries|trades|trade|items|item"
COUNTING: Final = "how many|number of|total number of|count of|count|count the|no of|no. of"
COUNTED: Final = (
    "are there|are|is|there|does it have|do i have|does|have|has|it|this|in total|row count"
    "|record count|count"
)
COLUMNS: Final = "column|columns|column names|header|headers|heading|headings|fields"
COLUMN_TALK: Final = (
    "what|which|are|there|does|it|have|has|this|name|names|of|list|how many|do|i|in"
)
FIGURES: Final[tuple[tuple[FileWish, str], ...]] = (
    (FileWish.TOTAL, "total|totals|sum|sum up|add up|sum total|grand total|jod|kul"),
    (FileWish.AVERAGE, "average|avg|mean|ausat"),
    (FileWish.LOWEST, "lowest|minimum|min|smallest|least|sabse kam"),
    (FileWish.HIGHEST, "highest|maximum|max|largest|biggest|greatest|sabse zyada"),
)
WHERE: Final = "where|whose|when|having|with|for which|in which|that have|which have|jisme"
COMPARISONS: Final[tuple[tuple[Comparison, str], ...]] = (
    (Comparison.IS, "is equal to|equals|equal to|is|are|was|==|="),
    (Comparison.IS_NOT, "is not equal to|is not|are not|isn't|not equal to|!=|<>"),
    (Comparison.HAS, "contains|contain|includes|include|has|like"),
    (Comparison.ABOVE, "is above|above|is over|over|is more than|more than|is greater than"
        "|greater than|exceeds|is bigger than|>"),
    (Comparison.BELOW, "is below|below|is under|under|is less than|less than|is smaller than|<"),
    (Comparison.AT_LEAST, "is at least|at least|>="),
    (Comparison.AT_MOST, "is at most|at most|<="),
)  # fmt: skip
COMPARING: Final = (
    "compare|reconcile|match|matches|check|tally|tallies|diff|difference|differences|verify"
    "|cross check|cross-check|differ|differs|agree|agrees|same|milao|milan karo"
)
BESIDE: Final = "with|against|to|and|vs|versus|from|as|between"
BOOKS: Final[tuple[tuple[QueryTopic, str], ...]] = (
    (QueryTopic.HOLDINGS, "holdings|holding|demat"),
    (QueryTopic.POSITIONS, "positions|position|portfolio|broker|account|what i hold|what i have"
        "|ledger|book|books"),
)  # fmt: skip
# Words of acting. Beside a word for a file they are refused: a file is no instruction.
ACTING: Final = (
    "buy|buying|purchase|sell|selling|short|exit|square off|squareoff|liquidate|dump|offload"
    "|accumulate|invest|place|execute|submit|replicate|mirror|copy|follow|obey|approve|cancel|"
    "modify"
    "|order everything|order all|order them|order these|order the|trade everything|trade all"
    "|trade this|trade these|trade them|trade the|act on|do what|do as|close all|close everything"
    "|close my|kharido|kharid lo|kharid|khareed|khareedo|becho|bech do|bech|le lo|lelo|nikalo"
)
