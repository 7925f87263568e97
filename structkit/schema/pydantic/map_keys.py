"""The schema of a map's keys: texts in JSON, whatever their type is in Python."""

from __future__ import annotations

from structkit.schema.descriptions import describe_bounds
from structkit.schema.keywords import GENERATED_DESCRIPTION
from structkit.schema.pydantic.core_bounds import bound_texts, with_description
from structkit.values import JSON

NUMBER_RULES = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")

WRITTEN_KEYS: dict[str, tuple[JSON, str]] = {
    "integer": ({"type": "string", "pattern": "^-?[0-9]+$"}, "An integer."),
    "number": ({"type": "string"}, "A number."),
    "boolean": ({"type": "string", "enum": ["true", "false"]}, ""),
}
"""The keywords and the description of a key that is written as a text, by its type."""


def with_key_schema(json_schema: JSON, keys: JSON) -> JSON:
    """Return the JSON Schema of a map with the schema of its keys in `propertyNames`.

    pydantic itself puts the pattern of a key elsewhere, and says nothing of a key that is a number.

    Args:
        json_schema: pydantic's JSON Schema of the map.
        keys: Its JSON Schema of the keys.

    >>> with_key_schema({"type": "object", "patternProperties": {"^a": {}}}, {"type": "string", "pattern": "^a"})
    {'type': 'object', 'additionalProperties': True, 'propertyNames': {'type': 'string', 'pattern': '^a'}}
    """
    patterns = json_schema.get("patternProperties")
    if patterns:
        values = next(iter(patterns.values())) or True
        json_schema = {word: part for word, part in json_schema.items() if word != "patternProperties"}
        json_schema |= {"additionalProperties": values}
    keys = keys if "$ref" in keys else {word: part for word, part in keys.items() if word != "title"}
    names = _as_text(keys)
    return {**json_schema, "propertyNames": names} if names.keys() - {"type"} else json_schema


def _as_text(keys: JSON) -> JSON:
    """Return the schema of keys as that of a text, where they are numbers or truth values."""
    if isinstance(parts := keys.get("anyOf"), list):  # a number, or the words of an infinite one
        return {**keys, "anyOf": [_as_text(part) for part in parts]}
    kind = keys.get("type")
    if not isinstance(kind, str) or kind not in WRITTEN_KEYS or keys.keys() & {"enum", "const"}:
        return keys
    text, name = WRITTEN_KEYS[kind]
    rules = {word: keys[word] for word in NUMBER_RULES if word in keys}
    annotations = {word: value for word, value in keys.items() if word not in {*rules, "type", GENERATED_DESCRIPTION}}
    key = with_description({**annotations, **text}, f"{name} {describe_bounds(rules)}".strip(), *bound_texts(rules))
    return with_description(key, keys.get(GENERATED_DESCRIPTION, ""))
