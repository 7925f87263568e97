"""Ordinals of languages that write days with them, in their forms: `dwudziestego siódmego`, `двадцатого`."""

from __future__ import annotations

from functools import cache

from structkit.evidence.folding import fold

ENDINGS = {
    "pl": "y a e ego ej emu ą ym i ia ie iego iej iemu ią im",
    "ru": "ый ой ий ая ое ого ому ую ым ом ье ья ьего ьему ью ьем",
    "uk": "ий ій а я е є ого ього ої ьої ому ьому у ю",
    "bg": "и ия ият а ата о ото",
    "cs": "í ího ímu ím ý ého ému ém á é ou",
    "sk": "ý ého ému om á ej ú í ieho ia",
    "hr": "i og oga a e u om oj eg",
    "sl": "i ega a e o em",
    "lt": "as a ą o os ai ame oji ias ia ią io ios asis oje",
    "lv": "ais ā o ajā ie",
    "el": "ος η ο ης ου ην ον",
}
"""The endings of the cases."""

STEMS = {
    "pl": "pierwsz drug trzec czwart piąt szóst siódm ósm dziewiąt dziesiąt jedenast dwunast trzynast czternast "
    "piętnast szesnast siedemnast osiemnast dziewiętnast",
    "ru": "перв втор трет четверт пят шест седьм восьм девят десят одиннадцат двенадцат тринадцат четырнадцат "
    "пятнадцат шестнадцат семнадцат восемнадцат девятнадцат",
    "uk": "перш друг трет четверт пят шост сьом восьм девят десят одинадцят дванадцят тринадцят чотирнадцят "
    "пятнадцят шістнадцят сімнадцят вісімнадцят девятнадцят",
    "bg": "първ втор трет четвърт пет шест седм осм девет десет единадесет дванадесет тринадесет четиринадесет "
    "петнадесет шестнадесет седемнадесет осемнадесет деветнадесет",
    "cs": "prvn druh třet čtvrt pát šest sedm osm devát desát jedenáct dvanáct třináct čtrnáct patnáct šestnáct "
    "sedmnáct osmnáct devatenáct",
    "sk": "prv druh tret štvrt piat šiest siedm ôsm deviat desiat jedenást dvanást trinást štrnást pätnást "
    "šestnást sedemnást osemnást devätnást",
    "hr": "prv drug treć četvrt pet šest sedm osm devet deset jedanaest dvanaest trinaest četrnaest petnaest "
    "šesnaest sedamnaest osamnaest devetnaest",
    "sl": "prv drug tretj četrt pet šest sedm osm devet deset enajst dvanajst trinajst štirinajst petnajst "
    "šestnajst sedemnajst osemnajst devetnajst",
    "lt": "pirm antr treč ketvirt penkt šešt septint aštunt devint dešimt vienuolikt dvylikt trylikt "
    "keturiolikt penkiolikt šešiolikt septyniolikt aštuoniolikt devyniolikt",
    "lv": "pirm otr treš ceturt piekt sest septīt astot devīt desmit vienpadsmit divpadsmit trīspadsmit "
    "četrpadsmit piecpadsmit sešpadsmit septiņpadsmit astoņpadsmit deviņpadsmit",
    "el": "πρώτ δεύτερ τρίτ τέταρτ πέμπτ έκτ έβδομ όγδο ένατ δέκατ ενδέκατ δωδέκατ",
    "sv": "första andra tredje fjärde femte sjätte sjunde åttonde nionde tionde elfte tolfte trettonde "
    "fjortonde femtonde sextonde sjuttonde artonde nittonde",
    "da": "første anden tredje fjerde femte sjette syvende ottende niende tiende ellevte tolvte trettende "
    "fjortende femtende sekstende syttende attende nittende",
    "no": "første andre tredje fjerde femte sjette sjuende åttende niende tiende ellevte tolvte trettende "
    "fjortende femtende sekstende syttende attende nittende",
    "nl": "eerste tweede derde vierde vijfde zesde zevende achtste negende tiende elfde twaalfde dertiende "
    "veertiende vijftiende zestiende zeventiende achttiende negentiende",
    "hu": "első második harmadik negyedik ötödik hatodik hetedik nyolcadik kilencedik tizedik tizenegyedik "
    "tizenkettedik tizenharmadik tizennegyedik tizenötödik tizenhatodik tizenhetedik tizennyolcadik",
    "fi": "ensimmäinen toinen kolmas neljäs viides kuudes seitsemäs kahdeksas yhdeksäs kymmenes yhdestoista",
    "et": "esimene teine kolmas neljas viies kuues seitsmes kaheksas üheksas kümnes",
    "tr": "birinci ikinci üçüncü dördüncü beşinci altıncı yedinci sekizinci dokuzuncu onuncu",
    "es": "primero segundo tercero - quinto sexto séptimo octavo noveno décimo",
    "it": "primo secondo terzo - quinto sesto settimo ottavo nono decimo undicesimo dodicesimo",
    "pt": "primeiro segundo terceiro - quinto sexto sétimo oitavo nono décimo",
}
"""The stems, or the words, from the first ordinal on."""

TENS = {
    "pl": "dwudziest trzydziest", "ru": "двадцат тридцат", "uk": "двадцят тридцят", "bg": "двадесет тридесет",
    "cs": "dvacát třicát", "sk": "dvadsiat tridsiat", "hr": "dvadeset trideset", "sl": "dvajset trideset",
    "lt": "dvidešimt trisdešimt", "lv": "divdesmit trīsdesmit", "el": "εικοστ τριακοστ", "sv": "tjugonde trettionde",
    "da": "tyvende tredivte", "no": "tjuende trettiende", "nl": "twintigste dertigste", "hu": "huszadik harmincadik",
}  # fmt: skip
UNITED = {"sv": ("tjugo", "trettio"), "no": ("tjue", "tretti"), "hu": ("huszon", "harminc")}
"""What is before the ones of an ordinal that is one word."""

TEN, MIN_CLEAR_CHARS = 10, 5


@cache
def ordinals_of(language: str) -> dict[str, int]:
    """Return the folded ordinals of a language with their numbers; two words are a ten and a one.

    >>> ordinals_of("pl")["siodmego"], ordinals_of("ru")["двадцатого"], ordinals_of("sv")["tjugofemte"]
    (7, 20, 25)
    """
    suffixes = fold(ENDINGS.get(language, "")).split() or [""]
    numbers = [*enumerate(fold(STEMS.get(language, "")).split(), 1)]
    tens = [*enumerate(fold(TENS.get(language, "")).split(), 2)]
    values = {f"{stem}{suffix}": number for number, stem in numbers if stem != "-" for suffix in suffixes}
    values |= {f"{stem}{suffix}": TEN * number for number, stem in tens for suffix in suffixes}
    for number, prefix in enumerate(UNITED.get(language, ()), 2):
        values |= {fold(prefix) + word: TEN * number + one for one, word in numbers if one < TEN}
    return values


@cache
def days_of(languages: frozenset[str]) -> dict[str, int]:
    """Return the ordinals of some languages, and those of any language that are one number in all of them.

    >>> days_of(frozenset({"pl"}))["drugiego"], days_of(frozenset())["двадцатого"], "nona" in days_of(frozenset())
    (2, 20, False)
    """
    ordinals = {word: number for language in sorted(languages) for word, number in ordinals_of(language).items()}
    return _clear_ordinals() | ordinals


@cache
def _clear_ordinals() -> dict[str, int]:
    numbers: dict[str, set[int]] = {}
    for language in STEMS:
        for word, number in ordinals_of(language).items():
            numbers.setdefault(word, set()).add(number)
    return {word: min(each) for word, each in numbers.items() if len(each) == 1 and len(word) >= MIN_CLEAR_CHARS}
