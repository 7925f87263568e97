"""The words of the hours from one to twelve, in the forms that times of day have."""

from __future__ import annotations

from functools import cache

from structkit.evidence.folding import fold

HOURS = {
    "en": "one two three four five six seven eight nine ten eleven twelve",
    "de": "eins/ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf "
    "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig "
    "dreiundzwanzig",
    "nl": "een/één twee drie vier vijf zes zeven acht negen tien elf twaalf "
    "dertien veertien vijftien zestien zeventien achttien negentien twintig eenentwintig tweeëntwintig drieëntwintig",
    "sv": "ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton "
    "tjugo "
    "tjugoett tjugotvå tjugotre",
    "da": "et/ét to tre fire fem seks syv otte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten "
    "tyve",
    "no": "ett to tre fire fem seks sju/syv åtte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten "
    "tjue "
    "tjueen tjueto tjuetre",
    "is": "eitt tvö þrjú fjögur fimm sex sjö átta níu tíu ellefu tólf",
    "fr": "une/un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit "
    "dix-neuf vingt vingt_et_une vingt-deux vingt-trois",
    "es": "una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuna veintidós veintitrés",
    "ca": "una dues tres quatre cinc sis set vuit nou deu onze dotze",
    "pt": "uma duas três quatro cinco seis sete oito nove dez onze doze treze "
    "catorze/quatorze quinze dezesseis/dezasseis dezessete/dezassete dezoito dezenove/dezanove vinte vinte_e_uma "
    "vinte_e_duas vinte_e_três",
    "it": "una due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici "
    "quindici sedici diciassette diciotto diciannove venti ventuno ventidue ventitré",
    "ro": "unu/una două trei patru cinci șase șapte opt nouă zece unsprezece douăsprezece/doisprezece treisprezece "
    "paisprezece cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece douăzeci",
    "pl": "pierwsza/pierwszej/pierwszą druga/drugiej/drugą trzecia/trzeciej/trzecią czwarta/czwartej/czwartą "
    "piąta/piątej/piątą szósta/szóstej/szóstą siódma/siódmej/siódmą ósma/ósmej/ósmą dziewiąta/dziewiątej/dziewiątą "
    "dziesiąta/dziesiątej/dziesiątą jedenasta/jedenastej/jedenastą dwunasta/dwunastej/dwunastą "
    "trzynasta/trzynastej/trzynastą czternasta/czternastej/czternastą piętnasta/piętnastej/piętnastą "
    "szesnasta/szesnastej/szesnastą siedemnasta/siedemnastej/siedemnastą osiemnasta/osiemnastej/osiemnastą "
    "dziewiętnasta/dziewiętnastej/dziewiętnastą dwudziesta/dwudziestej/dwudziestą "
    "dwudziesta_pierwsza/dwudziestej_pierwszej dwudziesta_druga/dwudziestej_drugiej "
    "dwudziesta_trzecia/dwudziestej_trzeciej",
    "cs": "jedna/jedné/jednu/jedna dvě/druhé/druhou/dvou tři/třetí/tří čtyři/čtvrté/čtvrtou/čtyř pět/páté/pátou/pěti "
    "šest/šesté/šestou/šesti sedm/sedmé/sedmou/sedmi osm/osmé/osmou/osmi devět/deváté/devátou/devíti "
    "deset/desáté/desátou/deseti jedenáct/jedenácté/jedenáctou dvanáct/dvanácté/dvanáctou "
    "třináct/třinácti čtrnáct/čtrnácti patnáct/patnácti šestnáct/šestnácti sedmnáct/sedmnácti osmnáct/osmnácti "
    "devatenáct/devatenácti dvacet/dvaceti",
    "sk": "jedna/jednej/jednu dve/druhej/druhú tri/tretej/tretiu štyri/štvrtej/štvrtú "
    "päť/piatej/piatu "
    "šesť/šiestej/šiestu sedem/siedmej/siedmu osem/ôsmej/ôsmu deväť/deviatej/deviatu "
    "desať/desiatej/desiatu jedenásť/jedenástej "
    "dvanásť/dvanástej",
    "hr": "jedan dva tri četiri pet šest sedam osam devet deset jedanaest dvanaest trinaest četrnaest petnaest "
    "šesnaest sedamnaest osamnaest devetnaest dvadeset",
    "sl": "ena/eni/enih dve/dveh tri/treh štiri/štirih pet/petih šest/šestih sedem/sedmih osem/osmih devet/devetih "
    "deset/desetih enajst/enajstih dvanajst/dvanajstih "
    "trinajst/trinajstih štirinajst/štirinajstih petnajst/petnajstih šestnajst/šestnajstih sedemnajst/sedemnajstih "
    "osemnajst/osemnajstih devetnajst/devetnajstih dvajset/dvajsetih",
    "ru": "час/первого/часу два/второго/двух три/третьего/трёх четыре/четвёртого/четырёх пять/пятого/пяти "
    "шесть/шестого/шести семь/седьмого/семи восемь/восьмого/восьми девять/девятого/девяти десять/десятого/десяти "
    "одиннадцать/одиннадцатого/одиннадцати двенадцать/двенадцатого/двенадцати тринадцать/тринадцати "
    "четырнадцать/четырнадцати пятнадцать/пятнадцати шестнадцать/шестнадцати семнадцать/семнадцати "
    "восемнадцать/восемнадцати девятнадцать/девятнадцати двадцать/двадцати",
    "uk": "перша/першій/першої/першу друга/другій/другої/другу третя/третій/третьої/третю "
    "четверта/четвертій/четвертої/четверту п'ята/п'ятій/п'ятої/п'яту/пята/пятій/пятої/пяту шоста/шостій/шостої/шосту "
    "сьома/сьомій/сьомої/сьому восьма/восьмій/восьмої/восьму дев'ята/дев'ятій/дев'ятої/девята/девятій/девятої/девяту "
    "десята/десятій/десятої/десяту одинадцята/одинадцятій/одинадцятої/одинадцяту "
    "дванадцята/дванадцятій/дванадцятої/дванадцяту",
    "bg": "един/един два три четири пет шест седем осем девет десет единадесет/единайсет дванадесет/дванайсет",
    "lt": "pirmą/pirmos/pirma antrą/antros/antra trečią/trečios/trečia ketvirtą/ketvirtos/ketvirta "
    "penktą/penkios/penkių/penkta/penktos šeštą/šešios/šešių/šešta/šeštos "
    "septintą/septynios/septynių/septinta/septintos aštuntą/aštuonios/aštuonių/aštunta/aštuntos "
    "devintą/devynios/devynių/devinta/devintos dešimtą/dešimties/dešimta/dešimtos "
    "vienuoliktą/vienuolikos/vienuolika/vienuoliktos dvyliktą/dvylikos/dvylika/dvyliktos",
    "lv": "viens/vieniem/vienos divi/diviem/divos trīs/trijiem/trijos četri/četriem/četros pieci/pieciem/piecos "
    "seši/sešiem/sešos septiņi/septiņiem/septiņos "
    "astoņi/astoņiem/astoņos deviņi/deviņiem/deviņos desmit/desmitiem/desmitos vienpadsmit/vienpadsmitiem "
    "divpadsmit/divpadsmitiem",
    "et": "üks/ühe/üheni/ühest kaks/kahe/kaheni/kahest kolm/kolme/kolmeni/kolmest neli/nelja/neljani/neljast "
    "viis/viie/viieni/viiest kuus/kuue/kuueni/kuuest seitse/seitsme/seitsmeni/seitsmest "
    "kaheksa/kaheksani/kaheksast üheksa/üheksani/üheksast kümme/kümne/kümneni/kümnest "
    "üksteist/üheteist/üheteistkümne kaksteist/kaheteist/kaheteistkümne",
    "fi": "yksi/yhden/yhteen/yhdeltä kaksi/kahden/kahteen/kahdelta kolme/kolmen/kolmeen/kolmelta "
    "neljä/neljän/neljään/neljältä viisi/viiden/viiteen/viideltä kuusi/kuuden/kuuteen/kuudelta "
    "seitsemän/seitsemään/seitsemältä kahdeksan/kahdeksaan/kahdeksalta yhdeksän/yhdeksään/yhdeksältä "
    "kymmenen/kymmeneen/kymmeneltä yksitoista/yhteentoista kaksitoista/kahteentoista kolmetoista/kolmeentoista "
    "neljätoista/neljääntoista viisitoista/viiteentoista kuusitoista/kuuteentoista seitsemäntoista/seitsemääntoista "
    "kahdeksantoista/kahdeksaantoista yhdeksäntoista/yhdeksääntoista kaksikymmentä/kahteenkymmeneen",
    "hu": "egy/egykor/egyig kettő/két/kettőkor/kettőig három/háromkor/háromig négy/négykor/négyig öt/ötkor/ötig "
    "hat/hatkor/hatig hét/hétkor/hétig nyolc/nyolckor/nyolcig kilenc/kilenckor/kilencig tíz/tízkor/tízig "
    "tizenegy/tizenegykor/tizenegyig tizenkettő/tizenkettőkor/tizenkettőig "
    "tizenhárom/tizenháromkor/tizenháromig tizennégy/tizennégykor/tizennégyig tizenöt/tizenötkor/tizenötig "
    "tizenhat/tizenhatkor/tizenhatig tizenhét/tizenhétkor/tizenhétig tizennyolc/tizennyolckor/tizennyolcig "
    "tizenkilenc/tizenkilenckor/tizenkilencig húsz/húszkor/húszig",
    "tr": "bir/birde/biri/bire iki/ikide/ikiyi/ikiye üç/üçte/üçü/üçe dört/dörtte/dördü/dörde beş/beşte/beşi/beşe "
    "altı/altıda/altıyı/altıya yedi/yedide/yediyi/yediye sekiz/sekizde/sekizi/sekize dokuz/dokuzda/dokuzu/dokuza "
    "on/onda/onu/ona "
    "onbir/onbirde/on_bir/on_birde/on_biri/on_bire oniki/onikide/on_iki/on_ikide/on_ikiyi/on_ikiye "
    "on_üç/on_üçte/on_üçü/on_üçe on_dört/on_dörtte/on_dördü/on_dörde on_beş/on_beşte/on_beşi/on_beşe "
    "on_altı/on_altıda/on_altıyı/on_altıya on_yedi/on_yedide/on_yediyi/on_yediye "
    "on_sekiz/on_sekizde/on_sekizi/on_sekize "
    "on_dokuz/on_dokuzda/on_dokuzu/on_dokuza yirmi/yirmide/yirmiyi/yirmiye yirmi_bir/yirmi_birde yirmi_iki/yirmi_ikide "
    "yirmi_üç/yirmi_üçte",
    "el": "μία/μια δύο/δυο τρεις τέσσερις πέντε έξι επτά/εφτά οκτώ/οχτώ εννέα/εννιά δέκα έντεκα δώδεκα",
    "ar": "الواحدة الثانية الثالثة الرابعة الخامسة السادسة السابعة الثامنة التاسعة العاشرة الحادية_عشرة الثانية_عشرة",
    "he": "אחת/לאחת שתיים/לשתיים שלוש/לשלוש ארבע/לארבע חמש/לחמש שש/לשש שבע/לשבע שמונה/לשמונה תשע/לתשע עשר/לעשר "
    "אחת_עשרה/לאחת_עשרה שתים_עשרה/לשתים_עשרה",
    "fa": "یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده",
    "hi": "एक दो तीन चार पाँच/पांच छह/छः सात आठ नौ दस ग्यारह बारह",
    "id": "satu dua tiga empat lima enam tujuh delapan/lapan sembilan sepuluh sebelas dua_belas/duabelas "
    "tiga_belas empat_belas lima_belas enam_belas tujuh_belas delapan_belas/lapan_belas sembilan_belas dua_puluh",
    "vi": "một hai ba bốn năm sáu bảy tám chín mười mười_một mười_hai",
}
"""From one on; forms of the same hour are joined by a slash, and the two words of one by an underscore."""

MIN_CLEAR_CHARS, SHORT_CHARS = 4, 3
"""Shorter words are hours only in texts in their language."""

GREEK_HALVES = (
    "μιάμιση δυόμιση/δυόμισι τρεισήμισι/τρεισήμιση τεσσερισήμισι πεντέμισι/πεντέμιση εξίμισι/εξίμιση "
    "εφτάμισι/εφτάμιση/επτάμισι οχτώμισι/οχτώμιση/οκτώμισι εννιάμισι/εννιάμιση δεκάμισι εντεκάμισι δωδεκάμισι"
)
"""Half past one, and so on, in one word."""

HOUR_COMPOUNDS = {"ru": "пол", "lv": "pus", "lt": "pus"}
"""What is joined to an hour and means half an hour before it: полседьмого."""


def _rows() -> dict[str, dict[str, int]]:
    rows = {
        language: {
            form.replace("_", " "): number
            for number, forms in enumerate(fold(row).split(), 1)
            for form in forms.split("/")
        }
        for language, row in HOURS.items()
    }
    rows["he"] |= {f"\u05d1{form}": number for form, number in rows["he"].items() if form[0] != "\u05dc"}  # "at"
    return rows


@cache
def hours_of(languages: frozenset[str]) -> dict[str, int]:
    """Return the hour of each word in texts in some languages, and of clear words in any.

    See `short_hours` for words that are hours beside the half of the day.

    >>> hours_of(frozenset({"tr"}))["on"], "on" in hours_of(frozenset({"en"})), hours_of(frozenset())["siodmej"]
    (10, False, 7)
    """
    rows = _rows()
    hours = {
        word: hour
        for row in rows.values()
        for word, hour in row.items()
        if len(word) >= MIN_CLEAR_CHARS or not word.isascii()
    }
    for language in sorted(languages & rows.keys()):
        hours |= rows[language]
    return hours


@cache
def short_hours() -> dict[str, int]:
    """Return the hours of three letters that are one number in all languages.

    >>> short_hours()["six"], short_hours().get("to")
    (6, None)
    """
    numbers: dict[str, set[int]] = {}
    for row in _rows().values():
        for word, hour in row.items():
            numbers.setdefault(word, set()).add(hour)
    return {word: min(hours) for word, hours in numbers.items() if len(word) == SHORT_CHARS and len(hours) == 1}


@cache
def half_hours_of(languages: frozenset[str]) -> dict[str, int]:
    """Return the hour after each word such as полседьмого.

    >>> half_hours_of(frozenset())["полседьмого"]
    7
    """
    rows = _rows()
    greek = {fold(word): hour for hour, words in enumerate(GREEK_HALVES.split(), 2) for word in words.split("/")}
    return greek | {
        fold(prefix) + word: hour
        for language, prefix in HOUR_COMPOUNDS.items()
        for word, hour in rows[language].items()
        if language == "ru" or language in languages
    }


HOURS_OF_TWO_WORDS = frozenset(
    word for row in _rows().values() for word in row if " " in word or ("-" in word and word != "-")
)
"""The hours that are two words: `on bir`, `dua belas`."""

AT_HOUR = frozenset(word for word in _rows()["hu"] if word.endswith("kor")) - {"egykor"}
"""Hours with an ending that says "at"; `egykor` is also "once"."""
