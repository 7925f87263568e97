"""Bounds that no keyword of the strict schema says: stated in a description, and checked after the reply."""

from __future__ import annotations

from structkit.schema.descriptions import describe_bounds
from structkit.schema.json_schema.inline_targets import inline_targets
from structkit.schema.nodes.context import Compiler
from structkit.values import JSON, JSONPath
from structkit.values.text import shorten_json


def state_bounds(bounds: JSON, path: JSONPath, compiler: Compiler) -> str:
    """Return bounds as sentences, and note each of them that says anything."""
    stated = {name: value for name, value in bounds.items() if describe_bounds({name: value})}
    for name, value in stated.items():
        compiler.note(path, "checked locally", f"{name} {shorten_json(value)}: stated in the description")
    return describe_bounds({name: inline_targets(value, compiler.resolve) for name, value in stated.items()})
