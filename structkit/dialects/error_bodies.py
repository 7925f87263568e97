"""What an endpoint's error is about, by its codes first and by its words only where no code says it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice

from structkit.dialects.refusals import (
    ALLOCATED_QUOTA,
    AMBIGUOUS_CODES,
    CALLER_NAMES,
    CREDENTIALS_CODES,
    CREDENTIALS_STATEMENT,
    DOWNLOAD_FAILURE,
    ECHO_KEYS,
    EMPTY_ACCOUNT,
    EMPTY_ACCOUNT_CODE,
    EMPTY_ACCOUNT_CODES,
    FILTERED,
    FILTERED_CODE,
    FILTERED_CODES,
    GRAMMAR_FAILURE,
    LIMIT_AND_REQUEST,
    MODE_FIELD,
    OVERLOAD_CODES,
    PROMPT_LIMIT,
    RATE_LIMIT,
    RATE_LIMIT_CODE,
    RATE_LIMIT_CODES,
    RATE_LIMIT_STATEMENT,
    REJECTION_STATUSES,
    SPENT,
    TOO_LARGE,
    TOO_LARGE_CODES,
    UNSUPPORTED,
    UNUSUAL_STATUSES,
    WEB_PAGE,
    bare_code,
    names_field,
)
from structkit.errors import StatusError, TransportError
from structkit.values import JSONValue
from structkit.values.error_reading import ErrorKind, ErrorReading

CODE_KEYS = frozenset(
    {
        *{"code", "type", "status", "reason", "error_code", "errorcode", "error_type", "err_code", "__type"},
        *{"http_code", "status_code", "statuscode"},
    }
)
MESSAGE_KEYS = frozenset({"message", "detail", "msg", "error", "error_message", "error_msg", "raw", "faultstring"})

CODE_PARTS = frozenset(
    {
        *{"error", "errors", "detail", "details", "inner_error", "innererror", "metadata", "response", "fault"},
        *{"base_resp", "cause", "result", "data", "output", "message", "status", "upstream_error", "provider_error"},
        *{"errorresponse", "exception", "extra", "failure", "meta", "original_error", "upstream"},
    }
)
"""The fields of an error that may have codes inside; others describe a limit, or what was sent or used."""

MAX_PARTS = 200
MAX_MESSAGE_CHARS = 2_000
MAX_TEXT_CHARS = 4_000
"""Limits on what is read of an error body; anything larger is not an explanation."""

MIN_ECHO_WORDS = 4
"""So many words in a row that were sent are an echo of the request; fewer may occur in any text."""

MAX_ECHO_WORDS = 300
"""Words of an error that are looked for in what was sent, which may be long."""

STATUS_KINDS: dict[int, tuple[ErrorKind, ...]] = {
    401: ("credentials", "empty_account"),
    402: ("empty_account", "too_large"),
    407: ("credentials",),
    413: ("too_large",),
    429: ("rate_limit", "empty_account", "too_large", "filtered"),
    446: ("filtered",),
}
"""What statuses mean that are never about something else, and what the body may say instead; 446 is Portkey's for its
guardrails."""

TOO_MANY_REQUESTS = "429"
LIMIT_CODES = AMBIGUOUS_CODES | {TOO_MANY_REQUESTS}

MESSAGES = ("message", "delta")
WRITTEN_FIELDS = (
    *("content", "text", "refusal", "tool_calls", "function_call"),
    *("reasoning_content", "reasoning", "thinking"),
)
"""Where a choice or its message has something of the model."""

UPSTREAM_ERROR = (
    r"[^'\"`{\[]{0,200}?(?:[eE]rror code: \d{3} - |Exception - |litellm\.\w+Error: )(?:b['\"])?\s*(?=[\[{])"
)
"""How a message starts that quotes the error of an upstream, in JSON or as Python writes it, as LiteLLM's do; what is
in another quotation may be the log of a row."""

QUOTED_FIELD = (
    r"(?si)\\{0,8}['\"](\w{1,50})\\{0,8}['\"]\s*:\s*"
    r"(?:\\{0,8}(?P<quote>['\"])((?:(?!\\{0,8}(?P=quote)\s*[,}\]\\]).)*)|(\d+))"
)
ECHO_FIELD = rf"['\"](?:{'|'.join(sorted(ECHO_KEYS))})\\*['\"]\s*:"
"""The fields of such an error; a text after an echo of the request may be that of a row."""

MAX_QUOTED_FIELDS = 20

QUOTED = re.compile(r"\"[^\"]*\"|`[^`]*`|(?<!\w)'[^']*'(?!\w)|“[^”]*”|「[^」]*」")
"""Quotations in a message; they may be the text of a row, which may be about money too."""


def read_error(error: TransportError) -> ErrorReading:
    """Return what an error is about; each error is read once."""
    if error.reading is None:
        error.reading = read_error_body(getattr(error, "status_code", 0), error.body)
    return error.reading


def rejects_field(error: object, field: re.Pattern[str], echoes: Iterable[str] = ()) -> bool:
    """Return whether an error rejects a field of the request: by its status, or as an error object under 200.

    Args:
        error: An error, or another reply.
        field: Matches how the texts of an error name the field.
        echoes: Texts that were sent, as in `error_texts`.
    """
    if not isinstance(error, TransportError) or read_error(error).is_certain:
        return False
    if isinstance(error, StatusError):
        may_reject = error.status_code in REJECTION_STATUSES
    else:
        may_reject = isinstance(error.body, dict) and bool(error.body.get("error")) and not _has_writing(error.body)
    return may_reject and bool(field.search(error_texts(error.body, echoes)))


def read_error_body(status: int, body: JSONValue) -> ErrorReading:
    """Return what an error with that status and body is about: by its codes first, and by its words if no code says it.

    A code of an empty account counts more than that of a rate limit, because gateways give every 429 the latter.

    Args:
        status: The HTTP status; 0 or 200 for an error in a reply that is none by its status.
        body: The body.

    >>> url = "https://platform.openai.com/account/billing"
    >>> read_error_body(429, {"error": {"message": f"Limit reached. Visit {url}", "code": "rate_limit_exceeded"}})
    ErrorReading(kind='rate_limit', source='status')
    >>> read_error_body(403, {"error": {"message": "Please recharge.", "type": "rate_limit_error", "code": "1113"}})
    ErrorReading(kind='empty_account', source='code')
    >>> read_error_body(403, {"error": {"message": "User Rate Limit Exceeded", "errors": [{"reason": "usageLimits"}]}})
    ErrorReading(kind='rate_limit', source='statement')
    >>> read_error_body(400, {"error": {"message": "blocked: 'my card has insufficient funds'"}})
    ErrorReading(kind='other', source='words')
    """
    reading = _read_body(body)
    if kinds := STATUS_KINDS.get(status):
        return ErrorReading(reading.kind if reading.kind in kinds else kinds[0], "status")
    if status in UNUSUAL_STATUSES and not reading.is_certain and reading.kind != "empty_account":
        return ErrorReading("unsupported_mode" if names_field(error_texts(body)) else "other", "words")
    # What the model has written may have been paid for: nothing beside it is a limit that costs only a wait.
    return ErrorReading(reading.kind, "words") if _has_writing(body) else reading


def is_overload(error: TransportError) -> bool:
    """Return whether a code says that the endpoint was too busy to begin with the request, so that it cost nothing.

    >>> is_overload(TransportError("busy", body={"error": {"code": 529}}))
    True
    """
    return not error.partial and not _has_writing(error.body) and not OVERLOAD_CODES.isdisjoint(_codes(error.body))


def _has_writing(body: JSONValue) -> bool:
    """Return whether a body has something that the model has written; many streams start with an empty choice.

    >>> _has_writing({"choices": [{"delta": {"content": ""}}]}), _has_writing({"choices": [{"delta": {"content": 0}}]})
    (False, True)
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    fields = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    messages = [part for choice in fields for part in (choice, *map(choice.get, MESSAGES)) if isinstance(part, dict)]
    return any(message.get(name) not in (None, "", []) for message in messages for name in WRITTEN_FIELDS)


def _read_body(body: JSONValue) -> ErrorReading:
    codes, messages = frozenset(_codes(body)), _messages(body)
    message = "\n".join(messages)
    statement = QUOTED.sub("", message)
    for kind, known_codes, code_part, is_stated in STATEMENTS:
        if codes & known_codes or (code_part and any(re.search(code_part, code) for code in codes)):
            return ErrorReading(kind, "code")
        if is_stated(messages, statement):
            return ErrorReading(kind, "code" if kind == "rate_limit" and _has_limit_code(codes) else "statement")
    if any(re.search(RATE_LIMIT_CODE, code) for code in codes):
        return ErrorReading("rate_limit", "code")
    kind = "rate_limit" if codes & AMBIGUOUS_CODES else _kind_by_words(message, statement)
    is_limit = TOO_MANY_REQUESTS in codes and kind in {"rate_limit", "other"}
    return ErrorReading("rate_limit", "code") if is_limit else ErrorReading(kind, "words")


def _has_limit_code(codes: frozenset[str]) -> bool:
    """Return whether a code may be that of a rate limit, also one that needs the words of a message to be certain."""
    return not codes.isdisjoint(LIMIT_CODES) or any(re.search(RATE_LIMIT_CODE, code) for code in codes)


def _starts_with(pattern: str) -> Callable[[list[str], str], bool]:
    """Return a function that says whether one of the messages starts so, and not with a quotation of a row's text."""

    def is_stated(messages: list[str], _: str) -> bool:
        statements = (statement if (statement := QUOTED.sub("", each)).strip() else each for each in messages)
        return any(re.match(pattern, statement, re.IGNORECASE) for statement in statements)

    return is_stated


def _contains(pattern: str) -> Callable[[list[str], str], bool]:
    """Return a function that says whether the messages have these words outside of quotations."""
    return lambda _, statement: bool(re.search(pattern, statement, re.IGNORECASE))


def _is_too_large(messages: list[str], _: str) -> bool:
    """Return whether one request has more tokens than the limit of a whole period, so that no wait helps.

    >>> _is_too_large(["Rate limit reached: Limit 10,000, Used 0, Requested 12000"], ""), _is_too_large(["Limit 9"], "")
    (True, False)
    """
    message = "\n".join(messages)
    if TOO_LARGE.match(message):
        return True
    match = re.search(LIMIT_AND_REQUEST, message, re.IGNORECASE)
    limit, requested = (int(number.replace(",", "")) for number in match.groups()) if match else (0, 0)
    return requested > limit


NO_CODES = frozenset[str]()

STATEMENTS: tuple[tuple[ErrorKind, frozenset[str], str, Callable[[list[str], str], bool]], ...] = (
    ("filtered", FILTERED_CODES, FILTERED_CODE, _contains(FILTERED)),
    ("file", NO_CODES, "", _starts_with(DOWNLOAD_FAILURE)),
    ("rate_limit", NO_CODES, "", _contains(ALLOCATED_QUOTA)),
    ("too_large", NO_CODES, "", _starts_with(PROMPT_LIMIT)),
    ("empty_account", EMPTY_ACCOUNT_CODES, EMPTY_ACCOUNT_CODE, _contains(SPENT)),
    ("too_large", TOO_LARGE_CODES, "", _is_too_large),
    ("rate_limit", RATE_LIMIT_CODES - AMBIGUOUS_CODES, "", _starts_with(RATE_LIMIT_STATEMENT)),
    ("credentials", CREDENTIALS_CODES, "", _starts_with(CREDENTIALS_STATEMENT)),
)
"""The codes of each kind, a part of them, and whether the messages state it, given one by one and joined without their
quotations; the first one counts."""


def _kind_by_words(message: str, statement: str) -> ErrorKind:
    if GRAMMAR_FAILURE.search(message) or (MODE_FIELD.search(message) and UNSUPPORTED.search(message)):
        return "unsupported_mode"
    if RATE_LIMIT.search(statement):
        return "rate_limit"
    return "empty_account" if EMPTY_ACCOUNT.search(statement) else "other"


def _codes(body: JSONValue) -> Iterator[str]:
    for key, value in islice(_all_fields(body, CODE_PARTS), MAX_PARTS):
        if key in CODE_KEYS and isinstance(value, str | int):
            yield bare_code(str(value))
        if key == "base_resp" and isinstance(value, dict):  # MiniMax's numbers are those of other errors elsewhere
            yield bare_code(f"{key}{value.get('status_code')}")


def error_message(body: JSONValue) -> str:
    """Return the messages in an error body, without those that repeat the request; empty for a web page.

    >>> error_message([{"error": {"code": 429, "message": "slow down", "input": "my row"}}])
    'slow down'
    """
    return "\n".join(_messages(body))


def _messages(body: JSONValue) -> list[str]:
    """Return the messages in an error body, of limited length together, as `error_message`."""
    if isinstance(body, str):
        return [] if WEB_PAGE.match(body) else [body[:MAX_MESSAGE_CHARS]]
    fields = islice(_all_fields(body), MAX_PARTS)
    messages = [value[:MAX_MESSAGE_CHARS] for key, value in fields if key in MESSAGE_KEYS and isinstance(value, str)]
    ends = [*accumulate(len(message) + 1 for message in messages)]
    return [message for message, end in zip(messages, ends, strict=True) if end <= MAX_MESSAGE_CHARS + len(message)]


def has_blank_message(body: JSONValue) -> bool:
    """Return whether an error body has a field for a message, and no message.

    >>> has_blank_message({"error": {"message": None, "code": "bad_request"}}), has_blank_message({"errors": ["no"]})
    (True, False)
    """
    fields = islice(_all_fields(body), MAX_PARTS)
    return not error_message(body) and any(key in MESSAGE_KEYS - {"error"} and not value for key, value in fields)


def error_texts(body: JSONValue, echoes: Iterable[str] = ()) -> str:
    """Return the texts and keys in an error body, each in quotes on a line, without those that repeat the request.

    Args:
        body: The body.
        echoes: Texts that were sent; an error that repeats one does not say anything by it.

    >>> print(error_texts({"message": "no: my row", "param": "tools", "input": "my text"}, ["my row"]))
    "message"
    "no: "
    "param"
    "tools"
    """
    texts = [text[:MAX_TEXT_CHARS] for text in islice(_texts(body), MAX_PARTS)]
    echoes = [*echoes]  # read twice
    for echo in echoes:
        texts = [text.replace(echo, "") for text in texts]
    lines = CALLER_NAMES.sub("", "\n".join(f'"{text}"' for text in texts))
    for echo in echoes:
        lines = _without_echo(lines, echo)
    return lines


def _without_echo(text: str, echo: str) -> str:
    """Return a text without its runs of words that an echo has too.

    >>> _without_echo('"rejected: how do I use tools ..."', "Label: how do I use tools today")
    '"rejected:      ..."'
    """
    words = [*islice(re.finditer(r'[^\s"]+', text), MAX_ECHO_WORDS)]
    is_echo = [False] * len(words)
    for first in range(len(words) - MIN_ECHO_WORDS + 1):
        last = first + MIN_ECHO_WORDS
        if text[words[first].start() : words[last - 1].end()] in echo:
            is_echo[first:last] = [True] * MIN_ECHO_WORDS
    for word in (word for word, is_repeated in zip(reversed(words), reversed(is_echo), strict=True) if is_repeated):
        text = text[: word.start()] + text[word.end() :]
    return text


def _texts(body: JSONValue) -> Iterator[str]:
    """Yield the texts and keys of an error body in order, except those under a key that echoes the request."""
    stack = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            stack += [each for key, item in reversed(part.items()) if key not in ECHO_KEYS for each in (item, key)]
        elif isinstance(part, list):
            stack += reversed(part)


def _all_fields(body: JSONValue, parts: frozenset[str] | None = None) -> Iterator[tuple[str, JSONValue]]:
    """Yield the fields of an error body with their keys in lower case, except those that echo the request.

    Args:
        body: The body.
        parts: The fields whose inner fields are yielded; None for all.
    """
    stack: list[JSONValue] = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += reversed(part[:MAX_PARTS])
        elif isinstance(part, dict):
            first_fields = islice(part.items(), MAX_PARTS)
            fields = [(key.lower(), value) for key, value in first_fields if key.lower() not in ECHO_KEYS]
            yield from fields
            inner = [value for key, value in fields if parts is None or key in parts or key in MESSAGE_KEYS]
            stack += [*map(_inside, reversed(inner))]


def _inside(value: JSONValue) -> JSONValue:
    """Return the fields of an error inside an error: an object, or a text that quotes the whole error of an upstream.

    >>> _inside("litellm.RateLimitError: OpenAIException - Error code: 429 - {'error': {'code': 'insufficient_quota'}}")
    [{'code': 'insufficient_quota'}]
    >>> _inside('{"error": {"message": "no money", "code": 402}}')
    {'error': {'message': 'no money', 'code': 402}}
    >>> _inside("I cannot read {'code': 'insufficient_quota'}")
    """
    if not isinstance(value, str):
        return value if isinstance(value, dict | list) else None
    text = value[:MAX_TEXT_CHARS].strip()
    is_whole = text[:1] in {"{", "["} and text[-1:] in {"}", "]"}
    start = None if is_whole or "{" not in text else re.match(UPSTREAM_ERROR, text)
    if not (is_whole or start):
        return None
    text = text[start.end() :] if start else text
    try:
        fields: JSONValue = json.loads(text)
    except (ValueError, RecursionError):  # Python writes it otherwise, and LiteLLM adds sentences
        return _quoted_fields(text)
    return fields


def _quoted_fields(text: str) -> list[JSONValue]:
    """Return the fields of an error that a text starts with, each in an object."""
    text = re.split(ECHO_FIELD, text, maxsplit=1)[0]
    return [{match[1]: match[3] or match[4]} for match in islice(re.finditer(QUOTED_FIELD, text), MAX_QUOTED_FIELDS)]
