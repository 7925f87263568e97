"""The digest of a row that is reviewed: of its cells, and of the bytes of its document if it has one."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

CHUNK_BYTES = 1 << 20

SEPARATOR = "+"
"""Between the digest of the cells and that of the document."""

NO_FILE = "missing"
"""Stands for the digest of a document that cannot be read."""


def file_digest(path: Path) -> str:
    """Return a digest of a file's bytes, as 32 hex digits; `missing` for what cannot be read, or is not a file."""
    state = blake2b(digest_size=16)
    try:
        if not path.is_file():  # a device or a pipe would never end
            return NO_FILE
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                state.update(chunk)
    except (OSError, ValueError):
        return NO_FILE
    return state.hexdigest()


def is_same_row(first: str, second: str) -> bool:
    """Return whether two digests are those of the same row.

    Gold of older versions, and a table whose documents are not named, have no digest of the document: then the cells
    alone are compared.

    >>> is_same_row("ab+12", "ab+12"), is_same_row("ab+12", "ab"), is_same_row("ab+12", "ab+34"), is_same_row("a", "b")
    (True, True, False, False)
    """
    (first_cells, _, first_file), (second_cells, _, second_file) = (
        each.partition(SEPARATOR) for each in (first, second)
    )
    has_files = bool(first_file and second_file)
    return first_cells == second_cells and (first_file == second_file or not has_files)
