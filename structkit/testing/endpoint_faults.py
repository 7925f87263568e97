"""Faults between client and model: rate limits, failures, gateways' web pages, rejected requests."""

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

ReplyChange: TypeAlias = Callable[[JSON, Reply], Reply]
"""From the request's body and the reply without a fault to the reply with it."""

MEGABYTES = 100
"""A body of this size must not be read into memory."""

PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


def constant(reply: Reply) -> ReplyChange:
    """Return the same reply to every request."""
    return lambda _request, _reply: reply


def error_reply(status: int, message: str, **error: Any) -> Reply:
    """Return an HTTP error in the form that endpoints use."""
    fields = {"message": message, "type": "fake_error", "param": None, "code": None, **error}
    return Reply({"error": fields}, status=status)


def rate_limited(retry_after: str | None) -> Reply:
    """Return a 429, with or without `Retry-After`."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Reply(error_reply(429, "slow down", code="rate_limit_exceeded").body, status=429, headers=headers)


def rate_limited_for(seconds: float | str = 1) -> ReplyChange:
    """Return a 429 with `Retry-After` in seconds."""
    return constant(rate_limited(str(seconds)))


def rate_limited_until(seconds: float | str = 1) -> ReplyChange:
    """Return a 429 with `Retry-After` as a date, that many seconds in the future."""
    offset = float(seconds)
    return lambda _request, _reply: rate_limited(formatdate(time.time() + offset, usegmt=True))


def read_timeout(seconds: float | str = 60) -> ReplyChange:
    """Delay the reply."""
    return constant(Reply(completion("too late"), delay=float(seconds)))


def error_with_200(message: str = "upstream died") -> ReplyChange:
    """Return an error object with status 200."""
    return constant(Reply({"error": {"message": message, "code": 502}}))


def html(_request: JSON, _reply: Reply) -> Reply:
    """Return a web page with status 200."""
    return Reply(PAGE, headers=HTML)


def wrong_content_type(_request: JSON, reply: Reply) -> Reply:
    """Declare the reply as plain text in another encoding."""
    headers = {**reply.headers, "content-type": "text/plain; charset=iso-8859-1"}
    return replace(reply, headers=headers)


def huge(megabytes: int | str = MEGABYTES) -> ReplyChange:
    """Return a body of many megabytes, generated while it is sent."""
    size = int(megabytes) << 20
    return lambda _request, _reply: Reply(_long_body(size))


def gzip_bomb(megabytes: int | str = MEGABYTES) -> ReplyChange:
    """Return the same body, compressed to a thousandth of its size."""
    size = int(megabytes) << 20
    return lambda _request, _reply: Reply(_compressed(_long_body(size)), headers={"content-encoding": "gzip"})


def _long_body(size: int) -> Iterator[bytes]:
    """Yield a completion whose text has *size* bytes, without ever holding all of it in memory."""
    before, after = json.dumps(completion("|")).encode().split(b"|")
    chunk = b"x" * 65_536
    yield from itertools.chain([before], itertools.repeat(chunk, size // len(chunk)), [after])


def _compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    yield from filter(None, map(compressor.compress, chunks))
    yield compressor.flush()


def rejects_response_format(*kinds: str) -> ReplyChange:
    """Return a 400 for a `response_format` of these types (`json_schema` by default)."""
    rejected = kinds or ("json_schema",)

    def change(request: JSON, reply: Reply) -> Reply:
        kind = (request.get("response_format") or {}).get("type")
        if kind not in rejected:
            return reply
        message = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
        return error_reply(400, message, type="invalid_request_error", param="response_format")

    return change


def rejects_tools(request: JSON, reply: Reply) -> Reply:
    """Return a 400 for a request with tools."""
    message = "Invalid parameter: 'tools' is not supported with this model."
    return error_reply(400, message, type="invalid_request_error", param="tools") if request.get("tools") else reply


def rejects_keyword(keyword: str) -> ReplyChange:
    """Return a 400 that names the keyword, for a schema that uses it."""

    def change(request: JSON, reply: Reply) -> Reply:
        param = "tools[0].function.parameters" if forced_tool(request) else "response_format"
        message = f"Invalid schema for {param} '{schema_name(request)}': In context=(), '{keyword}' is not permitted."
        rejection = error_reply(400, message, type="invalid_request_error", param=param, code="invalid_json_schema")
        return rejection if _uses(requested_schema(request), keyword) else reply

    return change


def _uses(schema: JSONValue, keyword: str) -> bool:
    """Whether a schema uses a keyword; property names do not count."""
    if isinstance(schema, list):
        return any(_uses(part, keyword) for part in schema)
    if not isinstance(schema, dict):
        return False
    named_parts = [part for group in ("properties", "$defs") for part in schema.get(group, {}).values()]
    other_parts = [part for name, part in schema.items() if name not in {"properties", "$defs", "enum", "const"}]
    return keyword in schema or _uses([*named_parts, *other_parts], keyword)
