"""JSON and replies as bytes in a database, exactly, and back."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from pydantic_core import from_json, to_json

from structkit.costs.attempt_cost import reported_cost
from structkit.errors import TransportError
from structkit.parsing import read_completion
from structkit.parsing.serialized import (
    completion_from_json,
    completion_to_json,
    fault_from_json,
    fault_to_json,
    is_read_from_body,
)
from structkit.values import JSON, Completion, JSONValue, ToolRun, Usage
from structkit.values.json import compact_encoder

MAX_PLAIN_BYTES = 500
"""Up to this size nothing is compressed: it would save 100 bytes, and zlib releases Python's lock for each text."""

PLAIN, CRC_BYTES = b"c", 4
"""What precedes a text that is not compressed: SQLite would not notice a byte that has changed, zlib would."""

LEVEL, WINDOW, MEMORY = 1, 15, 5
"""Parameters of zlib: for a kilobyte, higher levels save nothing, and more memory takes longer to clear than to use."""

ENCODE = compact_encoder()

COMPLETION = "completion"
"""The kind of a reply that is not a fault; a fault's kind is the name of its class."""

BILLIONTH = Decimal("1e-9")
"""The unit in which costs are stored: SQLite sums integers exactly."""


class PackedReply(NamedTuple):
    """A reply as columns; the body of a completion is None if raw text is not stored, the cost if none was reported."""

    kind: str
    retries: int
    usage: Usage
    body: bytes | None
    cost: int | None = None


def pack(value: JSONValue) -> bytes:
    """Return a JSON value as bytes, which start with an x if they are compressed, and with a c if a checksum is next.

    Raises:
        TypeError, ValueError: It is not JSON; but what pydantic writes as JSON, such as a date, is taken as that.

    >>> pack({"a": [1, None]})[5:]
    b'{"a":[1,null]}'
    >>> pack(["long"] * 99)[:1]
    b'x'
    """
    try:
        text = to_json(value)  # in a quarter of the time
    except ValueError:  # half a surrogate pair, or nested too deeply for pydantic; or not JSON
        text = ENCODE(value).encode("utf-8", "surrogatepass")
    if len(text) <= MAX_PLAIN_BYTES:
        return PLAIN + zlib.crc32(text).to_bytes(CRC_BYTES) + text
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY)
    return stream.compress(text) + stream.flush()


def unpack(packed: bytes) -> JSONValue:
    r"""Return the value that `pack` packed.

    Raises:
        ValueError, zlib.error: It is damaged.

    >>> unpack(pack({"half a pair": "\ud83d", "long": "x" * 999})) == {"half a pair": "\ud83d", "long": "x" * 999}
    True
    """
    text = zlib.decompress(packed) if packed[:1] == b"x" else _verified(packed) if packed[:1] == PLAIN else packed
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:  # as in `pack`
        return json.loads(text.decode("utf-8", "surrogatepass"))


def _verified(packed: bytes) -> bytes:
    start = len(PLAIN) + CRC_BYTES
    if zlib.crc32(packed[start:]) != int.from_bytes(packed[len(PLAIN) : start]):
        raise ValueError("the checksum of a value is wrong")
    return packed[start:]


def unpack_object(packed: bytes) -> JSON:
    """Return the JSON object that `pack` packed.

    Raises:
        ValueError, TypeError, zlib.error: It is damaged, or not an object.
    """
    value = unpack(packed)
    if not isinstance(value, dict):
        raise TypeError(f"a JSON {type(value).__name__}, not an object")
    return value


def pack_text(text: str) -> str | bytes:
    """Return a text as SQLite takes it: as bytes if it contains half a surrogate pair, which is not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack_text(packed: str | bytes) -> str:
    r"""Return the text that `pack_text` packed.

    >>> [unpack_text(pack_text(text)) for text in ("a", "\udc80")]
    ['a', '\udc80']
    """
    if not isinstance(packed, str | bytes):
        raise TypeError(f"not a text: {packed!r}")
    return packed.decode("utf-8", "surrogatepass") if isinstance(packed, bytes) else packed


def pack_reply(reply: Completion | TransportError, *, keep_raw: bool = True, verify_raw: bool = False) -> PackedReply:
    """Return a reply as columns.

    Args:
        reply: The reply.
        keep_raw: Whether to store its text; otherwise the columns contain no text of the endpoint.
        verify_raw: Whether to check that the body reads back as the same completion, and to store the completion's
            fields if it does not: a transport of the caller's may put anything into `raw`, or nothing. Off by
            default, since it parses every body a second time.
    """
    if isinstance(reply, Completion):
        body = _pack_completion(reply, verify_raw=verify_raw) if keep_raw else None
        return PackedReply(COMPLETION, reply.retries, reply.usage, body, _pack_cost(reported_cost(reply.raw)))
    fault, cost = fault_to_json(reply), _pack_cost(reported_cost(reply.body))
    return PackedReply(fault["kind"], reply.retries, reply.usage_of_reply, _pack_fault(fault, keep_raw=keep_raw), cost)


def _pack_cost(cost: Decimal | None) -> int | None:
    """Return a cost in billionths, of which SQLite can sum nine billion units."""
    return None if cost is None else round(cost / BILLIONTH)


def _pack_completion(completion: Completion, *, verify_raw: bool) -> bytes:
    """Pack the body as it came, or a list with the completion's fields if the body does not read back as the same."""
    try:
        is_exact = not verify_raw or is_read_from_body(completion)
        return pack(completion.raw if is_exact else [completion_to_json(completion)])
    except (RecursionError, TypeError, ValueError):  # `raw` is nested too deeply, or not JSON; the rest can be stored
        return pack([completion_to_json(replace(completion, raw=None))])


def _unpack_completion(stored: JSONValue) -> Completion | TransportError:
    return completion_from_json(stored[0]) if isinstance(stored, list) else read_completion(stored)


def _pack_fault(fault: JSON, *, keep_raw: bool) -> bytes:
    if not keep_raw:
        summary = f"the endpoint answered {fault['status_code']}" if "status_code" in fault else fault["kind"]
        fault = {**fault, "message": f"{summary}; the text was not stored", "body": None, "request_id": None}
    try:
        return pack(fault)
    except RecursionError:
        return pack({**fault, "body": None})


def unpack_reply(packed: PackedReply) -> Completion | TransportError | None:
    """Return the reply that `pack_reply` packed; None if its body was not stored.

    >>> timeout = TransportError("too late", retryable=True)
    >>> unpack_reply(pack_reply(timeout)), unpack_reply(pack_reply(timeout, keep_raw=False))
    (TransportError('too late'), TransportError('TransportError; the text was not stored'))
    """
    if packed.body is None:
        return None
    stored = unpack(packed.body)
    reply = _unpack_completion(stored) if packed.kind == COMPLETION else fault_from_json(stored)
    if isinstance(reply, Completion):
        return replace(reply, usage=_with_details(packed.usage, reply.usage), retries=packed.retries)
    reply.usage_of_reply, reply.retries = packed.usage, packed.retries
    return reply


def run_to_json(run: ToolRun) -> JSON:
    """Return a call of a tool as JSON, with its identifier and without its exception."""
    return {**run.to_dict(), "id": run.id}


def run_from_json(value: JSON) -> ToolRun:
    """Return the call that `run_to_json` has turned into *value*.

    >>> run = ToolRun("lookup", {"city": "Lyon"}, [21.5], id="a")
    >>> run_from_json(run_to_json(run)) == run
    True
    """
    seconds = float(value["seconds"])
    return ToolRun(value["name"], value["arguments"], value.get("result"), value.get("error", ""), seconds, value["id"])


def _with_details(stored: Usage, of_body: Usage) -> Usage:
    """Return the counts of the columns with those that only the body has."""
    return replace(stored, cached_tokens=of_body.cached_tokens, reasoning_tokens=of_body.reasoning_tokens)
