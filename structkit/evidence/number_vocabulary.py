"""The words of numbers in ten languages, of the common ones in four more, and of scales; CJK characters."""

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
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście "
    "czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście",
    "el": "μηδέν ένα δύο τρία τέσσερα πέντε έξι επτά οκτώ εννέα δέκα έντεκα δώδεκα δεκατρία δεκατέσσερα δεκαπέντε "
    "δεκαέξι δεκαεπτά δεκαοκτώ δεκαεννέα",
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
    "pl": "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt "
    "dziewięćdziesiąt",
    "el": "είκοσι τριάντα σαράντα πενήντα εξήντα εβδομήντα ογδόντα ενενήντα",
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
}

HUNDREDS = (
    "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    "doscientas trescientas cuatrocientas quinientas seiscientas setecientas ochocientas novecientas",
    "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos",
    "duzentas trezentas quatrocentas quinhentas seiscentas setecentas oitocentas novecentas",
    "dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset",
    "двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
)
"""The hundreds that are a word of their own."""

ONES_BEFORE_TENS = {"de": ("und", "ein"), "nl": ("en", "een")}
"""What is between the ones and the tens, and the form of one."""


def _numbered(words: str, first: int, step: int = 1) -> dict[str, Decimal]:
    return {word: Decimal(first + step * number) for number, word in enumerate(words.split())}


_GERMAN_ORDINALS = {
    **_numbered("zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft dreizehnt vierzehnt fünfzehnt", 2),
    **_numbered("sechzehnt siebzehnt achtzehnt neunzehnt", 16),
    **{f"{ten}st": Decimal(10 * number) for number, ten in enumerate(TENS["de"].split(), 2)},
}
GERMAN_ENDINGS = ("e", "er", "en", "es", "em")
_ORDINAL_VALUES = {
    **_numbered("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth", 3),
    **_numbered("fifteenth sixteenth seventeenth eighteenth nineteenth", 15),
    **_numbered("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth", 20, 10),
    **_numbered("deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième", 2),
    **_numbered("douzième treizième quatorzième quinzième seizième", 12),
    **_numbered("vingtième trentième quarantième cinquantième soixantième", 20, 10),
    **{f"{stem}{end}": value for stem, value in _GERMAN_ORDINALS.items() for end in GERMAN_ENDINGS},
}
ORDINALS_AFTER_TENS = {"first": Decimal(1), fold("unième"): Decimal(1)}
"""Ordinals that are numbers only after tens; alone, they are words of order."""

ORDINALS = frozenset(map(fold, _ORDINAL_VALUES))

ARABIC_TENS = "عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون عشرين ثلاثين أربعين خمسين ستين سبعين ثمانين تسعين"
"""The tens in two cases; ones are before them."""

VARIANTS = {
    **dict.fromkeys(("a", "an", "ein", "eine", "einen", "une", "una", "uma", "одна", "одну"), Decimal(1)),
    **dict.fromkeys(("zwo", "две", "duas"), Decimal(2)),
    "dixsept": Decimal(17),
    "dixhuit": Decimal(18),
    "dixneuf": Decimal(19),
    "quatrevingt": Decimal(80),
    **dict.fromkeys(("half", "halbe", "halben", "halber"), Decimal("0.5")),
    **dict.fromkeys(("anderthalb", "eineinhalb", "полтора", "полторы"), Decimal("1.5")),
    **{f"{word}einhalb": number + Decimal("0.5") for number, word in enumerate(SMALL_NUMBERS["de"].split()[2:13], 2)},
    **dict.fromkeys(("metà", "hälfte", "moitié", "mitad", "metade", "половина", "połowa"), Decimal("0.5")),
    **_numbered("двух трёх четырёх пяти шести семи восьми девяти десяти одиннадцати двенадцати", 2),
    **_numbered("тринадцати четырнадцати пятнадцати шестнадцати семнадцати восемнадцати девятнадцати", 13),
    **_numbered("двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти", 20, 10),
    **_numbered("iki üç dört beş altı yedi sekiz dokuz", 2),
    **_numbered("yirmi otuz kırk elli altmış yetmiş seksen doksan", 20, 10),
    **_numbered("ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة", 3),
    **_numbered(" ".join(ARABIC_TENS.split()[:8]), 20, 10),
    **_numbered(" ".join(ARABIC_TENS.split()[8:]), 20, 10),
    **_numbered("עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים", 20, 10),
    **_numbered("तीन चार पांच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस", 3),
    **_numbered("बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे", 20, 10),
    **_ORDINAL_VALUES,
}
"""Other words for a number, other cases of them, and ordinals but the first two, which are words of any text."""

DENOMINATORS = {
    fold(word): denominator
    for denominator, words in (
        (2, "halves"), (3, "third thirds drittel tiers tercio tercios"), (4, "quarter quarters viertel quart quarts"),
        (5, "fifth fifths fünftel"), (8, "eighth eighths achtel"), (10, "tenth tenths zehntel"),
        (3, "třetina třetiny tretina tretiny trzecia trzecie derde tredjedel tredjedelar tredjedele treime treimi"),
        (4, "čtvrtina čtvrtiny štvrtina štvrtiny czwarta czwarte kwart fjärdedel fjärdedelar fjerdedel fjerdedele"),
        (5, "pětina pětiny pätina piąta piąte piątych vijfde femtedel femtedelar femtedele cincime cincimi"),
        (10, "desetina desetiny dziesiąta dziesiąte dziesiątych tiende tiondel tiondelar tiendedel tiendedele zecime"),
        (3, "harmad треть трети третини"), (4, "quarti quartos cuartos чверті"), (5, "quinti ötöd"),
    )
    for word in words.split()
}  # fmt: skip
"""What the number before it, or an article, is divided by."""

ARTICLES = frozenset({"a", "an", "ein", "eine", "einen", "un", "une", "una", "um", "uma", "een", "ενα"})
"""They count as one only before a scale ("a million") or a unit."""

UNITS = frozenset(
    fold(
        "kilo kilos kilogram kilogramm quilo chilo chili etto gram gramm gramme litre liter litro meter metre "
        "metro metri kilometer kilometre mile meile inch foot pound pfund livre libra libbra cup tasse taza "
        "tazza xicara kop glass glas verre vaso bicchiere spoon teaspoon tablespoon loffel teeloffel essloffel "
        "cuillere cucharada cucchiaio colher lepel pinch prise pincee pizca pizzico pitada snufje second sekunde "
        "seconde segundo secondo minute minuto minuut hour stunde heure hora ora uur day tag jour dia giorno dag "
        "week woche semaine semana settimana month monat mois mes mese maand year jahr an annee ano anno jaar "
        "שעה שנה יום חודש שבוע ساعة سنة يوم شهر ώρα χρόνο timme timmar ar time godinu godina sat godzine rok "
        "roku rik"
    ).split()
)
"""Units before which an article is the number one, as in "an hour"."""

HALVES_AFTER = [
    ["and", "a", "half"], ["et", "demi"], ["et", "demie"], ["y", "medio"], ["y", "media"], ["e", "mezzo"],
    ["e", "mezza"], ["e", "meio"], ["e", "meia"], ["en", "een", "halve"], ["en", "een", "half"], ["ruoi"],
]  # fmt: skip
"""What adds a half to a number before it."""

HALVES = frozenset(word for words in HALVES_AFTER for word in words)
HALF_WORDS = frozenset(words[-1] for words in HALVES_AFTER) - {"ruoi"}
"""The halves before a unit or a dozen: `media hora`, `meia dúzia`."""

MULTIPLES: dict[str, int] = dict.fromkeys(
    ("dozen", "dutzend", "douzaine", "douzaines", "docena", "docenas", "dozzina", "dozijn"), 12
)
"""Words that are a number, and multiply one before them."""


def _folded(words: str, value: int) -> dict[str, int]:
    return dict.fromkeys(fold(words).split(), value)


SCALES = {
    **_folded("sto", 100),
    **_folded("rb", 1_000),
    **_folded("jt tr", 10**6),
    **_folded("тис тисяч тисячі אלף nghìn ngàn ribu tkr mii ezer tuhatta tusind tusen", 1_000),
    **_folded(
        "мільйон мільйони мільйонів triệu juta milj mkr mnkr milioane millió miljoonaa millioner miljoner", 10**6
    ),
    **_folded("мільярд мільярди мільярдів tỷ miliarde milliárd miljardia milliarder miljarder", 10**9),
    **_folded("tysiąc tysiące tysięcy tys tis χιλ χιλιάδες bin हज़ार हजार", 1_000),
    **_folded("tisíc tisíce tisíců tisuća tisuće hiljada hiljade tisoč tūkstantis tūkstančiai tūkstančių", 1_000),
    **_folded("tūkstotis tūkstoši tūkstošu tuhat tuhatta هزار хиляда хиляди", 1_000),
    **_folded("milióny miliónů milijon milijuna milijona milijonai milijonų miljons miljoni miljonu miljonit", 10**6),
    **_folded("milijun milioni juta میلیون мільйонам ล้าน", 10**6),
    **_folded("miliarda miliardy miliard milijarda milijardi milijardas miljardit میلیارد", 10**9),
    **_folded("keur teur tchf tusd kusd", 1_000),
    **_folded("mm meur musd mchf", 10**6),
    **_folded("cr", 10**7),
    **_folded("lakh lakhs lac लाख", 10**5),
    **_folded("mln milion miliony milionów εκατ εκατομμύρια εκατομμύριο milyon mi מיליון", 10**6),
    **_folded("crore crores करोड़", 10**7),
    **_folded("mld miliard miliardy miliardów δισ δισεκατομμύρια δισεκατομμύριο milyar bi md mds अरब מיליארד", 10**9),
    **_folded("hundred hundert cent cents cien ciento cento cem honderd сто", 100),
    **_folded("thousand tausend mille mil mila k tsd duizend тысяча тысячи тысяч тысячу тыс ألف آلاف", 1_000),
    **_folded("million millions millionen mio millón millones milione milioni m mn milhão milhões miljoen", 10**6),
    **_folded("миллион миллиона миллионов млн مليون ملايين", 10**6),
    **_folded("billion billions bn milliarde milliarden mrd milliard milliards miliardo miliardi miljard", 10**9),
    **_folded("миллиард миллиарда миллиардов млрд مليار bilhão bilhões", 10**9),
    **_folded("trillion trillions billionen триллион триллиона триллионов трлн", 10**12),
}
"""Words that multiply the number before them, folded."""

OTHER_SCALES = {"mil": (10**6,)}
"""What some of them are in another language: "mil" is a thousand in Spanish, and short for a million in Czech."""

UNIT_SIGNS = frozenset(
    {"rb", "jt", "tr", "k", "m", "mn", "bn", "mi", "bi", "md", "mds", "bin", "tis", "ty", "tkr", "mkr", "mm", "cr"}
)
"""Scales that are written after digits only."""

LONE_SCALES = frozenset(fold("hundert tausend cent mille mil cien cento cem сто тысяча honderd duizend tysiąc").split())
"""Scales that are a number by themselves."""

JOINING_WORDS = frozenset({"and", "et", "y", "und", "e", "en"})

CJK_DIGIT_ROWS = ("零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "零壹貳參肆伍陸柒捌玖")
"""The second and third rows are those of contracts and cheques."""

CJK_DIGITS = {char: value for digits in CJK_DIGIT_ROWS for value, char in enumerate(digits)}
CJK_DIGITS |= {"\u3007": 0, "两": 2, "兩": 2, "弐": 2, "参": 3, "俩": 2, "仨": 3}
CJK_UNITS = {"十": 10, "百": 100, "千": 1_000, "拾": 10, "佰": 100, "仟": 1_000}
CJK_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
KOREAN_SCALES = {fold("만"): 10**4, fold("억"): 10**8, fold("조"): 10**12}
"""Folded, Korean syllables are several letters."""

PERCENT_WORDS = [
    fold(word)
    for word in (
        "%", "٪", "percent", "per cent", "pct", "prozent", "pour cent", "por ciento", "por cento", "per cento",
        "procent", "процент", "процента", "процентов", "パーセント", "퍼센트", "بالمئة", "في المئة", "v. h.", "v.h.",
        "τοις εκατό", "प्रतिशत", "prosenttia", "prosent", "százalék", "procenta", "procentów", "procentai", "procenti",
        "postotak", "posto", "odsto", "persen", "phần trăm", "відсотків", "відсоток", "відсотки", "درصد", "אחוז",
        "אחוזים", "بالمائة", "في المائة", "ร้อยละ", "เปอร์เซ็นต์", "la sută", "per cent.", "p. c.", "v.h",
        "протсента", "на сто", "процента", "от сто", "protsenti", "protsent", "%-a", "%-os",
    )
]  # fmt: skip
SMALL_SHARES = {"\u2030": Decimal("0.001"), **dict.fromkeys(("bps", "bp", "basis points"), Decimal("0.0001"))}
"""Signs and words of shares that are smaller than a percent."""

PERCENT_WORDS_BEFORE = ("%", "% ", f"{fold('yüzde')} ")
"""Before a number, as in Turkish."""

DECLINES_AFTER = [
    "減",
    "减",
    "下降",
    "下落",
    "減少",
    "减少",
    "ダウン",
    "감소",
    "하락",
    "decrease",
    "decline",
    "drop",
    "reduction",
    "lower",
    "less",
    "weniger",
    "niedriger",
    "rückgang",
    "de moins",
    "de baisse",
    "menos",
    "in meno",
    "mniej",
    "lägre",
    "mindre",
    "minder",
    "lager",
    "меньше",
    "ниже",
    "azalış",
    "düşüş",
    "kevesebb",
    "vähemmän",
]
DECLINES_BEFORE = [
    "下降",
    "下跌",
    "下滑",
    "減少",
    "减少",
    "降低",
    "down",
    "decreased",
    "declined",
    "dropped",
    "fell",
    "decrease",
    "decline",
    "drop",
    "minus",
    "gesunken",
    "sank",
    "rückgang",
    "baisse",
    "recul",
    "caída",
    "bajó",
    "cayó",
    "calo",
    "queda",
    "spadek",
    "spadł",
    "spadła",
    "снижение",
    "снизился",
    "снизилась",
    "снизились",
    "упал",
    "упала",
    "падение",
    "pokles",
    "klesl",
    "minskade",
    "faldt",
    "laski",
    "csökkent",
    "düştü",
    "azaldı",
    "daling",
    "gedaald",
]
"""Words after and before a percentage that say that something became less."""

NEGATIVE_WORDS = tuple(
    fold(f"{word} ")
    for word in (
        "minus",
        "moins",
        "menos",
        "meno",
        "минус",
        "мінус",
        "miinus",
        "eksi",
        "μείον",
        "سالب",
        "מינוס",
    )
)
