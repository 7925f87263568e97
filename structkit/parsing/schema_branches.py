"""What the branches of a strict schema allow: types, constants, formats, and what is in the boxes of a union."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.parsing.numbers import DECIMAL_TEXT
from structkit.parsing.text_formats import has_format, may_have_format, states_format
from structkit.values import JSON, JSONValue

GROUPED_NUMBER = re.compile(r"\s*[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?\s*")
"""A number that only groups of digits make longer than three; no date, time or other format has such commas."""

PAIR = {"key", "value"}
"""The keys of one member of a map, as the wire has it."""


def walk_branches(schemas: list[JSON], root: JSON) -> Iterator[JSON]:
    """Yield the schemas with references and unions resolved."""
    visited: set[int] = set()
    stack: list[JSONValue] = [*schemas]
    while stack:
        schema = stack.pop()
        if not isinstance(schema, dict) or id(schema) in visited:
            continue
        visited.add(id(schema))
        reference, union = schema.get("$ref"), schema.get("anyOf") or schema.get("oneOf")
        if isinstance(reference, str):
            definitions = root.get("$defs") or {}
            stack.append(definitions.get(reference.removeprefix("#/$defs/")) if reference != "#" else root)
        elif isinstance(union, list):
            stack += union
        else:
            yield schema


def types_of(branches: list[JSON]) -> set[str]:
    """Return the types that are allowed; "any" for a branch without one."""
    return {type_ for branch in branches for type_ in type_names(branch)}


def type_names(branch: JSON) -> list[str]:
    """Return the types that a branch names; "any" for one without a type."""
    type_ = branch.get("type", "any")
    return type_ if isinstance(type_, list) else [type_]


def properties_of(schema: JSON) -> JSON:
    """Return the declared properties of an object; none for another schema."""
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def is_open(branch: JSON) -> bool:
    """Return whether an object may have keys that its schema does not declare."""
    return "properties" in branch and branch.get("additionalProperties") is not False


def is_constant(schema: JSONValue) -> bool:
    """Return whether a schema lists its values."""
    return isinstance(schema, dict) and ("const" in schema or "enum" in schema)


def constants_of(schema: JSON) -> list[JSONValue]:
    """Return the values that a schema lists."""
    return [schema["const"]] if "const" in schema else schema["enum"]


def is_plain_text(branches: list[JSON]) -> bool:
    """Return whether any text is allowed, and only text: then an integer may be quoted, since it has one notation."""
    has_rule = any(is_constant(branch) or "format" in branch for branch in branches)
    return types_of(branches) - {"null"} == {"string"} and not has_rule


def is_listed_text(text: str, branches: list[JSON]) -> bool:
    """Return whether only listed texts are allowed, or null, and a text is one of them."""
    return text in _only_texts(branches)


def boolean_text(value: bool, branches: list[JSON]) -> str | None:
    """Return the one text that writes a boolean, where only listed texts are allowed, or null.

    >>> boolean_text(True, [{"enum": ["True", "False"]}]), boolean_text(True, [{"enum": ["true", "True"]}])
    ('True', None)
    """
    texts = {text for text in _only_texts(branches) if text.casefold() == str(value).casefold()}
    return texts.pop() if len(texts) == 1 else None


def _only_texts(branches: list[JSON]) -> list[str]:
    """Return the texts that are listed, where nothing else is allowed but null."""
    schemas = [branch for branch in branches if branch.get("type") != "null"]
    choices = [value for branch in schemas for value in constants_of(branch)] if all(map(is_constant, schemas)) else []
    texts = [value for value in choices if isinstance(value, str)]
    return texts if all(value is None or isinstance(value, str) for value in choices) else []


def is_decimal(branches: list[JSON]) -> bool:
    """Return whether only the text of a number is allowed, or null."""
    texts = [branch for branch in branches if branch.get("type") != "null"]
    return bool(texts) and all(branch.get("pattern") == DECIMAL_TEXT for branch in texts)


def is_formatted(schemas: list[JSON], branches: list[JSON]) -> bool:
    """Return whether no text is allowed but those of a format that no word has; null may be."""
    if types_of(branches) - {"null"} != {"string"}:
        return False
    texts = [branch for branch in branches if "string" in type_names(branch)]
    is_each_formatted = all(has_format(text) and not is_constant(text) for text in texts)
    return is_each_formatted or (len(texts) == 1 and any(map(states_format, schemas)))


def is_map(branch: JSON, root: JSON) -> bool:
    """Return whether a branch is a list of pairs, which a model may write as an object."""
    items = walk_branches([branch["items"]], root) if isinstance(branch.get("items"), dict) else ()
    return any(properties_of(item).keys() == PAIR for item in items)


def has_formats(branches: list[JSON]) -> bool:
    """Return whether each text that is allowed has a format that no word has, but for those that are listed."""
    texts = [branch for branch in branches if not {"string", "any"}.isdisjoint(type_names(branch))]
    unlisted = [text for text in texts if not is_constant(text)]
    return bool(unlisted) and all(map(has_format, unlisted))


def may_be_text(text: str, branch: JSON) -> bool:
    """Return whether a branch may allow a text; words, and numbers with groups of digits, are in no format.

    >>> date = {"type": "string", "format": "date"}
    >>> may_be_text("as soon as possible", date), may_be_text("2024-13-01", date), may_be_text("7", {"type": "integer"})
    (False, True, False)
    >>> may_be_text("7,000", date), may_be_text("7000", date)
    (False, True)
    """
    is_word = not may_have_format(text)
    is_grouped = GROUPED_NUMBER.fullmatch(text) is not None and not is_decimal([branch])
    is_other = (is_word or is_grouped) and has_format(branch)
    return not {"string", "any"}.isdisjoint(type_names(branch)) and not is_other


def unboxed_scalars(branches: list[JSON], root: JSON) -> list[JSON]:
    """Return the scalars in the boxes of a union, one of which a text may be without its box."""
    boxes = _boxes(branches)
    contents = walk_branches([inner for box in boxes for inner in box.values()], root) if len(boxes) > 1 else ()
    return [content for content in contents if types_of([content]).isdisjoint({"object", "array"})]


def unboxed_objects(branches: list[JSON], root: JSON) -> tuple[set[str], list[JSON]]:
    """Return the keys of the boxes of a union, and the objects in them, one of which a value may be without its box.

    Each branch of such a union is an object with one key. A value with such a key has its box.
    """
    boxes = _boxes(branches)
    if len(boxes) <= 1:
        return set(), []
    contents = walk_branches([inner for properties in boxes for inner in properties.values()], root)
    outer = {*map(id, branches)}
    objects = [content for content in contents if properties_of(content) and id(content) not in outer]
    return {key for properties in boxes for key in properties}, objects


def _boxes(branches: list[JSON]) -> list[JSON]:
    """Return the properties of the branches that are closed objects with one property."""
    return [properties for branch in branches if len(properties := properties_of(branch)) == 1 and not is_open(branch)]
