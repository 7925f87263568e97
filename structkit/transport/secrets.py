"""The secrets of a connection, which no message may contain: the key, headers of the user's own, a proxy's password."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

Secrets: TypeAlias = "str | tuple[str, ...]"
"""The API key, or all secrets of a connection."""

CUSTOM_HEADERS = "OPENAI_CUSTOM_HEADERS"
"""The variable that has headers of the user's own, one per line."""


SECRET_FIELD = re.compile(r"api_?key|access_token|secret|password", re.IGNORECASE)
"""Names of fields that gateways take a credential from, beside those of a completion request."""


def field_secrets(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of fields that have a credential, at any depth, which messages must not contain.

    >>> field_secrets({"top_k": 5, "litellm": {"api_key": "hunter2"}, "models": [{"password": "hunter3"}]})
    ('hunter2', 'hunter3')
    """
    values = (each for value in fields.values() for each in (value if isinstance(value, list | tuple) else (value,)))
    inner = (value for value in values if isinstance(value, Mapping))
    texts = (value for name, value in fields.items() if SECRET_FIELD.search(str(name)) and isinstance(value, str))
    return (*texts, *(secret for each in inner for secret in field_secrets(each)))


def environment_secrets() -> tuple[str, ...]:
    """Return the secrets that the environment adds to every connection: custom headers, and passwords of proxies."""
    values = (line.partition(":")[2].strip() for line in os.environ.get(CUSTOM_HEADERS, "").split("\n"))
    return (*header_secrets(values), *proxy_secrets())


def header_secrets(values: Iterable[str]) -> tuple[str, ...]:
    """Return header values that messages must not contain, and the token in those that have a scheme before it.

    >>> header_secrets(["Bearer hunter2"])
    ('Bearer hunter2', 'hunter2')
    """
    return tuple(dict.fromkeys(part for value in values for part in (value, *value.split()[-1:]) if part))


PUBLIC_HEADERS = frozenset(
    {
        *{"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"},
        *{"openai-organization", "openai-project", "idempotency-key"},
    }
)
"""Headers of a request that are no secrets, beside those about the SDK itself."""


def sent_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return what messages must not contain of the headers of a request as it was sent.

    >>> sent_secrets({"Host": "a.example", "X-Stainless-Lang": "python", "Authorization": "Basic dXNlcjpodW50ZXIy"})
    ('Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy', 'hunter2')
    """
    names = (name for name in headers if name.lower() not in PUBLIC_HEADERS)
    values = [headers[name] for name in names if not name.lower().startswith("x-stainless-")]
    return (*header_secrets(values), *filter(None, map(_basic_password, values)))


def _basic_password(value: str) -> str:
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(credentials).decode().partition(":")[2]
    except ValueError:
        return ""


def proxy_secrets() -> tuple[str, ...]:
    """Return the passwords of the environment's proxies, in every form in which a proxy may echo them."""
    urls = [value for name, value in os.environ.items() if name.lower().endswith("_proxy") and "@" in value]
    secrets: list[str] = []
    for url in urls:
        # Not with `urlsplit`, which fails for a password that is not percent-encoded: "#", "/" or "@" in it.
        credentials = url.partition("://")[2].rpartition("@")[0] or url.rpartition("@")[0]
        user, _, password = credentials.partition(":")
        if password:
            pair = f"{unquote(user)}:{unquote(password)}"
            secrets += [password, unquote(password), b64encode(pair.encode()).decode()]
    return tuple(dict.fromkeys(secrets))
