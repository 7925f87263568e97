"""What pydantic's serializers say of a value that they cannot write, in the words of this package."""

from __future__ import annotations

import re

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.values.text import shorten

OWN_FUNCTION = re.compile(
    r"(?:PydanticSerializationError: )?(Error calling function `(_?write\w*|\w+\.write\w*)`: \w+: )+"
)
"""What pydantic puts before the message of a function in this package."""

WARNING = "Pydantic serializer warnings:"
CLASS_NAME = "PydanticSerializationUnexpectedValue"

UNEXPECTED_VALUE = re.compile(
    rf"{CLASS_NAME}\(Expected `(?P<type>.+?)` - serialized value may not be as expected "
    r"\[(?:field_name='(?P<field>.*?)', )?input_value=(?P<value>.*), input_type=(?P<class>[^,\]]*)\]\)"
)
"""A value of another type than the serializer's; of a union, there is one of these for each branch."""

UNEXPECTED_CLASS = re.compile(rf"{CLASS_NAME}\(Expected `(.+?)` but got `(.+?)` with value `(.*)` - .*\)")

TUPLE_LENGTHS = {
    "Unexpected too few items present in tuple": "a tuple has too few items",
    "Unexpected extra items present in tuple": "a tuple has too many items",
}


def explain_serializer_error(error: Exception) -> str:
    r"""Return why a value cannot be written, in one line.

    >>> explain_serializer_error(ValueError(
    ...     f"{WARNING}\n  {CLASS_NAME}(Expected `int` - serialized value may not be as expected "
    ...     "[field_name='age', input_value='x', input_type=str])"
    ... ))
    "age: expected int, got 'x' (str)"
    """
    text = OWN_FUNCTION.sub("", str(error).strip().removeprefix(WARNING).strip())
    lines = [line.strip() for line in text.splitlines()] or [type(error).__name__]
    matches = [match for line in lines if (match := UNEXPECTED_VALUE.fullmatch(line)) is not None]
    reasons = [line for line in lines if UNEXPECTED_VALUE.fullmatch(line) is None]
    reason = min(reasons, key=_is_of_length, default=None)
    if reason is None or (matches and _is_of_length(reason)):
        return _explain_mismatches(matches)
    if (other_class := UNEXPECTED_CLASS.fullmatch(reason)) is not None:
        expected, actual, value = other_class.groups()
        return f"expected {_plain(expected)}, got {shorten(value, MAX_QUOTED_CHARS)} ({_plain(actual)})"
    return shorten(_without_class_name(reason), 2 * MAX_QUOTED_CHARS)


def _explain_mismatches(matches: list[re.Match[str]]) -> str:
    """Return the types that were expected for the first value of another type."""
    first = matches[0]
    names = dict.fromkeys(match["type"] for match in matches if match["value"] == first["value"])
    place = f"{first['field']}: " if first["field"] else ""
    expected = " or ".join(names).replace("definition-ref", "...")
    return f"{place}expected {expected}, got {shorten(first['value'], MAX_QUOTED_CHARS)} ({first['class']})"


def _is_of_length(line: str) -> bool:
    """Return whether a reason is the length of a tuple, which says less than an item of another type."""
    return any(text in line for text in TUPLE_LENGTHS)


def _plain(class_text: str) -> str:
    """Return the name of a class in its `repr`."""
    return class_text.removeprefix("<class '").removesuffix("'>")


def _without_class_name(line: str) -> str:
    text = line.removeprefix(f"{CLASS_NAME}(").removesuffix(")") if line.startswith(CLASS_NAME) else line
    return TUPLE_LENGTHS.get(text, OWN_FUNCTION.sub("", text))
