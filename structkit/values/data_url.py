"""Data URLs: content inside a URL, which an endpoint rejects as a whole, often after a long upload, if it is broken."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

HEAD = re.compile(r"data:(?P<type>[^,;]*)(?P<parameters>(?:;[^,;]*)*),", re.IGNORECASE)
MAX_HEAD_CHARS = 200
ALPHABET = f"{string.ascii_letters}{string.digits}+/".encode()

FIELDS = ("url", "file_data", "data")
"""Where content parts have a URL or data, inside the field that has the name of their type."""


def find_broken_data(part: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the data in a content part, or None.

    Only what no endpoint can read is wrong: a URL without data or media type, and data that is not base64.

    >>> find_broken_data({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO=Rw0"}})
    'its data is not base64'
    >>> find_broken_data({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}})
    """
    return next(filter(None, map(find_url_fault, _urls(part))), None)


def _urls(part: Mapping[str, Any]) -> Iterator[str]:
    content = part.get(str(part.get("type")))
    values = [content.get(name) for name in FIELDS] if isinstance(content, Mapping) else [content]
    for value in values:
        if isinstance(value, str):
            yield value


def find_url_fault(url: str) -> str | None:
    """Return what is wrong with a URL if it is a data URL, or None.

    >>> find_url_fault("data:image/png,"), find_url_fault("https://example.org")
    ('its data is empty', None)
    """
    if url[:5].lower() != "data:":
        return None
    head = HEAD.match(url, 0, MAX_HEAD_CHARS)
    if head is None:
        return "a data URL is data:TYPE;base64,DATA, and this one has no comma before its data"
    data = url[head.end() :]
    if not data.strip():
        return "its data is empty"
    if head["parameters"].lower().split(";")[-1].strip() != "base64":
        return None if head["type"] else "it has no media type: write data:TYPE;base64,DATA"
    return None if is_base64("".join(data.split())) else "its data is not base64"


def is_base64(text: str) -> bool:
    """Return whether a text is base64, without decoding it, which takes three times as long.

    Padding that is not needed is accepted, as by most decoders.

    >>> is_base64("aGk="), is_base64("aGk"), is_base64("aG=k"), is_base64("aGk!"), is_base64("aGkh=")
    (True, False, False, False, True)
    """
    padding = text.encode("ascii", "replace").translate(None, ALPHABET)
    size = len(text) - len(padding)
    if padding.strip(b"=") or not text.endswith(padding.decode()) or not size:
        return not text
    return size % 4 == 0 or (size % 4 > 1 and len(padding) == 4 - size % 4)
