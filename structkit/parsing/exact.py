"""Reply text as a JSON value, exactly: everything that RFC 8259 forbids or leaves open is rejected."""

from __future__ import annotations

import json
from collections import Counter
from typing import NoReturn

from structkit.values import JSON, JSONValue
from structkit.values.exact_float import read_float


class NotJSON(ValueError):
    """The text is not one JSON value; the message gives the reason in words that the model can be shown.

    Attributes:
        at: The position in the text.
    """

    def __init__(self, message: str, at: int = 0) -> None:
        """Store the position."""
        super().__init__(message)
        self.at = at


class InvalidJSONValue(NotJSON):
    """The text follows JSON's grammar but has no usable value.

    It has duplicate keys, half a surrogate pair, a number that is too large, or too many levels.
    """


def read_json(text: str) -> JSONValue:
    """Parse *text* as exactly one JSON value.

    Stricter than `json.loads`, which accepts NaN, silently drops all but the last of duplicate keys, and accepts lone
    surrogates, which fail later, when the value is encoded.

    Raises:
        NotJSON: With the reason.

    >>> read_json('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> read_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    structkit.parsing.exact.InvalidJSONValue: duplicate key "a" in one object
    >>> read_json('Sure!')
    Traceback (most recent call last):
    structkit.parsing.exact.NotJSON: not valid JSON: the text does not start with a JSON value
    """
    try:
        value = DECODE(text)
        text.encode()
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise NotJSON(f"not valid JSON: {_reason(error)}", error.pos) from None
    except UnicodeEncodeError:
        raise InvalidJSONValue("not valid JSON: half of a surrogate pair without the other half") from None
    except RecursionError:
        raise InvalidJSONValue("nested too deep") from None
    except NotJSON:
        raise
    except ValueError:  # int() rejects more than sys.get_int_max_str_digits() digits
        raise InvalidJSONValue("a number has too many digits") from None
    return value


def _reason(error: json.JSONDecodeError) -> str:
    text = error.doc.strip()
    if not text:
        return "the text is empty"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string"):
        return "the text ends before the JSON does; write all of it"
    if error.msg == "Expecting value" and error.doc[error.pos :].lstrip() == text:
        return "the text does not start with a JSON value"
    return f"{error.msg.removesuffix(' at')} at line {error.lineno} column {error.colno}"


def _object(pairs: list[tuple[str, JSONValue]]) -> JSON:
    value = dict(pairs)
    if len(value) != len(pairs):
        duplicate = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise InvalidJSONValue(duplicate_key_message(duplicate))
    return value


def duplicate_key_message(key: str) -> str:
    """Return the message about a key that an object has more than once."""
    return f"duplicate key {json.dumps(key)} in one object"


def _reject_constant(name: str) -> NoReturn:
    raise NotJSON(f"not valid JSON: {name} is not a JSON number")


def _float(digits: str) -> float:
    value = read_float(digits)
    if value in (float("inf"), float("-inf")):
        raise InvalidJSONValue(f"the number {digits[:40]} is too large")
    return value


DECODE = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_reject_constant, parse_float=_float).decode
"""Created once, because `json.loads` creates a decoder for every text."""
