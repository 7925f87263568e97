"""The parts of dates with the name of a month: days with their endings, links between them, and years."""

from __future__ import annotations

from structkit.evidence.folding import fold

SUFFIX = rf"(?:st|nd|rd|th|er|\.?[oa]|\.|:[ae]|-?(?:{fold('го|е|й|я|ма|ої|тя|η|ης|ος|та')}))?"
"""The ending of the number of a day."""

DAY = rf'"?(\d{{1,2}})"?{SUFFIX}'
MONTH = r"((?:[^\W\d_]|[\u0900-\u0963\u0970-\u0dff\u0e00-\u0e4e]){2,18})"
YEAR = r"(\d{4}|'?\d{2})"

LINK = (
    r"(?: (?:of|day of|days? of the month of|de|del|do|di|du|dias? d[eo]l? me[sz] de|d[eo]l? me[sz] de|del mese di|"
    r"du mois de)| d'| de l')?"
)
"""What is between a day and its month."""

YEAR_LINK = (
    r"(?: (?:of the year|of|in the year|d[eo] ann?o(?: de)?|del ano(?: de)?|del|de|do|di|dell'anno|de l'an|im jahre?|"
    rf"anno|{fold('του')})(?!\w)| d'| de l')?"
)
"""What is between a month and its year."""

POINT = "[.'\u05f3\u0970]?"
"""The sign after an abbreviated month."""

NOT_DIGIT = r"(?!\d)"
