"""Replies that arrive in pieces: snapshots in the shape of the caller's type, and the items of a list one by one."""

from structkit.partial.items import Item, Items
from structkit.partial.snapshots import Growing, Partial

__all__ = ["Growing", "Item", "Items", "Partial"]
