"""Where the lists and the fields of a type are that chunks give, and how a value is put together from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from structkit.errors import ConfigError, SchemaError
from structkit.extraction.item_owners import ItemOrigin
from structkit.extraction.record_schema import RecordPart, chunk_schema, list_schema, record_parts
from structkit.partial.items import ItemReader
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import ABSENT, Issue, JSONPath, JSONValue, value_at


@dataclass(frozen=True, slots=True)
class ChunkLists:
    """The lists of a type.

    Args:
        paths: Where they are, in a value.
        sets: Those of them whose items are all different.
        is_ordered: Whether a value has its items in the order in which they are given.
    """

    paths: tuple[JSONPath, ...]
    sets: frozenset[JSONPath]
    is_ordered: bool


class ChunkShape(Protocol):
    """What chunks are asked for."""

    @property
    def chunk_format(self) -> ResponseFormat[Any]:
        """The type that each chunk is asked for."""
        ...

    @property
    def lists(self) -> ChunkLists:
        """The lists, whose items are those of all chunks."""
        ...

    def field_paths(self, drafts: Sequence[JSONValue], /) -> tuple[JSONPath, ...]:
        """Return the paths of the other parts, each of which is that of one chunk."""
        ...

    def join(self, drafts: Sequence[Any], places: Places) -> JSONValue:
        """Return the natural JSON of the whole."""
        ...


class Places(Protocol):
    """Which chunk gave what."""

    @property
    def lists(self) -> Mapping[JSONPath, tuple[ItemOrigin, ...]]:
        """Where each item of each list comes from."""
        ...

    @property
    def fields(self) -> Mapping[JSONPath, int]:
        """For each field, the number of the chunk."""
        ...


@dataclass(frozen=True)
class ListShape:
    """A list, or an object with one list; each chunk is asked for the type itself.

    Args:
        chunk_format: The type.
        path: Where the list is; empty if the value is the list.
        is_ordered: Whether a value has its items in the order in which they are given.
    """

    chunk_format: ResponseFormat[Any]
    path: JSONPath
    is_ordered: bool

    @property
    def lists(self) -> ChunkLists:
        """Implement `ChunkShape.lists`."""
        is_set = list_schema(self.chunk_format.natural_schema, self.path).get("uniqueItems")
        return ChunkLists((self.path,), frozenset({self.path} if is_set else ()), self.is_ordered)

    def field_paths(self, drafts: Sequence[JSONValue], /) -> tuple[JSONPath, ...]:
        """Implement `ChunkShape.field_paths`: all keys but the list."""
        keys = {key: None for draft in drafts if isinstance(draft, dict) for key in draft if (key,) != self.path}
        return tuple((key,) for key in keys) if self.path else ()

    def join(self, drafts: Sequence[Any], places: Places) -> JSONValue:
        """Implement `ChunkShape.join`."""
        items = join_list(drafts, self.path, places.lists[self.path])
        if not self.path:
            return items
        joined = {str(path[0]): drafts[number][path[0]] for path, number in places.fields.items()}
        return joined if items is ABSENT else {**joined, str(self.path[0]): items}


@dataclass(frozen=True)
class RecordShape:
    """An object, of which each chunk is asked for what it has: its fields may be null there, and its lists empty.

    Args:
        chunk_format: The type that each chunk is asked for.
        root: The parts of the type.
    """

    chunk_format: ResponseFormat[Any]
    root: RecordPart

    @property
    def lists(self) -> ChunkLists:
        """Implement `ChunkShape.lists`."""
        lists = [part for part in self.root.leaves if part.kind == "list"]
        sets = frozenset(part.path for part in lists if part.schema.get("uniqueItems"))
        return ChunkLists(tuple(part.path for part in lists), sets, is_ordered=False)

    @property
    def fields(self) -> tuple[RecordPart, ...]:
        """Its parts that are neither objects nor lists."""
        return tuple(part for part in self.root.leaves if part.kind == "field")

    def field_paths(self, _: Sequence[JSONValue], /) -> tuple[JSONPath, ...]:
        """Implement `ChunkShape.field_paths`."""
        return tuple(part.path for part in self.fields)

    def join(self, drafts: Sequence[Any], places: Places) -> JSONValue:
        """Implement `ChunkShape.join`: what no chunk has is null or left out."""
        values: dict[JSONPath, JSONValue] = {path: value_at(drafts[at], path) for path, at in places.fields.items()}
        values |= {path: join_list(drafts, path, origins) for path, origins in places.lists.items()}
        joined = self.root.join(values)
        return {} if joined is ABSENT else joined

    def without_empty(self, draft: JSONValue) -> JSONValue:
        """Return what a chunk has given without the parts that it does not have."""
        joined = self.root.join({part.path: value_at(draft, part.path) for part in self.root.leaves}, is_complete=False)
        return {} if joined is ABSENT else joined


def join_list(drafts: Sequence[JSONValue], path: JSONPath, origins: Sequence[ItemOrigin]) -> JSONValue:
    """Return the items of the chunks; what the first chunk has instead of a list, if none has a list."""
    lists = [value_at(draft, path) for draft in drafts]
    if not any(isinstance(each, list) for each in lists):
        return lists[0]
    return [lists[origin.chunk][origin.position] for origin in origins]


def chunk_shape(output_format: ResponseFormat[Any]) -> ChunkShape:
    """Return where the lists and the fields of a type are.

    A list, and an object with one list whose other fields may be null, are asked for as they are.

    Raises:
        ConfigError: The type is neither an object nor a list, or the list must not be empty.
    """
    reader, root = list_reader(output_format), record_parts(output_format.natural_schema)
    if reader is not None and (root is None or _is_plain(root, reader.path)):
        if count := min_items(output_format, reader.path):
            raise ConfigError(
                f"the list of {output_format.name} has at least {count} items, which a chunk of the text may not have: "
                "let it be empty, and count the items of the joined value"
            )
        return ListShape(output_format, reader.path, reader.is_order_preserved)
    if root is None:
        raise ConfigError(
            f"chunk= (--chunk) joins the items of a list or the fields of an object, and {output_format.name} has "
            "neither: use a type such as list[Row], or a model"
        )
    schema = response_format(chunk_schema(output_format.natural_schema, root, output_format.name))
    return RecordShape(schema, root)


def list_reader(output_format: ResponseFormat[Any]) -> ItemReader[Any] | None:
    """Return what knows the one list of a type; None if it has none or several."""
    try:
        return ItemReader(output_format)
    except SchemaError:
        return None


def _is_plain(root: RecordPart, path: JSONPath) -> bool:
    """Return whether chunks are asked for the type itself: its list may be empty, and its fields may be null."""
    parts = [part for part in root.parts.values() if part.path != path]
    lists = [part for part in root.parts.values() if part.path == path]
    return all(not part.needs_value for part in parts) and not any(part.min_items for part in lists)


def part_issues(
    output_format: ResponseFormat[Any], shape: RecordShape, context: Any, draft: JSONValue
) -> tuple[Issue, ...]:
    """Return the issues of what a chunk has given of a record, and none of what it does not have."""
    part = shape.without_empty(draft)
    issues = output_format.read_natural(part, context=context).issues
    return tuple(issue for issue in issues if issue.path and value_at(part, issue.path) is not ABSENT)


def min_items(output_format: ResponseFormat[Any], path: JSONPath) -> int:
    """Return how many items the list at a path has at least."""
    return int(list_schema(output_format.natural_schema, path).get("minItems") or 0)
