"""The address and key of an endpoint: from arguments, the environment, or an entry point."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from structkit.errors import ConfigError, install_hint
from structkit.transport import normalise_base_url
from structkit.transport.base_url import display_url, is_loopback
from structkit.transport.http_reply import redact
from structkit.transport.secrets import proxy_secrets

ENTRY_POINT_GROUP = "structkit.endpoints"
"""Entry points of this group open endpoints by the name of a model: `local` is one, other packages may add more.

An entry point is a function `(argument: str | None) -> EndpointSettings`; the argument is the text after
the colon in a model name such as `local:models/small.gguf`.
"""

OPENAI_URL = "https://api.openai.com/v1"
"""The address used without a base URL."""

NO_KEY = "no-key-needed"
"""Sent to servers that need no key: some reject a request without one."""


@dataclass(frozen=True, slots=True, repr=False)
class EndpointSettings:
    """The address and key of an endpoint, and the model's name there.

    Args:
        model: The model's name at the endpoint.
        base_url: The base URL as the user wrote it; None is OpenAI's.
        api_key: The key.
        dialect: The name of the endpoint's dialect, if it is known.
    """

    model: str
    base_url: str | None
    api_key: str
    dialect: str | None = None

    @property
    def address(self) -> str:
        """The base URL, by default OpenAI's."""
        return self.base_url or OPENAI_URL

    def __repr__(self) -> str:
        """The fields without the key, and without the values of a query."""
        base_url = self.base_url and display_url(self.base_url)
        return f"EndpointSettings(model={self.model!r}, base_url={base_url!r}, dialect={self.dialect!r})"


def find_endpoint(model: str | None, base_url: str | None = None, api_key: str | None = None) -> EndpointSettings:
    """Return the endpoint of some arguments and the environment.

    Nothing is sent, but an endpoint of an entry point may be started.

    Raises:
        ConfigError: The model, or the key of a remote endpoint, is missing, or the base URL is empty.
    """
    model = model_name(model)
    _validate_texts(base_url, api_key)
    if base_url is not None and not base_url.strip():  # a variable that is not set must not send the key elsewhere
        raise ConfigError("base_url is empty: give it an address, or leave it out for OPENAI_BASE_URL or OpenAI's")
    if base_url is None and (endpoint := _open_entry_point(model)):
        return endpoint
    base_url = base_url or os.environ.get("OPENAI_BASE_URL")
    address = normalise_base_url(base_url) if base_url else None  # validates it, too
    key = ((os.environ.get("OPENAI_API_KEY") or "") if api_key is None else api_key).strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError("the API key contains characters that no API key has; copy it again (it is not shown here)")
    return EndpointSettings(model, base_url.strip() if base_url else None, key or _no_key(address))


def _validate_texts(base_url: Any, api_key: Any) -> None:
    if not isinstance(base_url, str | None):
        raise ConfigError(f"base_url must be a text, not {base_url!r}")
    if not isinstance(api_key, str | None):
        raise ConfigError(f"api_key must be a text, not an object of type {type(api_key).__name__}")


@contextmanager
def report_environment_errors() -> Iterator[None]:
    """Raise the errors of a block that reads proxies and certificates from the environment as `ConfigError`.

    Raises:
        ConfigError: A setting is invalid; with the reason.
    """
    try:
        yield
    except (ValueError, ImportError, OSError, TypeError) as error:
        names = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE"
        reason = redact(str(error), proxy_secrets())
        if isinstance(error, ImportError) and "socks" in reason.lower():  # httpx2 names the extra of another package
            reason = "a SOCKS proxy needs another package; pip install 'httpx2[socks]'"
        # Without the exception itself, whose text may contain a proxy's password.
        raise ConfigError(f"the connection cannot be configured: {reason}; check {names}") from None


def validate_model(model: Any) -> None:
    """Validate the name of a model.

    Raises:
        ConfigError: It is not a text, or empty.
    """
    if isinstance(model, str) and model.strip():
        return
    value = repr(model) if isinstance(model, str) else f"an object of type {type(model).__name__}"
    hint = "; pass a client of the SDK as client=" if hasattr(model, "with_options") else ""
    raise ConfigError(f"model must be the name of a model, not {value}{hint}")


def model_name(model: str | None) -> str:
    """Return the model's name, by default from the environment.

    Raises:
        ConfigError: There is neither, or it is not a name.
    """
    if (name := os.environ.get("STRUCTKIT_MODEL") or None if model is None else model) is not None:
        validate_model(name)
        return name
    raise ConfigError("no model: name one, Client('gpt-4o') (--model gpt-4o), or set STRUCTKIT_MODEL")


def _no_key(address: str | None) -> str:
    if address and is_loopback(address):
        return NO_KEY
    raise ConfigError(
        f"no API key for {address or 'the endpoint'}: set OPENAI_API_KEY (and OPENAI_BASE_URL) or pass api_key=, "
        f"or use the embedded model, Client('local') (--model local), after {install_hint('local')}"
    )


def _open_entry_point(model: str) -> EndpointSettings | None:
    from importlib.metadata import entry_points

    name, _, argument = model.partition(":")
    entry_point = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)), None)
    if entry_point is None:
        return None
    endpoint = entry_point.load()(argument or None)
    if not isinstance(endpoint, EndpointSettings):
        source = f"the entry point {entry_point.value} of {ENTRY_POINT_GROUP}"
        raise ConfigError(f"{source} returned {type(endpoint).__name__}, not EndpointSettings")
    return endpoint
