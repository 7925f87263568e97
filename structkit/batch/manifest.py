"""What is written beside an output: what it was made of, what it cost, and counts that add up."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from structkit.batch.files import Draft
from structkit.errors import JobError
from structkit.values import JSON


def write_manifest(output: Path, manifest: JSON) -> Path:
    """Write `OUTPUT.manifest.json` in one step.

    Raises:
        JobError: The counts do not add up to the rows, or the file cannot be written.
    """
    counts: Mapping[str, int] = manifest["counts"]
    if sum(counts.values()) != manifest["rows"]:
        raise JobError(f"the states of {sum(counts.values())} rows are known, but the input has {manifest['rows']}")
    path = output.with_name(f"{output.name}.manifest.json")
    draft = Draft(path, overwrite=True)
    try:
        draft.file.write(f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n".encode())
        draft.publish()
    except OSError as error:
        raise draft.wrong(error) from None
    finally:
        draft.discard()
    return path


def versions() -> dict[str, str]:
    """What the values were made with."""
    return {name: version(name) for name in ("structkit", "pydantic")} | {"python": platform.python_version()}
