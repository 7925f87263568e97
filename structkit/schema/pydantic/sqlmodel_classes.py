"""Classes of SQLModel: the constructor of a table validates nothing, so that its fields are validated before it."""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import core_schema

from structkit.values import JSON


def is_table(part: JSON) -> bool:
    """Return whether a core schema is that of a class that SQLModel maps to a table (`table=True`)."""
    settings = getattr(part.get("cls"), "model_config", None)
    return bool(part.get("custom_init")) and isinstance(settings, dict) and settings.get("table") is True


def with_pydantic_constructor(part: JSON) -> JSON:
    """Return the core schema of another class of SQLModel, whose constructor does nothing but validate the fields.

    pydantic does the same without it, by a schema whose inner parts can be rewritten.
    """
    constructor = getattr(part.get("cls"), "__init__", None)
    is_sqlmodel = getattr(constructor, "__module__", "").partition(".")[0] == "sqlmodel"
    return {**part, "custom_init": False} if is_sqlmodel and part.get("custom_init") else part


def with_validated_fields(part: JSON, fields: JSON) -> JSON:
    """Return a core schema that validates the fields of a table, and constructs it from their values.

    Args:
        part: The core schema of the class.
        fields: That of its fields.
    """

    def read_fields(value: Any, validate: Any) -> JSON:
        values, _, names = validate(value)
        return {name: value for name, value in values.items() if name in names}

    validated = core_schema.no_info_wrap_validator_function(read_fields, cast("Any", fields))
    table: Any = {key: value for key, value in part.items() if key != "ref"}
    return cast("JSON", core_schema.chain_schema([validated, table], ref=part.get("ref")))
