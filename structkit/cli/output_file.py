"""What may be the file of `--output`: not a file that the command reads, which it would replace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from structkit.errors import ConfigError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""An address such as `s3://bucket`, which as a path has one slash. The drive of a path on Windows has one letter."""


def validate_output(output: Path | None, *inputs: str | Path | None, may_be_folder: bool = False) -> None:
    """Check, before anything is paid for, that the result can be written.

    Args:
        output: The file; None for stdout.
        *inputs: What the command reads: files, folders, types with their file before a colon, `-`; None is none.
        may_be_folder: Whether an output without a suffix is a folder.

    Raises:
        ConfigError: The output is a folder, its folder does not exist, or it is one of the inputs or in one.
    """
    if output is None:
        return
    if ADDRESS.match(output.as_posix()):
        raise ConfigError(
            "the output must be a local file or folder, not the address of a store: upload it after the run"
        )
    is_folder = output.is_dir() and not (may_be_folder and not output.suffix)
    if is_folder or not output.parent.is_dir():
        raise ConfigError(f"cannot write {str(output)!r}: it is a folder, or its folder does not exist")
    for path in _paths(inputs):
        if path.is_dir() and path.samefile(output.parent):
            raise ConfigError(f"the output {str(output)!r} is in a folder that is read: use another folder")
        if output.exists() and path.is_file() and path.samefile(output):
            raise ConfigError(f"the output {str(output)!r} is a file that is read, and would be replaced; use another")


def _paths(inputs: Iterable[str | Path | None]) -> list[Path]:
    """Return the files and folders among the inputs; of a type, the file that has it."""
    names = [str(each) for each in inputs if each is not None]
    return [Path(name) for name in (*names, *(name.rpartition(":")[0] for name in names if ":" in name)) if name]
