"""The numbers, dates and codes of the sources, among which the model chooses where such a value is re-asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from structkit.evidence.leaves import Leaf
from structkit.evidence.source_texts import SourceTexts
from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.patterns import matches
from structkit.values import JSON, JSONPath, JSONValue

MAX_CANDIDATES = 50
"""Where a source has more of a kind, the model may write any."""

MAX_WORDS = 20_000
"""Words of a source that are compared with a pattern."""

CODE_FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+$",
    "uri": r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$",
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
"""The formats of texts that are one word, each as a pattern."""


def offer_candidates(step: Any, texts: SourceTexts) -> Any:
    """Return a step whose re-asked numbers, dates and codes have to be some of the sources; any other step as it is."""
    patch = getattr(step, "patch", None)
    if patch is None:
        return step

    def find_values(path: JSONPath, schema: JSON) -> list[JSONValue]:
        values = _values(path, schema, texts)
        return values if len(values) <= MAX_CANDIDATES else []

    return replace(step, patch=patch.with_values(find_values))


def _values(path: JSONPath, schema: JSON, texts: SourceTexts) -> list[JSONValue]:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if schema.get("format") == "date":
        return [day.isoformat() for day in texts.dates]
    if "integer" in types or "number" in types:
        numbers = [int(number) if number == int(number) else float(number) for number in texts.numbers]
        in_sources = (number for number in numbers if texts.find(Leaf(path, number, "number"))[1])
        return [number for number in in_sources if _is_within(number, schema)]
    pattern = schema.get("pattern") or CODE_FORMATS.get(schema.get("format", ""))
    return [*_codes(pattern, texts.words)] if pattern and "string" in types else []


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
