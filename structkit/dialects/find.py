"""The dialect of a route, from its address and the model's name."""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from structkit.dialects.dialect import Dialect
from structkit.dialects.rows import DIALECTS, UNKNOWN
from structkit.errors import ConfigError
from structkit.values.text import suggest_name


def find_dialect(model: str, base_url: str = "") -> Dialect:
    """Return the dialect of the vendor at that address; else of the model's maker; else `UNKNOWN`.

    >>> find_dialect("gpt-4o-2024-08-06").name, find_dialect("anthropic/claude-sonnet-4.5").name
    ('openai', 'anthropic')
    >>> find_dialect("openai/gpt-oss-20b", "https://api.groq.com/openai/v1").name, find_dialect("my-model").name
    ('groq', 'unknown')
    """
    return find_host_dialect(base_url) or find_model_dialect(model) or UNKNOWN


def find_host_dialect(base_url: str) -> Dialect | None:
    """Return the dialect of the vendor or server at that address; None if the address does not show it."""
    host = urlsplit(base_url).netloc.rpartition("@")[2].lower()
    rows = (row for row in DIALECTS.values() if any(fnmatchcase(host, pattern) for pattern in row.hosts))
    return next(rows, None)


def find_model_dialect(model: str) -> Dialect | None:
    """Return the dialect of the model's maker; None if its name does not show it."""
    name = model.rpartition("/")[2].lower()
    rows = (row for row in DIALECTS.values() if any(fnmatchcase(name, pattern) for pattern in row.models))
    return next(rows, None)


def get_dialect(name: str) -> Dialect:
    """Return the dialect with that name.

    Raises:
        ConfigError: There is none.

    >>> get_dialect("opnai")
    Traceback (most recent call last):
    structkit.errors.ConfigError: unknown dialect 'opnai'; did you mean 'openai'?
    """
    if name in DIALECTS:
        return DIALECTS[name]
    raise ConfigError(f"unknown dialect {name!r}; {suggest_name(name, DIALECTS, 'expected one of: ')}")
