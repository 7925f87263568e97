"""Snapshots as type checkers see them: `Partial[T]` has the fields of `T`."""

from pydantic import BaseModel
from typing_extensions import assert_type

from structkit import ResponseFormat
from structkit.partial import Item, ItemReader, Partial, SnapshotBuilder


class Line(BaseModel):
    item: str


class Invoice(BaseModel):
    lines: list[Line]


builder = SnapshotBuilder(ResponseFormat(Invoice))
assert_type(builder.snapshot(), Invoice)
assert_type(builder.snapshot().lines[0].item, str)
assert_type(builder.feed("{"), bool)


def first_item(partial: Partial[Invoice]) -> str:
    assert_type(partial.lines, list[Line])
    _ = partial.total  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    return partial.lines[0].item


first_item(builder.snapshot())
first_item(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
lines: list[Partial[Line]] = builder.snapshot().lines

items: ItemReader[Line] = ItemReader(ResponseFormat(list[Line]))
for item in items.feed("{"):
    assert_type(item, Item[Line])
    assert_type(item.value, Line | None)
