"""The manifest beside an output: what it was made of, what it cost, and counts that add up."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from structkit.errors import JobError
from structkit.tables.atomic_file import write_atomically
from structkit.values import JSON


def manifest_path(output: Path) -> Path:
    """Return the path of the manifest of an output.

    >>> manifest_path(Path("labels.csv")).name
    'labels.csv.manifest.json'
    """
    return output.with_name(f"{output.name}.manifest.json")


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


def versions() -> dict[str, str]:
    """Return the versions of structkit, pydantic and Python that made the values."""
    structkit_version = import_module("structkit").__version__  # the version of the running code, installed or not
    return {"structkit": structkit_version, "pydantic": version("pydantic"), "python": platform.python_version()}
