"""What a file is by its first bytes, for files that are not what their suffix says."""

from __future__ import annotations

import re

ZIP = "a ZIP archive, as .xlsx and .ods files are"
OLDER_OFFICE = "an older or encrypted Office document, as .xls files are"

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", ZIP),
    (b"\xd0\xcf\x11\xe0", OLDER_OFFICE),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x1f\x8b", "compressed with gzip, as .gz files are"),
    (b"BZh", "compressed with bzip2, as .bz2 files are"),
    (b"\xfd7zXZ\x00", "compressed with xz, as .xz files are"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd, as .zst files are"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
)
"""The first bytes of a file, and what it is."""

TEXTS = (
    (re.compile(rb"\s*<(?:!doctype\s+)?html[\s>]", re.IGNORECASE), "an HTML page, as that of a login is"),
    (re.compile(rb"\s*<\?xml\s", re.IGNORECASE), "an XML document"),
    (re.compile(rb"version https://git-lfs\."), "a pointer of Git LFS: get the file itself with `git lfs pull`"),
)
"""How a text begins that is no table, and what it is."""

START_BYTES = 1024
"""Bytes of the start of a file that are looked at."""

MAX_CHARACTER_BYTES = 4
"""A character of UTF-8 that the end of the start may cut has at most so many bytes."""


def content_kind(start: bytes) -> str:
    r"""Return what a file is, in words; empty if that is unknown.

    >>> content_kind(b"PAR1..."), content_kind(b"id,text"), content_kind(b"\xff\x00"), content_kind(b"<?xml ?>")
    ('a Parquet file', 'text', '', 'an XML document')
    """
    for signature, kind in SIGNATURES:
        if start.startswith(signature):
            return kind
    return text_kind(start) or ("" if b"\0" in start or not _is_utf8(start) else "text")


def text_kind(start: bytes) -> str:
    """Return what a text is that is no table; empty if it may be one."""
    return next((kind for pattern, kind in TEXTS if pattern.match(start)), "")


def _is_utf8(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return len(start) - error.start < MAX_CHARACTER_BYTES and len(start) == START_BYTES
    return bool(start)
