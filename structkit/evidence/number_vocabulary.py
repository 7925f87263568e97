"""The words of numbers: English, German, French, Spanish, Italian, Portuguese, Dutch and Russian; CJK characters."""

from __future__ import annotations

from decimal import Decimal

from structkit.evidence.folding import fold

SMALL_NUMBERS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien "
    "zeventien achttien negentien",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
}
"""The numbers below twenty."""

TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante octante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "nl": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
}

HUNDREDS = (
    "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    "doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas",
    "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    "duzentas trezentas quatrocentas quinhentas seiscentas setecentas oitocentas novecentas",
    "двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
)
"""The hundreds that are a word of their own."""

ONES_BEFORE_TENS = {"de": ("und", "ein"), "nl": ("en", "een")}
"""What is between the ones and the tens, and the form of one."""

VARIANTS = {
    **dict.fromkeys(("a", "an", "ein", "eine", "einen", "une", "una", "uma", "одна", "одну"), Decimal(1)),
    **dict.fromkeys(("zwo", "две", "duas"), Decimal(2)),
    "dixsept": Decimal(17),
    "dixhuit": Decimal(18),
    "dixneuf": Decimal(19),
    "quatrevingt": Decimal(80),
    **dict.fromkeys(("half", "halbe", "halben", "halber"), Decimal("0.5")),
    **dict.fromkeys(("anderthalb", "eineinhalb", "полтора", "полторы"), Decimal("1.5")),
    "zweieinhalb": Decimal("2.5"),
}
"""Other words for a number."""

ARTICLES = frozenset({"a", "an", "ein", "eine", "einen", "un", "une", "una", "um", "uma", "een"})
"""They count as one only before a scale ("a million") or a unit."""

UNITS = frozenset(
    fold(
        "kilo kilogram kilogramm quilo gram gramm gramme litre liter litro meter metre metro metri kilometer "
        "kilometre mile meile inch foot pound pfund livre libra libbra cup tasse taza tazza xicara kop glass "
        "glas verre vaso bicchiere spoon teaspoon tablespoon loffel teeloffel essloffel cuillere cucharada "
        "cucchiaio colher lepel pinch prise pincee pizca pizzico pitada snufje second sekunde seconde segundo "
        "secondo minute minuto minuut hour stunde heure hora ora uur day tag jour dia giorno dag week woche "
        "semaine semana settimana month monat mois mes mese maand year jahr an annee ano anno jaar"
    ).split()
)
"""Units before which an article is the number one, as in "an hour"."""

HALVES_AFTER = [
    ["and", "a", "half"], ["et", "demi"], ["et", "demie"], ["y", "medio"], ["y", "media"], ["e", "mezzo"],
    ["e", "mezza"], ["e", "meio"], ["e", "meia"],
]  # fmt: skip
"""What adds a half to a number before it."""

HALVES = frozenset(word for words in HALVES_AFTER for word in words)

MULTIPLES: dict[str, int] = dict.fromkeys(
    ("dozen", "dutzend", "douzaine", "douzaines", "docena", "docenas", "dozzina", "dozijn"), 12
)
"""Words that are a number, and multiply one before them."""


def _folded(words: str, value: int) -> dict[str, int]:
    return dict.fromkeys(fold(words).split(), value)


SCALES = {
    **_folded("hundred hundert cent cents cien ciento cento cem honderd сто", 100),
    **_folded("thousand tausend mille mil mila k tsd duizend тысяча тысячи тысяч тысячу тыс ألف آلاف", 1_000),
    **_folded("million millions millionen mio millón millones milione milioni m mn milhão milhões miljoen", 10**6),
    **_folded("миллион миллиона миллионов млн مليون ملايين", 10**6),
    **_folded("billion billions bn milliarde milliarden mrd milliard milliards miliardo miliardi miljard", 10**9),
    **_folded("миллиард миллиарда миллиардов млрд مليار bilhão bilhões", 10**9),
    **_folded("trillion trillions billionen триллион триллиона триллионов трлн", 10**12),
}
"""Words that multiply the number before them, folded."""

UNIT_SIGNS = frozenset({"k", "m", "mn", "bn"})
"""Scales that are written after digits only."""

LONE_SCALES = frozenset(fold("hundert tausend cent mille mil cien cento cem сто тысяча honderd duizend").split())
"""Scales that are a number by themselves."""

JOINING_WORDS = frozenset({"and", "et", "y", "und", "e", "en"})

CJK_DIGIT_ROWS = ("零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "零壹貳參肆伍陸柒捌玖")
"""The second and third rows are those of contracts and cheques."""

CJK_DIGITS = {char: value for digits in CJK_DIGIT_ROWS for value, char in enumerate(digits)}
CJK_DIGITS |= {"\u3007": 0, "两": 2, "兩": 2, "弐": 2, "参": 3}
CJK_UNITS = {"十": 10, "百": 100, "千": 1_000, "拾": 10, "佰": 100, "仟": 1_000}
CJK_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
KOREAN_SCALES = {fold("만"): 10**4, fold("억"): 10**8, fold("조"): 10**12}
"""Folded, Korean syllables are several letters."""

PERCENT_WORDS = [
    fold(word)
    for word in (
        "%", "٪", "percent", "per cent", "pct", "prozent", "pour cent", "por ciento", "por cento", "per cento",
        "procent", "процент", "процента", "процентов", "パーセント", "퍼센트", "بالمئة", "في المئة",
    )
]  # fmt: skip
NEGATIVE_WORDS = tuple(fold(f"{word} ") for word in ("minus", "moins", "menos", "meno", "минус"))
