"""Replies that arrive in chunks: snapshots in the shape of the caller's type, and the items of a list one by one."""

from structkit.partial.items import Item, ItemReader
from structkit.partial.snapshots import Partial, SnapshotBuilder

__all__ = ["Item", "ItemReader", "Partial", "SnapshotBuilder"]
