"""A row's cells by column: of the input, of the type's natural JSON, and of the run.

A row is `{"input": {...}, "output": ..., "run": {...}}`, and a column is a name and a path into that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from structkit.errors import JobError
from structkit.values import ABSENT, JSON, JSONPath, JSONValue, value_at
from structkit.values.json_pointer import pointer_keys

MAX_COLUMNS = 10_000
"""Columns of a flat table; a type with more cannot be one."""

EXTRAS = "extras"
"""The column of undeclared keys."""

MAX_REFERENCES = 50
"""References that are followed for one schema, which may be circular."""


@dataclass(frozen=True, slots=True)
class Column:
    """A name, and the path of its cells in a row.

    Args:
        name: The name in the header.
        path: The path of its cells; it starts with `input`, `output` or `run`.
        schema: The natural JSON Schema of the cells; `{}` if they may be anything.
        document: The document that references in `schema` point into.
        arrow: The Arrow type of the column in the input, if it has one.
        declared_keys: For the column of undeclared keys: the declared ones, which it omits.
        is_open: Whether an object may have further keys if its schema does not mention them.
    """

    name: str
    path: JSONPath
    schema: JSON = field(default_factory=dict)
    document: JSON = field(default_factory=dict)
    arrow: Any = None
    declared_keys: frozenset[str] | None = None
    is_open: bool = False

    @property
    def origin(self) -> str:
        """`input`, `output` or `run`."""
        return str(self.path[0])

    @property
    def is_renamed(self) -> bool:
        """Whether it has another name than its field, because a column of the input has that."""
        return self.declared_keys is None and len(self.path) > 1 and self.name != self.path[-1]

    def cell(self, row: JSON) -> JSONValue:
        """Return a row's cell in this column; `ABSENT` if it has none. A field of an object that is null is null."""
        value = value_at(row, self.path)
        if value is ABSENT and len(self.path) > 2 and value_at(row, self.path[:-1]) is None:  # noqa: PLR2004
            return None
        if self.declared_keys is None or not isinstance(value, dict):
            return value if self.declared_keys is None else ABSENT
        return {key: item for key, item in value.items() if key not in self.declared_keys} or ABSENT


_ISSUES: JSON = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("path", "message", "got", "cause")},
    },
}
_TOOL_CALL: JSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "arguments": {},
        "result": {},
        "error": {"type": "string"},
        "seconds": {"type": "number"},
    },
}
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens", "unreported", "cached_tokens", "reasoning_tokens")
RUN_SCHEMAS: dict[str, JSON] = {
    "status": {"type": "string"},
    "error": {"type": "string"},
    "message": {"type": "string"},
    "issues": _ISSUES,
    "warnings": _ISSUES,
    "attempts": {"type": "integer"},
    "usage": {"type": "object", "properties": {name: {"type": "integer"} for name in _USAGE}},
    "cost": {"type": "string"},
    "model": {"type": "string"},
    "mode": {"type": "string"},
    "repairs": {"type": "array", "items": {"type": "string"}},
    "tool_calls": {"type": "array", "items": _TOOL_CALL},
    "evidence": {},
    "missing": {"type": "array", "items": {"type": "string"}},
    "confidence": {},
    "lowest_confidence": {"type": "number"},
    "review": {"type": "boolean"},
    "page": {"type": "integer"},
}
"""The columns that a run can add to a row, by name."""


def input_columns(names: Iterable[str], schema: JSON | None = None) -> tuple[Column, ...]:
    """Return columns of the input, whose cells all have the same schema."""
    return tuple(Column(name, ("input", name), schema or {}) for name in names)


def run_columns(*names: str) -> tuple[Column, ...]:
    """Return columns of the run, by name; see `RUN_SCHEMAS`.

    Raises:
        JobError: There is no such column.
    """
    for name in names:
        if name not in RUN_SCHEMAS:
            raise JobError(f"a run has no column {name!r}; it has {', '.join(RUN_SCHEMAS)}")
    return tuple(Column(name, ("run", name), RUN_SCHEMAS[name]) for name in names)


def output_columns(schema: JSON, *, is_open: bool = False, name: str = "value") -> tuple[Column, ...]:
    """Return the columns of a type: one for each field, or a single one if the type is not an object with fields.

    Args:
        schema: The type's natural JSON Schema.
        is_open: Whether an object may have further keys if its schema does not mention them (a JSON Schema of the
            user's own). Undeclared keys share one column, `extras`.
        name: The name of the single column.

    >>> [column.name for column in output_columns({"type": "object", "properties": {"a": {}, "b": {}}})]
    ['a', 'b']
    >>> output_columns({"enum": ["good", "bad"]})[0].name
    'value'
    """
    root = Column(name, ("output",), schema, schema, is_open=is_open)
    resolved = resolve_schema(schema, schema)
    if not _has_fields(resolved):
        return (root,)
    fields = resolved["properties"]
    columns = [replace(root, name=key, path=("output", key), schema=part) for key, part in fields.items()]
    if allows_more_keys(resolved, is_open=is_open):
        columns.append(replace(root, name=EXTRAS, schema={}, declared_keys=frozenset(fields)))
    return tuple(columns)


def flatten_columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Replace objects by a column for each field, with names joined by dots. Lists, maps and unions stay one column.

    Raises:
        JobError: There are too many.

    >>> point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}
    >>> [column.name for column in flatten_columns(output_columns({"type": "object", "properties": {"at": point}}))]
    ['at.x', 'at.y']
    """
    leaves = tuple(islice((leaf for column in columns for leaf in _leaves(column, ())), MAX_COLUMNS + 1))
    if len(leaves) > MAX_COLUMNS:
        is_input = leaves[MAX_COLUMNS // 2].origin == "input"
        cause = "; a stray cell to the right of a table makes many empty columns" if is_input else ""
        raise JobError(
            f"the {'input' if is_input else 'type'} has more than {MAX_COLUMNS} columns as a flat table{cause}; write "
            "JSONL or Parquet"
        )
    return leaves


def _leaves(column: Column, trail: tuple[int, ...]) -> Iterator[Column]:
    schema = resolve_schema(column.schema, column.document)
    is_leaf = column.origin == "input" or column.declared_keys is not None or id(schema) in trail
    if is_leaf or not is_closed_object(schema, is_open=column.is_open):
        yield column
        return
    for name, part in schema["properties"].items():
        child = replace(column, name=f"{column.name}.{name}", path=(*column.path, name), schema=part)
        yield from _leaves(child, (*trail, id(schema)))


def with_unique_names(columns: Iterable[Column], *, folds_case: bool = False) -> tuple[Column, ...]:
    """Rename columns so that every name is unique, and return those of the input first.

    The input's columns keep their names. A column of the output or the run whose name is taken (in upper or lower case)
    gets `_output` or `_run` appended, repeatedly if necessary.

    Args:
        columns: In the order that the table has them.
        folds_case: Whether the format treats names that differ only in case as the same.

    >>> columns = (*output_columns({"properties": {"id": {}, "Text": {}}}), *input_columns(["id", "text"]))
    >>> [column.name for column in with_unique_names(columns)]
    ['id', 'text', 'id_output', 'Text_output']
    """
    names: set[str] = set()
    unique = []
    for column in sorted(columns, key=lambda column: column.origin != "input"):
        name = column.name
        while (folds_case or column.origin != "input") and name.casefold() in names:
            name = f"{name}_{column.origin}"
        names.add(name.casefold())
        unique.append(replace(column, name=name))
    return tuple(unique)


def resolve_schema(schema: JSONValue, document: JSON) -> JSON:
    """Return the schema inside references, a union with null, or an `allOf` of one.

    >>> resolve_schema({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}, {"$defs": {"A": {"type": "string"}}})
    {'type': 'string'}
    """
    for _ in range(MAX_REFERENCES):
        if not isinstance(schema, dict):
            return {}
        parts = [part for name in ("anyOf", "oneOf", "allOf") for part in schema.get(name, ()) if not _is_null(part)]
        if "$ref" in schema:
            schema = value_at(document, _reference_path(str(schema["$ref"])))
        elif len(parts) == 1 and "properties" not in schema:
            schema = parts[0]
        else:
            return schema
    return {}


def schema_types(schema: JSON) -> set[str]:
    """Return the JSON types besides null that a schema accepts; empty if it does not say.

    >>> schema_types({"type": ["integer", "null"]}), schema_types({"enum": ["a", None]}), schema_types({})
    ({'integer'}, {'string'}, set())
    """
    if "type" in schema:
        types = schema["type"]
        return {*(types if isinstance(types, list) else [types])} - {"null"}
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if not values and "properties" in schema:
        return {"object"}
    return {_JSON_TYPES.get(type(value), "null") for value in values} - {"null"}


_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def is_closed_object(schema: JSON, *, is_open: bool) -> bool:
    """Return whether a value is null or an object with only the declared fields."""
    return _has_fields(schema) and not allows_more_keys(schema, is_open=is_open)


def allows_more_keys(schema: JSON, *, is_open: bool) -> bool:
    """Return whether an object may have keys that are not declared."""
    return schema.get("additionalProperties", is_open) is not False or bool(schema.get("patternProperties"))


def _has_fields(schema: JSON) -> bool:
    is_combined = any(name in schema for name in ("anyOf", "oneOf", "allOf", "if"))
    return schema_types(schema) == {"object"} and bool(schema.get("properties")) and not is_combined


def _is_null(schema: JSONValue) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "null" or schema.get("const", ABSENT) is None)


def _reference_path(reference: str) -> JSONPath:
    """Return the path of a JSON pointer; for any other reference, a path that does not exist."""
    base, _, pointer = reference.partition("#")
    steps = tuple(pointer_keys(pointer))
    return (reference,) if base or (pointer and not steps) else steps
