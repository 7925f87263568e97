"""The names of models in an endpoint's list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from structkit.errors import MalformedReply, TransportError
from structkit.transport.http_reply import read_reply, redact


def model_names(status: int, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[str, ...]:
    """The ids in a models list.

    Raises:
        TransportError: It is none.
    """
    refused = read_reply(status, headers, body, secret) if status != HTTPStatus.OK else None
    if isinstance(refused, TransportError):
        raise refused
    try:
        return tuple(sorted(str(entry["id"]) for entry in json.loads(body)["data"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        text = redact(body.decode("utf-8", "replace"), secret)
        raise MalformedReply(f"the endpoint's models list is none: {text[:200]!r}", body=text) from None
