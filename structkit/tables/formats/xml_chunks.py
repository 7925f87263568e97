"""XML in chunks that never split a tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

CHUNK_BYTES = 1 << 20
MAX_TAG_BYTES = 1 << 16
"""Longer tags are split: no cell has one."""


def whole_tags(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks that end between two tags."""
    tail = b""
    while chunk := file.read(CHUNK_BYTES):
        data = tail + chunk
        start = data.rfind(b"<")
        is_open = start >= 0 and data.find(b">", start) < 0 and len(data) - start < MAX_TAG_BYTES
        end = start if is_open else len(data)
        yield data[:end]
        tail = data[end:]
    yield tail
