"""Models that a core schema contains on several paths, as definitions: each is then processed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import is_
from typing import Any

from pydantic_core import core_schema

from structkit.schema.pydantic.invertible import NOT_SCHEMAS
from structkit.schema.pydantic.part import inner_values, is_schema
from structkit.values import JSON

SKIPPED_KEYS = NOT_SCHEMAS - {"serialization"}  # a serializer may contain a schema
SHAREABLE = ("model", "dataclass")
"""Types whose settings do not depend on what contains them."""


def with_shared_models(schema: Any) -> Any:
    """Return a core schema in which a model that is used on several paths is a definition.

    pydantic inlines a finished model wherever it is used, as one Python object. A walk over the schema, and pydantic's
    own compiler, would enter it once per path, of which there can be exponentially many.
    """
    models = _repeated_models(schema)
    if not models:
        return schema
    is_complete = schema["type"] == "definitions"
    root = schema["schema"] if is_complete else schema
    definitions = [_refer_inside(part, models) for part in (*models.values(), *schema.get("definitions", ()))]
    return core_schema.definitions_schema(_refer(root, models), definitions)


def _repeated_models(schema: Any) -> dict[str, JSON]:
    """Return the models that are in a schema several times, by their `ref`."""
    models: dict[str, JSON] = {}
    uses = Counter[str]()
    conflicting = {part["ref"] for part in schema.get("definitions", ())}
    for model in _models(schema):
        ref = model["ref"]
        uses[ref] += 1
        if not _are_same(models.setdefault(ref, model), model):
            conflicting.add(ref)  # used with different metadata
    return {ref: model for ref, model in models.items() if uses[ref] > 1 and ref not in conflicting}


def _models(schema: Any) -> Iterator[JSON]:
    """Yield each use of a model; the uses inside a part that several others share are yielded once."""
    stack, visited = [schema], set[int]()
    while stack:
        part = stack.pop()
        if _is_model(part):
            yield part
        if isinstance(part, dict | list | tuple) and id(part) not in visited:
            visited.add(id(part))
            stack += inner_values(part, SKIPPED_KEYS) if isinstance(part, dict) else part


def _is_model(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in SHAREABLE and isinstance(part.get("ref"), str)


def _are_same(first: JSON, second: JSON) -> bool:
    return first.keys() == second.keys() and all(first[key] is second[key] for key in first)


def _refer(part: Any, models: dict[str, JSON]) -> Any:
    """Return a part with references in place of the repeated models."""
    if _is_model(part) and part["ref"] in models:
        return core_schema.definition_reference_schema(part["ref"])
    return _refer_inside(part, models)


def _refer_inside(part: Any, models: dict[str, JSON]) -> Any:
    """Return a part, copied only where a repeated model is inside it."""
    if isinstance(part, list | tuple):
        items = [_refer(item, models) for item in part]
        return part if all(map(is_, items, part)) else type(part)(items)
    if not isinstance(part, dict):
        return part
    skipped = SKIPPED_KEYS if is_schema(part) else ()
    changed = {key: value if key in skipped else _refer(value, models) for key, value in part.items()}
    return part if _are_same(changed, part) else changed
