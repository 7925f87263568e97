"""The secrets of a connection, which no message may contain: the key, headers of the user's own, a proxy's password."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from structkit.values.credentials import CREDENTIAL_FIELD, CREDENTIAL_NAME

Secrets: TypeAlias = "str | tuple[str, ...]"
"""The API key, or all secrets of a connection."""

CUSTOM_HEADERS = "OPENAI_CUSTOM_HEADERS"
"""The variable that has headers of the user's own, one per line."""


def field_secrets(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of fields that have a credential, at any depth, which messages must not contain.

    >>> field_secrets({"top_k": 5, "litellm": {"api_key": "hunter2"}, "models": [{"password": "hunter3"}]})
    ('hunter2', 'hunter3')
    """
    values = (each for value in fields.values() for each in (value if isinstance(value, list | tuple) else (value,)))
    inner = (value for value in values if isinstance(value, Mapping))
    texts = (value for name, value in fields.items() if CREDENTIAL_FIELD.search(str(name)) and isinstance(value, str))
    return (*texts, *(secret for each in inner for secret in field_secrets(each)))


def environment_secrets() -> tuple[str, ...]:
    """Return the secrets that the environment adds to every connection: custom headers, and passwords of proxies."""
    lines = (line.partition(":") for line in os.environ.get(CUSTOM_HEADERS, "").split("\n"))
    return (*header_secrets({name.strip(): value.strip() for name, _, value in lines}), *proxy_secrets())


PUBLIC_HEADERS = frozenset(
    {
        *{"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"},
        *{"openai-organization", "openai-project", "openai-beta", "idempotency-key"},
        *{"anthropic-beta", "anthropic-version", "http-referer", "referer", "x-title"},
    }
)
"""Headers of a request that are no secrets, beside those about the SDK itself."""

MIN_PART_CHARS = 8
"""A shorter part of a header's value is hardly a credential, and may occur in any text."""

LOOKS_RANDOM = re.compile(r"\d|[a-z][A-Z]")

SCHEME = re.compile(r"(?:api-?key|basic|bearer|digest|hmac\S*|token)\s", re.IGNORECASE)
"""How a credential starts, whatever its header is called."""

LOOKS_GENERATED = re.compile(r"(?<![A-Za-z0-9])(?=\d*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z0-9]{6,}")
"""Letters and digits in one, which neither a date nor the name of a model has: `gpt-4o-mini-2024-07-18`."""

PAIR = re.compile(r"""(?<![\w-])([\w-]*+)["']? {0,3}[=:] {0,3}["']?([^\s;,"'}]+)""")
"""A part with a name; read once for each name, since a token may have thousands of characters."""


def header_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what messages must not contain of the headers of a request.

    >>> header_secrets({"Host": "a.example", "X-Stainless-Lang": "python", "Authorization": "Basic dXNlcjpodW50ZXIy"})
    ('Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy', 'hunter2')
    """
    names = (name for name in headers if name.lower() not in PUBLIC_HEADERS)
    values = {name: headers[name] for name in names if not name.lower().startswith("x-stainless-")}
    parts = (part for name, value in values.items() for part in (value, *_credentials(name, value)))
    return tuple(dict.fromkeys(filter(None, parts)))


def _credentials(name: str, value: str) -> Iterator[str]:
    """Yield the parts of a header's value that an endpoint may echo alone: a token, a cookie, one of several keys.

    A header that is not named as a credential has other things: the name of a model, a date, a part of an address.

    >>> sorted({*_credentials("cookie", "session=hunter2-hunter2; theme=dark; csrf=4711-4711")} - {""})
    ['4711-4711', 'csrf=4711-4711', 'hunter2-hunter2', 'session=hunter2-hunter2']
    >>> [*filter(None, _credentials("x-config", '{"model":"gpt-4o-2024-08-06","api_key": "hunter-hunter"}'))][1:]
    ['hunter-hunter']
    """
    yield from value.split()[-1:]
    yield _basic_password(value)
    is_credential = bool(CREDENTIAL_NAME.search(name) or SCHEME.match(value))
    looks_secret = LOOKS_RANDOM if is_credential else LOOKS_GENERATED
    words = (each for each in re.split(r"[\s;,]+", value) if looks_secret.search(each))
    pairs = PAIR.findall(value)
    members = (each for key, each in pairs if is_credential or CREDENTIAL_NAME.search(key) or looks_secret.search(each))
    yield from (each for each in (*words, *members) if len(each) >= MIN_PART_CHARS)


def _basic_password(value: str) -> str:
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, password = b64decode(credentials).decode().partition(":")
    except ValueError:
        return ""
    return password or user  # some servers take a token as the user


def proxy_secrets() -> tuple[str, ...]:
    """Return the passwords of the environment's proxies, in every form in which a proxy may echo them."""
    urls = [value for name, value in os.environ.items() if name.lower().endswith("_proxy") and "@" in value]
    secrets: list[str] = []
    for url in urls:
        # Not with `urlsplit`, which fails for a password that is not percent-encoded: "#", "/" or "@" in it.
        credentials = url.partition("://")[2].rpartition("@")[0] or url.rpartition("@")[0]
        user, _, password = credentials.partition(":")
        pair, secret = f"{unquote(user)}:{unquote(password)}", password or user  # some proxies take a token as the user
        secrets += [secret, unquote(secret), b64encode(pair.encode()).decode()]
    return tuple(dict.fromkeys(secrets))
