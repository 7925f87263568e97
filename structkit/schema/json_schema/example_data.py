"""Recognises data in the place of a schema, as in `{"items": [{"sku": "A", "quantity": 2}]}`: it constrains nothing."""

from __future__ import annotations

import re

from structkit.errors import SchemaError
from structkit.schema.json_schema.vocabulary import ASSERTIONS, is_keyword, quote_names
from structkit.values import JSON, JSONPath, JSONValue

ADDRESS_MARKS = frozenset(":/#.")
"""Characters of which the address of a schema has one."""

OBJECT_ADVICE = 'write {"type": "object", "properties": {...}}'
KEYS_ADVICE = f"{OBJECT_ADVICE} for an object with these keys, {{}} for any JSON value"

FORMAT_NAME = re.compile(r"[a-z][a-z0-9_-]*")
"""How the name of a format is written."""

ITEM_KEYWORDS = ("items", "prefixItems")


def validate_items(part: JSON, path: JSONPath) -> None:
    """Validate that the schemas of a part's items are not items themselves.

    Raises:
        SchemaError: They have no keyword, and look like values.

    >>> validate_items({"type": "array", "items": [{"sku": "A"}]}, ())
    Traceback (most recent call last):
    structkit.errors.SchemaError: items[0]: not a JSON Schema: its keys ("sku") have no meaning in one; write \
{"type": "object", "properties": {...}} for an object with these keys, {} for any JSON value
    """
    for word in ITEM_KEYWORDS:
        value = part.get(word)
        if isinstance(value, list) and value and all(map(_has_only_unknown_keys, value)):
            _raise(value[0], (*path, word, 0))
        if isinstance(value, dict) and _has_only_unknown_keys(value):
            has_numbers = any(isinstance(each, int | float) for each in value.values())
            if has_numbers or "type" not in part:  # extensions of code generators are texts beside a type
                _raise(value, (*path, word))


def _raise(part: JSON, path: JSONPath) -> None:
    names = quote_names([*part], 5)
    raise SchemaError(f"not a JSON Schema: its keys ({names}) have no meaning in one; {KEYS_ADVICE}", path=path)


def _has_only_unknown_keys(part: JSONValue) -> bool:
    return isinstance(part, dict) and bool(part) and not any(map(is_keyword, part))


def is_example(part: JSON) -> bool:
    """Return whether all keys of a part are words that data has, and neither keywords nor those of an extension.

    >>> is_example({"first_name": "Ada"}), is_example({"title": "x", "first_name": "Ada"}), is_example({"tsType": "x"})
    (True, False, False)
    """
    return bool(part) and all(name.islower() and name[0].isalpha() and not is_keyword(name) for name in map(str, part))


def is_data(name: str, value: JSONValue) -> bool:
    """Return whether a keyword at a root has a value that says nothing, as the same key of a record may have.

    >>> is_data("id", 7), is_data("format", "DVD"), is_data("format", "date"), is_data("items", [{"title": "Alien"}])
    (True, True, False, True)
    """
    if name == "id":
        return not (isinstance(value, str) and not ADDRESS_MARKS.isdisjoint(value))
    if name == "format":
        return isinstance(value, str) and not FORMAT_NAME.fullmatch(value)
    if name == "items":
        return isinstance(value, list) and not any(map(_constrains, value))
    return (name == "links" and not _is_link_list(value)) or (name == "media" and not isinstance(value, dict))


def _constrains(item: JSONValue) -> bool:
    return bool(item.keys() & ASSERTIONS) if isinstance(item, dict) else isinstance(item, bool)


def _is_link_list(value: JSONValue) -> bool:
    """Return whether a value is what `links` has in a hyper-schema."""
    return isinstance(value, list) and all(isinstance(item, dict) and "href" in item for item in value)
