"""Which certificates are believed: those that httpx2 and the SDK believe, whatever library talks."""

from __future__ import annotations

import os
import ssl
import sys


def certificates() -> ssl.SSLContext:
    """What the environment names (SSL_CERT_FILE, SSL_CERT_DIR), else what the system trusts.

    Raises:
        OSError: What is named there is none.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=None if file else folder)
    usual = ssl.get_default_verify_paths().openssl_cafile
    if sys.platform != "linux" or not os.path.isfile(usual):  # noqa: PTH113 (pathlib is loaded for nothing else)
        import httpx2  # knows where other systems keep theirs, and takes a while to load

        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(usual)
    return context
