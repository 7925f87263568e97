"""What `--output` may be: a file, or an address in an object store, but nothing that the command reads."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.tables.store_address import StoreAddress

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""An address such as `s3://bucket`, which as a path has one slash. The drive of a path on Windows has one letter."""


def parse_output(text: Any) -> Path | StoreAddress:
    """Return the file of an option, or its address in an object store.

    >>> parse_output("labels.csv").name, parse_output("s3://bucket/labels.csv").url
    ('labels.csv', 's3://bucket/labels.csv')
    """
    from structkit.tables.object_store import is_url
    from structkit.tables.store_address import StoreAddress

    try:
        return StoreAddress(text) if is_url(text) else Path(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


output_option = functools.partial(
    typer.Option, "--output", "-o", parser=parse_output, metavar="<path>", show_default=False
)

TableOutput: TypeAlias = Annotated[
    Any,
    output_option(
        help="The table to write; its suffix sets the format; a folder has none. s3:// and other addresses need the "
        "extra `objects`."
    ),
]
"""A table in a file or in an object store."""

ValueOutput: TypeAlias = Annotated[
    Any, output_option(help="Write to this file instead of stdout; a table may be in an object store (s3://).")
]
"""The same, or a file with values as JSON."""


def validate_output(
    output: Path | StoreAddress | None, *inputs: str | Path | None, may_be_folder: bool = False
) -> None:
    """Check, before anything is paid for, that the result can be written.

    Args:
        output: The file; None for stdout.
        *inputs: What the command reads: files, folders, types with their file before a colon, `-`; None is none.
        may_be_folder: Whether an output without a suffix is a folder.

    Raises:
        ConfigError: The output is a folder, its folder does not exist, or it is one of the inputs or in one.
    """
    if output is None:
        return None
    if not isinstance(output, Path):
        return _validate_address(output, inputs)
    if ADDRESS.match(output.as_posix()):
        raise ConfigError(
            "the output must be a local file, not the address of a store: only tables can be written there"
        )
    is_folder = output.is_dir() and not (may_be_folder and not output.suffix)
    if is_folder or not output.parent.is_dir():
        raise ConfigError(f"cannot write {str(output)!r}: it is a folder, or its folder does not exist")
    for path in _paths(inputs):
        if path.is_dir() and path.samefile(output.parent):
            raise ConfigError(f"the output {str(output)!r} is in a folder that is read: use another folder")
        if output.exists() and path.is_file() and path.samefile(output):
            raise ConfigError(f"the output {str(output)!r} is a file that is read, and would be replaced; use another")
    return None


def _validate_address(output: StoreAddress, inputs: Iterable[str | Path | None]) -> None:
    if any(output.is_in(str(each)) for each in inputs if each is not None):
        raise ConfigError(
            f"the output {str(output)!r} would be a file that is read, or replace one: use another folder"
        )


def _paths(inputs: Iterable[str | Path | None]) -> list[Path]:
    """Return the files and folders among the inputs; of a type, the file that has it."""
    names = [str(each) for each in inputs if each is not None]
    return [Path(name) for name in (*names, *(name.rpartition(":")[0] for name in names if ":" in name)) if name]
