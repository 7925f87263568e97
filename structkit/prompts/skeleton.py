"""A strict schema as a short text for the prompt, in the form of the reply.

The wording was measured with a small model (docs/benchmarks.md): do not change it without measuring it again.
"""

from __future__ import annotations

import json

from structkit.values import JSON

INDENT = "  "

ROOT = "root"
"""The name of the whole form, where a part of it refers to it."""

MAX_OR_VALUES = 8
"""An enum with more values is joined by `|` instead of ` or `, or it would be longer than its schema."""

FORMAT_EXAMPLES = {"date": '"YYYY-MM-DD"', "time": '"HH:MM:SS"', "date-time": '"YYYY-MM-DDTHH:MM:SSZ"'}
"""Formats that models know by an example better than by name. A reply that copies one is invalid in every type."""

BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "minLength", "maxLength", "pattern", "format"),
)


def skeleton(schema: JSON) -> str:
    """Return the form of a reply, for endpoints that accept no schema.

    A small model answers a JSON Schema in the prompt with the schema itself; it follows a skeleton, which
    costs half as many tokens.

    >>> step = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    >>> steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    >>> count = {"type": ["integer", "null"], "description": "Null if unknown."}
    >>> root = {"type": "object", "properties": {"steps": steps, "count": count}, "required": ["steps", "count"]}
    >>> print(skeleton({**root, "$defs": {"step": step}}))
    {
      "steps": [step, ...],
      "count": integer  // or null; Null if unknown.
    }
    where step is {
      "text": string
    }
    """
    definitions = schema.get("$defs", {})
    parts = [_form(schema, ""), *(_definition(name, part) for name, part in definitions.items())]
    is_recursive = '"$ref": "#"' in json.dumps(schema)
    return "\n".join([*parts, *([f"where {ROOT} is the whole form"] if is_recursive else [])])


def _definition(name: str, schema: JSON) -> str:
    line = f"where {name} is {_form(schema, '')}"
    comment = "" if "properties" in schema else _join_notes(_notes(schema))  # an object has its comment inside
    return f"{line}  // {comment}" if comment else line


def _form(schema: JSON, indent: str) -> str:
    """One schema; only an object has its description in it, as a comment on its first line."""
    if "$ref" in schema:
        return ROOT if schema["$ref"] == "#" else str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_form(branch, indent) for branch in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        texts = [json.dumps(value, ensure_ascii=False) for value in values]
        return (" or " if len(texts) <= MAX_OR_VALUES else "|").join(texts)
    if schema["type"] == "object":
        return _object(schema, indent)
    if schema["type"] == "array":
        return f"[{_form(schema['items'], indent)}, ...]"
    return FORMAT_EXAMPLES.get(schema.get("format", "")) or " or ".join(_types(schema))


def _types(schema: JSON) -> list[str]:
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def _object(schema: JSON, indent: str) -> str:
    inner = indent + INDENT
    lines = []
    properties = schema["properties"]
    for number, (name, part) in enumerate(properties.items(), 1):
        comma = "," if number < len(properties) else ""
        value, alternatives = _without_alternatives(part)
        form = _form({key: item for key, item in value.items() if key != "description"}, inner)
        line = f"{inner}{json.dumps(name, ensure_ascii=False)}: {form}{comma}"
        comment = _comment(schema, name, value, alternatives)
        lines.append(f"{line}  // {comment}" if comment else line)
    head = f"{{  // {_join_notes([schema['description']])}" if schema.get("description") else "{"
    return "\n".join([head, *lines, f"{indent}}}"])


def _without_alternatives(part: JSON) -> tuple[JSON, str]:
    """Split a property's schema into its main form, and the alternatives as a text for the comment.

    Small models copy alternatives that are written where the value belongs: `"EUR" or "USD"`.
    """
    if "enum" in part:
        values = ", ".join(json.dumps(value, ensure_ascii=False) for value in part["enum"])
        return {key: value for key, value in part.items() if key != "enum"}, f"one of {values}"
    branches = [branch for branch in part.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1 < len(part["anyOf"]):
        inner, alternatives = _without_alternatives(branches[0])
        description = {key: part[key] for key in ("description",) if key in part}
        return {**inner, **description}, f"{alternatives} or null".strip()
    if isinstance(part.get("type"), list) and "null" in part["type"]:
        return {**part, "type": [kind for kind in part["type"] if kind != "null"]}, "or null"
    return part, ""


def _comment(schema: JSON, name: str, part: JSON, alternatives: str) -> str:
    """The comment on a property: its alternatives, description and bounds, and whether it may be absent."""
    optional = ["may be left out"] if name not in schema.get("required", ()) else []
    return _join_notes([alternatives, *_notes(part), *optional])


def _notes(part: JSON) -> list[str]:
    """The description and bounds of a schema, and those of the scalars in it, which have no line of their own."""
    bounds = [f"{word} {part[word]}" for word in BOUNDS if word in part and part[word] not in FORMAT_EXAMPLES]
    branches = [note for branch in part.get("anyOf", ()) if "properties" not in branch for note in _notes(branch)]
    items = part.get("items")
    item_notes = _join_notes(_notes(items)) if items and "properties" not in items else ""
    return [part.get("description", ""), *bounds, *branches, f"each: {item_notes}" if item_notes else ""]


def _join_notes(notes: list[str]) -> str:
    """Join notes on one line."""
    texts = [" ".join(note.split()) for note in notes if note]
    return "; ".join([*(text.removesuffix(".") for text in texts[:-1]), *texts[-1:]])
