"""Plain text in any encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from structkit.documents.pages import PageText
from structkit.errors import PromptError
from structkit.optional import import_extra

EXTRA = "documents"
"""The extra with the libraries that read files."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 100_000
"""The start of a text by which its encoding is guessed."""

WESTERN = "cp1252"
"""The most frequent of the older encodings: it is taken where others are as likely."""

OLDER_ENCODINGS = [
    *(WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "koi8_r"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "iso8859_2"),
]
"""What texts on the web are in, beside Unicode (https://encoding.spec.whatwg.org); those of mainframes would fit
any bytes."""

LINE_END = re.compile(r"\r\n?")


def read_plain_text(data: bytes, name: str, encoding: str | None = None) -> Iterator[PageText]:
    r"""Yield the pages of a text, which form feeds separate.

    Raises:
        PromptError: It is not text, or not in the encoding.
        ConfigError: Its encoding has to be guessed, and the extra for that is not installed.

    >>> [page.text for page in read_plain_text(b"first\r\nline\f\nsecond page", "a.txt")]
    ['first\nline', '\nsecond page']
    """
    for text in decode(data, name, encoding).split("\f"):
        yield PageText(LINE_END.sub("\n", text))


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    r"""Return bytes as text: by its mark, as UTF-8, as UTF-16 without a mark, or in the likeliest older encoding.

    Raises:
        PromptError: It is not text, or not in the encoding.
        ConfigError: Its encoding has to be guessed, and the extra for that is not installed.

    >>> decode("größe".encode("utf-16"), "a.txt"), decode("größe".encode("utf-16-le"), "a.txt")
    ('größe', 'größe')
    """
    if encoding is not None:
        return _decode_as(data, encoding, name)
    for mark, marked_encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_as(data, marked_encoding, name)
    if (wide := _wide_encoding(data)) is not None:
        return _decode_as(data, wide, name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _decode_as(data, _guess_encoding(data, name), name)
    if "\0" in text:
        raise _no_text(name)
    return text


def _wide_encoding(data: bytes) -> str | None:
    """Return the encoding of UTF-16 text without a mark: every second byte of Latin text is 0."""
    sample = data[:SAMPLE_BYTES]
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if high > len(sample) // 4 and not low:
        return "utf-16-le"
    return "utf-16-be" if low > len(sample) // 4 and not high else None


def _guess_encoding(data: bytes, name: str) -> str:
    if b"\0" in data:
        raise _no_text(name)
    matches = [*import_extra("charset_normalizer", EXTRA).from_bytes(data[:SAMPLE_BYTES], cp_isolation=OLDER_ENCODINGS)]
    if not matches:
        raise _no_text(name)
    likeliest = [match.encoding for match in matches if match.chaos <= matches[0].chaos]
    return WESTERN if WESTERN in likeliest else likeliest[0]


def _decode_as(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError:
        raise PromptError(f"{name!r} is not {encoding} text: pass encoding=, such as 'cp1252' or 'utf-16'") from None
    except (LookupError, ValueError):
        raise PromptError(
            f"there is no text encoding {encoding!r}; common ones are cp1252, utf-16 and gb18030"
        ) from None


def _no_text(name: str) -> PromptError:
    return PromptError(
        f"{name!r} is neither text nor a document that can be read: PDF, DOCX, PPTX, XLSX, HTML, EML, Markdown or text"
    )
