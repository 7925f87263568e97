"""Whether a constant of a pydantic type fits the bounds beside it; one that does not would be paid for and rejected."""

from __future__ import annotations

from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.patterns import matches_in_engine
from structkit.values import JSON, JSONValue


def fits_rules(value: JSONValue, schema: JSON) -> bool:
    """Return whether a value fits the bounds and the pattern of its own schema.

    >>> fits_rules(1, {"enum": [1, 5], "minimum": 3}), fits_rules("abc", {"const": "abc", "maxLength": 2})
    (False, False)
    """
    if isinstance(value, str):
        return _fits_text_rules(value, schema)
    return isinstance(value, bool) or not isinstance(value, int | float) or _fits_bounds(value, schema)


def _fits_bounds(value: float, schema: JSON) -> bool:
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    is_above, is_below = above is None or value > above, below is None or value < below
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value) and is_above and is_below)


def _fits_text_rules(text: str, schema: JSON) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    try:
        return "pattern" not in schema or matches_in_engine(schema["pattern"], text)
    except PatternTimeout:  # the reply is validated all the same
        return True
