"""Other spellings of a text: `Mueller` of `Müller`, `Smith & Sons` of `Smith and Sons`, `v.d.` of `van der`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.evidence.folding import fold

DIGRAPHS = str.maketrans({
    "\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00f8": "oe", "\u00e5": "aa", "\u0111": "dj",
})  # fmt: skip
"""Letters, and what they are without a keyboard for them."""

DIGRAPH = re.compile("([aou])e|(a)a|(d)j")
CONNECTOR = re.compile(r" (?:and|und|et|y|e|i|och|og|en|&) ")
CONNECTORS = frozenset({" and ", " und ", " et ", " y ", " e ", " i ", " och ", " og ", " en ", " & "})
PARTICLES = re.compile(r"\b(v)(?:an|on) (d)(?:e[rn]?)\b")


def other_spellings(text: str) -> Iterator[str]:
    """Yield the folded text in other spellings.

    >>> [*other_spellings("M\u00fcller")], [*other_spellings("Mueller")], [*other_spellings("Smith & Sons")][:1]
    (['mueller'], ['muller'], ['smith and sons'])
    """
    folded, lower = " ".join(fold(text).split()), text.casefold()
    if lower != (longer := lower.translate(DIGRAPHS)):
        yield " ".join(fold(longer).split())
    if (shorter := DIGRAPH.sub(r"\1\2\3", folded)) != folded:
        yield shorter
    if match := CONNECTOR.search(folded):
        connectors = sorted(CONNECTORS - {match[0]}) if match[0] == " & " else [" & "]
        yield from (folded[: match.start()] + other + folded[match.end() :] for other in connectors)


def is_spelling(text: str, surface: str) -> bool:
    """Return whether what a source has is the same text in another spelling.

    >>> is_spelling("Mueller", "M\u00fcller"), is_spelling("Mueller", "Muller")
    (True, False)
    """
    return _plain(text) == _plain(surface)


def _plain(text: str) -> str:
    return CONNECTOR.sub(" & ", " ".join(fold(text.casefold().translate(DIGRAPHS)).split()))


def names_with_particles(folded: str) -> Iterator[str]:
    """Yield a name whose particle is shortened to its initials.

    >>> [*names_with_particles("annelies van der kwast")]
    ['annelies v d kwast']
    """
    if (shorter := PARTICLES.sub(r"\1 \2", folded)) != folded:
        yield shorter
