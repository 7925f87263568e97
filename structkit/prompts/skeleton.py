"""A strict schema as a short text for the prompt: what to write, in the shape in which it is to be written."""

from __future__ import annotations

import json

from structkit.values import JSON

DEEP = "  "


def skeleton(schema: JSON) -> str:
    """The form of a reply, for endpoints that take no schema.

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
    parts = [_form(schema, ""), *(f"where {name} is {_form(part, '')}" for name, part in definitions.items())]
    return "\n".join(parts)


def _form(schema: JSON, indent: str) -> str:
    """One schema, without what is said of it."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_form(branch, indent) for branch in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        listed = [json.dumps(value, ensure_ascii=False) for value in values]
        return (" or " if len(listed) <= FEW else "|").join(listed)
    if schema["type"] == "object":
        return _object(schema, indent)
    if schema["type"] == "array":
        return f"[{_form(schema['items'], indent)}, ...]"
    return WRITTEN.get(schema.get("format", "")) or " or ".join(_kinds(schema))


WRITTEN = {"date": '"YYYY-MM-DD"', "time": '"HH:MM:SS"', "date-time": '"YYYY-MM-DDTHH:MM:SSZ"'}
"""Formats that models know by sight, not by name. Copied as they are, they fit no type that has the format."""


def _kinds(schema: JSON) -> list[str]:
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


FEW = 8
"""Values up to which an enum is written as one would say it; a longer one would be longer than its schema."""


def _object(schema: JSON, indent: str) -> str:
    inner = indent + DEEP
    lines = []
    properties = schema["properties"]
    for number, (name, part) in enumerate(properties.items(), 1):
        comma = "," if number < len(properties) else ""
        plain, choice = _chosen(part)
        line = f"{inner}{json.dumps(name, ensure_ascii=False)}: {_form(plain, inner)}{comma}"
        lines.append(f"{line}  // {said}" if (said := _said(schema, name, plain, choice)) else line)
    return "\n".join(["{", *lines, f"{indent}}}"])


def _chosen(part: JSON) -> tuple[JSON, str]:
    """A property's schema without what else it may be, and that in words.

    Small models copy alternatives that stand where the value belongs: `"EUR" or "USD"`.
    """
    if "enum" in part:
        listed = ", ".join(json.dumps(value, ensure_ascii=False) for value in part["enum"])
        return {key: value for key, value in part.items() if key != "enum"}, f"one of {listed}"
    branches = [branch for branch in part.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1 < len(part["anyOf"]):
        inner, choice = _chosen(branches[0])
        said = {key: part[key] for key in ("description",) if key in part}
        return {**inner, **said}, f"{choice} or null".strip()
    if isinstance(part.get("type"), list) and "null" in part["type"]:
        return {**part, "type": [kind for kind in part["type"] if kind != "null"]}, "or null"
    return part, ""


def _said(schema: JSON, name: str, part: JSON, choice: str) -> str:
    """What stands behind a property: its values, its description, its bounds, and whether it may be left out."""
    bounds = [f"{word} {part[word]}" for word in BOUNDS if word in part and part[word] not in WRITTEN]
    optional = ["may be left out"] if name not in schema.get("required", ()) else []
    told = [choice, part.get("description", ""), *bounds, *optional]
    return "; ".join(" ".join(text.split()) for text in told if text)


BOUNDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "minLength", "maxLength", "pattern", "format"),
)
