"""How a command reads a file that a value is extracted from: as text, as a document with pages, or as it is."""

from __future__ import annotations

import codecs
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from structkit.cli.input_files import URL_STARTS
from structkit.cli.load import decode_text, read_bytes
from structkit.documents import Document, File
from structkit.documents.document_kinds import COMPOUND_FILE, EMAIL, HTML, PDF, text_type
from structkit.documents.file import AUDIO_FORMATS, IMAGE_SUFFIXES
from structkit.documents.media_types import media_type
from structkit.errors import ConfigError, PromptError

FILE_SUFFIXES = IMAGE_SUFFIXES | {f".{suffix}" for suffix in AUDIO_FORMATS.values()} | {".pdf"}
"""Suffixes of files that are not text: a text under such a name is often the error page of a download."""

OFFICE_SUFFIXES = frozenset({".docx", ".pptx", ".xlsx"})
"""Suffixes of files that are not text, although a text under such a name is read as one."""

DOCUMENT_STARTS = (b"PK\x03\x04", COMPOUND_FILE, b"{\\rtf")
"""The first bytes of Office files, and of those that `Document` rejects with advice."""


class Send(Enum):
    """What the model gets of a document."""

    auto = "auto"
    text = "text"
    images = "images"
    file = "file"


class FileReading(NamedTuple):
    """How files are read.

    Args:
        send: What the model gets of a document.
        encoding: That of a text; None for UTF-8.
        ocr: Whether the text of images and scans is recognized.
        password: That of encrypted PDFs.
    """

    send: Send = Send.auto
    encoding: str | None = None
    ocr: bool = False
    password: str | None = None

    def __repr__(self) -> str:
        """The settings without the password."""
        return f"FileReading({self})"

    def __str__(self) -> str:
        """The settings, as a part of the identity of a job."""
        return f"{self.send.value} {self.encoding}{' ocr' * self.ocr}"


def read_input(name: str, reading: FileReading) -> str | File | Document:
    """Read a file; `-` is standard input.

    Raises:
        PromptError: The file does not exist, cannot be read, is of no kind that can be sent, too large, damaged,
            encrypted or empty: of many files, it is that one which fails.
        ConfigError: It is a URL, or needs an extra; or there is no such encoding.
    """
    if name.startswith(URL_STARTS):
        address = name.partition("?")[0]  # a query may be a signature
        raise ConfigError(f"{address!r} is a URL, which is not fetched: download it first, or pass a file")
    data, kind = _read_file(name), None
    if data:
        kind = media_type(data)
    if kind is None and Path(name).suffix.lower() in FILE_SUFFIXES and data:
        raise PromptError(f"{name!r} is not what its suffix says: its content is no image, recording or PDF")
    is_image = kind is not None and kind.startswith("image/")
    if kind is not None and not (is_image and reading.ocr) and (kind != PDF or reading.send is Send.file):
        return File(data, name=Path(name).name)
    if kind is not None or data.startswith(DOCUMENT_STARTS) or text_type(data, name) in {HTML, EMAIL}:
        send: Any = reading.send.value
        return Document.open(
            data,
            name=Path(name).name,
            send=send,
            encoding=reading.encoding,
            ocr=reading.ocr,
            password=reading.password,
        )
    return _read_text(data, name, reading.encoding)


def _read_file(name: str) -> bytes:
    try:
        return read_bytes(name)
    except ConfigError as error:
        raise PromptError(str(error)) from None


def _read_text(data: bytes, name: str, encoding: str | None) -> str:
    likely = _utf16(data)
    if likely and encoding is None:
        raise PromptError(f"{name!r} is not UTF-8 text but UTF-16: pass --encoding {likely}")
    is_office = Path(name).suffix.lower() in OFFICE_SUFFIXES
    advice = "it is damaged, or another file" if is_office else "pass --encoding cp1252, or the one that it has"
    decode_text(bytes(4), name, encoding)  # an encoding that does not exist is wrong for all files
    try:
        return decode_text(data, name, encoding, advice=advice)
    except ConfigError as error:
        raise PromptError(str(error)) from None


def _utf16(data: bytes) -> str | None:
    """Return the encoding of a text that is probably UTF-16: by its byte order mark, or a first letter of two bytes."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return {b"\0": "utf-16-le"}.get(data[1:2]) or {b"\0": "utf-16-be"}.get(data[:1])
