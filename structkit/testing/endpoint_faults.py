"""What goes wrong between client and model: limits, failures, gateways' pages, requests refused."""

from __future__ import annotations

import itertools
import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any, TypeAlias

from structkit.testing.scripted_reply import Reply, completion, forced_tool, requested_schema, schema_name
from structkit.values import JSON, JSONValue

Change: TypeAlias = Callable[[JSON, Reply], Reply]
"""The request's body, and the reply as it would have been -> the reply that comes instead."""

MEGABYTES = 100
"""How much a body holds that no client should keep."""

PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


def always(reply: Reply) -> Change:
    """The same reply, whatever was asked."""
    return lambda _request, _reply: reply


def error_reply(status: int, message: str, **error: Any) -> Reply:
    """An HTTP error as endpoints word it."""
    said = {"message": message, "type": "fake_error", "param": None, "code": None, **error}
    return Reply({"error": said}, status=status)


def rate_limited(after: str | None) -> Reply:
    """A 429 that says when to come back, or does not."""
    headers = {} if after is None else {"retry-after": after}
    return Reply(error_reply(429, "slow down", code="rate_limit_exceeded").body, status=429, headers=headers)


def rate_limited_for(seconds: float | str = 1) -> Change:
    """A 429 with `Retry-After` in seconds."""
    return always(rate_limited(str(seconds)))


def rate_limited_until(seconds: float | str = 1) -> Change:
    """A 429 with `Retry-After` as a date, so many seconds ahead."""
    ahead = float(seconds)
    return lambda _request, _reply: rate_limited(formatdate(time.time() + ahead, usegmt=True))


def read_timeout(seconds: float | str = 60) -> Change:
    """A reply that comes too late."""
    return always(Reply(completion("too late"), delay=float(seconds)))


def error_with_200(message: str = "upstream died") -> Change:
    """An error object under a status that says that all is well."""
    return always(Reply({"error": {"message": message, "code": 502}}))


def html(_request: JSON, _reply: Reply) -> Reply:
    """A web page with status 200."""
    return Reply(PAGE, headers=HTML)


def wrong_content_type(_request: JSON, reply: Reply) -> Reply:
    """The reply, called plain text in another encoding."""
    headers = {**reply.headers, "content-type": "text/plain; charset=iso-8859-1"}
    return replace(reply, headers=headers)


def huge(megabytes: int | str = MEGABYTES) -> Change:
    """A body of many megabytes, made while it is sent."""
    size = int(megabytes) << 20
    return lambda _request, _reply: Reply(_long(size))


def gzip_bomb(megabytes: int | str = MEGABYTES) -> Change:
    """The same, compressed to a thousandth of its size."""
    size = int(megabytes) << 20
    return lambda _request, _reply: Reply(_squeezed(_long(size)), headers={"content-encoding": "gzip"})


def _long(size: int) -> Iterator[bytes]:
    """A completion whose text has *size* bytes; it is never whole in memory."""
    before, after = json.dumps(completion("|")).encode().split(b"|")
    piece = b"x" * 65_536
    yield from itertools.chain([before], itertools.repeat(piece, size // len(piece)), [after])


def _squeezed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    squeezer = zlib.compressobj(wbits=31)
    yield from filter(None, map(squeezer.compress, pieces))
    yield squeezer.flush()


def rejects_response_format(*kinds: str) -> Change:
    """A 400 for a `response_format` of these kinds (`json_schema` where none is named); others are served."""
    refused = kinds or ("json_schema",)

    def change(request: JSON, reply: Reply) -> Reply:
        kind = (request.get("response_format") or {}).get("type")
        message = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
        return (
            error_reply(400, message, type="invalid_request_error", param="response_format")
            if kind in refused
            else reply
        )

    return change


def rejects_tools(request: JSON, reply: Reply) -> Reply:
    """A 400 for a request with tools; others are served."""
    message = "Invalid parameter: 'tools' is not supported with this model."
    return error_reply(400, message, type="invalid_request_error", param="tools") if request.get("tools") else reply


def rejects_keyword(keyword: str) -> Change:
    """A 400 that names a keyword, while the schema uses it; requests without it are served."""

    def change(request: JSON, reply: Reply) -> Reply:
        param = "tools[0].function.parameters" if forced_tool(request) else "response_format"
        message = f"Invalid schema for {param} '{schema_name(request)}': In context=(), '{keyword}' is not permitted."
        refusal = error_reply(400, message, type="invalid_request_error", param=param, code="invalid_json_schema")
        return refusal if _uses(requested_schema(request), keyword) else reply

    return change


def _uses(schema: JSONValue, keyword: str) -> bool:
    """Whether a keyword stands in a schema; a property's name is none."""
    if isinstance(schema, list):
        return any(_uses(part, keyword) for part in schema)
    if not isinstance(schema, dict):
        return False
    named = [part for group in ("properties", "$defs") for part in schema.get(group, {}).values()]
    others = [part for name, part in schema.items() if name not in {"properties", "$defs", "enum", "const"}]
    return keyword in schema or _uses([*named, *others], keyword)
