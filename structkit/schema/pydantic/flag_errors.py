"""The error for a value that is not one of flags: pydantic lists the flags, and accepts every sum of them."""

from __future__ import annotations

from enum import Flag
from typing import cast

from pydantic_core import core_schema

from structkit.schema.expected_values import MAX_LISTED_VALUES
from structkit.schema.pydantic.part import without_ref
from structkit.values import JSON


def with_sums(part: JSON, _: object = None) -> JSON:
    """Return the core schema of an enum with an error that names the sums, where it has flags.

    >>> Access = Flag("Access", ["READ", "WRITE"])
    >>> with_sums(core_schema.enum_schema(Access, [*Access]))["custom_error_context"]
    {'expected': '1, 2 or a sum of them'}
    """
    if not issubclass(part["cls"], Flag):
        return part
    values = [member.value for member in part["members"]]
    listing, remaining = ", ".join(map(str, values[:MAX_LISTED_VALUES])), len(values) - MAX_LISTED_VALUES
    parts = f"these and {remaining} others" if remaining > 0 else "them"
    expected = f"{listing} or a sum of {parts}" if len(values) > 1 else listing
    schema = core_schema.custom_error_schema(
        without_ref(part), "enum", custom_error_context={"expected": expected}, ref=part.get("ref")
    )
    return cast("JSON", schema)
