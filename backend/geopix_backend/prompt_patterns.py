"""How people ask, as patterns over the sketch of a prompt (``relations.sketch``): lower case, single spaces, ``<0>``
for the first thing that it names.  Pure.
"""

from __future__ import annotations

import re


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


THING = r"<\d+>"
_THE = r"(?:the |this |that |these |those |all |all the |my |our )?"
_POLITE = (
    r"^\W*(?:(?:please|kindly|now|and|so|then|ok|okay|hello|hi|hey|thanks|well|also|um|uh|just|quickly)\b,? ?)*"
    r"(?:(?:can|could|would|will) (?:you|we|i) (?:please )?(?:tell (?:me|us) )?|tell (?:me|us) |help me "
    r"|i (?:want|need|would like) (?:you )?to (?:know |see )?|do you know |any idea )?(?:please )?"
)
_CHECK = _POLITE + r"(?:(?:check|see|know|say|look) )?(?:(?:if|whether) )?"
_VIEW = (
    r"(?:the|this|that|my|our) (?:\w+ ){0,2}"
    r"(?:image|picture|photo|photograph|scene|view|tile|area|place|map|raster|region|location|site|land|box)\b"
)

# Of the whole view, naming nothing
DESCRIBE = _any(
    r"\b(?:describ\w*|description|caption\w*|summari[sz]e\w*|summary|overview|land ?cover|land ?use)\b",
    r"\bwhat(?:'s|s| is| are)? (?:do|can|could) (?:you|we|one|i) (?:see|find|recogni[sz]e|make out|spot)\b",
    r"\bwhat(?:'s|s| is| are| can be seen| does one see| objects are| things are)?"
    r" (?:there )?(?:to see )?(?:shown |visible )?(?:in|on|inside|within) " + _VIEW,
    r"\bwhat(?:'s| is| are) (?:visible|shown|to be seen|going on)\b",
    r"\bwhat does (?:it|this|that|" + _VIEW + r")(?: \w+)? (?:show|contain|depict|look like)",
    r"\bwhat (?:kind|sort|type) of (?:area|place|scene|image|landscape|picture|land)\b",
    r"\btell (?:me|us) (?:something )?(?:more )?about (?:it|this|" + _VIEW + ")",
    r"\bwhat am i looking at\b|\bexplain (?:what you see|this|" + _VIEW + ")",
    r"\b(?:what|which) (?:\w+ )?(?:covers?|takes?) (?:up )?(?:the )?most\b|\bwhat (?:objects?|things?)\b",
    r"\bmost (?:common|frequent|numerous|widespread)\b",
)
EVERYTHING = re.compile(
    _POLITE + r"(?:segment|map|find|label|classify|outline|mark|detect|show|extract|digiti[sz]e|vectori[sz]e|get|locate"
    r"|identify|list)? ?(?:me |out )?(?:polygons of |masks of )?"
    r"(?:everything|every thing|all (?:of )?(?:it|that|this)"
    r"|all (?:the )?(?:things|objects|classes|features|categories)"
    r"|all (?:that )?you (?:know|can find|can|see|recogni[sz]e)|every (?:thing|object|class|feature)|all)\b(?! <)"
)
EXCEPT = re.compile(r"\b(?:except|but|without|other than|apart from|excluding|besides|not)\b(?: for)?(?P<rest>.*)")
WHAT = re.compile(
    r"^\W*(?:(?:please|tell me|and|so),? )*"
    r"(?:what(?:'s|s| (?:kind|sort|type) of \w+)?|which (?:class|thing|object)|identify|classify|name) ?"
    r"(?:is|are|do you (?:see|find))? ?(?:in|inside|within|at|under)? ?"
    r"(?:this|that|these|those|here|it|there|the (?:selected|drawn|marked|clicked))\b"
)

# What polygons cannot tell, by what is asked for
REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "length",
        _any(
            r"\bhow (?:long|tall|high|wide|deep|thick|far|steep|broad|narrow)\b",
            r"\b(?:length|height|width|depth|distance|elevation|slope|perimeter|diameter|volume)s? (?:of|from|between)"
            r"\b",
            THING + r"'?s? (?:length|height|width|depth|perimeter|diameter|volume)s?\b",
        ),
    ),
    (
        "colour",
        _any(
            r"\b(?:what|which)(?:'s| is| are)? (?:the )?colou?rs?\b",
            r"\bcolou?rs? (?:of|do|does|are|is|has|have)\b",
        ),
    ),
    (
        "kind",
        _any(
            r"\b(?:what|which) (?:kind|type|sort|model|make|brand|species|class)\w* of (?:an? |the )?" + THING,
            r"\b(?:what|which) (?:kind|type|sort|model|make|brand|species|class)\w* (?:is|are) " + _THE + THING,
        ),
    ),
    (
        "time",
        _any(
            r"\bhow (?:old|new|recent)\b|\b(?:what|which) (?:year|month|day|date|season|time|age)\b",
            r"^\W*when\b|\bwhen (?:was|were|did)\b|\b(?:age|date) of\b",
        ),
    ),
    (
        "worth",
        _any(
            r"\bhow (?:expensive|valuable|heavy|fast|loud|hot|warm|cold|busy|safe|healthy|clean|dirty)\b",
            r"\b(?:price|value|cost|speed|weight|temperature|population) of\b",
            r"\bhow much (?:do|does|is|are) " + _THE + THING + r" (?:cost|worth)\b",
        ),
    ),
    (
        "name",
        _any(
            r"^\W*(?:who(?! are you| made you)|whose|whom|why)\b|\bwho (?:owns?|built|lives?|made)\b",
            r"\b(?:owner|address|name)s? of\b",
            r"\b(?:which|what)(?: is the|'s the)? (?:city|country|town|state|address|name)\b",
        ),
    ),
    ("material", _any(r"\b(?:made|built) (?:out )?of\b|\bmaterials?\b|\b(?:condition|state|quality) of\b")),
)
HOW_FAR = re.compile(r"\bhow far\b|\b(?:distance|gap) (?:from|between|to)\b")
STATE = re.compile(rf"^\W*(?:is|are|was|were) {_THE}{THING} (?P<what>[a-z]+(?: [a-z]+)?)\W*$")
PLACED = re.compile(r"^(?:visible|present|here|there|in|on|at|shown|to be seen)\b")

# Two things against each other
MORE = re.compile(
    r"\b(?:(?P<less>fewer|less|smaller|smallest|fewest|least|lower|minority)|more|larger|bigger|greater|wider|most"
    r"|largest|biggest|greatest|higher|outnumber\w*|dominat\w*|majority|as (?:many|much|large|big))\b"
)
AGAINST = re.compile(r"\bthan\b|\bor\b|\bas\b.*\bas\b|\boutnumber|\bof\b.*\band\b|\bbetween\b")
COMPARE = _any(
    r"\b(?:compar\w+|rank|sort)\b",
    THING + r" (?:versus|vs\.?|against) (?:the )?" + THING,
    r"\bdifference between\b|\bratio (?:of|between)\b",
)
BY_AREA = re.compile(
    r"\b(?:larger|bigger|greater|smaller|wider|largest|biggest|smallest|large|big|area|areas|cover\w*|space|land|ground|room"
    r"|takes? up|size|hectares?|acres?|share|dominat\w*)\b"
)
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
BY_NUMBER = re.compile(r"\bnumbers?\b")
LIMIT = re.compile(
    r"\b(?:(?P<more>(?:more|greater) than|over|above)|(?P<less>(?:less|fewer) than|under|below)|(?P<least>at least)"
    rf"|(?P<most>at most)) (?P<number>\d+|{'|'.join(NUMBERS)}) (?:\w+ )?{THING}"
)

# One thing, or one after the other
SHARE = _any(
    r"\b(?:percent\w*|share|fraction|proportion|portion)\b|%|\bhow much of\b",
    r"\b(?:what|which|how (?:much|large|big)) (?:\w+ )?(?:a )?part\b",
)
MEAN = re.compile(r"\b(?:average|mean|typical)\b")
NO_THING = re.compile(r"^(?:but|right|left|left and right|\d[\d., ]*%?|half|a half|a? ?third|a? ?quarter)$")
MEASURE = _any(
    r"\bhow (?:large|big|much|extensive|widespread)\b|\bamount of\b|\barea covered\b",
    r"\b(?:area|size|surface|coverage|cover|extent|acreage) (?:of|covered|taken|that|occupied|is|do|does|in)\b",
    THING + r"'?s? (?:area|coverage|size|acreage|cover)\b|\btheir (?:\w+ )?(?:area|size)s?\b",
    r"\b(?:measure|calculate|compute)\b|\bwhat(?:'s|s)?\b.*\b(?:area|size|coverage|surface)\b",
    r"^\W*(?:the )?(?:total )?(?:area|coverage|size)\W*$",
)
COUNT = _any(r"\bhow m[an]ny?\b|\bcount(?:ing|s)?\b|\bnumbers? of\b|\btally\b|\bquantity\b")
YES_NO = _any(_CHECK + r"(?:is|are|was|were|do|does|did|has|have|any)\b", r"\b(?:if|whether) (?:there|the|any|you|<)")
PRESENCE = _any(
    _CHECK + r"(?:is|are|was|were) (?:there|any|some|an?)\b",
    r"\b(?:if|whether) (?:there (?:is|are)|you (?:can )?see|any)\b",
    _POLITE
    + r"(?:do|can|could|did) (?:you|we|i|one) (?:see|spot|recogni[sz]e|notice|(?:detect|find) (?:any|an?|some))\b",
    _POLITE + r"any (?:\w+ )?<",
    _POLITE + r"(?:do|does|has|have|is|are)\b.*\b(?:contain|show|include|have|visible|present|here)\b",
    _POLITE + r"(?:has|see any|see an?)\b",
    r"^\W*(?:you see|see) (?:any )?" + THING + r".*\?|\bor not\b|\bexists?\b|\bis it possible to see\b",
    r"^\W*(?:is|are) (?:the |(?:this|it|that|these|those) (?:an? |the )?)?" + THING + r"\W*$",
    _POLITE + r"(?:do|does) (?:any |some |the |all |these |those |all of the )?" + THING,
    r"^\W*no " + THING + r"\?",
)

LEFT_OUT = re.compile(r"\b(?:and|but),? (?:no|not|never) (?:any |the |its |their )?<(?P<thing>\d+)>")

HELP = _any(
    r"\b(?:what|which) (?:else )?(?:\w+ )?(?:do|can) (?:you|it|this|the model) (?:know|do|recogni[sz]e)\b",
    r"\b(?:things|classes|objects|categories|labels)(?: that)? (?:you|it|the model) (?:know|can find|support)s?\b",
    r"\b(?:what|which) (?:classes|categories|labels)\b|^\W*help\W*$|\bhow (?:do|can) (?:i|you) (?:use|ask)\b",
)

# Naming nothing, and wanting nothing of the image
SMALL_TALK = _any(
    r"^\W*(?:hello|hi|hey|good (?:morning|day|afternoon|evening)|greetings|thanks?|thank you|cheers|bye|goodbye"
    r"|ok|okay|yes|no|great|nice|cool|well done|good)\b(?:,? (?:there|you|geopix|again|thanks?|so|very|much|a|lot|for"
    r"|that|the|help|answer|job|work))*\W*$",
    r"\b(?:who|what) are you\b|\bwho made you\b",
)

# Meant of what was spoken of before
FOLLOWS = _any(
    r"\b(?:they|them|their|those|these|it|its|that|ones?|others?|same|there)\b",
    r"^\W*(?:and|or|but|only|just|what about|how about|how (?:many|large|big|much)|show|where|count|measure|which)\b",
)
ELLIPSIS = re.compile(
    r"^\W*(?:and|or|but|also|now|then|what about|how about|(?:the )?same (?:for|with))\b"
    r"(?!.*\b(?:segment|find|show|mark|outline|map|is|are|how many|how much|which|where)\b)"
)

ADJECTIVE = re.compile(
    r"\b(?P<word>red|blue|green|white|black|grey|gray|brown|yellow|orange|dark|bright|old|new|damaged|destroyed|ruined"
    r"|empty|full|moving|abandoned|broken|flooded|tall|high|flat|wooden|metal|concrete|military|civilian|private|public"
    r"|dirty|clean|dead|sick|healthy|burnt|burned|unfinished|wet|dry|round|square|long|short|wide|narrow|deep|shallow"
    r"|(?P<size>big|large|small|huge|tiny|little)) (?:\w+ )?<(?P<thing>\d+)>"
)


def number(said: str) -> int:
    """A number in digits or, up to twelve, in words."""
    return NUMBERS.index(said) if said in NUMBERS else int(said)
