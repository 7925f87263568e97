"""The kind of a document by its content; the suffix of its name decides only between kinds of text."""

from __future__ import annotations

import re
from pathlib import PurePath

from structkit.documents.media_types import media_type
from structkit.documents.read_limits import ReadLimits
from structkit.errors import PromptError

PDF, HTML, EMAIL, TEXT = "application/pdf", "text/html", "message/rfc822", "text/plain"
OFFICE_XML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{OFFICE_XML}.wordprocessingml.document"
PPTX = f"{OFFICE_XML}.presentationml.presentation"
XLSX = f"{OFFICE_XML}.spreadsheetml.sheet"

SUFFIXES = {
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".eml": EMAIL,
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
"""Media types of texts by their suffix (https://www.iana.org/assignments/media-types)."""

MAIN_PARTS = {"word": DOCX, "ppt": PPTX, "xl": XLSX}
"""The folders of the main parts that Office writes, which other programs write too."""

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The start of an older Office file, and of an encrypted one ([MS-CFB] 2.2)."""

ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""The stream of an encrypted Office file ([MS-OFFCRYPTO] 2.3.4.4)."""

HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
MACHINE_HEADERS = frozenset({"message-id", "mime-version", "return-path", "dkim-signature"})
"""Headers of a mail that no other text has."""

MAIL_HEADERS = MACHINE_HEADERS | {"from", "to", "date", "subject", "content-type"}
HEADER_NAME = re.compile(rb"([!-9;-~]+):")
MAX_HEADER_BYTES = 100_000
SNIFFED_BYTES = 2_048
MEDIA_TYPE_PART = re.compile(rb"mimetype(application/[\w.+-]{1,80})")


def document_type(data: bytes, name: str, limits: ReadLimits) -> str:
    r"""Return the media type of a document.

    Raises:
        PromptError: It is encrypted, or of a kind that is not read.

    >>> limits = ReadLimits("a")
    >>> document_type(b"%PDF-1.7 ...", "a.txt", limits), document_type(b"# Title", "a.md", limits)
    ('application/pdf', 'text/markdown')
    """
    kind = media_type(data)
    if kind is not None and kind.startswith("audio/"):
        raise PromptError(f"{limits.name!r} is a recording, which has no text: pass structkit.File(...)")
    if kind is not None:
        return kind
    if data.startswith(COMPOUND_FILE):
        raise _compound_file(data, limits.name)
    if data.startswith(b"PK\x03\x04"):
        return _office_type(data, limits)
    if data.startswith(b"{\\rtf"):
        raise PromptError(f"{limits.name!r} is an RTF file: save it as DOCX or PDF")
    return text_type(data, name)


def text_type(data: bytes, name: str) -> str:
    """Return the media type of a text, by its suffix or its first bytes."""
    if (kind := SUFFIXES.get(PurePath(name).suffix.lower())) is not None:
        return kind
    start = data[:SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf")
    return HTML if HTML_START.match(start) else EMAIL if _is_mail(data[:MAX_HEADER_BYTES]) else TEXT


def _is_mail(start: bytes) -> bool:
    """Return whether a text begins with the headers of a mail, and not with lines such as `Received: 14 boxes`."""
    names = set[str]()
    for line in start.removeprefix(b"\xef\xbb\xbf").splitlines():
        if not line.strip():
            break
        if line[:1] in {b" ", b"\t"} and names:
            continue
        if (match := HEADER_NAME.match(line)) is None:
            return False
        names.add(match[1].decode().lower())
    return bool(names & MACHINE_HEADERS) and len(names & MAIL_HEADERS) > 1


def _office_type(data: bytes, limits: ReadLimits) -> str:
    from structkit.documents.office_file import OfficeFile

    main = OfficeFile(data, limits).main_part
    if (kind := MAIN_PARTS.get(main.partition("/")[0])) is not None:
        return kind
    raise PromptError(
        f"{limits.name!r} is {_zip_kind(data)}, which is not read: save it as DOCX, PPTX, XLSX or PDF, or unpack it"
    )


def _zip_kind(data: bytes) -> str:
    """Return what a ZIP file is: OpenDocument and EPUB have their media type in the first bytes, uncompressed."""
    match = MEDIA_TYPE_PART.search(data[:SNIFFED_BYTES])
    return match[1].decode() if match else "a ZIP file"


def _compound_file(data: bytes, name: str) -> PromptError:
    if ENCRYPTED_PACKAGE in data:
        return PromptError(f"{name!r} is encrypted: save it without a password")
    return PromptError(
        f"{name!r} is a file of an older Office (DOC, XLS, PPT, MSG): save it as DOCX, XLSX, PPTX or PDF"
    )
