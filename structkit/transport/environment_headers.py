"""The headers that environment variables add to every request."""

from __future__ import annotations

import os

from structkit.errors import ConfigError
from structkit.transport.header_rules import HEADER_NAME, HEADER_VALUE, header_problem
from structkit.transport.secrets import CUSTOM_HEADERS


def environment_headers() -> dict[str, str]:
    """Return the headers of the environment, by lower-case name; those of OPENAI_CUSTOM_HEADERS replace the others.

    Raises:
        ConfigError: One cannot be sent; with the variable, and without the value.
    """
    return {
        "openai-organization": _account_value("OPENAI_ORG_ID", os.environ.get("OPENAI_ORG_ID", "")),
        "openai-project": _account_value("OPENAI_PROJECT_ID", os.environ.get("OPENAI_PROJECT_ID", "")),
        **parse_custom_headers(os.environ.get(CUSTOM_HEADERS, "")),
    }


def parse_custom_headers(text: str) -> dict[str, str]:
    r"""Return the headers in the value of OPENAI_CUSTOM_HEADERS: one `name: value` per line; blank lines are left out.

    Raises:
        ConfigError: A line is none, which may be a secret: it is named by its number.

    >>> parse_custom_headers("X-Team: tea: green\n\n")
    {'x-team': 'tea: green'}
    >>> parse_custom_headers("X-Team: tea\nhunter2")
    Traceback (most recent call last):
    structkit.errors.ConfigError: OPENAI_CUSTOM_HEADERS, line 2: expected 'name: value' (it is not shown here)
    """
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return dict(_parse_line(line, f"{CUSTOM_HEADERS}, line {number}:") for number, line in lines)


def _parse_line(line: str, place: str) -> tuple[str, str]:
    name, separator, value = line.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not separator or not HEADER_NAME.fullmatch(name):  # what is no name may be a secret
        raise ConfigError(f"{place} expected 'name: value' (it is not shown here)")
    if problem := header_problem(name, value):
        raise ConfigError(f"{place} {problem}")
    return name, value


def _account_value(variable: str, value: str) -> str:
    if not HEADER_VALUE.fullmatch(value.strip()):
        raise ConfigError(f"{variable} has a character that no header may have (it is not shown here)")
    return value.strip()
