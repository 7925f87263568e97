"""The forms of names in languages that inflect them, such as `Pawłem Kozłem` of `Paweł Kozieł`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from structkit.evidence.folding import fold

PARADIGMS = {
    "pl": "-: owi em iem u ie iowi iu i y e|a: y i e o ie ej iej|ia: i ie io|i: iego iemu im ach om ami|"
    "y: ego emu ym ow om ami ach|o: a u em ie y|e: a u em ych ym ymi|um: um|sc: sci|cy: kich kim kimi",
    "cs": "-: ovi em u e om i y|a: y u e ou i o|e: i ete etem ich im emi|ie: ii|i: iho imu im ich imi|"
    "y: eho emu ym em|o: a u e em",
    "sk": "-: ovi om u e i y|a: y u e ou i o|ia: ii iu iou|y: eho emu ym om|o: a u e om",
    "hr": "-: u om em i e|i: og om im ih ega em|a: e i u om o|o: a u om|e: a u em ih",
    "sl": "-: u om em i e|a: e i o ah am|o: a u om|e: a u em ah ih|i: ega emu em im ih|r: rja rju rjem",
    "lt": "as: o ui a u e ai|is: io iui i iu yje|ys: io iui i iu yje|us: aus ui u umi uje|a: os ai oje|e: es ei eje",
    "lv": "s: a am u|is: a im i|a: as ai u|e: es ei i|us: us um u",
    "et": "-: s st l lt le ga sse ni ks i u a e as ast al alt il ist ilt ile iga is ini el est elt",
    "fi": "-: n ssa sta lla lta lle a ta na ksi an in en un on issa ista illa ilta ille iin|"
    "nen: sen sessa sesta sella selta selle sta seen|s: ksen ksessa ksesta ksella kselle sta",
    "hu": "-: nak nek ban ben ba be bol n on en ra re rol hoz hez tol nal nel val vel ert ig t ot et at kent",
    "tr": "-: nin nun in un ya ye yi yu da de ta te dan den tan ten yla yle la le nda nde ndan nden na ne ni nu",
    "de": "-: s es ens|a: as|e: es",
    "sv": "-: s",
    "da": "-: s",
    "no": "-: s",
    "ro": "-: ul ului lui ei|a: ei ii|e: ei ii ea|u: ul ului|ea: ii",
    "eu": "-: k ri ren n an ko ra tik ek en entzat rekin eri era eko etik",
    "la": "us: i o um e|a: ae am|um: i o|ius: ii io ium|o: onis oni onem one|is: em e i",
    "ru": "-: ом ем у ю е ым и і ові еві|а: ы и е у ой ою ей і|я: и е ю ей ею і|ь: и я ю ем ью і|"
    "й: я ю ем е єм і|ий: ого ому его ему им ом|ій: ого ому єм|ый: ого ому ым ом|ой: ого ому ым ом|"
    "ая: ой ую ою|яя: ей юю|ое: ого ому ым ом|о: а у ом е і|е: я ю ем и",
    "el": "ος: ο ον ε|ης: η ην|ας: α αν|η: ης ην|α: ας αν|ο: ου|ις: ι ιδος|ους: ου",
}
"""For each ending of the nominative, those of the other cases; `-` is none."""

UNCLEAR = {
    "pl": "-: a ia", "cs": "-: a", "sk": "-: a", "hr": "-: a", "sl": "-: a", "ru": "-: а я|ь: я", "el": "ος: ου",
    "de": "e: en er em|er: en em e|es: en em e",
}  # fmt: skip
"""Endings with which a name may also be another one, that of a woman: Petrov and Petrova."""

GENITIVE_PREPOSITIONS = frozenset(
    fold("z ze do od ode dla bez u из до от для без у с со из-за iz kod bez od ze του τον στον από").split()
)
"""Before a name in such a form, they show that it is not that of a woman."""

FEMININE_SURNAMES = re.compile(f"(?:{fold('ов|ев|ин|ын')}|ov|ev|in|yn)$")
"""Masculine surnames whose form with an a is that of a woman."""

SOFTENED = {
    "pl": (("k", "c"), ("g", "dz"), ("r", "rz"), ("t", "ci"), ("d", "dzi"), ("ch", "sz"), ("st", "sci"), ("l", "l")),
    "cs": (("k", "c"), ("h", "z"), ("ch", "s"), ("g", "z")),
    "sk": (("k", "c"),),
    "hr": (("k", "c"), ("g", "z"), ("h", "s")),
    "ru": (("к", "ц"), ("г", "з"), ("х", "с")),
    "fi": (("kk", "k"), ("pp", "p"), ("tt", "t"), ("nk", "ng"), ("nt", "nn"), ("lt", "ll"), ("rt", "rr"), ("mp", "mm"),
           ("t", "d"), ("p", "v"), ("k", "")),
}  # fmt: skip
"""Consonants at the end of a stem, and what they are in some cases."""

FLEETING = (
    re.compile(f"^(.+)(?:e|o|{fold('е|о')})([^aeiouy{fold('аеиоуыэюя')}])$"),
    re.compile("^(.+)(?:ie)([^aeiouy])$"),
)
FLEETING_LANGUAGES = frozenset({"pl", "cs", "sk", "hr", "sl", "ru"})
"""They leave out the last vowel of some names: Paweł, Pawłem."""

CLOSED_I, OPEN_VOWELS = re.compile("^(.+)і([^аеиоуыэюяєі])$"), ("о", "е", "є")
"""A Ukrainian vowel of the nominative, and those of other cases."""

MIN_STEM_CHARS, MIN_NAME_CHARS, MIN_CLEAR_CHARS, MIN_CLEAR_ENDING = 2, 3, 6, 3
VOWELS = frozenset("aeiouy")


def _read(paradigms: str) -> list[tuple[str, list[str]]]:
    pairs = (each.split(":") for each in paradigms.split("|"))
    return [(fold(nominative.strip("-")), fold(endings).split()) for nominative, endings in pairs]


_PARADIGMS = {language: _read(each) for language, each in PARADIGMS.items()}
_UNCLEAR = {language: _read(each) for language, each in UNCLEAR.items()}
_SOFTENED = {language: [(fold(one), fold(other)) for one, other in each] for language, each in SOFTENED.items()}


def inflected_forms(word: str, languages: Collection[str]) -> frozenset[str]:
    """Return the forms of a folded name in some languages but the nominative, without those that may be another name.

    >>> {"pawlem", "pawlowi"} <= inflected_forms("pawel", ("pl",)), "petrova" in inflected_forms("petrov", ("cs",))
    (True, False)
    >>> "уральским" in inflected_forms("уральскии", ("ru",)), inflected_forms("smith", ("en",))
    (True, frozenset())
    """
    return frozenset(form for language in languages for form in _forms(word, language)) - {word}


def clear_forms(word: str) -> frozenset[str]:
    """Return the forms of a folded name that are its cases in a text of any language: a long name, and a long ending.

    >>> "tampereella" in clear_forms("tampere"), clear_forms("este")
    (True, frozenset())
    """
    if len(word) < MIN_CLEAR_CHARS:
        return frozenset()
    min_length = len(word) + MIN_CLEAR_ENDING
    forms = (form for language in PARADIGMS for form in _forms(word, language))
    return frozenset(form for form in forms if len(form) >= min_length and form.startswith(word)) - {f"{word}ini"}


def unclear_forms(word: str, languages: Collection[str]) -> frozenset[str]:
    """Return the forms that may also be another name.

    >>> "petrova" in unclear_forms("petrov", ("cs",)), unclear_forms("petrov", ("de",))
    (True, frozenset())
    """
    endings = ((nominative, each) for language in languages for nominative, each in _UNCLEAR.get(language, ()))
    pairs = ((stem, each) for nominative, each in endings for stem in _stems(word, nominative, is_fleeting=True))
    return frozenset(stem + suffix for stem, each in pairs for suffix in each)


@lru_cache(maxsize=4_096)
def _forms(word: str, language: str) -> tuple[str, ...]:
    if len(word) < MIN_NAME_CHARS or not word.isalpha():
        return ()
    forms: list[str] = []
    for nominative, endings in _PARADIGMS.get(language, ()):
        for stem in _stems(word, nominative, is_fleeting=language in FLEETING_LANGUAGES):
            stems = [stem, *_softened_stems(stem, language)]
            forms += [each + suffix for each in stems for suffix in endings]
    if language == "hu" and word[-1] not in VOWELS:  # Péter, Péterrel
        forms += [f"{word}{word[-1]}{suffix}" for suffix in ("al", "el")]
    return tuple(forms)


def _stems(word: str, nominative: str, *, is_fleeting: bool) -> Iterator[str]:
    """Yield what is before an ending of the nominative, and the same without a vowel that other cases leave out."""
    if not word.endswith(nominative):
        return
    stem = word[: len(word) - len(nominative)]
    if len(stem) >= MIN_STEM_CHARS and (nominative or word[-1:] not in VOWELS or not is_fleeting):
        yield stem
        matches = (pattern.match(stem) for pattern in (FLEETING if is_fleeting and not nominative else ()))
        yield from (match[1] + match[2] for match in matches if match)


def _softened_stems(stem: str, language: str) -> Iterator[str]:
    """Yield a stem with other final consonants; in Finnish, they are before its last vowel."""
    vowel = stem[-1:] if language == "fi" and stem[-1:] in VOWELS else ""
    base = stem[: len(stem) - len(vowel)]
    for hard, soft in _SOFTENED.get(language, ()):
        if base.endswith(hard):
            yield base[: len(base) - len(hard)] + soft + vowel
            if vowel == "i":  # Mäki, Mäen
                yield base[: len(base) - len(hard)] + soft + "e"
    if vowel == "e":  # Tampere, Tampereella
        yield stem + vowel
    if language == "ru" and (match := CLOSED_I.match(stem)):  # Львів, Львові; Київ, Києві
        yield from (f"{match[1]}{open_vowel}{match[2]}" for open_vowel in OPEN_VOWELS)
