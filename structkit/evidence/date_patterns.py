"""The parts of dates with the name of a month: days with their endings, links between them, and years."""

from __future__ import annotations

from typing import TypeAlias

from structkit.evidence.folding import fold

Day: TypeAlias = tuple[int, int, int]
"""A year, a month and a day, which need not be a date."""

SUFFIX = (
    rf"(?:st|nd|rd|th|er|ten|ter|te|de|i?eme|e|-?go|°|\.?[oa]|\.|:[ae]|-?(?:{fold('го|е|й|я|ма|ої|тя|η|ης|ος|та')}))?"
)
"""The ending of the number of a day."""

DAY = rf'"?(\d{{1,2}})"?{SUFFIX}'
MONTH = r"((?:[^\W\d_]|[\u0900-\u0963\u0970-\u0dff\u0e00-\u0e4e]){2,18})"
YEAR = r"(\d{4}|'?\d{2})"

LINK = (
    r"(?: (?:of|day of|days? of the month of|de|del|do|di|du|dias? d[eo]l? me[sz] de|d[eo]l? me[sz] de|del mese di|"
    rf"du mois de|{fold('من|من شهر')})| d'| de l')?"
)
"""What is between a day and its month."""

LINK_ENDS = (" of", " de", " del", " do", " di", " du", " d'", " l'", *(f" {fold(word)}" for word in ("من", "شهر")))
"""The last words of all links."""

YEAR_LINK = (
    r"(?: (?:of the year|of|in the year|d[eo] ann?o(?: de)?|del ano(?: de)?|del|de|do|di|dell'anno|de l'an|im jahre?|"
    rf"anno|{fold('του|सन')})(?!\w)| d'| de l')?"
)
"""What is between a month and its year."""

POINT = "[.'\u05f3\u0970]?"
"""The sign after an abbreviated month."""

OTHER_NAME = r"(?:/[^\W\d_]{3,12})?"
"""The name of the same month in another tradition, as in Arabic."""

JOINT = (
    r" ?(?:-|/|,|to|until|till|and|or|bis(?: zum)?|und|au|a|al|et|y|e|ed|en|tot|tot en met|t/m|do|po|i|och|til|og|till|"
    rf"ja|ve|es|si|pana la|s\.d\.|s/d|sampai|hingga|{fold('до|по|и|έως|και')}) ?"
)
"""What is between two days."""

NOT_DIGIT = r"(?!\d)"
