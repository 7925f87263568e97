"""JSON and replies as bytes in a database, exactly, and back."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from structkit.costs.reply_cost import reported_cost
from structkit.errors import TransportError
from structkit.parsing import read_completion
from structkit.parsing.serialized import completion_from_json, completion_to_json, fault_from_json, fault_to_json
from structkit.values import JSON, Completion, JSONValue, Usage

WORTH = 500
"""Bytes up to which nothing is compressed: it would save a hundred, and zlib gives up Python's lock for each text."""

LEVEL, WINDOW, MEMORY = 1, 15, 5
"""Of zlib: for a kilobyte, higher levels save nothing, and more memory takes longer to clear than to use."""

ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

COMPLETION = "completion"
"""The kind of a reply that is not a fault; a fault's kind is the name of its class."""


BILLIONTH = Decimal("1e-9")


class PackedReply(NamedTuple):
    """A reply as columns; the body of a completion is None where raw text is not kept, the cost where none was told."""

    kind: str
    retries: int
    usage: Usage
    body: bytes | None
    cost: int | None = None


def pack(value: JSONValue) -> bytes:
    """A JSON value as bytes; zlib's begin with an x, which no JSON text does.

    >>> pack({"a": [1, None]})
    b'{"a":[1,null]}'
    >>> pack(["long"] * 99)[:1]
    b'x'
    """
    text = ENCODE(value).encode("utf-8", "surrogatepass")
    if len(text) <= WORTH:
        return text
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY)
    return stream.compress(text) + stream.flush()


def unpack(packed: bytes) -> JSONValue:
    r"""What was packed.

    >>> unpack(pack({"half a pair": "\ud83d", "long": "x" * 999})) == {"half a pair": "\ud83d", "long": "x" * 999}
    True
    """
    text = zlib.decompress(packed) if packed[:1] == b"x" else packed
    return json.loads(text.decode("utf-8", "surrogatepass"))


def pack_text(text: str) -> str | bytes:
    """A text as SQLite takes it: half a surrogate pair is no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unpack_text(packed: str | bytes) -> str:
    r"""What was packed.

    >>> [unpack_text(pack_text(text)) for text in ("a", "\udc80")]
    ['a', '\udc80']
    """
    return packed.decode("utf-8", "surrogatepass") if isinstance(packed, bytes) else packed


def pack_reply(reply: Completion | TransportError, *, keep_raw: bool = True) -> PackedReply:
    """A reply as columns; without raw text nothing that the endpoint said is in them."""
    if isinstance(reply, Completion):
        body, cost = _pack_completion(reply) if keep_raw else None, _pack_cost(reported_cost(reply.raw))
        return PackedReply(COMPLETION, reply.retries, reply.usage, body, cost)
    fault, cost = fault_to_json(reply), _pack_cost(reported_cost(reply.body))
    return PackedReply(fault["kind"], reply.retries, reply.usage_of_reply, _pack_fault(fault, keep_raw=keep_raw), cost)


def _pack_cost(cost: Decimal | None) -> int | None:
    """In billionths, of which SQLite can add up nine billion units."""
    return None if cost is None else round(cost / BILLIONTH)


def _pack_completion(completion: Completion) -> bytes:
    """Pack the body as it came, or a list with the completion's fields where the body does not read back as the same.

    A transport of the caller's may put anything into `raw`, or nothing.
    """
    try:
        return pack(completion.raw if _reads_back(completion) else [completion_to_json(completion)])
    except (RecursionError, TypeError, ValueError):  # `raw` is nested too deeply, or not JSON; the rest can be stored
        return pack([completion_to_json(replace(completion, raw=None))])


def _unpack_completion(stored: JSONValue) -> Completion | TransportError:
    return completion_from_json(stored[0]) if isinstance(stored, list) else read_completion(stored)


def _reads_back(completion: Completion) -> bool:
    body = read_completion(completion.raw)
    return isinstance(body, Completion) and all(
        getattr(body, name) == getattr(completion, name) for name in ("choices", "id", "model", "provider")
    )


def _pack_fault(fault: JSON, *, keep_raw: bool) -> bytes:
    if not keep_raw:
        what = f"the endpoint answered {fault['status_code']}" if "status_code" in fault else fault["kind"]
        fault = {**fault, "message": f"{what}; what was said was not kept", "body": None, "request_id": None}
    try:
        return pack(fault)
    except RecursionError:
        return pack({**fault, "body": None})


def unpack_reply(packed: PackedReply) -> Completion | TransportError | None:
    """The reply that was packed; None where its body was not kept.

    >>> timeout = TransportError("too late", retryable=True)
    >>> unpack_reply(pack_reply(timeout)), unpack_reply(pack_reply(timeout, keep_raw=False))
    (TransportError('too late'), TransportError('TransportError; what was said was not kept'))
    """
    if packed.body is None:
        return None
    stored = unpack(packed.body)
    reply = _unpack_completion(stored) if packed.kind == COMPLETION else fault_from_json(stored)
    if isinstance(reply, Completion):
        return replace(reply, usage=packed.usage, retries=packed.retries)
    reply.usage_of_reply, reply.retries = packed.usage, packed.retries
    return reply
