"""The media type of a file by its content; the name of a file may be wrong."""

from __future__ import annotations

import re

MAGIC_NUMBERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftypM4A", "audio/mp4"),
)
"""Offset, bytes and media type, from https://www.iana.org/assignments/media-types and the formats' specifications."""

BITMAP = re.compile(rb"BM.{4}\0{4}", re.DOTALL)
"""The start of a BMP file: two letters with which a text may begin, its size, and 4 bytes that are reserved."""

ZIP_START = b"PK\x03\x04"
"""The start of a ZIP file, whose first member may be a PDF."""

MAX_PDF_OFFSET = 1024
"""The PDF header may be anywhere in the first kilobyte (ISO 32000-1, annex H.3.4.1)."""


def media_type(data: bytes) -> str | None:
    r"""Return the media type of a file's bytes, or None if it is not an image, audio or a PDF.

    >>> media_type(b"\x89PNG\r\n\x1a\n..."), media_type(b"%PDF-1.7"), media_type(b"Dear Sir")
    ('image/png', 'application/pdf', None)
    """
    for offset, magic, name in MAGIC_NUMBERS:
        if data.startswith(magic, offset) and (offset != 8 or data.startswith(b"RIFF")):  # noqa: PLR2004 (RIFF's header)
            return name
    if BITMAP.match(data):
        return "image/bmp"
    has_pdf_header = b"%PDF-" in data[:MAX_PDF_OFFSET] and not data.startswith(ZIP_START)
    return "application/pdf" if has_pdf_header else None
