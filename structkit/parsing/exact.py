"""Reply text as a JSON value, exactly: what RFC 8259 forbids or leaves open is refused."""

from __future__ import annotations

import json
from collections import Counter
from typing import NoReturn

from structkit.values import JSON, JSONValue


class NotJSON(ValueError):
    """The text is not one JSON value; the message says why, fit to be shown to the model."""


class NoValue(NotJSON):
    """JSON's grammar allows the text, and it says no value: equal keys, half a surrogate pair, too large, too deep."""


def read_json(text: str) -> JSONValue:
    """Parse *text* as exactly one JSON value.

    Stricter than `json.loads`, which takes NaN, keeps the last of two equal keys without a word
    and passes lone surrogates on to fail in whoever writes them.

    Raises:
        NotJSON: With the reason.

    >>> read_json('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> read_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    structkit.parsing.exact.NoValue: the key "a" stands twice in one object
    >>> read_json('Sure!')
    Traceback (most recent call last):
    structkit.parsing.exact.NotJSON: not valid JSON: Expecting value at line 1 column 1
    """
    try:
        value = DECODE(text)
        text.encode()
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise NotJSON(f"not valid JSON: {error.msg} at {where}") from None
    except UnicodeEncodeError:
        raise NoValue("not valid JSON: half of a surrogate pair stands alone") from None
    except RecursionError:
        raise NoValue("nested too deep") from None
    except NotJSON:
        raise
    except ValueError:  # int() refuses more than sys.get_int_max_str_digits() digits
        raise NoValue("a number has too many digits") from None
    return value


def _object(pairs: list[tuple[str, JSONValue]]) -> JSON:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise NoValue(f"the key {json.dumps(twice)} stands twice in one object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"not valid JSON: {name} is not a JSON number")


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NoValue(f"the number {digits[:40]} is too large")
    return value


DECODE = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_float).decode
"""Made once: `json.loads` makes one for every text."""
