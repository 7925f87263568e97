"""A warning that Python shows with the line of the caller's code, and not of ours."""

from __future__ import annotations

import inspect
import warnings


def warn_caller(text: str) -> None:
    """Warn at the nearest line outside this package; Python shows a warning of one line once."""
    frame, depth = inspect.currentframe(), 1
    while frame and frame.f_back and frame.f_globals.get("__name__", "").startswith("structkit."):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, UserWarning, stacklevel=depth)
