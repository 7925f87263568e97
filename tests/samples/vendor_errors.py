"""Errors of vendors, gateways and servers as they send them, and the ways in which an error reaches a client."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from structkit.values import JSON, JSONValue


class VendorError(NamedTuple):
    """One error of one vendor.

    Args:
        fault: What it is about.
        vendor: Who sends it.
        status: Its HTTP status.
        body: Its body.
        only_status: Whether the body alone does not say what it is about.
    """

    fault: str
    vendor: str
    status: int
    body: JSONValue
    only_status: bool = False


class Carrier(NamedTuple):
    """One way in which an error reaches a client.

    Args:
        wrap: Returns the status and the body of the reply.
        keeps_status: Whether the reply has the status of the error.
        is_native: Whether the body is that of the error.
    """

    wrap: Callable[[VendorError], tuple[int, JSONValue]]
    keeps_status: bool
    is_native: bool = False


SUCCESS = 200

VENDOR_ERRORS = [
    VendorError(**json.loads(line))
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
]


def _text(body: JSONValue) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _inner(body: JSONValue) -> JSON:
    """Return the object that says what an error is about."""
    body = body[0] if isinstance(body, list) else body
    if isinstance(body, dict):
        error = body.get("error")
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) else None
        return next((each for each in (error, first) if isinstance(each, dict)), body)
    return {"message": body}


def _events(*parts: str) -> str:
    return "".join(f"{part}\n\n" for part in parts)


EMPTY_CHUNK = {"id": "a", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}

CARRIERS: dict[str, Carrier] = {
    "by its status": Carrier(lambda error: (error.status, error.body), True, True),
    "in a list": Carrier(lambda error: (error.status, [error.body]), True),
    "as a detail": Carrier(lambda error: (error.status, {"detail": _inner(error.body)}), True),
    "in the message of a gateway": Carrier(
        lambda error: (error.status, {"error": {"message": _text(error.body), "code": error.status}}), True
    ),
    "in OpenRouter's error": Carrier(
        lambda error: (
            error.status,
            {"error": {"message": "Provider returned error", "code": 0, "metadata": {"raw": _text(error.body)}}},
        ),
        True,
    ),
    "in LiteLLM's error": Carrier(
        lambda error: (
            error.status,
            {"error": {"message": f"litellm.APIError: XException - Error code: {error.status} - {error.body!r}"}},
        ),
        True,
    ),
    "under 200": Carrier(lambda error: (200, error.body), False, True),
    "in its choice": Carrier(
        lambda error: (
            200,
            {
                "choices": [
                    {"index": 0, "message": {"content": ""}, "finish_reason": "error", "error": _inner(error.body)}
                ]
            },
        ),
        False,
    ),
    "in a stream": Carrier(lambda error: (200, _events(f"data: {_text(error.body)}")), False, True),
    "in an event": Carrier(lambda error: (200, _events(f"event: error\ndata: {_text(error.body)}")), False, True),
    "after an empty chunk": Carrier(
        lambda error: (200, _events(f"data: {_text(EMPTY_CHUNK)}", f"data: {_text(error.body)}")), False
    ),
}


def arrives(error: VendorError, carrier: Carrier) -> bool:
    """Return whether an error may come in a carrier, and says there what it is about."""
    if error.status == SUCCESS:  # as vendors send it that have errors under no other status
        return carrier.is_native
    return carrier.keeps_status or not (error.only_status or isinstance(error.body, str))
