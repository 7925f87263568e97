"""The ladder: what a refusal or a reply teaches about a route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from structkit.dialects import Dialect, Route
from structkit.dialects.refusals import (
    CALLER_NAMES,
    ECHO_KEYS,
    ENUM_COUNT,
    GENERIC_MESSAGE,
    MODE_WORDS,
    NESTING,
    PROPERTY_COUNT,
    RECURSION,
    REJECTION,
    RESPONSE_FORMAT_FIELD,
    SCHEMA_SUBJECT,
    SIZE_LIMIT,
    TOOL_FIELD,
    UNRELATED_TO_MODE,
    UNRELATED_TO_SCHEMA,
    WEB_PAGE,
)
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.extraction.modes import Mode
from structkit.parsing import NotJSON, may_be_json, read_json
from structkit.schema.strict.conformance import conforms
from structkit.schema.strict.size import walk
from structkit.values import JSON, JSONValue, Message

TEACHING = frozenset({400, 404, 422, 500, 501})
"""Statuses with which gateways refuse a parameter."""

NOT_IMPLEMENTED = 501


def learn_from_error(
    fault: TransportError,
    route: Route,
    mode: Mode,
    schema: JSON,
    *,
    fixed: bool = False,
    sent: tuple[Message, ...] = (),
) -> Route | None:
    """What a refusal teaches; None where no other way of asking would help.

    A keyword, a format or a limit that it names leaves the dialect. Else, unless the caller has fixed the mode, the
    way of asking is given up.

    Args:
        fault: The refusal.
        route: What was known.
        mode: How it was asked.
        schema: The strict schema that was sent.
        fixed: Whether the caller has fixed the mode.
        sent: The messages, which some refusals repeat: what they say is no lesson.
    """
    if not _teaches(fault):
        return None
    said = _said(fault, sent)
    status = fault.status_code if isinstance(fault, StatusError) else None
    if UNRELATED_TO_SCHEMA.search(said):
        return None
    if mode.name != "prompt" and (narrowed := narrow_dialect(said, route.dialect, schema)):
        return replace(route, dialect=narrowed)
    says_nothing = status != NOT_FOUND and not fault.retryable and GENERIC_MESSAGE.fullmatch(_message(fault.body))
    is_about_it = bool(says_nothing or MODE_WORDS[mode.name].search(said) or status == NOT_IMPLEMENTED)
    if fixed or mode.name == "prompt" or not is_about_it or _is_about_else(said, mode):
        return None
    return route.refusing(mode.name)


def _is_about_else(said: str, mode: Mode) -> bool:
    """Whether a refusal is about what no other way of asking would cure, and does not name the schema's field."""
    field = TOOL_FIELD if mode.name == "tool" else RESPONSE_FORMAT_FIELD
    return bool(UNRELATED_TO_MODE.search(said)) and not re.search(field, said, re.IGNORECASE)


NOT_FOUND = 404


def _teaches(fault: TransportError) -> bool:
    """Whether a fault may be a refusal: a status of that kind, or an error object under 200 that will not pass."""
    if isinstance(fault, StatusError):
        return fault.status_code in TEACHING and not (isinstance(fault.body, str) and WEB_PAGE.match(fault.body))
    is_error = isinstance(fault.body, dict) and "error" in fault.body
    return isinstance(fault, MalformedReply) and is_error and not fault.retryable


def _said(fault: TransportError, sent: tuple[Message, ...]) -> str:
    """What a refusal says, each text in quotes, without what it repeats of the request."""
    texts = [*islice(_texts(fault.body or str(fault)), MOST_TEXTS)]
    for content in (message.content for message in sent if isinstance(message.content, str)):
        if len(content) >= SHORTEST_ECHO:  # shorter ones stand in any text
            texts = [text.replace(content, "") for text in texts]
    return CALLER_NAMES.sub("", "\n".join(f'"{text[:LONGEST_TEXT]}"' for text in texts))


def _texts(body: JSONValue) -> Iterator[str]:
    """The texts of an error body, its keys among them, in order; not what stands under a key for what was sent."""
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += [each for key, item in reversed(part.items()) if key not in ECHO_KEYS for each in (item, key)]
        elif isinstance(part, list):
            waiting += reversed(part)


SHORTEST_ECHO = 12
"""Characters of a message from which on its text in a refusal is the message repeated."""

MOST_TEXTS = 200
LONGEST_TEXT = 4_000
"""Texts of a refusal that are read, and characters of each; what is more is no explanation."""


def _message(body: JSONValue) -> str:
    """The message inside an error body."""
    error = body.get("error", body) if isinstance(body, dict) else body
    message = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(islice(_texts(message), MOST_TEXTS))[:LONGEST_TEXT]


def narrow_dialect(said: str, dialect: Dialect, schema: JSON) -> Dialect | None:
    """The dialect without what a refusal names, if that was in the schema that was sent.

    >>> from structkit.dialects import OPENAI
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    >>> OPENAI.keywords - narrow_dialect("'minimum' is not permitted", OPENAI, schema).keywords
    frozenset({'minimum'})
    >>> narrow_dialect("'maximum' is not permitted", OPENAI, schema)
    """
    sent = {*_keywords(schema)}
    if formats := {value for word, value in sent if word == "format" and _names(said, value)}:
        return replace(dialect, formats=dialect.formats - formats)
    if words := {word for word, _ in sent if word in dialect.keywords and _names(said, word)}:
        return replace(dialect, keywords=dialect.keywords - words)
    if dialect.recursion and RECURSION.search(said):
        return replace(dialect, recursion=False)
    limit = SIZE_LIMIT.search(said)
    return _smaller(said, int(limit[1]), dialect) if limit else None


def _keywords(schema: JSON) -> Iterator[tuple[str, str]]:
    """Every keyword of a strict schema with its value, where that is a text."""
    for part in walk(schema):
        for word, value in part.items():
            yield word, value if isinstance(value, str) else ""


def _names(said: str, word: str) -> bool:
    """Whether a refusal names a keyword: in quotes, or as a word of a schema that is said to be unsupported.

    >>> _names("Unsupported schema keyword: pattern", "pattern"), _names("patterns are not supported", "pattern")
    (True, True)
    >>> _names("Your prompt matches a forbidden pattern", "pattern")
    False
    """
    named = rf"(?<!response )(?<![\w-]){re.escape(word)}s?(?![\w-])"
    if re.search(rf"""['"`]{re.escape(word)}\\?['"`]""", said):
        return True
    if REJECTION.search(said) and SCHEMA_SUBJECT.search(said):
        return bool(re.search(named, said))
    return bool(re.search(rf"{named}:? ((is|are) )?{REJECTION.pattern}", said, re.IGNORECASE))


def _smaller(said: str, most: int, dialect: Dialect) -> Dialect | None:
    """The dialect with the limit that a refusal names, if that is less than was known."""
    if PROPERTY_COUNT.search(said) and 0 < most < dialect.most.properties:
        return replace(dialect, most=replace(dialect.most, properties=most))
    if ENUM_COUNT.search(said) and most < dialect.most.enum_values:
        return replace(dialect, most=replace(dialect.most, enum_values=most))
    if NESTING.search(said) and SHALLOWEST <= most < dialect.levels:
        return replace(dialect, levels=most)
    return None


SHALLOWEST = 3
"""Levels below which nothing could be said at all."""


def is_schema_ignored(text: str, mode: Mode, schema: JSON) -> bool:
    """Whether a reply shows that the schema never reached the model: no JSON, or an object of other keys.

    Text that was cut, and JSON that says no value, is what any grammar lets through.

    >>> from structkit.extraction.modes import JSON_OBJECT, JSON_SCHEMA
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> is_schema_ignored("Sure! It is 3.", JSON_SCHEMA, schema)
    True
    >>> is_schema_ignored('{"number": 3}', JSON_SCHEMA, schema)
    True
    >>> is_schema_ignored('{"n": "3"}', JSON_SCHEMA, schema), is_schema_ignored('{"number": 3}', JSON_OBJECT, schema)
    (False, False)
    >>> is_schema_ignored('{"n": 1e999}', JSON_SCHEMA, schema), is_schema_ignored('{"n": 3, "un', JSON_SCHEMA, schema)
    (False, False)
    """
    try:
        wire = read_json(text)
    except NotJSON:
        return mode.is_json and not may_be_json(text)
    wanted = schema["properties"].keys()
    has_few = not isinstance(wire, dict) or 2 * len(wire.keys() & wanted) < len(wanted)
    return mode.constrains and has_few and not conforms(wire, schema)


def is_unconstrained(text: str, mode: Mode, schema: JSON) -> bool:
    """Whether a reply breaks what an endpoint that constrains the decoding cannot let through.

    >>> from structkit.extraction.modes import JSON_SCHEMA
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> is_unconstrained('{"n": "3"}', JSON_SCHEMA, schema), is_unconstrained('{"n": 3}', JSON_SCHEMA, schema)
    (True, False)
    """
    try:
        return mode.constrains and not conforms(read_json(text), schema)
    except NotJSON:
        return mode.constrains and not may_be_json(text)
