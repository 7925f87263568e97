"""The manifest beside an output: what it was made of, what it cost, and counts that add up."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from structkit.costs.attempt_cost import MAX_TOTAL, parse_amount
from structkit.errors import JobError
from structkit.tables.atomic_file import write_atomically
from structkit.tables.output_reading import manifest_path
from structkit.values import JSON


def write_manifest(output: Path, manifest: JSON) -> Path:
    """Write `OUTPUT.manifest.json` atomically, and return its path.

    Raises:
        JobError: The counts do not add up to the rows, or the file cannot be written.
    """
    counts: Mapping[str, int] = manifest["counts"]
    if sum(counts.values()) != manifest["rows"]:
        raise JobError(
            f"the counts of the states are {sum(counts.values())} rows, but {manifest['rows']} rows were written; "
            "please report this as a bug"
        )
    path = manifest_path(output)
    # A file's name may have bytes that are not UTF-8, which Python keeps as surrogates: JSON has an escape for them.
    write_atomically(
        path, [f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n".encode(errors="backslashreplace")]
    )
    return path


def read_part_manifest(output: Path) -> JSON | None:
    """Return the manifest beside the output of a part; None if there is none with all that a sum of parts needs."""
    try:
        manifest = json.loads(manifest_path(output).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    is_complete = isinstance(manifest, dict) and "reading" in manifest
    return manifest if is_complete and all(test(manifest.get(name)) for name, test in PART_FIELDS.items()) else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_spend(value: Any) -> bool:
    return value is None or (isinstance(value, str) and parse_amount(value, MAX_TOTAL) is not None)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


PART_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("rows", "tokens", "unreported_replies", "replies_of_unknown_cost"), _is_count),
    **dict.fromkeys(("counts", "errors"), _is_counts),
    **dict.fromkeys(("started_at", "seconds"), _is_number),
    "spend": _is_spend,
    "ambiguous": _is_names,
}
"""The fields of a part's manifest that are added up, each with what its value has to be."""


def versions() -> dict[str, str]:
    """Return the versions of structkit, pydantic and Python that made the values."""
    structkit_version = import_module("structkit").__version__  # the version of the running code, installed or not
    return {"structkit": structkit_version, "pydantic": version("pydantic"), "python": platform.python_version()}
