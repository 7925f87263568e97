"""Modules that are installed with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from structkit.errors import ConfigError, install_hint


def import_extra(module: str, extra: str) -> Any:
    """Import a module that is installed with an extra.

    Raises:
        ConfigError: It is not installed; the message has the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError(f"{module.partition('.')[0]} is not installed: {install_hint(extra)}") from None
