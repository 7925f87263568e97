"""The fault that no value can fit a schema: a property or branch that has it can be left out."""

from __future__ import annotations

from structkit.errors import SchemaError


class UnsatisfiableSchema(SchemaError):
    """No value can fit a part of the schema."""
