"""The ids of parametrised tests, which have to be the same in every process of a run."""

from __future__ import annotations

import re


def stable_id(value: object) -> str:
    """Return a value as text without the addresses of its functions."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
