"""The caller's own body fields, headers and query parameters: what is validated before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from structkit.errors import ConfigError
from structkit.transport.header_rules import header_problem
from structkit.values.json import json_text
from structkit.values.parameters import EXTRA_OPTIONS, MODE_FIELDS, OPTION_NAMES

BODY_OPTIONS = frozenset(OPTION_NAMES) - {"extra_headers", "extra_query", "tools"}
"""Options whose values are part of the body as they are; those of `tools` may be functions."""


def validate_extras(body: Any, headers: Any, query: Any) -> None:
    """Validate the values of `extra_body`, `extra_headers` and `extra_query`; None is none.

    Raises:
        ConfigError: One is not a mapping, a field of the body has an argument of its own or is set by structkit, or a
            header or query parameter cannot be sent. Values of headers are not in the message.

    >>> validate_extras({"stream": True}, None, None)
    Traceback (most recent call last):
    structkit.errors.ConfigError: extra_body (--set) has 'stream', which structkit sets itself; leave it out
    """
    for name, value in (("extra_body", body), ("extra_headers", headers), ("extra_query", query)):
        if value is not None and not (isinstance(value, Mapping) and all(isinstance(key, str) for key in value)):
            raise ConfigError(f"{name} must be a mapping with texts as keys, not {type(value).__name__}")
    _validate_body(body or {})
    for name, value in (headers or {}).items():
        if problem := header_problem(name, value):
            raise ConfigError(f"extra_headers (--header) {problem}")
    for name, value in (query or {}).items():
        _validate_query(name, value)


def validate_body_options(call: Mapping[str, Any]) -> None:
    """Validate that the values of the options that go into the body are JSON.

    Raises:
        ConfigError: One is not; with its name and the reason.

    >>> validate_body_options({"metadata": {"tags": {"a"}}})
    Traceback (most recent call last):
    structkit.errors.ConfigError: metadata cannot be sent as JSON: Object of type set is not JSON serializable
    """
    for name in call.keys() & BODY_OPTIONS:
        validate_json(name, call[name])


def validate_json(name: str, value: Any) -> None:
    """Validate that a value of the body is JSON.

    Raises:
        ConfigError: It is not.
    """
    if value is None or isinstance(value, int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{name} must be a finite number, not {value}")
        return
    try:
        json_text({**value} if isinstance(value, Mapping) else value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError(f"{name} cannot be sent as JSON: {reason}") from None


def _validate_body(body: Mapping[str, Any]) -> None:
    for name in body:
        if name in MODE_FIELDS:
            raise ConfigError(f"extra_body (--set) has {name!r}, which structkit sets itself; {_instead(name)}")
        if name in OPTION_NAMES and name not in EXTRA_OPTIONS:
            raise ConfigError(f"extra_body (--set) has {name!r}, which is an argument of its own: pass {name}=...")


def _instead(name: str) -> str:
    hints = {
        "response_format": "pass the type as the first argument, and mode=... (--mode) to choose how it is sent",
        "messages": "pass the messages as the prompt",
        "model": "pass model=... (--model)",
    }
    return hints.get(name, "leave it out")


def _validate_query(name: str, value: Any) -> None:
    values = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(each, str | int | float) for each in values):
        raise ConfigError(f"extra_query has {name!r} of type {type(value).__name__}: pass a text, a number or a list")
    if any("\ud800" <= character <= "\udfff" for text in (name, *map(str, values)) for character in text):
        raise ConfigError(f"extra_query has {name!r} with half of a surrogate pair, which no URL may have")
