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

BROWSER_ENCODINGS = {
    **dict.fromkeys(("ascii", "iso8859-1"), WESTERN),
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""The encodings that browsers take for a declared one, because pages have the characters that it lacks
(https://encoding.spec.whatwg.org/#names-and-labels)."""

WIDE = ("utf-16", "utf-32")
"""Encodings in which a letter is more than one byte, of which at least one is 0: others declare them in error."""

REPLACEMENT = "\ufffd"
MIN_VALID_RATIO = 4
"""Characters of UTF-8 for each fault in a text that is UTF-8: no text in an older encoding has as many."""

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
    except UnicodeDecodeError as error:
        text = _repair_utf8(data, error) or _decode_as(data, guess_encoding(data, name), name)
    if "\0" in text:
        raise _no_text(name)
    return text


def decode_declared(data: bytes, declared: str, name: str) -> str:
    r"""Return bytes as text in the encoding that they declare; in a likely one if there is none of that name.

    >>> decode_declared(b"5 \x80", "ISO-8859-1", "a.html"), decode_declared(b"5 EUR", "of-my-own", "a.html")
    ('5 €', '5 EUR')

    Raises:
        PromptError: It is not text.
        ConfigError: Its encoding has to be guessed, and the extra for that is not installed.
    """
    try:
        encoding = codecs.lookup(declared).name
        encoding = BROWSER_ENCODINGS.get(encoding, encoding)
        if encoding.startswith(WIDE) and data.isascii() and b"\0" not in data:
            return decode(data, name)
        return data.decode(encoding, "replace")
    except (LookupError, ValueError):
        return decode(data, name)


def _repair_utf8(data: bytes, error: UnicodeDecodeError) -> str | None:
    """Return text in UTF-8 with a few faults, the last of which may be half a character; None for another encoding."""
    text = data.decode(errors="replace")
    faults = text.count(REPLACEMENT)
    characters = len(text) - len(text.encode("ascii", "ignore")) - faults
    is_incomplete = error.end == len(data) and error.reason == "unexpected end of data"
    return text if characters >= (1 if is_incomplete else MIN_VALID_RATIO * faults) else None


def _wide_encoding(data: bytes) -> str | None:
    """Return the encoding of UTF-16 text without a mark: every second byte of Latin text is 0."""
    sample = data[:SAMPLE_BYTES]
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if high > len(sample) // 4 and not low:
        return "utf-16-le"
    return "utf-16-be" if low > len(sample) // 4 and not high else None


def guess_encoding(data: bytes, name: str) -> str:
    """Return the likeliest older encoding of a text that is not in UTF-8.

    Raises:
        PromptError: It is not text.
        ConfigError: The extra for that is not installed.
    """
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
