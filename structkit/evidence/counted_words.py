"""Words that begin with a number, such as `sechsköpfig`, `dreimal`, `двухкомнатная` and `kétszobás`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from structkit.evidence.folding import fold

PREFIXES = {
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "sv": "två tre fyra fem sex sju åtta nio tio elva tolv",
    "da": "to tre fire fem seks syv otte ni ti elleve tolv",
    "no": "to tre fire fem seks sju åtte ni ti elleve tolv",
    "pl": "dwu trzy/trój cztero pięcio sześcio siedmio ośmio dziewięcio dziesięcio jedenasto dwunasto",
    "cs": "dvou/dvoj tří/troj čtyř/čtyří pěti/pěti šesti sedmi osmi devíti deseti jedenácti dvanácti",
    "sk": "dvoj troj štvor päť šesť sedem osem deväť desať jedenásť dvanásť",
    "ru": "двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати",
    "uk": "дво трьох/три чотирьох/чотири пяти/п'яти шести семи восьми девяти десяти одинадцяти дванадцяти",
    "bg": "дву/дво три четири пет шест седем осем девет десет единадесет дванадесет",
    "hu": "két/kettő három négy öt hat hét nyolc kilenc tíz tizenegy tizenkét",
    "it": "bi tri quadri - - - - - - - -",
    "fi": "kaksi kolmi neli viisi kuusi - - - - - -",
    "hr": "dvo tro četvero petero šestero - - - - - -",
    "sl": "dvo tri štiri pet šest - - - - - -",
    "lt": "dvi tri keturi penkia šešia - - - - - -",
    "lv": "div trīs četr piec seš - - - - - -",
}
"""What a word begins with, from two on; forms are joined by a slash."""

STEMS = {
    "de": "mal malig fach köpfig jährig tägig wöchig monatig stündig minütig teilig seitig stöckig türig zimmer "
    "personen geschossig stellig spurig fältig sprachig gängig",
    "nl": "daags jarig kamer persoons voudig delig wekelijks maandelijks talig baans slaapkamer gangen deurs",
    "sv": "årig dagars rum rumma delad delat delade månaders veckors sits faldig faldigt personers våning manna",
    "da": "årig dages værelses personers delt måneders ugers etagers fold dobbelt mandsfirma",
    "no": "årig dagers roms delt måneders ukers etasjes sifret",
    "pl": "pokojow osobow letni dniow miesięczn tygodniow piętrow krotn godzinn częściow drzwiow stronn kondygnacyjn",
    "cs": "pokojov lůžkov let denní denn měsíčn týdenní hodinov patrov násobn místn podlažní členn dílný stup",
    "sk": "izbov lôžkov ročn dňov mesačn týždňov hodinov poschodov násobn miestn člen",
    "ru": "комнатн местн летн дневн месячн недельн этажн кратн часов спальн сторонн процентн разов квартирн",
    "uk": "кімнатн місн річн денн місячн тижнев поверхов разов кратн спальн",
    "bg": "стаен стайн местн годишн дневн месечн седмичн етажн кратн часов фамилн",
    "hu": "szobás személyes éves napos hónapos havi hetes órás emeletes szeres szoros szörös ágyas ajtós fős "
    "részes tagú",
    "it": "locale locali",
    "fi": "vuotia päiväi kerroksi huonei osai kertai henkilö",
    "hr": "soban sobni sobna sobnog krevetn dnevn godišnj mjesečn katn tjedn člana člani",
    "sl": "soban sobno sobna posteljn dnevn letn mesečn nadstropn član",
    "lt": "kambar met aukšt vietis vietė dien mėnes kart savait",
    "lv": "istab gad stāv viet dien mēneš kārt nedēļ",
}
"""What follows in the same word; endings are after it."""

CASES = {"lt": "dviejų trijų keturių penkių šešių - - - - - -"}
"""Prefixes in a case."""

START_CHARS = 3


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, int]]:
    numbers: dict[str, int] = {}
    parts: list[str] = []
    for language, words in PREFIXES.items():
        rows = (fold(words).split(), fold(CASES.get(language, "")).split())
        values = {
            form: number
            for row in rows
            for number, forms in enumerate(row, 2)
            for form in forms.split("/")
            if form != "-"
        }
        prefixes = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
        stems = "|".join(sorted(map(re.escape, fold(STEMS[language]).split()), key=len, reverse=True))
        parts.append(rf"(?P<{language}>{prefixes})(?:{stems})")
        numbers |= {f"{language} {form}": number for form, number in values.items()}
    return re.compile(rf"(?:{'|'.join(parts)})\w*"), numbers


@cache
def number_of_counted_word(word: str) -> int:
    """Return the number that a folded word begins with; 0 if it is not such a word.

    >>> [number_of_counted_word(fold(word)) for word in ("sechsköpfige", "dreimal", "двухкомнатная", "zweifel")]
    [6, 3, 2, 0]
    """
    pattern, numbers = _pattern()
    match = pattern.fullmatch(word)
    return numbers[f"{match.lastgroup} {match[match.lastgroup or 0]}"] if match else 0


@cache
def _starts() -> frozenset[str]:
    return frozenset(key.partition(" ")[2][:START_CHARS] for key in _pattern()[1])


@cache
def _short_starts() -> frozenset[str]:
    return frozenset(start[: START_CHARS - 1] for start in _starts())


def counted_words(vocabulary: Iterable[str]) -> set[str]:
    """Return the words of a folded vocabulary that begin with a number.

    >>> counted_words(["zweizimmerwohnung", "zweifel", "haus"])
    {'zweizimmerwohnung'}
    """
    starts, short_starts = _starts(), _short_starts()
    return {
        word
        for word in vocabulary
        if (short := word[: START_CHARS - 1]) in short_starts
        and (short in starts or word[:START_CHARS] in starts)
        and number_of_counted_word(word)
    }
