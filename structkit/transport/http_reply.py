"""HTTP replies as completions or faults: status, headers and body, with secrets blacked out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from structkit.dialects.refusals import MODE_FIELD, OUT_OF_QUOTA, UNSUPPORTED
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.parsing import read_completion, read_envelope
from structkit.transport.rate_limit_headers import read_limits
from structkit.values import Completion, JSONValue

SHOWN = 300
"""How many characters of a foreign body an error shows."""

SHOWN_DEPTH = 100
"""How many levels of a foreign body an error keeps: what handles it later must not run out of stack."""

RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
LOOKS_LIKE_KEY = re.compile(r"(\b(?:[Bb]earer\s+|sk-|gsk_|xai-|AIza))(?=[A-Za-z0-9*_\-.]*[0-9*])[A-Za-z0-9*_\-.]{12,}")

ADVICE = {
    401: "check the API key (OPENAI_API_KEY, or api_key=)",
    403: "the key may not use this model or endpoint",
    404: "check the base URL and the model's name (`structkit models` lists them)",
    429: "the endpoint wants you to slow down, or the quota is used up",
}


def read_reply(status: int, headers: Mapping[str, str], body: bytes, secret: str) -> Completion | TransportError:
    """What an HTTP reply comes to. A completion is never altered; a fault is rid of secrets.

    Args:
        status: The HTTP status.
        headers: With lower-case or case-insensitive names.
        body: As it came. JSON is UTF-8, whatever the content type says of it.
        secret: The API key, blacked out wherever a provider echoes it in a fault.
    """
    found = _decoded(body)
    reply = read_completion(found) if is_success(status) and found is not None else None
    limits = read_limits(headers)
    if isinstance(reply, Completion):
        return replace(reply, limits=limits) if limits else reply
    clean = {name.lower(): redact(value, secret) for name, value in headers.items()}
    fault = _fault(status, clean, redact(body.decode("utf-8-sig", "replace"), secret), _clean(found, secret))
    fault.request_id = fault.request_id or clean.get("x-request-id")
    fault.limits = limits
    return fault


def is_success(status: int) -> bool:
    """Whether a status says that all is well: a completion that comes with a 201 was paid for as well."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _fault(status: int, headers: Mapping[str, str], text: str, body: JSONValue) -> TransportError:
    """The fault that a reply is. Its secrets are gone before any of it is cut: half a key tells too much."""
    if status >= HTTPStatus.BAD_REQUEST:
        return _status_error(status, headers, text, body)
    if status >= HTTPStatus.MULTIPLE_CHOICES and "location" in headers:
        return _redirect(status, headers["location"], text)
    found = None if not is_success(status) or body is None else read_completion(body)
    return found if isinstance(found, TransportError) else _not_json(status, text)


def _decoded(body: bytes) -> JSONValue:
    """The JSON value, or None where there is none."""
    try:
        return read_envelope(body)
    except (ValueError, RecursionError):
        return None


def redacted(fault: TransportError, secret: str) -> TransportError:
    """The fault without the key in its message, body, text and request id."""
    fault.args = tuple(_clean(part, secret) for part in fault.args)
    fault.body = _clean(fault.body, secret)
    fault.partial = _clean(fault.partial, secret)
    fault.request_id = _clean(fault.request_id, secret)
    return fault


def _clean(value: Any, secret: str, depth: int = SHOWN_DEPTH) -> Any:
    if isinstance(value, str):
        return redact(value, secret)
    if not depth and isinstance(value, list | dict):
        return "..."
    if isinstance(value, list):
        return [_clean(item, secret, depth - 1) for item in value]
    if isinstance(value, dict):
        return {redact(key, secret): _clean(item, secret, depth - 1) for key, item in value.items()}
    return value


def redact(text: str, secret: str) -> str:
    """*text* without the key, and without anything that looks like one.

    >>> redact("Incorrect API key provided: sk-abcdef1234567890.", "hunter2")
    'Incorrect API key provided: sk-[redacted]'
    """
    if len(secret) > 3:  # noqa: PLR2004 (a placeholder such as "x" is no secret, and stands in every text)
        for spelling in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
            text = text.replace(spelling, "[redacted]")
    return LOOKS_LIKE_KEY.sub(r"\1[redacted]", text)


def read_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that the endpoint asks to wait; None where it does not say, or says nonsense.

    >>> read_retry_after({"retry-after": "7"}), read_retry_after({"retry-after-ms": "250"})
    (7.0, 0.25)
    >>> read_retry_after({"retry-after": "NaN"}), read_retry_after({"retry-after": "-1"})
    (None, None)
    >>> now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    >>> read_retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT"}, now)
    9.0
    """
    if (milliseconds := _seconds(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    seconds = _seconds(given)
    return seconds if seconds is not None or given is None else _until(given, now)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(text: str, now: datetime | None) -> float | None:
    try:
        when = parsedate_to_datetime(text)
        aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
        return max(0.0, (aware - (now or datetime.now(timezone.utc))).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _status_error(status: int, headers: Mapping[str, str], text: str, body: JSONValue) -> StatusError:
    advice = f"; {ADVICE[status]}" if status in ADVICE else ""
    said = _said(body) or ""
    error = StatusError(
        f"the endpoint answered {status}: {said or text[:SHOWN]!r}{advice}",
        retryable=status in RETRYABLE and not OUT_OF_QUOTA.search(text) and not _is_refusal(status, said),
        retry_after=read_retry_after(headers),
        request_id=headers.get("x-request-id"),
        body=text if body is None else body,
    )
    error.status_code = status
    return error


def _is_refusal(status: int, said: str) -> bool:
    """Whether a server error names a way of asking that it will not serve the next time either."""
    is_named = MODE_FIELD.search(said) and UNSUPPORTED.search(said)
    return status == HTTPStatus.INTERNAL_SERVER_ERROR and bool(is_named)


def _redirect(status: int, location: str, text: str) -> StatusError:
    error = StatusError(
        f"the endpoint answered {status} and points to {location!r}; redirects are not followed, "
        "the key would go with them: set the base URL to where the endpoint is",
        body=text,
    )
    error.status_code = status
    return error


def _said(body: JSONValue) -> str | None:
    """The message inside an error body, in the shapes that gateways use."""
    error = body.get("error", body) if isinstance(body, dict) else None
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return str(message)[:SHOWN] if message else None


def _not_json(status: int, text: str) -> MalformedReply:
    what = "a web page" if "<html" in text[:1000].lower() or "<!doctype" in text[:1000].lower() else "no JSON"
    return MalformedReply(
        f"the endpoint answered {status} with {what}: {text[:SHOWN]!r}; "
        "check that the base URL leads to a chat completions endpoint (it may lack /v1)",
        retryable=True,
        body=text,
    )
