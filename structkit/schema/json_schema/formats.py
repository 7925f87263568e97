"""Formats of JSON Schema that are checked here: jsonschema's parser of IRIs takes seconds for a long one."""

from __future__ import annotations

import re
from typing import Any

BEYOND_URI = re.compile("[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd]")
"""The characters that an IRI has beyond those of a URI (RFC 3987, `ucschar`)."""

AS_URI = {"iri": "uri", "iri-reference": "uri-reference"}


def with_our_formats(checker: Any) -> Any:
    """A format checker of jsonschema's that reads an IRI as the URI it is written as where only ASCII is taken.

    >>> from jsonschema import Draft202012Validator
    >>> checker = with_our_formats(Draft202012Validator.FORMAT_CHECKER)
    >>> checker.conforms("http://é.x/ü?ö", "iri"), checker.conforms("http://é x", "iri")
    (True, False)
    """
    from jsonschema import FormatChecker

    ours: Any = FormatChecker(formats=())
    ours.checkers = dict(checker.checkers)
    for name, plain in AS_URI.items():
        if name in ours.checkers and plain in ours.checkers:
            check, raised = ours.checkers[plain]
            ours.checkers[name] = (_encoded(check), raised)
    return ours


def _encoded(check: Any) -> Any:
    def check_encoded(value: Any) -> bool:
        return bool(check(BEYOND_URI.sub("%C3", value) if isinstance(value, str) else value))

    return check_encoded
