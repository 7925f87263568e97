"""The formats that replies are validated by: the same ones in every draft, each in linear time."""

from __future__ import annotations

import re
from typing import Any

from structkit.schema.json_schema.load_jsonschema import load_jsonschema
from structkit.values import JSONValue

NON_URI_CHARACTERS = re.compile("[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd]")
"""The characters that an IRI has beyond those of a URI (RFC 3987, `ucschar`)."""

LABEL = r"[{0}](?:[{0}-]{{0,61}}[{0}])?"
LOCAL_PART = r"[{0}!#$%&'*+/=?^_`{{|}}~-]+"
QUOTED_PART = r"\"(?:[^\"\\\r\n]|\\.)+\""
IP_LITERAL = r"\[(?P<literal>[0-9A-Fa-f.:IPv]+)\]"
ADDRESS = rf"(?:{{local}}(?:\.{{local}})*|{QUOTED_PART})@(?:{{label}}(?:\.{{label}})*|{IP_LITERAL})"
"""A mailbox of RFC 5321: a local part, plain or in quotes, and a domain, or an IP address in brackets."""

EMAIL_CHARACTERS = {"email": "A-Za-z0-9", "idn-email": "A-Za-z0-9\u00a0-\U0010ffff"}
EMAILS = {
    name: re.compile(ADDRESS.format(local=LOCAL_PART.format(characters), label=LABEL.format(characters)))
    for name, characters in EMAIL_CHARACTERS.items()
}
"""jsonschema takes any text with an @ for an address."""

LOCAL_TIME = "time-local"
LOCAL_TIMES = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")
"""A time without a UTC offset, as the registry of OpenAPI defines it, and draft 3 does under the name `time`."""

URI_FORMATS = {"iri": "uri", "iri-reference": "uri-reference"}


def with_all_formats(checker: Any) -> Any:
    """Return a jsonschema format checker that also has the formats which later drafts define.

    Schemas that name draft-07, as most generators write, use `uuid` and `duration` too. An IRI is validated as a URI,
    with its other characters encoded: jsonschema's parser of IRIs takes seconds for a long one.

    >>> from jsonschema import Draft4Validator
    >>> checker = with_all_formats(Draft4Validator.FORMAT_CHECKER)
    >>> checker.conforms("http://é.x/ü?ö", "iri"), checker.conforms("http://é x", "iri")
    (True, False)
    >>> checker.conforms("nope", "uuid"), checker.conforms("a@", "email"), checker.conforms("a@é.x", "idn-email")
    (False, False, True)
    """
    from jsonschema import Draft202012Validator, FormatChecker

    copied: Any = FormatChecker(formats=())
    copied.checkers = {**Draft202012Validator.FORMAT_CHECKER.checkers, **checker.checkers}
    for name, uri_format in URI_FORMATS.items():
        if name in copied.checkers and uri_format in copied.checkers:
            check, errors = copied.checkers[uri_format]
            copied.checkers[name] = (_encoded(check), errors)
    for name, pattern in EMAILS.items():
        copied.checkers[name] = (_is_address(pattern, copied), ())
    copied.checkers[LOCAL_TIME] = (_is_local_time, ())
    return copied


def is_validated(name: JSONValue) -> bool:
    """Return whether replies to a JSON Schema are validated by a format; names that no draft defines are annotations.

    >>> is_validated("uuid"), is_validated("int32")
    (True, False)
    """
    load_jsonschema()

    from jsonschema import Draft202012Validator

    return name == LOCAL_TIME or name in Draft202012Validator.FORMAT_CHECKER.checkers


def _is_local_time(value: Any) -> bool:
    return not isinstance(value, str) or LOCAL_TIMES.fullmatch(value) is not None


def _is_address(pattern: re.Pattern[str], checker: Any) -> Any:
    def check(value: Any) -> bool:
        if not isinstance(value, str):
            return True
        if (match := pattern.fullmatch(value)) is None:
            return False
        literal = match["literal"]
        if literal is None:
            return True
        is_v6 = literal.startswith("IPv6:")
        return bool(checker.conforms(literal.removeprefix("IPv6:"), "ipv6" if is_v6 else "ipv4"))

    return check


def _encoded(check: Any) -> Any:
    def check_encoded(value: Any) -> bool:
        return bool(check(NON_URI_CHARACTERS.sub("%C3", value) if isinstance(value, str) else value))

    return check_encoded
