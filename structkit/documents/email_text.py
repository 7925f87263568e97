"""The text of a mail: its headers, its body, the names of its attachments."""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.policy import compat32, default
from typing import Any

from structkit.documents.html_text import html_text
from structkit.documents.pages import PageText
from structkit.documents.plain_text import LINE_END, decode, decode_declared, guess_encoding
from structkit.documents.read_limits import ReadLimits
from structkit.errors import PromptError

SNIFFED_BYTES = 100
HEADERS_END = re.compile(rb"\r?\n\r?\n|\r\r")
HEADERS = ("From", "To", "Cc", "Date", "Subject")
LONG_HEADER = re.compile(
    rb"^(?:from|to|cc|date|subject|content-[a-z-]{1,40}):(?:[^\n]|\n[ \t]){50000}", re.IGNORECASE | re.MULTILINE
)
"""A header that the standard library would parse for minutes; one with 1,000 recipients is shorter."""

FAULTS = (LookupError, ValueError, AttributeError, TypeError)
"""What the standard library raises for malformed headers and unknown encodings."""


def read_email(data: bytes, limits: ReadLimits) -> Iterator[PageText]:
    r"""Yield the text of a mail.

    Raises:
        PromptError: It is nested too deeply, has a header that is too long, or takes too long.

    >>> mail = b"From: ann@example.com\nSubject: =?utf-8?q?B=C3=BCro?=\n\nThe rent is 900.\n"
    >>> next(read_email(mail, ReadLimits())).text
    'From: ann@example.com\nSubject: Büro\n\nThe rent is 900.'
    """
    data = _as_bytes_of_mail(data, limits.name)
    if LONG_HEADER.search(data):
        raise PromptError(f"{limits.name!r} has a header of more than 50,000 characters: it is damaged")
    try:
        mail = email.message_from_bytes(data, policy=default)
        limits.validate_time()
        texts, attachments = _read_parts(mail, limits)
    except RecursionError:
        raise PromptError(f"{limits.name!r} has parts that are nested too deeply: it is damaged") from None
    head = "\n".join(_headers(mail, data, limits.name))
    parts = (head, *(text.strip("\n") for text in texts), "\n".join(attachments))
    yield PageText("\n\n".join(part for part in parts if part))


def _as_bytes_of_mail(data: bytes, name: str) -> bytes:
    """Return a mail without a mark of its encoding; one that was saved as UTF-16 in UTF-8."""
    if b"\0" not in data[:SNIFFED_BYTES] and not data.startswith(codecs.BOM_UTF8):
        return data
    return decode(data, name).encode()


def _headers(mail: EmailMessage, data: bytes, name: str) -> Iterator[str]:
    raw = email.message_from_bytes(HEADERS_END.split(data, maxsplit=1)[0], policy=compat32)
    for header in HEADERS:
        try:
            value = mail[header]
        except FAULTS:
            value = raw[header]
        if value is not None:
            text = _undeclared_text(raw, header, data, name) or str(value)
            yield f"{header}: {' '.join(text.encode(errors='replace').decode().split())}"


def _undeclared_text(raw: Message, header: str, data: bytes, name: str) -> str | None:
    """Return the text of a header that is in the encoding of the mail, which nothing declares; None if it is ASCII."""
    values = [str(value) for key, value in raw.raw_items() if key.lower() == header.lower()]
    encoded = values[0].encode("ascii", "surrogateescape") if values else b""
    if encoded.isascii():
        return None
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return encoded.decode(guess_encoding(data.replace(b"\0", b""), name), "replace")


def _read_parts(mail: EmailMessage, limits: ReadLimits) -> tuple[list[str], list[str]]:
    """Return the texts of a mail in their order, and a line for each attachment."""
    texts, attachments = list[str](), list[str]()
    for part in _leaves(mail):
        limits.validate_time()
        is_file = bool(part.get_filename() and texts)  # a text of a name is the text of the mail if it is the first one
        if (_is_text(part) and not is_file) or (part is mail and part.get_content_maintype() in {"text", "multipart"}):
            texts.append(_text(part, limits))
        else:
            attachments.append(f"Attachment: {part.get_filename() or 'without a name'} ({part.get_content_type()})")
    return texts, attachments


def _leaves(part: Any) -> Iterator[Any]:
    """Yield the parts of a mail that have no parts; of texts that say the same, one, and what belongs to it."""
    if not part.get_content_type().startswith("multipart/") or not part.is_multipart():
        yield part
        return
    parts = part.get_payload()
    if part.get_content_type() == "multipart/alternative":
        parts = [_best_alternative(parts)]
    for each in parts:
        yield from _leaves(each)


def _best_alternative(parts: list[Any]) -> Any:
    """Return the plain text of some alternatives, unless it is blank, else the last one that is HTML."""
    plain = [each for each in parts if each.get_content_type() == "text/plain" and _payload(each).strip()]
    html = [each for each in parts if any(inner.get_content_type() == "text/html" for inner in each.walk())]
    return (plain or html[-1:] or parts)[0]


def _is_text(part: Any) -> bool:
    is_text = part.get_content_type() in {"text/plain", "text/html"}
    return is_text and part.get_content_disposition() != "attachment"


def _text(part: Any, limits: ReadLimits) -> str:
    text = _content(part, limits.name)
    text = html_text(text, limits) if part.get_content_type() == "text/html" else text
    return LINE_END.sub("\n", text).replace("\f", " ")


def _content(part: Any, name: str) -> str:
    """Return the text of a part, in the encoding that it declares."""
    payload, charset = _payload(part), part.get_content_charset()
    if charset:
        return decode_declared(payload, charset, name).replace("\0", "")
    return decode(payload.replace(b"\0", b""), name) if payload else ""


def _payload(part: Any) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except FAULTS:
        payload = None
    text = payload if payload is not None else part.get_payload()
    return text if isinstance(text, bytes) else text.encode(errors="surrogateescape") if isinstance(text, str) else b""
