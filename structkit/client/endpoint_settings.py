"""Where requests go: an address and a key, from arguments, the environment, or a named endpoint."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from structkit.errors import ConfigError, install_hint
from structkit.transport import normalise_base_url
from structkit.transport.base_url import is_loopback

GROUP = "structkit.endpoints"
"""Entry points of this group open endpoints by name: `local` is one, and other packages may bring more.

An entry point is a function `(argument: str | None) -> Endpoint`; the argument is what stands after
the colon in a model name such as `local:models/small.gguf`.
"""

OPENAI_URL = "https://api.openai.com/v1"
"""Where requests go without a base URL."""

NO_KEY = "no-key-needed"
"""Sent where no key is needed: some servers insist on one."""


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """An address with its key, and the model's name there; `base_url` None is OpenAI's own."""

    model: str
    base_url: str | None
    api_key: str = field(repr=False)
    dialect: str | None = None
    """The name of the dialect it speaks, where that is known."""

    @property
    def address(self) -> str:
        """Where requests go."""
        return self.base_url or OPENAI_URL


def find_endpoint(model: str | None, base_url: str | None = None, api_key: str | None = None) -> EndpointSettings:
    """The endpoint that arguments and environment name; nothing is sent, though a named one may be started.

    Raises:
        ConfigError: The model, or the key of a remote endpoint, is missing.
    """
    model = model_name(model)
    if base_url is None and (named := _named(model)):
        return named
    base_url = base_url or os.environ.get("OPENAI_BASE_URL")
    address = normalise_base_url(base_url) if base_url else None
    key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError("the API key holds characters that no key has; copy it again (it is not shown here)")
    return EndpointSettings(model, address, key or _no_key(address))


@contextmanager
def report_environment_errors() -> Iterator[None]:
    """Proxies and certificates are read from the environment; what is wrong there is the user's to mend.

    Raises:
        ConfigError: With the reason.
    """
    try:
        yield
    except (ValueError, ImportError, OSError, TypeError) as error:
        names = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE"
        raise ConfigError(f"no connection can be set up: {error}; check {names}") from error


def model_name(model: str | None) -> str:
    """The model given, or the environment's.

    Raises:
        ConfigError: There is neither.
    """
    if found := model or os.environ.get("STRUCTKIT_MODEL"):
        return found
    raise ConfigError("no model: name one (Client('gpt-4o'), or --model gpt-4o), or set STRUCTKIT_MODEL")


def _no_key(address: str | None) -> str:
    if address and is_loopback(address):
        return NO_KEY
    raise ConfigError(
        f"no API key for {address or 'the endpoint'}: set OPENAI_API_KEY (and OPENAI_BASE_URL), pass api_key=, "
        f"or use the embedded model, Client('local'), after {install_hint('local')}"
    )


def _named(model: str) -> EndpointSettings | None:
    from importlib.metadata import entry_points

    name, _, argument = model.partition(":")
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        return None
    endpoint = found.load()(argument or None)
    if not isinstance(endpoint, EndpointSettings):
        raise ConfigError(f"the entry point {found.value} of {GROUP} gave no Endpoint but {type(endpoint).__name__}")
    return endpoint
