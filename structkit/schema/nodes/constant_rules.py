"""Whether a listed value fits the rules beside the list; one that does not would be paid for and rejected."""

from __future__ import annotations

from structkit.schema.json_equality import equality_key
from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.patterns import matches
from structkit.values import JSON, JSONValue


def fits_rules(value: JSONValue, schema: JSON) -> bool:
    """Return whether a value fits the bounds, the pattern and the excluded constants of its own schema.

    Other rules are left to the validation of the reply.

    >>> fits_rules(1, {"enum": [1, 5], "minimum": 3}), fits_rules("abc", {"const": "abc", "pattern": "^x"})
    (False, False)
    >>> fits_rules("b", {"enum": ["a", "b"], "not": {"const": "a"}})
    True
    """
    if isinstance(value, str):
        fits = _fits_text_rules(value, schema)
    else:
        fits = isinstance(value, bool) or not isinstance(value, int | float) or _fits_bounds(value, schema)
    return fits and not _is_excluded(value, schema.get("not"))


def _fits_bounds(value: float, schema: JSON) -> bool:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(above, bool) or isinstance(below, bool):  # draft 4
        excludes_bound = (above is True and value == low) or (below is True and value == high)
        return bool(low <= value <= high) and not excludes_bound
    is_above, is_below = above is None or value > above, below is None or value < below
    return bool(low <= value <= high and is_above and is_below)


def _fits_text_rules(text: str, schema: JSON) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    try:
        return "pattern" not in schema or matches(schema["pattern"], text)
    except PatternTimeout:  # the reply is validated all the same
        return True


def _is_excluded(value: JSONValue, schema: JSONValue) -> bool:
    """Return whether `not` names a value."""
    if not isinstance(schema, dict) or len(schema) != 1:
        return False
    excluded = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return equality_key(value) in {*map(equality_key, excluded)}
