"""The words of numbers in further languages; short ones are words of others, so they count in texts in them only."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from structkit.evidence.folding import fold
from structkit.evidence.number_forms import FORMS, UNCLEAR, factors_of, values_of
from structkit.evidence.ordinals import ordinals_of

SMALL_NUMBERS = {
    "cs": "nula jeden dva tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct "
    "šestnáct sedmnáct osmnáct devatenáct",
    "sk": "nula jeden dva tri štyri päť šesť sedem osem deväť desať jedenásť dvanásť trinásť štrnásť pätnásť "
    "šestnásť sedemnásť osemnásť devätnásť",
    "hr": "nula jedan dva tri četiri pet šest sedam osam devet deset jedanaest dvanaest trinaest četrnaest "
    "petnaest šesnaest sedamnaest osamnaest devetnaest",
    "sl": "nič ena dva tri štiri pet šest sedem osem devet deset enajst dvanajst trinajst štirinajst "
    "petnajst šestnajst sedemnajst osemnajst devetnajst",
    "sv": "noll ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton",
    "da": "nul et to tre fire fem seks syv otte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten",
    "no": "null ett to tre fire fem seks sju åtte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten",
    "fi": "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista "
    "kaksitoista kolmetoista neljätoista viisitoista kuusitoista seitsemäntoista kahdeksantoista "
    "yhdeksäntoista",
    "et": "null üks kaks kolm neli viis kuus seitse kaheksa üheksa kümme üksteist kaksteist kolmteist "
    "neliteist viisteist kuusteist seitseteist kaheksateist üheksateist",
    "hu": "nulla egy kettő három négy öt hat hét nyolc kilenc tíz tizenegy tizenkettő tizenhárom tizennégy "
    "tizenöt tizenhat tizenhét tizennyolc tizenkilenc",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz on",
    "ro": "zero unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece treisprezece "
    "paisprezece cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece",
    "lt": "nulis vienas du trys keturi penki šeši septyni aštuoni devyni dešimt vienuolika dvylika trylika "
    "keturiolika penkiolika šešiolika septyniolika aštuoniolika devyniolika",
    "lv": "nulle viens divi trīs četri pieci seši septiņi astoņi deviņi desmit vienpadsmit divpadsmit "
    "trīspadsmit četrpadsmit piecpadsmit sešpadsmit septiņpadsmit astoņpadsmit deviņpadsmit",
    "ca": "zero un dos tres quatre cinc sis - vuit nou deu onze dotze tretze catorze quinze setze disset divuit dinou",
    "id": "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas",
    "vi": "không một hai ba bốn năm sáu bảy tám chín mười",
}
"""The numbers below twenty."""

TENS = {
    "cs": "dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát",
    "sk": "dvadsať tridsať štyridsať päťdesiat šesťdesiat sedemdesiat osemdesiat deväťdesiat",
    "hr": "dvadeset trideset četrdeset pedeset šezdeset sedamdeset osamdeset devedeset",
    "sl": "dvajset trideset štirideset petdeset šestdeset sedemdeset osemdeset devetdeset",
    "sv": "tjugo trettio fyrtio femtio sextio sjuttio åttio nittio",
    "da": "tyve tredive fyrre halvtreds tres halvfjerds firs halvfems",
    "no": "tjue tretti førti femti seksti sytti åtti nitti",
    "fi": "",
    "et": "kakskümmend kolmkümmend nelikümmend viiskümmend kuuskümmend seitsekümmend kaheksakümmend üheksakümmend",
    "hu": "húsz harminc negyven ötven hatvan hetven nyolcvan kilencven",
    "tr": "yirmi otuz kırk elli altmış yetmiş seksen doksan",
    "ro": "douăzeci treizeci patruzeci cincizeci șaizeci șaptezeci optzeci nouăzeci",
    "lt": "dvidešimt trisdešimt keturiasdešimt penkiasdešimt šešiasdešimt septyniasdešimt aštuoniasdešimt "
    "devyniasdešimt",
    "lv": "divdesmit trīsdesmit četrdesmit piecdesmit sešdesmit septiņdesmit astoņdesmit deviņdesmit",
    "ca": "vint trenta quaranta cinquanta seixanta setanta vuitanta noranta",
    "id": "",
    "vi": "",
}

HUNDREDS = {
    "cs": "dvěstě třista čtyřista pětset šestset sedmset osmset devětset",
    "sk": "dvesto tristo štyristo päťsto šesťsto sedemsto osemsto deväťsto",
    "hr": "dvjesto tristo četiristo petsto šeststo sedamsto osamsto devetsto",
    "sl": "dvesto tristo štiristo petsto šeststo sedemsto osemsto devetsto",
}
"""The hundreds from 200 that are a word of their own."""

OTHER_FORMS = {
    "cs": "jedna=1 jedno=1 jednoho=1 jedné=1 dvě=2 dvou=2 dvěma=2 tří=3 třem=3 čtyř=4 čtyřem=4 pěti=5 "
    "šesti=6 sedmi=7 osmi=8 devíti=9 desíti=10 deseti=10 jedenácti=11 dvanácti=12 patnácti=15 dvaceti=20 "
    "třiceti=30 padesáti=50 půl=0.5 stě=100* sta=100* set=100* tisíc=1000* tisíce=1000*",
    "sk": "jedna=1 jedno=1 dve=2 dvoch=2 troch=3 štyroch=4 piatich=5 šiestich=6 desiatich=10 pol=0.5 tisíc=1000*",
    "hr": "jedna=1 jedno=1 dvije=2 dvoje=2 tisuća=1000* tisuće=1000* hiljada=1000* hiljade=1000* "
    "stotine=100* stotina=100*",
    "sl": "en=1 eno=1 dve=2 dveh=2 treh=3 štirih=4 tri=3 petih=5 šestih=6 sedmih=7 osmih=8 devetih=9 desetih=10 "
    "dvanajstih=12 petnajstih=15 dvajsetih=20 tridesetih=30 tisoč=1000*",
    "sv": "en=1 ett=1 halv=0.5 halva=0.5 aderton=18 hundra=100* tusen=1000* miljon=1000000*",
    "da": "en=1 halv=0.5 halvanden=1.5 halvandet=1.5 hundrede=100* hundred=100* tusind=1000*",
    "no": "en=1 én=1 ei=1 halv=0.5 halvannen=1.5 tyve=20 tredve=30 syv=7 hundre=100* tusen=1000*",
    "fi": "kahden=2 kahta=2 kolmen=3 kolmea=3 neljän=4 viiden=5 kuuden=6 kymmentä=10* kymmenen=10 puoli=0.5 "
    "puolitoista=1.5 sata=100* sataa=100* sadan=100* tuhat=1000* tuhatta=1000* tuhannen=1000*",
    "et": "ühe=1 kahe=2 kolme=3 nelja=4 viie=5 kuue=6 seitsme=7 kaheksa=8 üheksa=9 kümne=10 kahekümne=20 "
    "kolmekümne=30 neljakümne=40 viiekümne=50 "
    "kuuekümne=60 seitsmekümne=70 kaheksakümne=80 üheksakümne=90 pool=0.5 poolteist=1.5 sada=100* "
    "saja=100* tuhat=1000*",
    "hu": "két=2 huszon=20 tizen=10 fél=0.5 másfél=1.5 száz=100* ezer=1000*",
    "tr": "yarım=0.5 çeyrek=0.25 yüz=100* bin=1000*",
    "ro": "una=1 două=2 douăsprezece=12 sută=100* sute=100* mie=1000* mii=1000*",
    "lt": "viena=1 vieno=1 dvi=2 dviejų=2 trijų=3 keturių=4 keturios=4 penkių=5 penkios=5 šešių=6 šešios=6 "
    "septynios=7 aštuonios=8 devynios=9 dešimties=10 pusė=0.5 pusantro=1.5 šimtas=100* šimtai=100* "
    "šimtų=100* tūkstantis=1000* tūkstančiai=1000* tūkstančių=1000*",
    "lv": "viena=1 divas=2 divu=2 triju=3 četras=4 četru=4 piecas=5 piecu=5 sešas=6 desmitu=10 puse=0.5 "
    "pusotra=1.5 simts=100* simti=100* simtu=100* tūkstotis=1000* tūkstoši=1000* tūkstošu=1000*",
    "ca": "una=1 dues=2 mig=0.5 mitja=0.5 dos-cents=200",
    "id": "setengah=0.5 belas=10+ puluh=10* seratus=100* ratus=100* seribu=1000* ribu=1000*",
    "vi": "lăm=5 mốt=1 tư=4 mươi=10* trăm=100* nghìn=1000* ngàn=1000*",
    "ru": "один=1 одного=1 одной=1 одно=1 двум=2 двумя=2 двое=2 трём=3 тремя=3 трое=3 четырьмя=4 четверо=4 "
    "пятью=5 шестью=6 семью=7 восемью=8 десятью=10 пятеро=5 полутора=1.5 сорока=40 ста=100* двухсот=200 "
    "трёхсот=300 пятисот=500 дві=2 двома=2 трьох=3 чотири=4 чотирьох=4 шість=6 сім=7 вісім=8 десятьох=10 "
    "одинадцять=11 дванадцять=12 тринадцять=13 чотирнадцять=14 шістнадцять=16 сімнадцять=17 вісімнадцять=18 "
    "двадцять=20 тридцять=30 шістдесят=60 сімдесят=70 вісімдесят=80 двісті=200 шістсот=600 сімсот=700 "
    "вісімсот=800 півтора=1.5 півтори=1.5 тисяча=1000* тисячу=1000* четири=4 пет=5 шест=6 седем=7 осем=8 "
    "девет=9 десет=10 единадесет=11 дванадесет=12 петнадесет=15 двадесет=20 тридесет=30 четиридесет=40 "
    "петдесет=50 шестдесет=60 седемдесет=70 осемдесет=80 деветдесет=90 двеста=200 триста=300 хиляда=1000* "
    "хиляди=1000*",
    "el": "μία=1 μια=1 ενός=1 μιας=1 δυο=2 τρεις=3 τριών=3 τέσσερις=4 τεσσάρων=4 εφτά=7 οχτώ=8 εννιά=9 "
    "δεκατρείς=13 δεκατέσσερις=14 δεκάξι=16 δεκαεφτά=17 δεκαοχτώ=18 δεκαεννιά=19 μισό=0.5 μισή=0.5 "
    "ενάμισι=1.5 ενάμιση=1.5 μιάμιση=1.5 δυόμισι=2.5 εκατό=100 εκατόν=100 διακόσια=200 διακόσιες=200 "
    "τριακόσια=300 τριακόσιες=300 τετρακόσια=400 τετρακόσιες=400 πεντακόσια=500 πεντακόσιες=500 εξακόσια=600 "
    "εξακόσιες=600 επτακόσια=700 επτακόσιες=700 οκτακόσια=800 οκτακόσιες=800 εννιακόσια=900 εννιακόσιες=900 "
    "χίλια=1000* χίλιες=1000*",
    "ar": "صفر=0 واحد=1 واحدة=1 اثنان=2 اثنين=2 اثنتان=2 اثنتين=2 ثلاث=3 أربع=4 خمس=5 ست=6 سبع=7 ثمان=8 "
    "ثماني=8 تسع=9 عشر=10 أحدعشر=11 إحدىعشرة=11 اثناعشر=12 اثنيعشر=12 اثنتاعشرة=12 اثنتيعشرة=12 ثلاثةعشر=13 "
    "ثلاثعشرة=13 أربعةعشر=14 أربععشرة=14 خمسةعشر=15 خمسعشرة=15 ستةعشر=16 ستعشرة=16 سبعةعشر=17 سبععشرة=17 "
    "ثمانيةعشر=18 ثمانيعشرة=18 تسعةعشر=19 تسععشرة=19 مئتان=200 مئتين=200 مائتان=200 مائتين=200 ثلاثمئة=300 "
    "ثلاثمائة=300 أربعمئة=400 أربعمائة=400 خمسمئة=500 خمسمائة=500 ستمئة=600 ستمائة=600 سبعمئة=700 "
    "سبعمائة=700 ثمانمئة=800 ثمانمائة=800 تسعمئة=900 تسعمائة=900 مئة=100* مائة=100* ألفان=2000 ألفين=2000 "
    "ألفا=1000* مليونان=2000000 مليونين=2000000 نصف=0.5 ربع=0.25 سنتان=2 سنتين=2 عامان=2 عامين=2 شهران=2 "
    "شهرين=2 يومان=2 يومين=2 أسبوعان=2 أسبوعين=2 ساعتان=2 ساعتين=2 دقيقتان=2 دقيقتين=2 مرتان=2 مرتين=2 "
    "شخصان=2 شخصين=2 طفلان=2 طفلين=2 غرفتان=2 غرفتين=2 قطعتان=2 قطعتين=2 نسختان=2 نسختين=2 دفعتان=2 دفعتين=2 "
    "طابقان=2 طابقين=2",
    "fa": "یک=1 دو=2 سه=3 چهار=4 پنج=5 شش=6 هفت=7 هشت=8 نه=9 ده=10 یازده=11 دوازده=12 سیزده=13 چهارده=14 "
    "پانزده=15 شانزده=16 هفده=17 هجده=18 نوزده=19 بیست=20 سی=30 چهل=40 پنجاه=50 شصت=60 هفتاد=70 هشتاد=80 "
    "نود=90 صد=100 دویست=200 سیصد=300 چهارصد=400 پانصد=500 ششصد=600 هفتصد=700 هشتصد=800 نهصد=900 هزار=1000*",
    "he": "אחד=1 אחת=1 שניים=2 שתיים=2 שני=2 שתי=2 שלוש=3 שלושה=3 שלושת=3 ארבע=4 ארבעה=4 ארבעת=4 חמש=5 "
    "חמישה=5 חמשת=5 שש=6 שישה=6 ששת=6 שבע=7 שבעה=7 שבעת=7 שמונה=8 שמונת=8 תשע=9 תשעה=9 תשעת=9 עשר=10 עשרה=10 "
    "עשרת=10 אחדעשר=11 אחתעשרה=11 שניםעשר=12 שתיםעשרה=12 שלושהעשר=13 שלושעשרה=13 ארבעהעשר=14 ארבעעשרה=14 "
    "חמישהעשר=15 חמשעשרה=15 שישהעשר=16 ששעשרה=16 שבעהעשר=17 שבעעשרה=17 שמונהעשר=18 שמונהעשרה=18 תשעהעשר=19 "
    "תשעעשרה=19 מאה=100* מאות=100* מאתיים=200 אלפיים=2000 אלפים=1000* חצי=0.5 רבע=0.25 יומיים=2 שבועיים=2 "
    "חודשיים=2 שנתיים=2 שעתיים=2 פעמיים=2",
    "pl": "jedna=1 jedno=1 jednego=1 jednej=1 jedną=1 dwie=2 dwaj=2 dwoje=2 dwóch=2 dwu=2 dwom=2 dwoma=2 "
    "dwiema=2 trzej=3 trzech=3 trzem=3 trzema=3 troje=3 czterej=4 czterech=4 czterem=4 czterema=4 pięciu=5 "
    "pięcioro=5 sześciu=6 siedmiu=7 ośmiu=8 dziewięciu=9 dziesięciu=10 jedenastu=11 dwunastu=12 trzynastu=13 "
    "czternastu=14 piętnastu=15 szesnastu=16 siedemnastu=17 osiemnastu=18 dziewiętnastu=19 dwudziestu=20 "
    "trzydziestu=30 czterdziestu=40 pięćdziesięciu=50 sześćdziesięciu=60 siedemdziesięciu=70 "
    "osiemdziesięciu=80 dziewięćdziesięciu=90 dwustu=200 trzystu=300 pięciuset=500 pół=0.5 półtora=1.5 "
    "półtorej=1.5 stu=100*",
    "hi": "एक=1 दो=2 पाँच=5 छः=6 पन्द्रह=15 डेढ़=1.5 ढाई=2.5 आधा=0.5 आधे=0.5 आधी=0.5 सौ=100*",
}
"""Other words and forms; with a star, they multiply the number before them, and with a plus, they are added to it."""

HINDI = (
    "इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस - इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस "
    "सैंतीस अड़तीस उनतालीस - इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास - "
    "इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ - इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ "
    "अड़सठ उनहत्तर - इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी - इक्यासी बयासी "
    "तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी - इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे "
    "सत्तानवे अट्ठानवे निन्यानवे"
)
"""The numbers from 21 to 99 between the tens."""

HALVES_AFTER = {
    "tr": ["buçuk", "ve yarım"], "cs": ["a půl"], "pl": ["i pół"], "sv": ["och en halv", "och ett halvt"],
    "da": ["og en halv", "og et halvt"], "no": ["og en halv", "og et halvt"], "ro": ["și jumătate"], "hu": ["és fél"],
    "ru": ["с половиной", "з половиною"], "ar": ["ونصف"], "he": ["וחצי"], "el": ["και μισή", "και μισό"],
    "id": ["setengah"], "fi": ["ja puoli"],
}  # fmt: skip
"""What adds a half to a number before it."""

JOINING_WORDS = {
    "cs": "a", "sl": "in", "da": "og", "no": "og", "ro": "și", "ca": "i", "et": "ja", "fi": "ja", "hr": "i",
    "ru": "и",
    "el": "και", "ar": "و", "fa": "و", "lt": "ir", "is": "og", "eu": "eta", "sr": "и", "bg": "и",
    "uk": "та і", "sk": "a",
}  # fmt: skip

COMPOUND_LANGUAGES = ("sv", "da", "no", "fi", "et", "hu", "tr", "cs", "sk", "sl", "hr", "ro")
"""They write a number with several words as one."""

ONES_BEFORE_TENS = {"da": "og", "cs": "a", "sl": "in", "sk": "a"}
"""What is between the ones and the tens of a number that is one word: femogtyve, pětadvacet."""

MAX_WORD_OF_ORDER = 2
"""The first two ordinals are words of any text."""

PREFIXES = {"ar": "و", "he": "ו"}
"""The word for "and", which is joined to the next one."""


class LanguageNumbers:
    """The words of numbers of a language, folded.

    Attributes:
        values: The value of each.
        scales: What multiplies the number before it.
        multiples: What does so, and is a number by itself.
        additions: What is added to the number before it.
        halves: The words that add a half.
        joining_words: What may be between the words of a number.
        prefix: The same, joined to the next word.
    """

    def __init__(self, language: str) -> None:
        """Read the tables."""
        ones = _split(SMALL_NUMBERS.get(language, ""))
        self.ones, self.tens = ones, _split(TENS.get(language, ""))
        self.values = {word: Decimal(value) for value, word in enumerate(ones)}
        self.values |= {word: Decimal(10 * value) for value, word in enumerate(self.tens, 2)}
        self.values |= {word: Decimal(100 * value) for value, word in enumerate(_split(HUNDREDS.get(language, "")), 2)}
        if joint := ONES_BEFORE_TENS.get(language):
            tens = [*enumerate(self.tens, 2)]
            self.values |= {f"{ones[m]}{joint}{ten}": Decimal(10 * n + m) for n, ten in tens for m in range(1, 10)}
        if language == "hi":
            self.values |= {word: Decimal(value) for value, word in enumerate(_split(HINDI), 21)}
        ordinals = {
            word: Decimal(number) for word, number in ordinals_of(language).items() if number > MAX_WORD_OF_ORDER
        }
        self.values = {**ordinals, **self.values}
        words = f"{OTHER_FORMS.get(language, '')} {FORMS.get(language, '')}"
        self.values |= values_of(words)
        self.scales, self.additions, self.multiples = (factors_of(words, sign) for sign in "*+x")
        self.values.pop("-", None)
        self.prefix = PREFIXES.get(language, "")
        self.halves = [fold(words).split() for words in HALVES_AFTER.get(language, ())]
        self.joining_words = frozenset(_split(JOINING_WORDS.get(language, "")))

    @property
    def words(self) -> Iterable[str]:
        """All of them."""
        halves = (word for words in self.halves for word in words)
        words = {*self.values, *self.scales, *self.multiples, *self.additions, *halves, *self.joining_words}
        return words | {f"{self.prefix}{word}" for word in words if self.prefix}


def _split(words: str) -> list[str]:
    return fold(words).split()


ALWAYS = ("ru", "uk", "bg", "sr", "el", "ar", "fa", "he", "hi", "pl")
"""Their words are not words of other languages."""

MIN_CLEAR_CHARS, UNCLEAR_WORDS = 5, UNCLEAR | {"belas", "halva"}
"""Characters of a word that counts in any text, and those that are others all the same."""

LANGUAGES = {language: LanguageNumbers(language) for language in {**SMALL_NUMBERS, **OTHER_FORMS, **FORMS}}

CLEAR_WORDS = frozenset(
    word
    for language, numbers in LANGUAGES.items()
    for word in numbers.words
    if language in ALWAYS or (len(word) >= MIN_CLEAR_CHARS and word not in UNCLEAR_WORDS)
)


@cache
def words_of(languages: frozenset[str]) -> frozenset[str]:
    """Return the words that numbers have in texts in some languages.

    >>> "on" in words_of(frozenset({"tr"})), "on" in words_of(frozenset({"en"}))
    (True, False)
    """
    return CLEAR_WORDS.union(*(LANGUAGES[language].words for language in languages & LANGUAGES.keys()))
