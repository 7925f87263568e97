"""What is installed only when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from structkit.errors import ConfigError, install_hint


def need(module: str, extra: str) -> Any:
    """A module that comes with an extra.

    Raises:
        ConfigError: It is not installed; with what to install.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError(f"{module.partition('.')[0]} is not installed: {install_hint(extra)}") from None
