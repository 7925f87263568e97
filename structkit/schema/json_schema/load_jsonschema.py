"""Loads jsonschema without a grammar that it builds in seconds, for formats that are validated otherwise here."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

GRAMMAR = "rfc3987_syntax"
"""The parser of `iri` and `iri-reference`."""


def load_jsonschema() -> None:
    """Import jsonschema; the parser of IRIs is imported when someone's own validator first uses it.

    >>> load_jsonschema()
    >>> from jsonschema import Draft202012Validator
    >>> Draft202012Validator.FORMAT_CHECKER.conforms("http://x y", "iri")
    False
    """
    if "jsonschema" in sys.modules or GRAMMAR in sys.modules or find_spec(GRAMMAR) is None:
        return
    deferred = ModuleType(GRAMMAR)
    deferred.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
    sys.modules[GRAMMAR] = deferred
    try:
        import_module("jsonschema")
    finally:
        if sys.modules.get(GRAMMAR) is deferred:
            del sys.modules[GRAMMAR]


def _is_valid_syntax(term: str, text: str) -> bool:
    return bool(import_module(GRAMMAR).is_valid_syntax(term, text))
