"""The JSON that an endpoint puts around an answer: read fast, for there is one around each word of a stream."""

from __future__ import annotations

import json

from pydantic_core import from_json

from structkit.values import JSONValue


def read_envelope(body: bytes | str) -> JSONValue:
    r"""What `json.loads` reads, in less than half the time; a BOM is passed over.

    It is lenient where gateways are: NaN, a key that stands twice, and half of a surrogate pair, whose other half may
    come with the next event.

    Raises:
        ValueError, RecursionError: It is no JSON.

    >>> read_envelope(b'{"a": [1, "\\u00e9"]}'), read_envelope('"\\ud83d"'), read_envelope(b"\xef\xbb\xbfnull")
    ({'a': [1, 'é']}, '\ud83d', None)
    """
    try:
        return from_json(body, cache_strings="keys")
    except (ValueError, TypeError):  # no JSON, or what pydantic's parser does not take: half a pair, deep nesting
        return json.loads(body.decode("utf-8-sig") if isinstance(body, bytes) else body.removeprefix("\ufeff"))
