"""Reads an HTTP reply as a completion, a list of models or an error; redacts secrets in errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from structkit.dialects.error_bodies import error_message, is_overload, read_error
from structkit.dialects.refusals import NEEDS_TLS, UNUSUAL_STATUSES
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.parsing import inside_list, read_completion, read_envelope
from structkit.parsing.completion import SUCCESS_CODES, has_excess_choices, reported_error
from structkit.transport.rate_limit_headers import read_limits
from structkit.transport.reply_body import BodyReader
from structkit.transport.retry_after import read_retry_after
from structkit.transport.secrets import Secrets
from structkit.values import JSON, Completion, JSONValue, ModelName, RateLimit, Usage
from structkit.values.error_reading import ErrorKind, ErrorReading
from structkit.values.text import shorten

MAX_ERROR_CHARS = 300
"""The number of characters of an endpoint's text that an error message quotes."""

MAX_PAGE_CHARS = 1_000
"""The number of characters of a web page, or of a text, that say what it is."""

MAX_MODELS_CHARS = 200
"""The same for a list of models that cannot be read."""

LIST_KEYS = ("data", "models", "result", "items")
"""The keys of a list of models, or of an object that has it, the best one first."""

MAX_LIST_DEPTH = 2
"""The objects around a list of models, as in `{"code": 0, "data": {"models": []}}`."""

NAME_KEYS = ("id", "name", "model", "model_name", "model_id", "slug")
"""The keys of a model's name in a list of models, the best one first."""

MAX_BODY_DEPTH = 100
"""The levels of nesting of an error's `body`: printing or pickling a deeper one would exhaust the stack."""

MAX_BODY_ITEMS = 10_000
"""The items and fields of an error's `body`, at all depths: an explanation has fewer, and each takes time."""

MIN_SECRET_CHARS = 4
"""A shorter API key is a placeholder such as "x", which occurs in every text."""

UNREDACTED_FIELDS = frozenset({"choices", "usage"})
"""Fields of a completion that have the model's own words, or numbers."""

WRONG_ADDRESS = frozenset({404, 405})
"""Statuses whose message names the URL, because it may be the wrong one."""

MIN_KEY_CHARS = 12
"""A shorter text contains nothing that looks like a key."""

RETRYABLE = frozenset({408, 409, 424, 425, 429, 498, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530, 598, 599})
"""Statuses of failures that pass; 424 is that of a model that failed (Bedrock, TGI), 498 Groq's for a tier without
capacity (console.groq.com/docs/flex-processing)."""

UPSTREAM_FAULTS = frozenset({500, 502, 503})
LOOKS_LIKE_KEY = re.compile(
    r"(\b(?:[Bb]earer\s+|sk-|gsk_|xai-|AIza))(?=[A-Za-z0-9*_\-.]{0,200}[0-9*])[A-Za-z0-9*_\-.]{12,}"
)

STARTS_LIKE_EVENTS = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:data|event|id|retry)? ?:")
"""The first line of a stream of events, which some endpoints send although nobody has asked for a stream."""

PROXY_LOGIN = "the proxy requires a user and a password: http://USER:PASSWORD@HOST:PORT"

ADVICE = {
    403: "the key may not use this model or endpoint",
    404: "check the base URL and the model's name (`structkit models` lists them)",
    407: PROXY_LOGIN,
    500: "if this persists, `structkit probe` finds out whether the server fails on the mode",
}
UNPAID_KINDS = frozenset({"rate_limit", "empty_account", "credentials"})
HTTPS_ADVICE = "the server requires https:// in the base URL"
KIND_ADVICE: dict[ErrorKind, str] = {
    "credentials": "check the API key (OPENAI_API_KEY, or api_key=)",
    "empty_account": "the account is empty: check its balance and its quota",
    "too_large": "the request alone is larger than the limit; shorten the prompt, or lower max_tokens",
    "rate_limit": "send fewer requests at a time, or check the quota",
    "filtered": "change the input",
    "file": "check the URL of the file, or send the file itself",
}


def read_reply(
    status: int, headers: Mapping[str, str], body: bytes, secret: Secrets, url: str = ""
) -> Completion | TransportError:
    """Return the completion in an HTTP reply, or an error; without secrets, but what the model wrote is unaltered.

    Args:
        status: The HTTP status.
        headers: With lower-case or case-insensitive names.
        body: The decoded body. JSON is read as UTF-8, whatever charset the content type names.
        secret: The API key and other secrets, which are redacted, because some providers echo them.
        url: Where the request was sent, for messages.
    """
    value = _decode(body)
    reply = _read_success(value, body) if is_success(status) else None
    limits = read_limits(headers)
    if isinstance(reply, Completion):
        return without_secrets(with_headers(reply, headers, limits), secret)
    safe_headers = {name.lower(): redact(text, secret) for name, text in headers.items()}
    # Redacted before anything is truncated: half a key would no longer be recognised.
    text = redact(body.decode("utf-8-sig", "replace"), secret)
    error = None
    if reply and (value is None or has_excess_choices(value)):  # a stream of events, or choices that redaction cuts off
        note_cost_and_wait(reply, safe_headers)
        error = redact_error(reply, secret)
    error = error or _read_error(status, safe_headers, text, _redact(value, secret), url)
    error.request_id = error.request_id or safe_headers.get("x-request-id")
    error.limits = limits
    return error


def received_reply(reader: BodyReader, secret: Secrets) -> Completion | TransportError:
    """Return the reply that a reader has received, as `read_reply`; an error whose body breaks off may be retried."""
    reply = read_reply(reader.status, reader.headers, reader.body, secret, reader.url)
    if reader.is_truncated and isinstance(reply, TransportError):
        reply.retryable = True
    return reply


def _read_success(value: JSONValue, body: bytes) -> Completion | TransportError | None:
    """Return the reply in a body; None if it is neither JSON nor a stream of events."""
    if value is not None:
        return read_completion(value)
    if not STARTS_LIKE_EVENTS.match(body):
        return None
    from structkit.parsing.stream_body import read_stream_body

    return read_stream_body(body)


def with_headers(reply: Completion, headers: Mapping[str, str], limits: tuple[RateLimit, ...]) -> Completion:
    """Return a completion with what the headers of its reply say."""
    server = headers.get("server")
    return replace(reply, limits=limits, server=server) if limits or server else reply


def without_secrets(reply: Completion, secret: Secrets) -> Completion:
    """Return a completion without secrets in what the endpoint says of it, such as its id; the choices stay.

    A short secret stays: the key "ollama" is a part of the fingerprint by which its server is recognised. The answer is
    never changed: a text from which credentials are extracted may have this one.

    >>> from structkit.values import Usage
    >>> reply = Completion((), Usage(), id="for hunter2-hunter2", raw={"id": "for hunter2-hunter2"})
    >>> without_secrets(reply, "hunter2-hunter2").raw
    {'id': 'for [redacted]'}
    """
    body = reply.raw if isinstance(reply.raw, dict) else {}
    secret = tuple(each for each in ((secret,) if isinstance(secret, str) else secret) if len(each) >= MIN_KEY_CHARS)
    pattern, metadata = _secret_pattern(secret), [name for name in body if name not in UNREDACTED_FIELDS]
    texts = [reply.server or "", *(str(body[name]) for name in metadata)]
    if pattern is None or not pattern.search("\n".join(texts)):
        return reply
    fields: JSON = {name: _redact(getattr(reply, name), secret) for name in ("id", "model", "provider", "server")}
    return replace(reply, **fields, raw={**body, **_redact({name: body[name] for name in metadata}, secret)})


def read_model_names(
    status: int, headers: Mapping[str, str], body: bytes, secret: Secrets, url: str = ""
) -> tuple[str, ...]:
    """Return the ids in the reply to `GET /v1/models`, sorted, each once.

    Raises:
        TransportError: The reply is an error, or not a list of models.
    """
    error = None if is_success(status) else read_reply(status, headers, body, secret, url)
    if isinstance(error, TransportError):
        raise error
    try:
        return _model_names(read_envelope(body))
    except (ValueError, TypeError, RecursionError):
        text = redact(body.decode("utf-8", "replace"), secret)
        raise MalformedReply(
            f"the endpoint's list of models cannot be read: {shorten(text, MAX_MODELS_CHARS)!r}", body=text
        ) from None


def _model_names(listing: JSONValue) -> tuple[str, ...]:
    """Return the names in a list of models, in the shapes that gateways use.

    Raises:
        TypeError: It is not a list of models.

    >>> _model_names({"data": [{"id": "b"}, {"id": "a"}]}), _model_names({"models": [{"name": "a"}, "a"]})
    (('a', 'b'), ('a',))
    """
    body = listing
    for _ in range(MAX_LIST_DEPTH):
        if isinstance(listing, dict):
            fields = [listing[key] for key in LIST_KEYS if key in listing]
            listing = next((field for field in fields if field is not None), [] if fields else None)
    if not isinstance(listing, list):
        raise TypeError("not a list of models")
    names = {name for entry in listing if (name := _model_name(entry))}
    if not names and (listing or _has_error(body)):
        raise TypeError("no model has a name, or an error says why there is none")
    return tuple(sorted(names))


def _has_error(body: JSONValue) -> bool:
    has_object = isinstance(body, dict) and reported_error(body.get("error"))
    return bool(has_object) or error_message(body).lower() not in {"", *SUCCESS_CODES}


def _model_name(entry: JSONValue) -> str | None:
    fields = entry if isinstance(entry, dict) else {"id": entry}
    name, owner = next(filter(None, map(fields.get, NAME_KEYS)), None), fields.get("owned_by")
    return ModelName(name, owner if isinstance(owner, str) else None) if isinstance(name, str) else None


def is_success(status: int) -> bool:
    """Whether the status is any 2xx: some gateways answer 201, and the completion in it was billed."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _read_error(status: int, headers: Mapping[str, str], text: str, body: JSONValue, url: str) -> TransportError:
    if status >= HTTPStatus.BAD_REQUEST:
        return _status_error(status, headers, text, body, url)
    if status >= HTTPStatus.MULTIPLE_CHOICES and "location" in headers:
        return _redirect_error(status, headers["location"], text)
    reply = None if not is_success(status) or body is None else read_completion(body)
    if not isinstance(reply, TransportError):
        return _not_json_error(status, text, url)
    note_cost_and_wait(reply, headers)
    return reply


def note_cost_and_wait(error: TransportError, headers: Mapping[str, str]) -> None:
    """Set the cost and the wait of an error in a reply that is none by its status, by what it is about.

    Limits, overloads, empty accounts and wrong keys cost only what they report: nothing was asked of a model.
    """
    reading, is_busy = read_error(error), is_overload(error)
    is_unpaid = is_busy or (reading.is_certain and reading.kind in UNPAID_KINDS)
    if is_unpaid and error.usage_of_reply.unreported:
        error.usage_of_reply = Usage()
    if is_busy or reading.is_rate_limit:
        error.retry_after = read_retry_after(headers, error.body, is_rate_limit=reading.is_rate_limit)


def _decode(body: bytes) -> JSONValue:
    """Return the JSON value, outside of a list that a gateway puts around it; None if the body is not JSON."""
    try:
        return inside_list(read_envelope(body))
    except (ValueError, RecursionError):
        return None


def redact_error(error: TransportError, secret: Secrets) -> TransportError:
    """Remove the API key from an error's message, body, partial text and request id; return the error."""
    error.args = tuple(_redact(argument, secret) for argument in error.args)
    error.body = _redact(error.body, secret)
    error.partial = _redact(error.partial, secret)
    error.request_id = _redact(error.request_id, secret)
    return error


def _redact(value: Any, secret: Secrets, depth: int = MAX_BODY_DEPTH, items: Iterator[int] | None = None) -> Any:
    if isinstance(value, str):
        return redact(value, secret)
    if not depth and isinstance(value, list | dict):
        return "..."
    items = items or iter(range(MAX_BODY_ITEMS))
    if isinstance(value, list):
        return [_redact(item, secret, depth - 1, items) for item, _ in zip(value, items, strict=False)]
    if isinstance(value, dict):
        fields = zip(value.items(), items, strict=False)
        return {redact(key, secret): _redact(item, secret, depth - 1, items) for (key, item), _ in fields}
    return value


def redact(text: str, secret: Secrets) -> str:
    """Return *text* without the API key, and without anything that looks like one.

    >>> redact("Incorrect API key provided: sk-abcdef1234567890.", "hunter2")
    'Incorrect API key provided: sk-[redacted]'
    """
    if len(text) < MIN_SECRET_CHARS:
        return text
    if pattern := _secret_pattern(secret):
        text = pattern.sub("[redacted]", text)
    return LOOKS_LIKE_KEY.sub(r"\1[redacted]", text) if len(text) >= MIN_KEY_CHARS else text


@lru_cache(maxsize=8)
def _secret_pattern(secret: Secrets) -> re.Pattern[str] | None:
    """Return a pattern for the secrets in every form in which an endpoint may echo them; None without any."""
    secrets = (secret,) if isinstance(secret, str) else secret
    # The longest first: a secret may contain another one.
    longest_first = sorted({each for each in secrets if len(each) >= MIN_SECRET_CHARS}, key=len, reverse=True)
    return re.compile("|".join("".join(map(_char_forms, each)) for each in longest_first)) if longest_first else None


HTML_NAMES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


@cache
def _char_forms(char: str) -> str:
    r"""Return a pattern for a character as it is, or as it is escaped in JSON, Python, a URL or HTML, also twice.

    >>> [bool(re.fullmatch(_char_forms("&"), form)) for form in ("&", r"\u0026", "%26", "&amp;", "&#38;", "amp")]
    [True, True, True, True, True, False]
    >>> [bool(re.fullmatch(_char_forms("\n"), form)) for form in ("\n", r"\n", r"\\n", "%0A", "n")]
    [True, True, True, True, False]
    """
    if char.isascii() and char.isalnum():
        return char
    code, name = ord(char), HTML_NAMES.get(char, "#")
    escapes = {json.dumps(char)[1:-1], ascii(char)[1:-1], rf"\u{code:04x}", rf"\x{code:02x}"} - {char}
    forms = [re.escape(each).replace(r"\\", r"\\{1,8}") for each in sorted(escapes)]
    forms += [rf"&(?:{name}|#0*{code}|#x0*{code:x});", re.escape(quote(char, safe="", errors="surrogatepass"))]
    return rf"(?:(?i:{'|'.join(forms)})|\\{{0,8}}{re.escape(char)}{'|[+]' if char == ' ' else ''})"


def _status_error(status: int, headers: Mapping[str, str], text: str, body: JSONValue, url: str) -> StatusError:
    value = text if body is None else body
    place = f" to {url}" if url and status in WRONG_ADDRESS else ""
    message = _message(body) or ""
    error = StatusError(
        f"the endpoint answered {status}{place}: {message or shorten(text, MAX_ERROR_CHARS)!r}",
        request_id=headers.get("x-request-id"),
        body=value,
    )
    error.status_code = status
    reading = read_error(error)
    is_transient = status in RETRYABLE or reading.is_rate_limit
    error.retryable = is_transient and not _is_permanent(status, reading.kind)
    error.retry_after = read_retry_after(headers, value, is_rate_limit=reading.is_rate_limit)
    needs_tls = status == HTTPStatus.BAD_REQUEST and body is None and NEEDS_TLS.search(text[:MAX_PAGE_CHARS])
    error.args = (f"{error}; {HTTPS_ADVICE}" if needs_tls else f"{error}{_advice(status, reading)}",)
    return error


def _advice(status: int, reading: ErrorReading) -> str:
    """Return what to do about an error: a rate limit or an empty account comes under any status."""
    is_uncertain = reading.kind == "rate_limit" and not reading.is_certain
    is_other = is_uncertain or status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    advice = None if is_other else KIND_ADVICE.get(reading.kind)
    advice = advice or ADVICE.get(status)
    return f"; {advice}" if advice else ""


def _is_permanent(status: int, kind: ErrorKind) -> bool:
    """Whether a retry cannot cure an error with a status that usually passes.

    A 429 may be about one request that is too large, and some servers reject a field that a mode sets with a 500, which
    a gateway may pass on as 502 or 503.
    """
    if kind == "unsupported_mode":
        return status in UPSTREAM_FAULTS | UNUSUAL_STATUSES
    if kind == "too_large":
        return status == HTTPStatus.TOO_MANY_REQUESTS
    return kind in {"empty_account", "filtered"}


def _redirect_error(status: int, location: str, text: str) -> StatusError:
    error = StatusError(
        f"the endpoint answered {status} with a redirect to {location!r}, which is not followed, because the API key "
        "would be sent there; set the base URL to the endpoint's address",
        body=text,
    )
    error.status_code = status
    return error


def _message(body: JSONValue) -> str | None:
    """The message in an error body, in the shapes that gateways use."""
    error = body.get("error", body) if isinstance(body, dict) else None
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return shorten(str(message), MAX_ERROR_CHARS) if message else None


def _not_json_error(status: int, text: str, url: str) -> MalformedReply:
    start = text[:MAX_PAGE_CHARS].lower()
    content = "a web page" if "<html" in start or "<!doctype" in start else "no JSON"
    place = f"; the request went to {url}" if url else ""
    return MalformedReply(
        f"the endpoint answered {status} with {content}: {shorten(text, MAX_ERROR_CHARS)!r}; "
        f"check that the base URL leads to a chat completions endpoint (it may lack /v1){place}",
        retryable=True,
        body=text,
    )
