"""The embedded endpoint: llama.cpp in this process, served over HTTP like any other endpoint."""

from structkit.local.proxy import Proxy
from structkit.local.server import LocalServer, open_endpoint

__all__ = ["LocalServer", "Proxy", "open_endpoint"]
