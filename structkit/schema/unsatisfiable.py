"""The error for a schema that no value can fit; an optional property or a branch of a union with it is left out."""

from __future__ import annotations

from structkit.errors import SchemaError


class UnsatisfiableSchema(SchemaError):
    """No value can fit a part of the schema."""
