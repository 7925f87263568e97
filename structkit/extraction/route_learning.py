"""What an error or a reply teaches about a route: a smaller dialect, or a mode that it rejects or ignores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from structkit.dialects import CORE, DIALECTS, Dialect, Route
from structkit.dialects.error_bodies import error_message, error_texts, has_blank_message, read_error
from structkit.dialects.parameter_rejections import (
    find_exclusive_pair,
    find_rejected_parameter,
    pair_setting,
    rejected_setting,
)
from structkit.dialects.refusals import (
    CHARACTER_COUNT,
    ENUM_COUNT,
    GENERIC_MESSAGE,
    GRAMMAR_FAILURE,
    MODE_WORDS,
    NESTING,
    PROPERTY_COUNT,
    RECURSION,
    REGEX_REJECTION,
    REJECTION,
    RESPONSE_FORMAT_FIELD,
    ROOT_REFERENCE,
    SCHEMA_ERROR_STATUSES,
    SCHEMA_SUBJECT,
    SIZE_LIMIT,
    STREAM,
    TOOL_FIELD,
    UNRELATED_TO_MODE,
    UNRELATED_TO_SCHEMA,
    UNUSUAL_STATUSES,
    WEB_PAGE,
    names_field,
)
from structkit.errors import MalformedReply, SchemaError, StatusError, TransportError
from structkit.extraction.accepted_forms import learn_rejected_part
from structkit.extraction.modes import Mode
from structkit.parsing import NotJSON, may_be_json, read_json, read_prefix, read_record_prefix
from structkit.parsing.thinking import STARTS, without_thinking
from structkit.schema import Codec
from structkit.schema.strict.conformance import conforms
from structkit.schema.strict.size import enums_to_open, walk_schema
from structkit.values import JSON, JSONValue, Message

T = TypeVar("T")

PASSED_ON = frozenset({502, 503})
"""The statuses with which gateways pass on a rejection that a server answered with a 500."""

ERROR_CODES = frozenset({"code", "type", "status"})
"""Where the body of an error has its code."""

NOT_FOUND = 404
NOT_IMPLEMENTED = 501

MIN_ECHO_CHARS = 12
"""A message of at least this many characters that occurs in an error is an echo of the request; a shorter one may occur
in any text."""

BEFORE_JSON = re.compile(r"(?:\s*(?:`+[^`\n]*(?:\n|$)|<[^<>\n]{0,160}(?:>|$)))*\s*")
"""What may come before JSON at the start of a text: code fences and tags."""

THINKING = re.compile(STARTS, re.IGNORECASE)

TRACE_OF_JSON = re.compile(
    r"""
    $                                                           # nothing yet
    | "(?:[^"\\]|\\.)*\\?(?:$|"\s*(?:$|[:,}\]]))                # a text, and nothing behind it that is not JSON
    | \[(?!\w[^,\]]*\]\s*[^\s,\]])\s*(?:$|["'\[{\]\dntf-])      # an array, and no "[1] as above"
    | [\s\S]*?\{\s*(?:$|\\?["'“„{}]|//|/\*|[\w$-]+\s*(?:$|:))   # anywhere: an object, which begins with a key
    """,
    re.VERBOSE,
)
"""The start of a truncated text that may still become JSON in any notation. The braces of prose and of code, as in
`\\frac{3}{4}`, seldom have a key."""

MIN_LEVELS = 3
"""A limit on nesting below this many levels would leave nothing to express."""


def learn_from_error(
    error: TransportError,
    route: Route,
    mode: Mode,
    schema: JSON,
    *,
    is_mode_fixed: bool = False,
    messages: tuple[Message, ...] = (),
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> Route | None:
    """Return the route as an error shows it to be, or None if no other mode or dialect would help.

    A keyword, a format or a limit that the error names is removed from the dialect. If the error names none, or is the
    second one, only the keywords that every vendor accepts are left: however little an endpoint explains, it rejects a
    schema twice at most. Otherwise the mode is marked as rejected, unless the caller has fixed it.

    Args:
        error: The error.
        route: The route before the error.
        mode: The mode of the request.
        schema: The strict schema that was sent.
        is_mode_fixed: Whether the caller has fixed the mode.
        messages: The messages that were sent; some errors repeat them, and their words must not be taken for a reason.
        parameters: The parameters of the request that may be changed, with their values.
    """
    contents = (message.content for message in messages if isinstance(message.content, str))
    text = error_texts(error.body or str(error), (each for each in contents if len(each) >= MIN_ECHO_CHARS))
    if not may_reject_request(error) or (_status(error) in UNUSUAL_STATUSES and not names_field(text)):
        return None
    if with_other_form := learn_rejected_part(text, route, messages):
        return with_other_form
    if not SCHEMA_SUBJECT.search(text) and (pair := find_exclusive_pair(text, parameters)):
        return route.with_rejected_parameter(pair_setting(*pair))
    if not SCHEMA_SUBJECT.search(text) and (name := find_rejected_parameter(text, parameters)):
        rejected = rejected_setting(text, name, parameters[name])
        # What the route knows already has not been left out: the request has the field, whatever the error states.
        return route.with_rejected_parameter(name if rejected in route.rejected_parameters else rejected)
    if UNRELATED_TO_SCHEMA.search(text):
        return None
    return _learn_about_schema(error, text, route, mode, schema, is_mode_fixed=is_mode_fixed)


def _learn_about_schema(
    error: TransportError, text: str, route: Route, mode: Mode, schema: JSON, *, is_mode_fixed: bool
) -> Route | None:
    """Return the route with a smaller dialect or without the mode, as `learn_from_error`."""
    if mode.name != "prompt" and (dialect := narrow_dialect(text, route.dialect, schema)):
        return replace(route, dialect=core_keywords(dialect, schema) if is_narrowed(route.dialect) else dialect)
    core = core_keywords(route.dialect, schema)
    if mode.name != "prompt" and core != route.dialect and _is_about_schema(error, text):
        return replace(route, dialect=core)
    if is_mode_fixed or mode.name == "prompt" or not _is_about_mode(error, text, mode) or _is_unrelated(text, mode):
        return None
    return route.with_rejected(mode.name)


def _is_about_mode(error: TransportError, text: str, mode: Mode) -> bool:
    """Return whether an error names the mode, or gives no reason at all, so that it may be about anything sent."""
    names_mode = MODE_WORDS[mode.name].search(text) or GRAMMAR_FAILURE.search(text)
    is_not_implemented = _status(error) == NOT_IMPLEMENTED and not STREAM.search(text)
    return bool(is_generic(error) or names_mode or is_not_implemented)


def _is_about_schema(error: TransportError, text: str) -> bool:
    """Return whether an error may be about what the schema holds, and not about the field that carries it."""
    without_field = re.sub(f"{RESPONSE_FORMAT_FIELD}|{TOOL_FIELD}", "", text, flags=re.IGNORECASE)
    is_subject = SCHEMA_SUBJECT.search(without_field) or GRAMMAR_FAILURE.search(text)
    return is_generic(error) or bool(is_subject and not UNRELATED_TO_MODE.search(text))


def is_generic(error: TransportError) -> bool:
    """Return whether an error gives no reason at all."""
    message = "" if has_blank_message(error.body) else error_message(error.body) or error_texts(error.body)
    return _status(error) != NOT_FOUND and not error.retryable and bool(GENERIC_MESSAGE.fullmatch(message))


def _status(error: TransportError) -> int | None:
    return error.status_code if isinstance(error, StatusError) else None


def _is_unrelated(text: str, mode: Mode) -> bool:
    """Return whether an error is about something that no other mode would change, and does not name the schema."""
    field = TOOL_FIELD if mode.name == "tool" else RESPONSE_FORMAT_FIELD
    return bool(UNRELATED_TO_MODE.search(text)) and not re.search(field, text, re.IGNORECASE)


def may_reject_request(error: TransportError) -> bool:
    """Return whether an error may reject the form of a request, by its status, or as a permanent error under 200."""
    reading = read_error(error)
    if reading.is_certain and reading.kind != "too_large":  # the schema may be what is too large
        return False
    if isinstance(error, StatusError):
        is_page = isinstance(error.body, str) and WEB_PAGE.match(error.body)
        statuses = UNUSUAL_STATUSES | PASSED_ON if reading.kind == "unsupported_mode" else frozenset[int]()
        return error.status_code in SCHEMA_ERROR_STATUSES | statuses and not is_page
    has_error = isinstance(error.body, dict) and bool(error.body.get("error"))
    return isinstance(error, MalformedReply) and has_error and not error.retryable


def is_narrowed(dialect: Dialect) -> bool:
    """Return whether an endpoint has rejected a part of a vendor's dialect."""
    complete = DIALECTS.get(dialect.name, dialect)
    recursion = dialect.recursion and complete.recursion
    # A dialect that replies have shown may have another form of values.
    has_form = replace(dialect, recursion=recursion, optional=complete.optional, name_pattern=complete.name_pattern)
    return has_form != complete


def core_keywords(dialect: Dialect, schema: JSON) -> Dialect:
    """Return the dialect with no keyword and no format but those that every vendor accepts.

    If the schema that was sent has longer enums than every vendor accepts, their limits apply too.
    """
    bare = replace(dialect, keywords=dialect.keywords & CORE.keywords, formats=frozenset())
    if not enums_to_open(schema, CORE):
        return bare
    size, core_size = dialect.max_size, CORE.max_size
    enum_values = min(size.enum_values, core_size.enum_values)
    characters = min(size.characters, core_size.characters)
    return replace(
        bare,
        max_enum_characters=min(dialect.max_enum_characters, CORE.max_enum_characters),
        max_size=replace(size, enum_values=enum_values, characters=characters),
    )


def narrow_dialect(text: str, dialect: Dialect, schema: JSON) -> Dialect | None:
    """Return the dialect without what an error names, or None if the error names nothing that is in the schema.

    >>> from structkit.dialects import OPENAI
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    >>> OPENAI.keywords - narrow_dialect("'minimum' is not permitted", OPENAI, schema).keywords
    frozenset({'minimum'})
    >>> narrow_dialect("'maximum' is not permitted", OPENAI, schema)
    """
    used_keywords = {*_keywords(schema)}
    if formats := {value for keyword, value in used_keywords if keyword == "format" and _has_keyword(text, value)}:
        return replace(dialect, formats=dialect.formats - formats)
    if keywords := {
        keyword for keyword, _ in used_keywords if keyword in dialect.keywords and _has_keyword(text, keyword)
    }:
        return replace(dialect, keywords=dialect.keywords - keywords)
    if ("$ref", "#") in used_keywords and ROOT_REFERENCE.search(text):
        return replace(dialect, root_reference=False)
    if dialect.recursion and RECURSION.search(text):
        return replace(dialect, recursion=False)
    limit = SIZE_LIMIT.search(text)
    return _limit_size(text, int(limit[1].replace(",", "")), dialect) if limit else None


def _keywords(schema: JSON) -> Iterator[tuple[str, str]]:
    """Yield every keyword of a strict schema with its value, or with an empty text if the value is not a text."""
    for part in walk_schema(schema):
        for keyword, value in part.items():
            yield keyword, value if isinstance(value, str) else ""


def _has_keyword(text: str, keyword: str) -> bool:
    """Return whether an error names a keyword: in quotes, or as a word of a schema that is said to be unsupported.

    >>> _has_keyword("Unsupported schema keyword: pattern", "pattern")
    True
    >>> _has_keyword("patterns are not supported", "pattern")
    True
    >>> _has_keyword("Your prompt matches a forbidden pattern", "pattern")
    False
    >>> _has_keyword("Invalid regex: look-around is not supported", "pattern")
    True
    """
    if keyword == "pattern" and REGEX_REJECTION.search(text):
        return True
    word = rf"(?<!response )(?<![\w-]){re.escape(keyword)}s?(?![\w-])"
    if re.search(rf"""['"`]{re.escape(keyword)}\\?['"`]""", text):
        return True
    if REJECTION.search(text) and SCHEMA_SUBJECT.search(text):
        return bool(re.search(word, text))
    return bool(re.search(rf"{word}:? ((is|are) )?{REJECTION.pattern}", text, re.IGNORECASE))


def _limit_size(text: str, limit: int, dialect: Dialect) -> Dialect | None:
    """Return the dialect with the limit that an error names, or None if the dialect has a smaller one already."""
    if PROPERTY_COUNT.search(text) and 0 < limit < dialect.max_size.properties:
        return replace(dialect, max_size=replace(dialect.max_size, properties=limit))
    if ENUM_COUNT.search(text) and CHARACTER_COUNT.search(text) and limit < dialect.max_enum_characters:
        return replace(dialect, max_enum_characters=limit)
    if ENUM_COUNT.search(text) and limit < dialect.max_size.enum_values:
        return replace(dialect, max_size=replace(dialect.max_size, enum_values=limit))
    if NESTING.search(text) and MIN_LEVELS <= limit < dialect.max_levels:
        return replace(dialect, max_levels=limit)
    return None


def is_schema_ignored(text: str, mode: Mode, schema: JSON) -> bool:
    """Return whether a reply shows that the schema never reached the model: not JSON, or an object with other keys.

    A truncated text, and JSON that represents no value, prove nothing: a grammar allows them. Nor does the body of an
    error, which is not the model's.

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
    >>> is_schema_ignored('{"error": {"message": "overloaded", "code": 503}}', JSON_SCHEMA, schema)
    False
    """
    try:
        wire = read_json(text)
    except NotJSON:
        return mode.is_json and not may_be_json(text)
    properties = schema["properties"].keys()
    is_foreign = not isinstance(wire, dict) or 2 * len(wire.keys() & properties) < len(properties)
    return mode.constrains and is_foreign and not _is_error_body(wire) and breaks_schema(schema, wire)


def _is_error_body(wire: JSONValue) -> bool:
    """Return whether a value is the body of an error, which some gateways send as the text of the reply."""
    error = wire["error"] if isinstance(wire, dict) and wire.keys() == {"error"} else None
    return isinstance(error, dict) and isinstance(error.get("message"), str) and not ERROR_CODES.isdisjoint(error)


def is_schema_ignored_in_part(text: str, mode: Mode, schema: JSON, draft: JSONValue) -> bool:
    """Return whether a truncated text shows that the schema never reached the model: prose, or an object of other keys.

    Args:
        text: The text.
        mode: The mode of the request.
        schema: The strict schema that was sent.
        draft: What could be read of the text: its keys may be those of the schema in another spelling, or be inside.

    >>> from structkit.extraction.modes import JSON_SCHEMA
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> texts = ("Sure! There are thr", '{"cups": [{"size": 3}, {"si', '{"cups": 3, "un', '{"n": 3, "un', '{"cu')
    >>> [is_schema_ignored_in_part(text, JSON_SCHEMA, schema, None) for text in texts]
    [True, True, True, False, False]
    """
    if _is_truncated_prose(text, mode):
        return True
    prefix = read_prefix(text) or read_record_prefix(text)
    wire = prefix.value if prefix else None
    if not mode.constrains or not isinstance(wire, dict) or _is_error_body(wire):
        return False
    inner = next(iter(wire.values())) if len(wire) == 1 else None  # of a wrapper
    names = {name for part in (wire, inner, draft) if isinstance(part, dict) for name in part}
    return bool(names) and names.isdisjoint(schema["properties"])


def _is_truncated_prose(text: str, mode: Mode) -> bool:
    """Return whether there is no trace of JSON in a truncated text.

    A model that thinks first may not have come to its answer.

    >>> from structkit.extraction.modes import JSON_SCHEMA
    >>> [_is_truncated_prose(text, JSON_SCHEMA) for text in ("Sure! There are thr", "<invoice><total>3")]
    [True, True]
    >>> [_is_truncated_prose(text, JSON_SCHEMA) for text in ('Sure! {"n": 3, "un', "<think>The user", " ", "```js")]
    [False, False, False, False]
    """
    if not mode.is_json:
        return False
    answer, _ = without_thinking(text)
    start = BEFORE_JSON.match(answer)
    return not THINKING.search(answer) and not TRACE_OF_JSON.match(answer, start.end() if start else 0)


def is_unconstrained(text: str, mode: Mode, schema: JSON) -> bool:
    """Return whether a reply breaks the schema although the mode constrains the decoding: the endpoint does not.

    >>> from structkit.extraction.modes import JSON_SCHEMA
    >>> schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    >>> is_unconstrained('{"n": "3"}', JSON_SCHEMA, schema), is_unconstrained('{"n": 3}', JSON_SCHEMA, schema)
    (True, False)
    """
    try:
        wire = read_json(text)
        return mode.constrains and not _is_error_body(wire) and breaks_schema(schema, wire)
    except NotJSON:
        return mode.constrains and not may_be_json(text)


def breaks_schema(schema: JSON, wire: JSONValue) -> bool:
    """Return whether a value breaks a schema; unknown, and so False, if it is nested deeper than the stack allows."""
    try:
        return not conforms(wire, schema)
    except RecursionError:
        return False


def narrower_codec(codec: Codec[T], dialect: Dialect) -> Codec[T] | None:
    """Return a type in a narrower dialect, or None if its schema is the same or the dialect cannot express it."""
    try:
        narrower = codec.in_dialect(dialect)
    except SchemaError:
        return None
    return narrower if narrower.compiled_schema.excess or narrower.schema != codec.schema else None
