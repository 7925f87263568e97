"""Formats that are validated here, because jsonschema's parser of IRIs takes seconds for a long one."""

from __future__ import annotations

import re
from typing import Any

NON_URI_CHARACTERS = re.compile("[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd]")
"""The characters that an IRI has beyond those of a URI (RFC 3987, `ucschar`)."""

URI_FORMATS = {"iri": "uri", "iri-reference": "uri-reference"}


def with_linear_iri_formats(checker: Any) -> Any:
    """Return a copy of a jsonschema format checker that validates an IRI as a URI, with its other characters encoded.

    >>> from jsonschema import Draft202012Validator
    >>> checker = with_linear_iri_formats(Draft202012Validator.FORMAT_CHECKER)
    >>> checker.conforms("http://é.x/ü?ö", "iri"), checker.conforms("http://é x", "iri")
    (True, False)
    """
    from jsonschema import FormatChecker

    copied: Any = FormatChecker(formats=())
    copied.checkers = dict(checker.checkers)
    for name, uri_format in URI_FORMATS.items():
        if name in copied.checkers and uri_format in copied.checkers:
            check, errors = copied.checkers[uri_format]
            copied.checkers[name] = (_encoded(check), errors)
    return copied


def _encoded(check: Any) -> Any:
    def check_encoded(value: Any) -> bool:
        return bool(check(NON_URI_CHARACTERS.sub("%C3", value) if isinstance(value, str) else value))

    return check_encoded
