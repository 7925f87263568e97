"""The languages of a text, by the words and letters that most texts in them have, or by its script."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from structkit.evidence.folding import fold
from structkit.evidence.month_names import BY_LANGUAGE, MONTHS
from structkit.evidence.number_languages import LANGUAGES
from structkit.evidence.number_vocabulary import SMALL_NUMBERS, TENS

FUNCTION_WORDS = {
    "en": "the of and to in is for on by with from this that at as be are we our your which or not was per no",
    "fr": "le la les des du de et en est un une pour par dans sur au aux vous que qui ne pas ce avec cette à",
    "es": "el la los las de del y en es un una por para con que se al su sus lo como más no fecha calle",
    "it": "il la lo le gli di del della e è in un una per con che si al alla dal non sono via ore data",
    "pt": "o a os as de do da dos das e em é um uma por para com que se ao no na não dia data rua",
    "nl": "de het een en van in is op te voor met aan dat die niet bij door uit wij u per om naar uw",
    "vi": "và của là cho các có không được trong ngày tháng năm số theo từ đến với",
    "cs": "a v na se je do ze pro za od jsou podle který nebo jako který která není ve č kč ul dne ode mezi",
    "sk": "a v na sa je do zo pre za od sú podľa ktorý alebo ako ktorá nie vo č dňa medzi",
    "pl": "w i na z do się jest nie oraz dla od przez po ul zł dnia przy pod za że nr są który",
    "hr": "i u na je se za od do s koji ili te su br ul dana kao prema iz",
    "sl": "in v na je se za od do iz ki ali so št ul dne kot po pri",
    "lt": "ir yra į iš su bei kad nuo iki už apie pagal kuris buvo metų m d",
    "lv": "un ir no ar par uz kas vai gada bija pie līdz pēc kā dienas",
    "et": "ja on ei see ning või kui oma aasta kuni pärast eest poolt kuupäev",
    "fi": "ja on ei että se oli klo sekä tai kun mutta ovat hän kanssa mukaan asti puh ovat joka",
    "hu": "a az és hogy nem egy is van volt meg vagy csak már szerint között által óra db ft",
    "tr": "ve bir bu ile için olarak olan da de tarihinde tarihli no olup göre kadar adet tl saat",
    "sv": "och i att en på är av för med till den det som inte kr har från vid eller summa antal moms betala st datum",
    "da": "og i at en på er af for med til den det som ikke kr har fra ved eller kl antal moms dato stk beløb",
    "no": "og i at en på er av for med til den det som ikke kr har fra ved eller kl antall mva dato stk beløp",
    "de": "der die das und in zu den von mit für auf ist im dem nicht ein eine am vom zum bis",
    "ro": "și în de la cu din pe pentru este nu un o care prin sau până nr str lei data",
    "ca": "i de la el en per amb del les els que és una dels al no",
    "eu": "eta da du dira dago izan zen bat ez ere baina edo egun",
    "id": "dan di yang dengan untuk pada dari ini adalah ke tanggal oleh tidak atau sebesar telah bu pak jam rp itu "
    "bagi sebanyak daripada diterima ialah kepada telah encik puan bpk ibu jl no utk sdh dgn yg thn tgl kak mas "
    "ikut tahun bulan hari harga juga sudah buat kumpul tgl",
    "is": "og í að á er um við til sem ekki frá með fyrir var eða það hún hann þann kl dags",
    "la": "et in est ad cum non ut ex qui quod sunt per ab anno de a",
}
"""Words that are common in a language; short ones are in others as well."""

LETTERS = {
    "cs": "ěřůčžšťď", "sk": "ľĺŕôčžšťď", "pl": "łąęśżźćń", "hr": "đćčžš", "sl": "čžš", "lt": "ėųįūčžš",
    "lv": "āēīūķļņģčš", "et": "õäöü", "fi": "äö", "hu": "őűáéíóúö", "tr": "ğışöüç", "sv": "åäö", "da": "æøå",
    "no": "æøå", "de": "äöüß", "ro": "ășțţşâî", "ca": "çèò·ï", "fr": "éèêàçùœ", "es": "ñáéíóú¿", "it": "èàòùì",
    "pt": "ãõçáéâêí", "is": "þðæáéíóúýö", "vi": "ơưđạảấếễộ",
}  # fmt: skip
"""Letters that a language has beside those of English."""

MIN_WORDS, MIN_SHARE = 3, 0.6
"""How many function words and letters a text has, and the share of those of the language that has most."""

CYRILLIC, GREEK, ARABIC, HEBREW, DEVANAGARI, HANGUL, THAI = "ru", "el", "ar", "he", "hi", "ko", "th"
SCRIPTS = (
    ("\u0430", "\u044f", CYRILLIC), ("\u03b1", "\u03c9", GREEK), ("\u0621", "\u064a", ARABIC),
    ("\u05d0", "\u05ea", HEBREW),
    ("\u0904", "\u0939", DEVANAGARI), ("\u1100", "\u1112", HANGUL), ("\u0e01", "\u0e2e", THAI),
)  # fmt: skip
"""The first and the last letter of a script, and the language, or the family, whose words are looked for in it."""

MIN_LETTERS = 2
"""A text has more letters of a script; one is a sign, such as that of micrometers."""

MIN_CLEAR_CHARS, MAX_LANGUAGES = 4, 2
"""Characters of a number or a month that shows a language, and languages that have it, at most."""


def _clear_words() -> dict[str, set[str]]:
    """Return the words of numbers and the names of months, with their languages."""
    languages: dict[str, set[str]] = defaultdict(set)
    rows = [(name.partition(",")[0], each) for name, each in MONTHS.items()]
    rows += [*SMALL_NUMBERS.items(), *TENS.items(), *((name, " ".join(each.words)) for name, each in LANGUAGES.items())]
    for language, words in rows:
        for word in fold(words).split() if language in FUNCTION_WORDS else ():
            if len(word) >= MIN_CLEAR_CHARS and word not in BY_LANGUAGE["hr"]:
                languages[word].add(language)
    return languages


LANGUAGES_BY_WORD: dict[str, list[str]] = defaultdict(list)
for _language, _words in FUNCTION_WORDS.items():
    for _word in {*fold(_words).split()}:
        LANGUAGES_BY_WORD[_word].append(_language)
for _word, _names in _clear_words().items():
    if len(_names) <= MAX_LANGUAGES:
        LANGUAGES_BY_WORD[_word] += sorted(_names - {*LANGUAGES_BY_WORD[_word]})
LANGUAGES_BY_LETTER: dict[str, list[str]] = defaultdict(list)
for _language, _letters in LETTERS.items():
    for _letter in {*_letters}:
        LANGUAGES_BY_LETTER[_letter].append(_language)


def languages_of(
    characters: AbstractSet[str], folded_characters: AbstractSet[str], vocabulary: Mapping[str, object]
) -> frozenset[str]:
    """Return the languages that a text is probably in.

    Args:
        characters: The characters of the text.
        folded_characters: Those of the folded text.
        vocabulary: Its words, folded.

    >>> texts = "umowa zawarta w Gdyni dnia 4 maja przez Pawła", "the contract of 4 May is void", "кредит выдал банк"
    >>> [[*languages_of({*text}, {*fold(text)}, dict.fromkeys(fold(text).split()))] for text in texts]
    [['pl'], ['en'], ['ru']]
    """
    letters = [char for char in folded_characters if not char.isascii()]
    languages = {
        language
        for first, last, language in SCRIPTS
        if len(letters) > MIN_LETTERS and sum(first <= char <= last for char in letters) > MIN_LETTERS
    }
    counts: dict[str, int] = {}
    for names in (
        *map(LANGUAGES_BY_WORD.__getitem__, LANGUAGES_BY_WORD.keys() & vocabulary.keys()),
        *map(LANGUAGES_BY_LETTER.__getitem__, LANGUAGES_BY_LETTER.keys() & characters),
    ):
        for language in names:
            counts[language] = counts.get(language, 0) + 1
    min_count = max(MIN_WORDS, MIN_SHARE * max(counts.values(), default=0))
    return frozenset(languages | {language for language, count in counts.items() if count >= min_count})
