"""What the values of an enum mean, and how a description lists values and their meanings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from structkit.schema.keywords import ENUM_MEANINGS
from structkit.values import JSON, JSONValue
from structkit.values.text import end_sentence

MAX_CODE_CHARS = 3
"""A text of at most this many characters may be a code, which its name explains."""

NUMBERED_NAME = re.compile(r"[A-Za-z]?_?\d+")
"""A name that only repeats a number, such as `V2`."""

PLAIN_VALUE = re.compile(r"[\w/&+-]+( [\w/&+-]+)*")
"""A text that can be listed without quotes."""

NAME_KEYWORDS = ("x-enum-varnames", "x-enumNames", "x-enum-names")
MEANING_KEYWORDS = ("x-enum-descriptions", "x-enumDescriptions", "enumDescriptions", "markdownEnumDescriptions")
"""Keywords for the names and the descriptions of an enum's values, in the order of `enum` or by value.

OpenAPI Generator, NSwag and Visual Studio Code use them.
"""


def value_meanings(schema: JSON) -> Mapping[str, str]:
    """Return what the values of an enum mean, by their JSON texts.

    >>> value_meanings({"enum": [1, 2], "x-enum-varnames": ["LOW", "HIGH"], "x-enum-descriptions": ["", "today"]})
    {'1': 'LOW', '2': 'today'}
    """
    if ENUM_MEANINGS in schema:
        meanings: Mapping[str, str] = schema[ENUM_MEANINGS]
        return meanings
    values = schema.get("enum", [])
    names = (
        (value, name_meaning(text, value)) for word in NAME_KEYWORDS for value, text in _pairs(values, schema.get(word))
    )
    texts = (pair for word in MEANING_KEYWORDS for pair in _pairs(values, schema.get(word)))
    return {json.dumps(value): text for value, text in (*names, *texts) if text}


def names_of_values(schema: JSONValue) -> Iterator[dict[str, JSONValue]]:
    """Yield the values of each enum in a JSON Schema by the names that a keyword of a generator gives them."""
    if isinstance(schema, dict):
        values = schema.get("enum")
        values = values if isinstance(values, list) else []
        for word in NAME_KEYWORDS:
            if names := {name: value for value, name in _pairs(values, schema.get(word))}:
                yield names
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from names_of_values(part)


def _pairs(values: list[JSONValue], texts: JSONValue) -> Iterator[tuple[JSONValue, str]]:
    """Yield the values with their texts, which are a list in the same order, or a dict by value."""
    if isinstance(texts, dict):
        texts = [texts.get(str(value)) for value in values]
    if isinstance(texts, list) and len(texts) < len(values):
        values = [value for value in values if value is not None]  # null was added by `nullable`
    if isinstance(texts, list) and len(texts) == len(values):
        yield from ((value, text) for value, text in zip(values, texts, strict=True) if isinstance(text, str))


def name_meaning(name: str, value: JSONValue) -> str:
    """Return the name of a value if it says more than the value, and else "".

    >>> name_meaning("HIGH", 2), name_meaning("GERMANY", "de")
    ('HIGH', 'GERMANY')
    >>> name_meaning("V2", 2), name_meaning("IN_USE", "in use"), name_meaning("EUR", "EUR")
    ('', '', '')
    """
    if isinstance(value, str):
        return name if len(value) <= MAX_CODE_CHARS < len(name) else ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return name if is_number and not NUMBERED_NAME.fullmatch(name) else ""


def describe_meanings(values: Iterable[JSONValue], meanings: Mapping[str, str]) -> str:
    """Return the values that have a meaning, with it, as a sentence; "" if none has one.

    >>> describe_meanings(["glad", "sad"], {'"glad"': "Likes it.", '"sad"': "Wants money back"})
    'glad: Likes it; sad: Wants money back.'
    """
    texts = [f"{_plain(value)}: {text}" for value in values if (text := one_line(meanings.get(json.dumps(value), "")))]
    return end_sentence("; ".join(texts)) if texts else ""


def list_values(values: Iterable[JSONValue], meanings: Mapping[str, str]) -> str:
    """Return all values as a sentence, with their meanings.

    >>> list_values(["red", "dark green", "a, b"], {'"red"': "the default"})
    'One of: red (the default), dark green, "a, b".'
    """
    texts = [with_meaning(_plain(value), meanings.get(json.dumps(value), "")) for value in values]
    return f"One of: {', '.join(texts)}."


def with_meaning(value: str, meaning: str) -> str:
    """Return a value with its meaning, if it has one, in brackets."""
    return f"{value} ({text})" if (text := one_line(meaning)) else value


def one_line(text: str) -> str:
    """Return a text on one line, without the full stop, so that another text can follow."""
    return " ".join(text.split()).removesuffix(".")


def _plain(value: JSONValue) -> str:
    is_plain = isinstance(value, str) and PLAIN_VALUE.fullmatch(value)
    return value if is_plain else json.dumps(value, ensure_ascii=False)
