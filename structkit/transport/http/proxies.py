"""Which proxy the environment names for an address."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit


def find_proxy(base_url: str) -> str | None:
    """Return the proxy's URL (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY); None without one, or if NO_PROXY has the address.

    Raises:
        ValueError: The variable is not a URL.
    """
    if not _may_have_proxy():
        return None
    from urllib.request import getproxies, proxy_bypass

    parts, proxies = urlsplit(base_url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        has_host = urlsplit(proxy).hostname and urlsplit(proxy).port != 0
    except ValueError:  # its text may contain a part of the password
        raise ValueError(f"the proxy for {parts.scheme} is not a URL (percent-encode its password)") from None
    if not has_host:
        raise ValueError(f"the proxy for {parts.scheme} has no host")
    return proxy


def _may_have_proxy() -> bool:
    """Whether to import `urllib.request`, which is slow. On macOS and Windows, system settings name proxies too."""
    return sys.platform != "linux" or any(name.lower().endswith("_proxy") for name in os.environ)
