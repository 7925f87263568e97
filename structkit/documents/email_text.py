"""The text of a mail: its headers, its body, the names of its attachments."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.policy import compat32, default

from structkit.documents.html_text import html_text
from structkit.documents.pages import PageText
from structkit.documents.plain_text import LINE_END, decode
from structkit.documents.read_limits import ReadLimits
from structkit.errors import PromptError

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
    if LONG_HEADER.search(data):
        raise PromptError(f"{limits.name!r} has a header of more than 50,000 characters: it is damaged")
    try:
        mail = email.message_from_bytes(data, policy=default)
        limits.validate_time()
        attachments = [_attachment(part, limits) for part in mail.iter_attachments()] if mail.is_multipart() else []
        body = _body(mail, limits)
    except RecursionError:
        raise PromptError(f"{limits.name!r} has parts that are nested too deeply: it is damaged") from None
    head = "\n".join(_headers(mail, data))
    yield PageText("\n\n".join(part for part in (head, body.strip("\n"), "\n".join(attachments)) if part))


def _headers(mail: EmailMessage, data: bytes) -> Iterator[str]:
    raw = email.message_from_bytes(data.partition(b"\n\n")[0], policy=compat32)
    for name in HEADERS:
        try:
            value = mail[name]
        except FAULTS:
            value = raw[name]
        if value is not None:
            yield f"{name}: {' '.join(str(value).encode(errors='replace').decode().split())}"


def _body(mail: EmailMessage, limits: ReadLimits) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:  # a multipart without its boundary has only a text
        payload = mail.get_payload()
        return payload if isinstance(payload, str) else ""
    text = _content(part, limits.name)
    text = html_text(text, limits) if part.get_content_type() == "text/html" else text
    return LINE_END.sub("\n", text).replace("\f", " ")


def _content(part: Message, name: str) -> str:
    try:
        content = part.get_content()  # type: ignore[attr-defined]  # an EmailMessage, which typeshed does not say
    except FAULTS:
        content = part.get_payload(decode=True)
    if isinstance(content, bytes):
        return decode(content, name)
    return content if isinstance(content, str) else ""


def _attachment(part: Message, limits: ReadLimits) -> str:
    limits.validate_time()
    return f"Attachment: {part.get_filename() or 'without a name'} ({part.get_content_type()})"
