"""The logger `structkit` of the standard library."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


def find_logger() -> Logger | None:
    """Return the logger; None while the program has not imported `logging`, and so has no handler.

    Importing it here would cost every program that does not log.
    """
    return _logger() if "logging" in sys.modules else None


@cache
def _logger() -> Logger:
    import logging

    logger = logging.getLogger("structkit")
    logger.addHandler(logging.NullHandler())  # without a handler, Python would print warnings to stderr
    return logger
