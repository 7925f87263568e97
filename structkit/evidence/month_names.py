"""The names of the months, and the abbreviations that mean one month in all languages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from structkit.evidence.calendar_names import FURTHER_MONTH_NAMES
from structkit.evidence.folding import fold

MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar marz april mai juni juli august september oktober november dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "sk": "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "hr": "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca",
    "sr": "januara februara marta aprila maja juna jula avgusta septembra oktobra novembra decembra",
    "sl": "januarja februarja marca aprila maja junija julija avgusta septembra oktobra novembra decembra",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "is": "janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "fi, genitive": "tammikuun helmikuun maaliskuun huhtikuun toukokuun kesäkuun heinäkuun elokuun syyskuun lokakuun "
    "marraskuun joulukuun",
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "et, genitive": "jaanuari veebruari märtsi aprilli mai juuni juuli augusti septembri oktoobri novembri detsembri",
    "et, adessive": "jaanuaril veebruaril märtsil aprillil mail juunil juulil augustil septembril oktoobril novembril "
    "detsembril",
    "et, terminative": "jaanuarini veebruarini märtsini aprillini maini juunini juulini augustini septembrini "
    "oktoobrini novembrini detsembrini",
    "lt": "sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio",
    "lv": "janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris",
    "lv, locative": "janvārī februārī martā aprīlī maijā jūnijā jūlijā augustā septembrī oktobrī novembrī decembrī",
    "hu": "január február március április május június július augusztus szeptember október november december",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "gl": "xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro",
    "eu": "urtarrilaren otsailaren martxoaren apirilaren maiatzaren ekainaren uztailaren abuztuaren irailaren urriaren "
    "azaroaren abenduaren",
    "tr": "ocak şubat mart nisan mayis haziran temmuz ağustos eylül ekim kasim aralik",
    "tr, dative": "ocağa şubata marta nisana mayisa hazirana temmuza ağustosa eylüle ekime kasima araliğa",
    "tr, locative": "ocakta şubatta martta nisanda mayista haziranda temmuzda ağustosta eylülde ekimde kasimda "
    "aralikta",
    "tr, ablative": "ocaktan şubattan marttan nisandan mayistan hazirandan temmuzdan ağustostan eylülden ekimden "
    "kasimdan araliktan",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ar, north": "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου "
    "Δεκεμβρίου",
    "hi": "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "th": "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม",
}
"""The names of the months, in the case in which they are after a day."""

LEVANTINE = "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول"
MIN_ABBREVIATION = 3
MIN_ABBREVIATION_BY_LANGUAGE = {
    "th": 30, "fi, genitive": 6, "lv, locative": 6, "et, genitive": 30, "et, adessive": 30, "et, terminative": 30,
    "tr, dative": 30, "tr, locative": 30, "tr, ablative": 30,
}  # fmt: skip
"""Others are written in full."""

ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}


FURTHER_FORMS = {
    "feber": 2, "julei": 7, "juno": 6, "setiembre": 9, "čvn": 6, "čvc": 7, "agt": 8, "ags": 8,
    "מרס": 3, "במרס": 3, "למרס": 3,
    "सितम्बर": 9, "सित": 9, "अक्तूबर": 10, "नवम्बर": 11, "दिसम्बर": 12, "फ़रवरी": 2, "अग": 8, "जन": 1, "ספט": 9, "אוק": 10,
    "נוב": 11,
    "fevr": 2, "rgp": 8, "rgs": 9, "grd": 12, "ruj": 9, "ago": 8,
}  # fmt: skip
"""Further spellings and abbreviations."""


def _month_numbers() -> dict[str, int]:
    """Return the number of each name and of each abbreviation that means one month in all languages."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for language, names in MONTHS.items():
        min_chars = MIN_ABBREVIATION_BY_LANGUAGE.get(language, MIN_ABBREVIATION)
        for number, name in enumerate(fold(names).split(), 1):
            for length in range(min(min_chars, len(name)), len(name) + 1):
                numbers[name[:length]].add(number)
    numbers |= {f"\u05d1{fold(name)}": {number} for number, name in enumerate(MONTHS["he"].split(), 1)}  # "in"
    numbers |= {name: {number} for number, names in enumerate(FURTHER_MONTH_NAMES, 1) for name in fold(names).split()}
    numbers |= {"sept": {9}, "mrt": {3}, "jänner": {1}, "janner": {1}, "mar": {3}, "mrz": {3}, "genn": {1}, "ott": {10}}
    numbers |= {fold(name): {number} for name, number in FURTHER_FORMS.items()}
    numbers |= {f"\u05dc{fold(name)}": {number} for number, name in enumerate(MONTHS["he"].split(), 1)}  # "to"
    numbers |= {"lip": {7}, "srp": {8}, "srpn": {8}, "mart": {3}}
    numbers |= {"listopada"[:length]: {11} for length in range(MIN_ABBREVIATION, 10)}  # in Croatian, it is October
    numbers |= {name: {number} for number, name in enumerate(fold(LEVANTINE).split(), 1) if "_" not in name}
    return {name: min(each) for name, each in numbers.items() if len(each) == 1}


MONTH_NUMBERS = _month_numbers()
BY_LANGUAGE = {"hr": {"listopada": 10, "listopad": 10, "lip": 6, "srp": 7, "srpnja": 7}}
"""Months that are others in most languages."""


def month_numbers(languages: Iterable[str]) -> Mapping[str, int]:
    """Return the number of each month in texts in some languages.

    >>> month_numbers(["pl"])["listopada"], month_numbers(["hr"])["listopada"]
    (11, 10)
    """
    return {**MONTH_NUMBERS, **BY_LANGUAGE["hr"]} if "hr" in languages and "pl" not in languages else MONTH_NUMBERS


FULL_NAMES = frozenset(name for names in MONTHS.values() for name in fold(names).split()).union(
    *(fold(names).split() for names in FURTHER_MONTH_NAMES)
)
MONTH_BESIDE_DIGITS = re.compile(r"(\d{0,4})([^\W\d_]{3,12})(\d{0,4})")


def months_beside_digits(words: Iterable[str]) -> dict[str, int]:
    """Return the words with a month and a number without a space between them, and where the month begins in them.

    >>> months_beside_digits(["13jun2026", "juni2026", "june", "a4", "2026"])
    {'13jun2026': 2, 'juni2026': 0}
    """
    matches = (
        (word, MONTH_BESIDE_DIGITS.fullmatch(word)) for word in words if not (word.isalpha() or word.isdecimal())
    )
    return {
        word: match.start(2) for word, match in matches if match and match[1] + match[3] and match[2] in MONTH_NUMBERS
    }
