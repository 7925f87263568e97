"""How many rows may fail before the whole run counts as failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from structkit.batch.settings import MaxFailed
from structkit.errors import ConfigError

PERCENTAGE = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


def validate_max_failed(max_failed: MaxFailed) -> None:
    """Validate the setting.

    Raises:
        ConfigError: It is neither a number of rows nor a percentage.
    """
    if max_failed is None or (isinstance(max_failed, int) and not isinstance(max_failed, bool) and max_failed >= 0):
        return
    match = PERCENTAGE.fullmatch(max_failed) if isinstance(max_failed, str) else None
    if match is None or Decimal(match[1]) > 100:  # noqa: PLR2004 (percent)
        raise ConfigError(
            f'max_failed (--max-failed) must be a number of rows, or a percentage such as "5%", not {max_failed!r}'
        )


def describe_excess(counts: Mapping[str, int], max_failed: MaxFailed) -> str:
    """Return a sentence if more rows have failed than may fail, and otherwise an empty text.

    Args:
        counts: Rows by state.
        max_failed: As in `Job`; a percentage is of the rows that are done or failed.

    >>> describe_excess({"done": 97, "failed": 3}, "2%"), describe_excess({"done": 97, "failed": 3}, 3)
    ('3 of 100 rows failed, and max_failed is 2%', '')
    >>> describe_excess({"failed": 3, "skipped": 1}, None), describe_excess({"done": 1, "failed": 99}, None)
    ('3 of 3 rows failed', '')
    """
    failed = counts.get("failed", 0)
    rows = failed + counts.get("done", 0)
    if not failed:
        return ""
    if max_failed is None:
        return f"{failed:,} of {rows:,} rows failed" if failed == rows else ""
    match = PERCENTAGE.fullmatch(max_failed) if isinstance(max_failed, str) else None
    is_exceeded = failed * 100 > Decimal(match[1]) * rows if match else failed > int(max_failed)
    return f"{failed:,} of {rows:,} rows failed, and max_failed is {max_failed}" if is_exceeded else ""
