"""A text is found in another spelling of the same letters, and a code in each grouping of its digits."""

from __future__ import annotations

import re

import pytest

from structkit import find_evidence

SPELLINGS = [
    ("Müller", "Herrn [[Mueller]]"),
    ("Mueller", "Herrn [[Müller]]"),
    ("Jørgensen", "fru [[Joergensen]]"),
    ("Søren Ærø", "[[Soeren Aeroe]]"),
    ("Đorđe", "[[Djordje]]"),
    ("Smith and Sons", "[[Smith & Sons]], London"),
    ("Müller & Söhne", "[[Müller und Söhne]]"),
    ("Dupont et Fils", "[[Dupont & Fils]]"),
    ("Annelies van der Kwast", "bij [[Annelies v.d. Kwast]]"),
    ("Wolfgang von der Heide", "[[Wolfgang v. d. Heide]]"),
    ("Francisco Pérez", "[[Fco. Pérez]]"),
    ("渡辺", "[[渡邊]]様"),
    ("高橋", "[[髙橋]]様"),
    ("فاطمة", "السيدة [[فاطمه]]"),
    ("کتاب", "این [[كتاب]]"),
    ("شیراز", "در [[شيراز]]"),
    ("Müller GmbH", "[[Müller GmbH]], [[MUELLER GMBH]]"),
    ("INV-00123", "[[INV-00123]] and [[INV 00123]]"),
    ("DE89 3704 0044 0532 0130 00", "[[DE89 3704 0044 0532 0130 00]], [[DE89370400440532013000]]"),
    ("+49 30 1234567", "[[+49 30 1234567]] or [[030 1234567]]"),
]
"""Texts, and sources with `[[` and `]]` around their places."""


@pytest.mark.parametrize(("value", "marked"), SPELLINGS, ids=[f"{value} in {marked}" for value, marked in SPELLINGS])
def test_a_text_is_found_in_another_spelling(value: str, marked: str) -> None:
    text = re.sub(r"\[\[|\]\]", "", marked)
    places = [text[span.start : span.end] for span in find_evidence(value, text)[()].spans]
    assert sorted(places) == sorted(re.findall(r"\[\[(.*?)\]\]", marked))


@pytest.mark.parametrize(
    ("value", "text"), [("Mueller", "Muller"), ("Smith and Sons", "Smith Sons"), ("Möller", "Mueller")]
)
def test_a_name_with_other_letters_is_not_another_spelling(value: str, text: str) -> None:
    assert not find_evidence(value, text)[()].spans
