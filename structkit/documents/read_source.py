"""The bytes of a file, from a path, bytes or an open file."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import IO, Any, TypeAlias

from structkit.documents.read_limits import validate_limit
from structkit.errors import PromptError

FileSource: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes]"
"""A path, a URL, the bytes, or a binary file that is open."""

MAX_FILE_BYTES = 50 * 2**20
"""By default: what OpenAI accepts for all files of a request together
(https://platform.openai.com/docs/guides/pdf-files, November 2026)."""

MAX_NAME_CHARS = 200


def is_url(text: str) -> bool:
    """Return whether a text is a URL and no path.

    >>> is_url("https://example.com/a.png"), is_url("a.png")
    (True, False)
    """
    return text[:8].lower().startswith(("http://", "https://", "data:"))


def source_name(source: Any) -> str:
    """Return the name of a file, without its folder; empty if it has none."""
    name = source if isinstance(source, str | os.PathLike) else getattr(source, "name", "")
    return PurePath(os.fspath(name)).name if isinstance(name, str | os.PathLike) else ""


def read_source(source: FileSource, name: str, max_bytes: int) -> bytes:
    """Return the bytes of a source.

    Raises:
        PromptError: It cannot be read, is empty or too large.
        ConfigError: The limit is not a number.
    """
    validate_limit("max_bytes", max_bytes)
    try:
        data = _read_bytes(source, max_bytes)
    except OSError as error:
        raise PromptError(f"cannot read the file {name!r}: {error.strerror or error}") from None
    if not isinstance(data, bytes):
        raise PromptError(f"the file {name!r} is open as text: open it with mode 'rb'")
    if not data:
        raise PromptError(f"the file {name!r} is empty")
    if len(data) > max_bytes:
        raise PromptError(f"the file {name!r} has more than {max_bytes:,} bytes: make it smaller, or raise max_bytes")
    return data


def _read_bytes(source: Any, max_bytes: int) -> Any:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        path = Path(source).expanduser()
        if not path.is_file():  # a device or a pipe would never end
            raise OSError("there is no such file" if not path.exists() else "it is not a regular file")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    if not hasattr(source, "read"):
        raise PromptError(f"a file needs a path, bytes, an open file or a URL, not {type(source).__name__}")
    return source.read(max_bytes + 1)
