"""Turns the base URL of a user into the one that paths are appended to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from structkit.errors import ConfigError

COMPLETIONS = "/chat/completions"
MODELS = "/models"

VERSION = re.compile(r"v\d+[a-z0-9]*")
HOST = re.compile(r"[0-9a-f:]+|(?:[^\s./]{1,63}\.)*[^\s./]{1,63}\.?")


def normalise_base_url(base_url: str) -> str:
    """Return the base URL with its version segment and without a trailing slash.

    The endpoint's page writes `POST {BASE_URL}/v1/chat/completions`; users paste the URL with or
    without `/v1`, a slash, or the whole path. A URL that has a version anywhere (`/api/paas/v4`,
    `/v1beta/openai`) gets no other.

    Raises:
        ConfigError: It is not an http or https URL.

    >>> normalise_base_url("https://gateway.example"), normalise_base_url("https://gateway.example/v1/")
    ('https://gateway.example/v1', 'https://gateway.example/v1')
    >>> normalise_base_url("https://gateway.example/api/paas/v4/chat/completions")
    'https://gateway.example/api/paas/v4'
    """
    trimmed = base_url.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        parts = urlsplit(trimmed)
        is_url = parts.scheme in {"http", "https"} and bool(HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:  # an unclosed bracket, or a port that is not a number
        is_url = False
        parts = urlsplit("")
    if not is_url or not trimmed.isprintable():
        raise ConfigError(f"the base URL {base_url!r} is not an http(s) URL; write it like https://gateway.example/v1")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigError(
            "the base URL must not have a ?query, a #fragment or user:password@ (it is not quoted here, as it may "
            "contain a secret); remove them"
        )
    has_version = any(VERSION.fullmatch(segment) for segment in parts.path.split("/"))
    return trimmed if has_version else f"{trimmed}/v1"


def is_loopback(base_url: str) -> bool:
    """Whether the URL leads to this machine, where servers seldom require a key.

    >>> is_loopback("http://localhost:8080/v1"), is_loopback("https://gateway.example/v1")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
