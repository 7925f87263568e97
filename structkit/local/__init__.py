"""The embedded endpoint: llama.cpp in this process, behind the same HTTP as any other."""

from structkit.local.server import LocalServer, open_endpoint

__all__ = ["LocalServer", "open_endpoint"]
