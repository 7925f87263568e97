"""The numbers, dates and codes of the sources, among which the model chooses where such a value is re-asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from structkit.evidence.leaves import Leaf
from structkit.evidence.source_texts import PUNCTUATION, SourceTexts
from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.patterns import matches
from structkit.values import JSON, JSONPath, JSONValue

MAX_CANDIDATES = 50
"""Where a source has more of a kind, the model may write any."""

MAX_PHRASES, MAX_PHRASE_WORDS = 150, 6
"""Phrases of short sources, and the words of one."""

MAX_WORDS = 20_000
"""Words of a source that are compared with a pattern."""

CODE_FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+$",
    "uri": r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$",
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
"""The formats of texts that are one word, each as a pattern."""


def offer_candidates(step: Any, texts: SourceTexts, *, with_phrases: bool = False) -> Any:
    """Return a step whose re-asked numbers, dates and codes have to be some of the sources; any other step as it is.

    Args:
        step: The step.
        texts: The sources.
        with_phrases: Whether other texts have to be phrases of the sources, where these are short: those that cannot be
            removed, because a model that may choose null seldom does.
    """
    patch = getattr(step, "patch", None)
    if patch is None:
        return step

    required = {place.path for place in patch.places if not place.field.node.matches_value(None)}

    def find_values(path: JSONPath, schema: JSON) -> list[JSONValue]:
        values = _values(path, schema, texts)
        if with_phrases and path in required and schema == {"type": "string"} and not _is_item(path):
            phrases = find_phrases(texts)
            return [*phrases] if len(phrases) <= MAX_PHRASES else []
        return values if len(values) <= MAX_CANDIDATES else []

    return replace(step, patch=patch.with_values(find_values))


def _values(path: JSONPath, schema: JSON, texts: SourceTexts) -> list[JSONValue]:
    types = _types(schema)
    if schema.get("format") == "date":
        return [day.isoformat() for day in texts.dates]
    if "integer" in types or "number" in types:
        numbers = [int(number) if number == int(number) else float(number) for number in texts.numbers]
        in_sources = (number for number in numbers if texts.find(Leaf(path, number, "number"))[1])
        return [number for number in in_sources if _is_within(number, schema)]
    pattern = schema.get("pattern") or CODE_FORMATS.get(schema.get("format", ""))
    return [*_codes(pattern, texts.words)] if pattern and "string" in types else []


def _types(schema: JSON) -> list[str]:
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def _is_item(path: JSONPath) -> bool:
    return any(isinstance(step, int) for step in path)


def find_phrases(texts: SourceTexts) -> dict[str, None]:
    """Return up to six words in a row of each sentence, without punctuation around them."""
    phrases: dict[str, None] = {}
    for sentence in texts.sentences:
        words = sentence.split()
        for start in range(len(words)):
            for end in range(start + 1, min(start + MAX_PHRASE_WORDS, len(words)) + 1):
                phrase = " ".join(words[start:end]).strip(PUNCTUATION)
                if phrase:
                    phrases[phrase] = None
        if len(phrases) > MAX_PHRASES:
            break
    return phrases


def _codes(pattern: str, words: list[str]) -> list[str]:
    """Return the words that match a pattern; none if several words together match it as well.

    >>> _codes("^[A-Z]+-[0-9]+$", ["An", "AB-12", "CD-7"]), _codes("^[A-Z]", ["An", "AB-12"])
    (['AB-12', 'CD-7'], [])
    """
    if len(words) > MAX_WORDS:
        return []
    with suppress(PatternTimeout):
        codes = [word for word in words if matches(pattern, word)]
        return [] if any(matches(pattern, f"{code} {codes[0]}") for code in codes) else codes
    return []


def _is_within(number: float, schema: JSON) -> bool:
    """Return whether a number is within the bounds of a schema."""
    low, high = schema.get("minimum", number), schema.get("maximum", number)
    above, below = schema.get("exclusiveMinimum", number - 1), schema.get("exclusiveMaximum", number + 1)
    return bool(low <= number <= high and above < number < below)
