"""Rows of an output for the items of a list, and the page that a row is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from structkit.errors import ConfigError
from structkit.tables.columns import Column, output_columns, resolve_schema, schema_types
from structkit.values import JSON, JSONPath
from structkit.values.json import format_path


def item_columns(columns: Sequence[Column], field: str) -> tuple[Column, ...]:
    """Return the columns of a type with those of the items of a list in place of the list.

    The field of an item whose name another column has is named after its list, too.

    Args:
        columns: One for each field of the type.
        field: The field with the list; the name of the only column for a type that is a list.

    Raises:
        ConfigError: It is not a list.

    >>> line = {"type": "object", "properties": {"name": {}, "price": {}}}
    >>> schema = {"type": "object", "properties": {"name": {}, "lines": {"type": "array", "items": line}}}
    >>> [column.name for column in item_columns(output_columns(schema), "lines")]
    ['name', 'lines.name', 'price']
    """
    list_column = _find_list(columns, field)
    schema = resolve_schema(
        resolve_schema(list_column.schema, list_column.document).get("items", {}), list_column.document
    )
    names = {column.name for column in columns} - {field}
    fields = output_columns(schema, is_open=list_column.is_open, name=field)
    parts = [
        replace(each, name=f"{field}.{each.name}" if each.name in names else each.name, document=list_column.document)
        for each in fields
    ]
    inner = [replace(each, path=(*list_column.path, *each.path[1:])) for each in parts]
    return tuple(part for column in columns for part in (inner if column is list_column else [column]))


def item_rows(row: JSON, columns: Sequence[Column], field: str) -> Iterator[JSON]:
    """Yield a row for each item of a list, with the item in place of the list; the row without it if there is none."""
    path = _find_list(columns, field).path[1:]
    value = row.get("output")
    items = value.get(path[0]) if path and isinstance(value, dict) else value
    if not isinstance(items, list) or not items:
        yield {**row, **({"output": _with_item(value, path, None)} if "output" in row else {})}
        return
    for number, item in enumerate(items):
        yield {**row, "output": _with_item(value, path, item), "run": _of_item(row["run"], (*path, number))}


def with_page(row: JSON) -> JSON:
    """Return a row with the page of the first of its values that was found in a document."""
    places = (place for each in row["run"].get("evidence") or () for place in each.get("places") or ())
    page = next((place["page"] for place in places), None)
    return row if page is None else {**row, "run": {**row["run"], "page": page}}


def _find_list(columns: Sequence[Column], field: str) -> Column:
    lists = {
        each.name: each for each in columns if schema_types(resolve_schema(each.schema, each.document)) == {"array"}
    }
    if field not in lists:
        names = ", ".join(lists) or "none"
        raise ConfigError(f"items (--items): the type has no list {field!r}; its lists are: {names}")
    return lists[field]


def _with_item(value: object, path: JSONPath, item: object) -> object:
    return {**value, str(path[0]): item} if path and isinstance(value, dict) else item


def _of_item(run: JSON, path: JSONPath) -> JSON:
    """Return the fields of the run with the evidence and the confidence of one item."""
    prefix = format_path(path)

    def is_inside(name: str) -> bool:
        return name == prefix or name.startswith((f"{prefix}.", f"{prefix}["))

    narrowed: JSON = {}
    for name in ("evidence", "confidence"):
        if run.get(name):
            narrowed[name] = [each for each in run[name] if is_inside(each["path"])]
    if run.get("confidence"):
        scores = (each["score"] for each in narrowed["confidence"] if each["score"] is not None)
        narrowed["lowest_confidence"] = min(scores, default=None)
    if run.get("missing"):
        narrowed["missing"] = [each for each in run["missing"] if is_inside(each)]
    return {**run, **narrowed}
