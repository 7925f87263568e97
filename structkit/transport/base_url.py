"""What users give as a base URL, made into the one that paths can be appended to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from structkit.errors import ConfigError

COMPLETIONS = "/chat/completions"
MODELS = "/models"

VERSION = re.compile(r"v\d+[a-z0-9]*")
HOST = re.compile(r"[0-9a-f:]+|(?:[^\s./]{1,63}\.)*[^\s./]{1,63}\.?")


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
    try:
        parts = urlsplit(trimmed)
        is_url = parts.scheme in {"http", "https"} and bool(HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        is_url = False
        parts = urlsplit("")
    if not is_url or not trimmed.isprintable():
        raise ConfigError(f"the base URL {base_url!r} is no http(s) URL; write it like https://gateway.example/v1")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigError(
            "the base URL must be an address alone: no ?query, #fragment or user:password@ (not shown here)"
        )
    has_version = any(VERSION.fullmatch(segment) for segment in parts.path.split("/"))
    return trimmed if has_version else f"{trimmed}/v1"


def is_loopback(base_url: str) -> bool:
    """Whether the URL leads to this machine, where servers seldom want a key.

    >>> is_loopback("http://localhost:8080/v1"), is_loopback("https://gateway.example/v1")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
