"""What users give as a base URL, made into the one that paths can be appended to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from structkit.errors import ConfigError

VERSION = re.compile(r"v\d+[a-z0-9]*")


def normalise(base_url: str) -> str:
    """The base URL with its version segment, without a slash at the end.

    The endpoint's page writes `POST {BASE_URL}/v1/chat/completions`; users paste the URL with or
    without `/v1`, a slash, or the whole path. A URL that names a version anywhere (`/api/paas/v4`,
    `/v1beta/openai`) is left as it is.

    Raises:
        ConfigError: It is no http or https URL.

    >>> normalise("https://gateway.example"), normalise("https://gateway.example/v1/")
    ('https://gateway.example/v1', 'https://gateway.example/v1')
    >>> normalise("https://gateway.example/api/paas/v4/chat/completions")
    'https://gateway.example/api/paas/v4'
    """
    trimmed = base_url.strip().rstrip("/").removesuffix("/chat/completions")
    parts = urlsplit(trimmed)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"the base URL {base_url!r} is no http(s) URL; write it like https://gateway.example/v1")
    has_version = any(VERSION.fullmatch(segment) for segment in parts.path.split("/"))
    return trimmed if has_version else f"{trimmed}/v1"


def is_loopback(base_url: str) -> bool:
    """Whether the URL leads to this machine, where servers seldom want a key.

    >>> is_loopback("http://localhost:8080/v1"), is_loopback("https://gateway.example/v1")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
