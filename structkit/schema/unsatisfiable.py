"""The error for a schema that no value can fit; an optional property or a branch of a union with it is left out."""

from __future__ import annotations

from structkit.errors import SchemaError
from structkit.schema.keywords import CONTRADICTION
from structkit.values import JSON, JSONPath


class UnsatisfiableSchema(SchemaError):
    """No value can fit a part of the schema."""


def reject_contradiction(schema: JSON, path: JSONPath) -> None:
    """Reject a schema that says itself why no value fits it.

    Raises:
        UnsatisfiableSchema: It does.
    """
    if CONTRADICTION in schema:
        raise UnsatisfiableSchema(f"no value can fit: {schema[CONTRADICTION]}", path=path)
