"""The texts of a description: what the caller has written, then the rules that no other keyword states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from structkit.schema.descriptions import describe_bounds
from structkit.schema.explanation import NoteKind
from structkit.schema.json_schema.inline_targets import inline_targets
from structkit.schema.keywords import ADDITIONAL_BOUNDS, DESCRIBED_BOUNDS, IGNORED_SCHEMA
from structkit.schema.nodes.examples import example_texts
from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue
from structkit.values.text import end_sentence, shorten_json

DESCRIBED_KEYWORDS = frozenset(
    {"not", "if", "then", "else", "contains", "minContains", "maxContains"}
    | {"dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems"}
)
"""Keywords without a strict form: stated in the description, checked after the reply."""

FLAG_DESCRIPTIONS = {"deprecated": "Deprecated.", "readOnly": "Read-only."}
"""What the model reads about annotations that are true."""

Resolve: TypeAlias = Callable[[JSONValue], JSON]
"""Returns a schema, or the one that its `$ref` leads to."""

AddNote: TypeAlias = Callable[[NoteKind, str], None]
"""Adds a note to `explain` for the place of the schema."""


def description_texts(schema: JSON, node: Node, resolve: Resolve, note: AddNote) -> Iterator[str]:
    """Yield the texts of a schema's description, and note the rules among them.

    Args:
        schema: The schema.
        node: Its node, which has the form of its examples.
        resolve: Follows references in the document.
        note: Adds a note.
    """
    if title := schema.get("title"):
        yield end_sentence(title)
    yield schema.get("description", "")
    yield from (text for word, text in FLAG_DESCRIPTIONS.items() if schema.get(word) is True)
    yield from _examples(schema, node, note)
    yield from _rules(schema, resolve, note)


def _examples(schema: JSON, node: Node, note: AddNote) -> Iterator[str]:
    examples, omitted = example_texts(schema, node)
    if examples:
        yield f"For example {', '.join(examples)}."
    if omitted:
        note("dropped", f"examples that are too long for a description: {omitted}")


def _rules(schema: JSON, resolve: Resolve, note: AddNote) -> Iterator[str]:
    if reason := schema.get(IGNORED_SCHEMA):
        note("dropped", f"json_schema_extra or WithJsonSchema: not a JSON Schema: {reason}")
    for bounds in schema.get(ADDITIONAL_BOUNDS, ()):
        note("checked locally", f"allOf: {shorten_json(bounds)}: stated in the description")
        yield describe_bounds(bounds)
    for bound in schema.get(DESCRIBED_BOUNDS, ()):
        note("checked locally", f"{bound}: stated in the description")
    for keyword in schema:
        if keyword in DESCRIBED_KEYWORDS:
            note("checked locally", f"{keyword}: stated in the description")
            yield describe_bounds({keyword: inline_targets(schema[keyword], resolve)})
