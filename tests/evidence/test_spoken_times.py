"""A time of day in words, put into a sentence of its language, is found exactly there, and another time never.

The phrases are from grammars and phrase books, not from the tables of the search.
"""

from __future__ import annotations

from datetime import time
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from structkit import find_evidence

NOON, DAY = 720, 1440

HOURS = {
    "en": "one two three four five six seven eight nine ten eleven twelve",
    "de": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "nl": "een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "sv": "ett två tre fyra fem sex sju åtta nio tio elva tolv",
    "da": "et to tre fire fem seks syv otte ni ti elleve tolv",
    "no": "ett to tre fire fem seks sju åtte ni ti elleve tolv",
    "fr": "une deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "ca": "una dues tres quatre cinc sis set vuit nou deu onze dotze",
    "pt": "uma duas três quatro cinco seis sete oito nove dez onze doze",
    "it": "una due tre quattro cinque sei sette otto nove dieci undici dodici",
    "ro": "unu două trei patru cinci șase șapte opt nouă zece unsprezece douăsprezece",
    "pl_loc": "pierwszej drugiej trzeciej czwartej piątej szóstej "
    "siódmej ósmej dziewiątej dziesiątej jedenastej dwunastej",
    "pl_nom": "pierwsza druga trzecia czwarta piąta szósta siódma ósma dziewiąta dziesiąta jedenasta dwunasta",
    "cs_gen": "jedné druhé třetí čtvrté páté šesté sedmé osmé deváté desáté jedenácté dvanácté",
    "cs_acc": "jednu dvě tři čtyři pět šest sedm osm devět deset jedenáct dvanáct",
    "sk_gen": "jednej druhej tretej štvrtej piatej šiestej siedmej ôsmej deviatej desiatej jedenástej dvanástej",
    "sk_acc": "jednu dve tri štyri päť šesť sedem osem deväť desať jedenásť dvanásť",
    "hr": "jedan dva tri četiri pet šest sedam osam devet deset jedanaest dvanaest",
    "sl_loc": "enih dveh treh štirih petih šestih sedmih osmih devetih desetih enajstih dvanajstih",
    "ru_gen": "первого второго третьего четвёртого пятого шестого "
    "седьмого восьмого девятого десятого одиннадцатого двенадцатого",
    "ru": "час два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
    "uk_loc": "першій другій третій четвертій п'ятій шостій сьомій восьмій дев'ятій десятій одинадцятій дванадцятій",
    "uk_acc": "першу другу третю четверту п'яту шосту сьому восьму дев'яту десяту одинадцяту дванадцяту",
    "bg": "един два три четири пет шест седем осем девет десет единадесет дванадесет",
    "lt_gen": "pirmos antros trečios ketvirtos penktos šeštos "
    "septintos aštuntos devintos dešimtos vienuoliktos dvyliktos",
    "lt_acc": "pirmą antrą trečią ketvirtą penktą šeštą septintą aštuntą devintą dešimtą vienuoliktą dvyliktą",
    "lv_dat": "vieniem diviem trijiem četriem pieciem sešiem "
    "septiņiem astoņiem deviņiem desmitiem vienpadsmitiem divpadsmitiem",
    "et": "üks kaks kolm neli viis kuus seitse kaheksa üheksa kümme üksteist kaksteist",
    "fi": "yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista kaksitoista",
    "hu": "egy kettő három négy öt hat hét nyolc kilenc tíz tizenegy tizenkettő",
    "tr": "bir iki üç dört beş altı yedi sekiz dokuz on on_bir on_iki",
    "tr_loc": "birde ikide üçte dörtte beşte altıda yedide sekizde dokuzda onda on_birde on_ikide",
    "tr_acc": "biri ikiyi üçü dördü beşi altıyı yediyi sekizi dokuzu onu on_biri on_ikiyi",
    "tr_dat": "bire ikiye üçe dörde beşe altıya yediye sekize dokuza ona on_bire on_ikiye",
    "el": "μία δύο τρεις τέσσερις πέντε έξι επτά οκτώ εννέα δέκα έντεκα δώδεκα",
    "ar": "الواحدة الثانية الثالثة الرابعة الخامسة السادسة السابعة الثامنة التاسعة العاشرة الحادية_عشرة الثانية_عشرة",
    "he": "אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר אחת_עשרה שתים_עשרה",
    "fa": "یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده",
    "hi": "एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह",
    "id": "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas dua_belas",
    "vi": "một hai ba bốn năm sáu bảy tám chín mười mười_một mười_hai",
    "zh": "一 两 三 四 五 六 七 八 九 十 十一 十二",
    "ko": "한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두",
    "ja": "一 二 三 四 五 六 七 八 九 十 十一 十二",
}
"""From one to twelve, in the case of a phrase; the two words of one hour are joined by an underscore."""

SENTENCES = {
    "en": "We will be there and the doors of the house open {}.",
    "de": "Wir sind mit der Familie und den Kindern {} in der Stadt.",
    "nl": "We zijn er met de kinderen en het huis is {} open.",
    "sv": "Vi ses och det är inte en fest för oss {} att gå på.",
    "da": "Vi ses og det er ikke en fest for os {} på torvet.",
    "no": "Vi ses og det er ikke en fest for oss {} på torget.",
    "fr": "Nous serons dans la maison avec les enfants {} pour le dîner.",
    "es": "Estaremos en la casa con los niños {} para la cena.",
    "ca": "Serem a la casa amb els nens i les nenes {} per al sopar.",
    "pt": "Estaremos em casa com os meninos {} para o jantar.",
    "it": "Saremo nella casa con gli amici {} per la cena.",
    "ro": "Vom fi în casă cu copiii și cu bunicii {} pentru masă.",
    "pl": "Spotkamy się w domu i na pewno będzie {} tak jak zwykle.",
    "cs": "Sejdeme se u nás a bude to na zahradě {} jako vždy.",
    "sk": "Stretneme sa u nás a bude to na záhrade {} ako vždy.",
    "hr": "Vidimo se u kući i bit će to na trgu {} kao i uvijek, koji je.",
    "sl": "Vidimo se v hiši in bo to na trgu {} kot je vedno pri nas.",
    "ru": "Мы встретимся в доме и это будет на улице {} как всегда.",
    "uk": "Ми зустрінемося в домі і це буде на вулиці {} як завжди.",
    "bg": "Ще се видим в къщата и това ще бъде на улицата {} както винаги.",
    "lt": "Susitiksime namuose ir tai bus prie upės {} kaip ir visada.",
    "lv": "Mēs tiksimies mājās un tas būs pie upes {} kā arī vienmēr ir.",
    "et": "Me kohtume kodus ja see on ka meie juures {} nagu alati.",
    "fi": "Me tapaamme kotona ja se on myös meidän luona {} kuten aina.",
    "hu": "Találkozunk a házban és az lesz nálunk {} mint mindig, hogy.",
    "tr": "Evde buluşacağız ve bu bizim için çok güzel {} olacak bir gün.",
    "el": "Θα είμαστε στο σπίτι με τα παιδιά {} για το δείπνο και.",
    "ar": "سنلتقي في البيت مع الأطفال {} على العشاء.",
    "he": "ניפגש בבית של ההורים {} על ארוחת הערב.",
    "fa": "در خانه با بچه ها {} برای شام هستیم.",
    "hi": "हम घर में बच्चों के साथ {} खाने के लिए मिलेंगे।",
    "id": "Kami akan di rumah dengan anak dan yang lain {} untuk makan.",
    "vi": "Chúng tôi sẽ ở nhà với các cháu và {} để ăn tối.",
    "zh": "我们{}在家里吃饭。",
    "ko": "우리는 {} 집에서 만난다.",
    "ja": "私たちは{}に家で会います。",
}

PHRASES = """
en: {} o'clock +0; half past {} +30; quarter to {} -15; ten past {} +10; twenty to {} -20
en: at {} in the morning +0 am; quarter past {} in the evening +15 pm
de: halb {} -30; Viertel nach {} +15; Viertel vor {} -15; zehn nach {} +10; um {} Uhr +0
de: {} Uhr abends +0 pm; fünf vor {} -5
nl: half {} -30; kwart over {} +15; kwart voor {} -15; tien voor {} -10; {} uur 's ochtends +0 am
sv: halv {} -30; kvart över {} +15; kvart i {} -15; tio över {} +10; klockan {} +0; tjugo i {} -20
da: halv {} -30; kvart over {} +15; kvart i {} -15; klokken {} +0
no: halv {} -30; kvart over {} +15; kvart på {} -15; klokka {} +0
fr: à {} heures +0; à {} heures et demie +30; à {} heures et quart +15; à {} heures moins le quart -15
fr: à {} heures vingt +20; à {} heures du soir +0 pm; à {} heures moins dix -10
es: a las {} y media +30; a las {} y cuarto +15; a las {} menos cuarto -15; a las {} y diez +10
es: a las {} de la mañana +0 am; a las {} menos veinte -20; a las {} en punto +0
ca: a les {} i mitja +30
pt: às {} e meia +30; às {} e um quarto +15; quinze para as {} -15; às {} horas da noite +0 pm
pt: dez para as {} -10; às {} menos um quarto -15
it: alle {} e mezza +30; alle {} e un quarto +15; alle {} meno un quarto -15; alle {} e dieci +10
it: alle {} di sera +0 pm; alle {} meno venti -20; alle {} e tre quarti +45
ro: la ora {} și jumătate +30; la ora {} și un sfert +15; la ora {} fără un sfert -15
ro: la ora {} fără zece -10; la ora {} dimineața +0 am
pl_loc: wpół do {} -30; kwadrans po {} +15; dziesięć po {} +10; o {} +0; o {} wieczorem +0 pm
pl_loc: o {} rano +0 am
pl_nom: za kwadrans {} -15; za dziesięć {} -10
cs_gen: v půl {} -30
cs_acc: čtvrt na {} -45; tři čtvrtě na {} -15; v {} hodin +0; v {} hodin večer +0 pm; v {} ráno +0 am
sk_gen: o pol {} -30; o {} +0
sk_acc: štvrť na {} -45; trištvrte na {} -15
hr: u {} i pol +30; u {} sati +0; u {} i petnaest +15; petnaest do {} -15; u {} navečer +0 pm
sl_loc: ob {} +0; četrt čez {} +15; ob {} zvečer +0 pm
ru_gen: в половине {} -30; четверть {} -45; десять минут {} -50
ru: без четверти {} -15; в {} часов вечера +0 pm; в {} часов утра +0 am; без двадцати {} -20
ru: в {} часов тридцать минут +30
uk_loc: о {} ранку +0 am; о {} годині +0; о {} тридцять +30
uk_acc: пів на {} -30; за чверть {} -15; чверть на {} -45
bg: в {} и половина +30; в {} и петнадесет +15; в {} без четвърт -15; в {} часа вечерта +0 pm
bg: в {} без десет -10
lt_gen: pusę {} -30; ketvirtis po {} +15
lt_acc: {} valandą +0; {} valandą vakaro +0 pm
lv_dat: pulksten {} +0; {} vakarā +0 pm
et: pool {} -30; veerand {} -45; kolmveerand {} -15; kell {} +0; kell {} õhtul +0 pm
fi: puoli {} -30; kello {} +0; varttia yli {} +15; varttia vaille {} -15; kymmentä yli {} +10
fi: kello {} illalla +0 pm; viittä vaille {} -5
hu: fél {} -30; negyed {} -45; háromnegyed {} -15; este {} órakor +0 pm; reggel {} óra +0 am
tr: saat {} buçuk +30
tr_loc: saat {} +0; akşam {} +0 pm
tr_acc: saat {} çeyrek geçe +15; saat {} on geçe +10
tr_dat: saat {} çeyrek kala -15; saat {} on kala -10
el: στις {} και μισή +30; στις {} και τέταρτο +15; στις {} παρά τέταρτο -15; στις {} και δέκα +10
el: στις {} παρά δέκα -10; στις {} το πρωί +0 am; στις {} το βράδυ +0 pm
ar: الساعة {} +0; الساعة {} والنصف +30; الساعة {} والربع +15; الساعة {} إلا الربع -15
ar: الساعة {} وعشر دقائق +10; الساعة {} مساءً +0 pm; الساعة {} صباحا +0 am
he: בשעה {} +0; בשעה {} וחצי +30; בשעה {} ורבע +15; רבע ל{} -15; בשעה {} בבוקר +0 am
fa: ساعت {} +0; ساعت {} و نیم +30; ساعت {} و ربع +15; ساعت {} صبح +0 am; یک ربع به {} -15
hi: {} बजे +0; साढ़े {} बजे +30; सवा {} बजे +15; पौने {} बजे -15; शाम {} बजे +0 pm; सुबह {} बजे +0 am
id: jam {} +0; jam setengah {} -30; jam {} lewat seperempat +15; jam {} kurang seperempat -15
id: jam {} lewat sepuluh +10; jam {} malam +0 pm; pukul {} pagi +0 am
vi: lúc {} giờ +0; {} giờ rưỡi +30; {} giờ kém mười -10; {} giờ sáng +0 am; {} giờ tối +0 pm
zh: {}点半 +30; {}点一刻 +15; 上午{}点 +0 am; 下午{}点二十分 +20 pm; {}點三刻 +45
ko: {} 시 반 +30; 오전 {} 시 +0 am; 오후 {} 시 십 분 +10 pm; 오후 {} 시 10분 +10 pm
ja: 午前{}時半 +30 am; 午後{}時十分 +10 pm
"""
"""By the case of the hour: phrases, the minutes that they add to it, and the half of the day that they say."""


class SpokenTime(NamedTuple):
    """A sentence with a time of day: where it is, and the minutes of the day that it may be."""

    text: str
    start: int
    end: int
    minutes: tuple[int, ...]


def sentence_of(case: str, phrase: str, number: int) -> SpokenTime:
    """Return the sentence of a phrase with one of the twelve hours."""
    words, offset = phrase.rsplit(" +", 1) if " +" in phrase else phrase.rsplit(" -", 1)
    minutes, _, half = offset.partition(" ")
    sign = 1 if " +" in phrase else -1
    surface = words.format(HOURS[case].split()[number - 1].replace("_", " "))
    text = SENTENCES[case[:2]].format(surface)
    clock = (number * 60 + sign * int(minutes)) % NOON
    halves = {"am": (clock,), "pm": (clock + NOON,)}.get(half, (clock, clock + NOON))
    return SpokenTime(text, text.index(surface), text.index(surface) + len(surface), halves)


ROWS = [
    (case, phrase)
    for case, _, phrases in (line.partition(": ") for line in PHRASES.strip().splitlines())
    for phrase in phrases.split("; ")
]
TIMES = st.builds(lambda row, number: sentence_of(row[0], row[1], number), st.sampled_from(ROWS), st.integers(1, 11))


def clock_of(minutes: int) -> time:
    """Return the time of so many minutes after midnight."""
    return time(minutes // 60 % 24, minutes % 60)


@given(TIMES)
def test_a_time_in_words_is_found_exactly_there(each: SpokenTime) -> None:
    for minutes in each.minutes:
        evidence = find_evidence(clock_of(minutes), each.text, time)[()]
        assert evidence.how == "time"
        assert all(each.start <= span.start < span.end <= each.end for span in evidence.spans)


@given(TIMES, st.sampled_from([1, 5, 15, 30, 60, NOON]), st.sampled_from([-1, 1]))
def test_a_time_near_one_in_words_is_never_found(each: SpokenTime, minutes: int, sign: int) -> None:
    clocks = {(clock + sign * minutes) % DAY for clock in each.minutes} - {*each.minutes}
    for other in clocks:
        assert find_evidence(clock_of(other), each.text, time).missing == ((),)
