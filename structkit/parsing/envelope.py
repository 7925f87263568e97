"""The JSON around an answer, as the endpoint sends it; parsed fast, because a stream has one around each chunk."""

from __future__ import annotations

import json

from pydantic_core import from_json

from structkit.values import JSONValue


def read_envelope(body: bytes | str) -> JSONValue:
    r"""Parse a body as `json.loads` does, in less than half the time; a byte order mark is skipped.

    It is as lenient as gateways are careless: it accepts NaN, duplicate keys and half a surrogate pair, whose other
    half may arrive with the next event.

    Raises:
        ValueError, RecursionError: The body is not JSON.

    >>> read_envelope(b'{"a": [1, "\\u00e9"]}'), read_envelope('"\\ud83d"'), read_envelope(b"\xef\xbb\xbfnull")
    ({'a': [1, 'é']}, '\ud83d', None)
    """
    try:
        return from_json(body, cache_strings="keys")
    except (ValueError, TypeError):  # not JSON, or beyond pydantic's parser: half a surrogate pair, deep nesting
        return json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body.removeprefix("\ufeff"))
