"""A row's cells by column: the input's, those of the type's natural JSON, and what the run has to say of it.

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

MOST_COLUMNS = 10_000
"""Of a flat table; a type with more is no table."""

MOST_STEPS = 50
"""References that are followed for one schema."""


@dataclass(frozen=True, slots=True)
class Column:
    """A name, and where in a row its cells stand.

    Args:
        name: What it is called.
        path: Where its cells stand; it begins with `input`, `output` or `run`.
        schema: The natural JSON Schema of the cells; `{}` where they may be anything.
        document: What the references in `schema` lead into.
        arrow: The Arrow type that the input has it in, if it has one.
        besides: For the column of undeclared keys: the declared ones, which it leaves out.
        is_open: Whether an object whose schema does not speak of further keys may have some.
    """

    name: str
    path: JSONPath
    schema: JSON = field(default_factory=dict)
    document: JSON = field(default_factory=dict)
    arrow: Any = None
    besides: frozenset[str] | None = None
    is_open: bool = False

    @property
    def origin(self) -> str:
        """`input`, `output` or `run`."""
        return str(self.path[0])

    def cell(self, row: JSON) -> JSONValue:
        """What a row has here; `ABSENT` where it has nothing."""
        found = value_at(row, self.path)
        if self.besides is None or not isinstance(found, dict):
            return found if self.besides is None else ABSENT
        return {name: value for name, value in found.items() if name not in self.besides} or ABSENT


_ISSUES: JSON = {
    "type": "array",
    "items": {"type": "object", "properties": {name: {"type": "string"} for name in ("path", "message", "got")}},
}
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens", "unreported")
RUN: dict[str, JSON] = {
    "status": {"type": "string"},
    "error": {"type": "string"},
    "message": {"type": "string"},
    "issues": _ISSUES,
    "warnings": _ISSUES,
    "attempts": {"type": "integer"},
    "usage": {"type": "object", "properties": {name: {"type": "integer"} for name in _USAGE}},
    "cost": {"type": "string"},
    "mode": {"type": "string"},
    "repairs": {"type": "array", "items": {"type": "string"}},
}
"""What a run can say of a row, by column."""


def input_columns(names: Iterable[str], schema: JSON | None = None) -> tuple[Column, ...]:
    """Columns of the input, whose cells are of one kind."""
    return tuple(Column(name, ("input", name), schema or {}) for name in names)


def run_columns(*names: str) -> tuple[Column, ...]:
    """Columns for what the run has to say of a row; see `RUN`.

    Raises:
        JobError: There is no such column.
    """
    for name in names:
        if name not in RUN:
            raise JobError(f"a run has no column {name!r}; it has {', '.join(RUN)}")
    return tuple(Column(name, ("run", name), RUN[name]) for name in names)


def output_columns(schema: JSON, *, is_open: bool = False) -> tuple[Column, ...]:
    """The columns of a type: one for each field, or `value` where the type is no object with fields.

    Args:
        schema: The type's natural JSON Schema.
        is_open: Whether an object whose schema does not speak of further keys may have some (a JSON Schema of the
            user's own). Keys that are not declared go into one column, `extras`.

    >>> [column.name for column in output_columns({"type": "object", "properties": {"a": {}, "b": {}}})]
    ['a', 'b']
    >>> output_columns({"enum": ["good", "bad"]})[0].name
    'value'
    """
    root = Column("value", ("output",), schema, schema, is_open=is_open)
    found = meaning(schema, schema)
    if not _has_fields(found):
        return (root,)
    declared = found["properties"]
    columns = [replace(root, name=name, path=("output", name), schema=part) for name, part in declared.items()]
    if takes_more(found, is_open=is_open):
        columns.append(replace(root, name="extras", schema={}, besides=frozenset(declared)))
    return tuple(columns)


def flat(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The same columns with objects taken apart, names joined by dots. Lists, maps and unions stay whole.

    Raises:
        JobError: There are too many.

    >>> point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}
    >>> [column.name for column in flat(output_columns({"type": "object", "properties": {"at": point}}))]
    ['at.x', 'at.y']
    """
    found = tuple(islice((leaf for column in columns for leaf in _leaves(column, ())), MOST_COLUMNS + 1))
    if len(found) > MOST_COLUMNS:
        raise JobError(f"the type has more than {MOST_COLUMNS} columns as a flat table; write JSONL or Parquet")
    return found


def _leaves(column: Column, trail: tuple[int, ...]) -> Iterator[Column]:
    schema = meaning(column.schema, column.document)
    whole = column.arrow is not None or column.besides is not None or id(schema) in trail
    if whole or not is_record(schema, is_open=column.is_open):
        yield column
        return
    for name, part in schema["properties"].items():
        inner = replace(column, name=f"{column.name}.{name}", path=(*column.path, name), schema=part)
        yield from _leaves(inner, (*trail, id(schema)))


def named(columns: Iterable[Column], *, folds: bool = False) -> tuple[Column, ...]:
    """The columns under names of their own, those of the input first.

    The input's columns keep their names. A column of the output or the run whose name is taken (in any case of
    letters) gets `_output` or `_run` behind it, as often as it needs.

    Args:
        columns: In the order they are wanted.
        folds: Whether the format takes names that differ only in case for the same.

    >>> columns = (*output_columns({"properties": {"id": {}, "Text": {}}}), *input_columns(["id", "text"]))
    >>> [column.name for column in named(columns)]
    ['id', 'text', 'id_output', 'Text_output']
    """
    taken: set[str] = set()
    found = []
    for column in sorted(columns, key=lambda column: column.origin != "input"):
        name = column.name
        while (folds or column.origin != "input") and name.casefold() in taken:
            name = f"{name}_{column.origin}"
        taken.add(name.casefold())
        found.append(replace(column, name=name))
    return tuple(found)


def meaning(schema: JSONValue, document: JSON) -> JSON:
    """A schema without what stands around it: references, a union with null, an `allOf` of one.

    >>> meaning({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}, {"$defs": {"A": {"type": "string"}}})
    {'type': 'string'}
    """
    for _ in range(MOST_STEPS):
        if not isinstance(schema, dict):
            return {}
        parts = [part for name in ("anyOf", "oneOf", "allOf") for part in schema.get(name, ()) if not _is_null(part)]
        if "$ref" in schema:
            schema = value_at(document, _pointed(str(schema["$ref"])))
        elif len(parts) == 1 and "properties" not in schema:
            schema = parts[0]
        else:
            return schema
    return {}


def kinds(schema: JSON) -> set[str]:
    """The JSON types that a schema takes besides null; empty where it does not say.

    >>> kinds({"type": ["integer", "null"]}), kinds({"enum": ["a", None]}), kinds({})
    ({'integer'}, {'string'}, set())
    """
    if "type" in schema:
        found = schema["type"]
        return {*(found if isinstance(found, list) else [found])} - {"null"}
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if not values and "properties" in schema:
        return {"object"}
    return {_KINDS.get(type(value), "null") for value in values} - {"null"}


_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def is_record(schema: JSON, *, is_open: bool) -> bool:
    """Whether a value is an object with just the fields that are declared, or null."""
    return _has_fields(schema) and not takes_more(schema, is_open=is_open)


def takes_more(schema: JSON, *, is_open: bool) -> bool:
    """Whether an object may have keys that are not declared."""
    return schema.get("additionalProperties", is_open) is not False or bool(schema.get("patternProperties"))


def _has_fields(schema: JSON) -> bool:
    composed = any(name in schema for name in ("anyOf", "oneOf", "allOf", "if"))
    return kinds(schema) == {"object"} and bool(schema.get("properties")) and not composed


def _is_null(schema: JSONValue) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "null" or schema.get("const", ABSENT) is None)


def _pointed(reference: str) -> JSONPath:
    """The path of a JSON pointer; one that leads nowhere for a reference of another kind."""
    place, _, pointer = reference.partition("#")
    steps = tuple(pointer_keys(pointer))
    return (reference,) if place or (pointer and not steps) else steps
