"""Which certificates are trusted: the same ones for every HTTP library, as httpx2 and the SDK choose them."""

from __future__ import annotations

import os
import ssl
import sys


def ssl_context() -> ssl.SSLContext:
    """Return a context with the certificates that SSL_CERT_FILE or SSL_CERT_DIR name, else with the system's.

    Raises:
        OSError: The file cannot be read, or has no certificates.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return _context_of(file, folder)
    system_file = ssl.get_default_verify_paths().openssl_cafile
    if sys.platform != "linux" or not os.path.isfile(system_file):  # noqa: PTH113 (nothing else here needs pathlib)
        import httpx2  # knows where other systems store their certificates; imported only here, as it is slow

        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(system_file)
    return context


def _context_of(file: str | None, folder: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    except OSError as error:  # its message names no file
        raise OSError(f"{file or folder!r} has no certificates that can be read: {error}") from error
