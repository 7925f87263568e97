"""The endpoint of a command, even if no option names one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from structkit.client import Client
from structkit.errors import ConfigError, install_hint

NOT_CONFIGURED = (
    "no endpoint is configured: set OPENAI_API_KEY (and OPENAI_BASE_URL) and name a --model, "
    f"or {install_hint('local')} for the embedded model"
)


def default_client(
    model: str | None,
    base_url: str | None,
    notice: Callable[[str], None],
    fallback: str | None = None,
    call: Mapping[str, Any] = MappingProxyType({}),
) -> Client:
    """Return the client of the options and the environment, or of the embedded model; see `default_model`.

    Raises:
        ConfigError: No endpoint is configured, and the embedded model is not installed.
    """
    name = default_model(model, base_url, notice, fallback)
    return Client(name, base_url=base_url, **call)


def default_model(
    model: str | None, base_url: str | None, notice: Callable[[str], None], fallback: str | None = None
) -> str | None:
    """Return the model of the options or the environment, or the embedded one.

    Args:
        model: The option `--model`.
        base_url: The option `--base-url`.
        notice: Called with the notice that the embedded model is used.
        fallback: The model's name if an endpoint is configured but no model, and none is needed.

    Raises:
        ConfigError: No endpoint is configured, and the embedded model is not installed.
    """
    configured = base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_KEY")
    name = model if model is not None else os.environ.get("STRUCTKIT_MODEL") or None
    if configured or name is not None or base_url is not None:  # empty options are rejected, not ignored
        return name if name is not None else fallback
    if find_spec("xllamacpp") is None:
        raise ConfigError(NOT_CONFIGURED)
    notice("no endpoint is configured: using the embedded model (set OPENAI_API_KEY and --model for another)")
    return "local"
