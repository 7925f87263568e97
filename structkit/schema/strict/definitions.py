"""Schemas that stand more than once, said once: `$defs` shorten the payload and save the vendor's budgets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

from structkit.schema.naming import unused_name, wire_name
from structkit.values import JSON

SHORTEST = 60
"""Characters below which a reference would not be shorter by enough."""


def share(schema: JSON) -> JSON:
    """The same strict schema with its repeated parts as definitions.

    >>> point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}
    >>> shared = share({"type": "object", "properties": {"start": point, "end": point}})
    >>> shared["properties"], [*shared["$defs"]]
    ({'start': {'$ref': '#/$defs/start'}, 'end': {'$ref': '#/$defs/start'}}, ['start'])
    """
    parts = [(name, json.dumps(part)) for name, part in _parts(schema, "root")]
    counts = Counter(text for _, text in parts if len(text) >= SHORTEST)
    names: dict[str, str] = {}
    for name, text in parts:
        if counts[text] > 1 and text not in names:
            names[text] = unused_name(wire_name(name), {*schema.get("$defs", {}), *names.values()})
    definitions: JSON = {}

    def refer(part: JSON) -> JSON:
        name = names.get(json.dumps(part))
        if name is None:
            return _with_parts(part, refer)
        if name not in definitions:
            definitions[name] = _with_parts(part, refer)
        return {"$ref": f"#/$defs/{name}"}

    shared = _with_parts(schema, refer)
    together = {**shared.pop("$defs", {}), **definitions}
    return {**shared, "$defs": together} if together else shared


def flatten(schema: JSON, most: int = 8) -> JSON:
    """The same schema with objects nested deeper than *most* moved to `$defs`: vendors count levels.

    OpenAI allows 10; nested objects with the root as 1 fit the probes known (13 were refused, 9 accepted).

    >>> deep = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    >>> flatten(deep, 1)["properties"], [*flatten(deep, 1)["$defs"]]
    ({'a': {'$ref': '#/$defs/level_2'}}, ['level_2'])
    """
    hoisted: JSON = {}

    def below(part: JSON, depth: int) -> JSON:
        depth += part.get("type") == "object"
        if depth <= most:
            return _with_parts(part, lambda inner: below(inner, depth))
        name = unused_name(f"level_{most + 1}", {*schema.get("$defs", {}), *hoisted})
        hoisted[name] = {}
        hoisted[name] = _with_parts(part, lambda inner: below(inner, 1))
        return {"$ref": f"#/$defs/{name}"}

    definitions = {name: below(part, 0) for name, part in schema.get("$defs", {}).items()}
    flat = below({key: value for key, value in schema.items() if key != "$defs"}, 0)
    together = {**definitions, **hoisted}
    return {**flat, "$defs": together} if together else flat


def _parts(schema: JSON, name: str) -> Iterator[tuple[str, JSON]]:
    """Every part below a schema, outermost first, with the name of the property it stands under."""
    for key, part in children(schema):
        yield key or name, part
        yield from _parts(part, key or name)
    for definition in schema.get("$defs", {}).values():  # it has its name already; its parts may have none
        yield from _parts(definition, name)


def children(schema: JSON) -> Iterator[tuple[str, JSON]]:
    """The schemas right inside a strict schema, with the names of the properties among them."""
    yield from schema.get("properties", {}).items()
    yield from (("", part) for part in schema.get("anyOf", ()))
    if "items" in schema:
        yield "", schema["items"]


def _with_parts(schema: JSON, change: Callable[[JSON], JSON]) -> JSON:
    """The schema with each schema right inside it changed."""
    changed = dict(schema)
    if "properties" in schema:
        changed["properties"] = {name: change(part) for name, part in schema["properties"].items()}
    if "anyOf" in schema:
        changed["anyOf"] = [change(part) for part in schema["anyOf"]]
    if "items" in schema:
        changed["items"] = change(schema["items"])
    if "$defs" in schema:
        changed["$defs"] = {name: _with_parts(part, change) for name, part in schema["$defs"].items()}
    return changed
