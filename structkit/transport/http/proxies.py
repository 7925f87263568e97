"""Which proxy the environment names for an address."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit


def proxy_for(base_url: str) -> str | None:
    """The proxy's URL (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY); None where there is none, or NO_PROXY excepts the address.

    Raises:
        ValueError: What stands there is no URL.
    """
    if not _may_be_named():
        return None
    from urllib.request import getproxies, proxy_bypass

    parts, found = urlsplit(base_url), getproxies()
    proxy = found.get(parts.scheme) or found.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not urlsplit(proxy).hostname or urlsplit(proxy).port == 0:
        raise ValueError(f"the proxy for {parts.scheme} has no host")
    return proxy


def _may_be_named() -> bool:
    """Whether it is worth loading what knows: elsewhere than on Linux a system's own settings name proxies too."""
    return sys.platform != "linux" or any(name.lower().endswith("_proxy") for name in os.environ)
