"""Whether a request shows the form of the reply with the descriptions of its fields, although it sends a schema."""

from __future__ import annotations

from typing import Any

from structkit.dialects.route import RESPONSE_FORMAT_MODES
from structkit.values import JSONValue


def shows_form(step: Any) -> bool:
    """Return whether the next request of a step shows the form, as its policy says.

    `auto` shows it only where the model is known not to see the schema, and only for descriptions that it would miss:
    the gain of a form without them is not certain (docs/benchmarks.md). Tools are part of the prompt at every server.
    """
    choice, mode = step.policy.show, step.current_mode
    if not choice or mode.shows_form:
        return False
    if choice != "auto":
        return True
    is_hidden = mode.name in RESPONSE_FORMAT_MODES and step.route.hides_schema
    return is_hidden and has_descriptions(step.response_format.schema)  # those of a patch only name its places


def has_descriptions(schema: JSONValue) -> bool:
    """Return whether a schema has a description anywhere; a property may have that name.

    >>> has_descriptions({"properties": {"description": {"type": "string"}}})
    False
    >>> has_descriptions({"$defs": {"line": {"properties": {"price": {"description": "In EUR."}}}}})
    True
    """
    if isinstance(schema, list):
        return any(map(has_descriptions, schema))
    if not isinstance(schema, dict):
        return False
    return isinstance(schema.get("description"), str) or any(
        has_descriptions(part) for word, part in schema.items() if word not in {"enum", "const"}
    )
