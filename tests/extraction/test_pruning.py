"""A pruned value is valid, has everything that is in the text, and says of everything else what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from structkit import ResponseFormat, TextSource
from structkit.evidence.source_texts import SourceTexts
from structkit.extraction.pruning import Pruning, find_missing, prune
from structkit.values import JSONPath, JSONValue, value_at

WORDS = ("Kiel", "Bonn", "Jena", "Ulm", "Trier", "Worms")
WORD = st.sampled_from(WORDS)


class Part(BaseModel):
    name: str
    note: str | None
    tags: Annotated[list[str], Field(max_length=3)] = []


class Report(BaseModel):
    title: str | None
    code: str
    main: Part | None
    parts: list[Part]
    pair: Annotated[list[str], Field(min_length=2)]
    grid: list[list[str]]


PART = st.fixed_dictionaries({"name": WORD, "note": st.none() | WORD, "tags": st.lists(WORD, max_size=3)})
REPORT = st.fixed_dictionaries(
    {
        "title": st.none() | WORD,
        "code": WORD,
        "main": st.none() | PART,
        "parts": st.lists(PART, max_size=4),
        "pair": st.lists(WORD, min_size=2, max_size=4),
        "grid": st.lists(st.lists(WORD, max_size=3), max_size=3),
    }
)
FORMAT = ResponseFormat(Report)


def pruned(draft: JSONValue, text: str, output_format: ResponseFormat[Any] = FORMAT) -> Pruning:
    """Return a value without what is not in a text."""
    answer = output_format.read_natural(draft)
    assert answer.valid
    return prune(answer, output_format, SourceTexts([TextSource(text)]), output_format.read_natural)


def leaves(value: JSONValue, path: JSONPath = ()) -> dict[JSONPath, JSONValue]:
    """Return the scalars of a value by their paths."""
    if not isinstance(value, dict | list):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {at: leaf for step, item in items for at, leaf in leaves(item, (*path, step)).items()}


@given(REPORT, st.sets(WORD))
def test_what_is_in_the_text_stays_and_what_is_not_is_named(draft: JSONValue, words: set[str]) -> None:
    text = " ".join(words) or "nothing"
    result = pruned(draft, text)
    after = result.answer.draft
    assert FORMAT.read_natural(after).valid
    texts = SourceTexts([TextSource(text)])
    assert {*find_missing(after, FORMAT, texts).missing} == {*result.missing}
    words_after = [leaf for leaf in leaves(after).values() if leaf in words]
    assert words_after == [leaf for leaf in leaves(draft).values() if leaf in words], "in their order"
    for path, leaf in leaves(after).items():
        before = value_at(draft, result.old_path(path))
        assert leaf == before or (leaf is None and path in result.nulls and result.nulls[path] == before)
    removed_words = [
        leaf
        for item in [*result.nulls.values(), *(item for _, item in result.dropped)]
        for leaf in leaves(item).values()
    ]
    expected = [leaf for leaf in leaves(draft).values() if leaf is not None]
    remaining = [leaf for leaf in leaves(after).values() if leaf is not None]
    assert sorted(remaining + [word for word in removed_words if word is not None]) == sorted(expected)


@given(REPORT)
def test_a_value_that_is_all_in_the_text_is_the_same(draft: JSONValue) -> None:
    assert pruned(draft, " ".join(WORDS)).answer.draft is draft


def test_as_little_is_removed_as_is_not_in_the_text() -> None:
    draft = {
        "title": "Ulm",
        "code": "Ulm",
        "main": {"name": "Jena", "note": "Kiel", "tags": ["Ulm"]},
        "parts": [{"name": "Ulm", "note": None, "tags": []}, {"name": "Ulm", "note": "Kiel", "tags": []}],
        "pair": ["Ulm", "Kiel", "Ulm"],
        "grid": [["Ulm"], ["Kiel", "Ulm"]],
    }
    result = pruned(draft, "Kiel")
    assert result.answer.draft == {
        "title": None,
        "code": "Ulm",
        "main": {"name": "Jena", "note": "Kiel", "tags": []},
        "parts": [{"name": "Ulm", "note": "Kiel", "tags": []}],
        "pair": ["Ulm", "Kiel"],
        "grid": [["Kiel"]],
    }
    assert result.missing == (("code",), ("main", "name"), ("parts", 0, "name"), ("pair", 0))
    assert result.old_path(("parts", 0, "note")) == ("parts", 1, "note")
    assert result.old_path(("grid", 0, 0)) == ("grid", 1, 0)


@pytest.mark.parametrize(
    ("output_type", "draft", "expected"),
    [
        (tuple[str, str], ["Kiel", "Ulm"], ["Kiel", "Ulm"]),
        (tuple[str, str | None], ["Kiel", "Ulm"], ["Kiel", None]),
        (tuple[str, ...], ["Ulm", "Kiel"], ["Kiel"]),
        (set[str], ["Ulm", "Kiel"], ["Kiel"]),
        (dict[str, str | None], {"a": "Ulm", "b": "Kiel"}, {"a": None, "b": "Kiel"}),
        (dict[str, list[str]], {"a": ["Ulm", "Kiel"]}, {"a": ["Kiel"]}),
        (str | None, "Ulm", None),
        (list[str] | None, ["Ulm"], []),
        (list[str | None], ["Ulm", "Kiel", None], ["Kiel", None]),
        (Part | list[Part], {"name": "Kiel", "note": "Ulm", "tags": []}, {"name": "Kiel", "note": None, "tags": []}),
    ],
    ids=str,
)
def test_every_kind_of_container_can_lose_values(output_type: Any, draft: JSONValue, expected: JSONValue) -> None:
    result = pruned(draft, "Kiel", ResponseFormat(output_type))
    assert result.answer.draft == expected
    assert result.answer.valid
