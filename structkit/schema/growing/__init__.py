"""Replies that arrive in pieces: snapshots in the shape of the caller's type, and the items of a list one by one."""

from structkit.schema.growing.growing import Growing, Partial
from structkit.schema.growing.items import Item, Items

__all__ = ["Growing", "Item", "Items", "Partial"]
