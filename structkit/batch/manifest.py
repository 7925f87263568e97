"""The manifest beside an output: what it was made of, what it cost, and counts that add up."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, NonNegativeInt, TypeAdapter
from typing_extensions import NotRequired, TypedDict

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


def _validate_amount(text: str) -> str:
    if parse_amount(text, MAX_TOTAL) is None:
        raise ValueError("not an amount")
    return text


class PartFields(TypedDict):
    """The fields of a part's manifest that a sum of parts needs."""

    reading: Any
    rows: NonNegativeInt
    tokens: NonNegativeInt
    unreported_replies: NonNegativeInt
    replies_of_unknown_cost: NonNegativeInt
    counts: dict[str, NonNegativeInt]
    errors: dict[str, NonNegativeInt]
    started_at: float
    seconds: float
    ambiguous: list[str]
    spend: NotRequired[Annotated[str, AfterValidator(_validate_amount)] | None]


def read_part_manifest(output: Path) -> JSON | None:
    """Return the manifest beside the output of a part; None if there is none with all that a sum of parts needs."""
    try:
        manifest: JSON = json.loads(manifest_path(output).read_text(encoding="utf-8"))
        TypeAdapter(PartFields).validate_python(manifest, strict=True)
    except (OSError, ValueError, RecursionError):  # of pydantic as well
        return None
    return manifest


def versions() -> dict[str, str]:
    """Return the versions of structkit, pydantic and Python that made the values."""
    structkit_version = import_module("structkit").__version__  # the version of the running code, installed or not
    return {"structkit": structkit_version, "pydantic": version("pydantic"), "python": platform.python_version()}
