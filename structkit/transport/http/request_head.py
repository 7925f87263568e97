"""The head of an HTTP/1.1 request as bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
DEFAULT_PORTS = {"http": 80, "https": 443}


def encode_headers(headers: Mapping[str, str]) -> bytes:
    r"""Return headers as lines.

    Raises:
        ValueError: One has a character that no header may have; the message does not quote it.

    >>> encode_headers({"host": "gateway.example", "accept": "*/*"})
    b'host: gateway.example\r\naccept: */*\r\n'
    """
    for name, value in headers.items():
        if not (HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value)):
            raise ValueError(f"the header {name!r} has a character that no header may have")
    try:
        return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a header has a character that is not Latin-1") from None


def host_header(base_url: str) -> str:
    """Return the header `host` of requests to a URL.

    >>> host_header("http://[::1]:8000/v1"), host_header("https://bücher.example:443")
    ('[::1]:8000', 'xn--bcher-kva.example')
    """
    url = urlsplit(base_url)
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
    is_default = url.port in {None, DEFAULT_PORTS[url.scheme]}
    return host if is_default else f"{host}:{url.port}"
