"""The error for a value that is not one of flags: pydantic lists the flags, and accepts every sum of them."""

from __future__ import annotations

from enum import EJECT, Flag
from typing import Any, cast

from pydantic_core import PydanticKnownError, core_schema

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
    inner = _without_other_numbers(part) if getattr(part["cls"], "_boundary_", None) is EJECT else part
    schema = core_schema.custom_error_schema(
        without_ref(inner), "enum", custom_error_context={"expected": expected}, ref=part.get("ref")
    )
    return cast("JSON", schema)


def _without_other_numbers(part: JSON) -> JSON:
    """Return the schema of flags with the boundary `EJECT`, which makes an `int` of a number that is no sum of them."""
    flags = part["cls"]

    def reject_other(value: Any) -> Any:
        if isinstance(value, int) and not isinstance(flags(value), flags):
            raise PydanticKnownError("enum", {"expected": flags.__name__})
        return value

    return cast("JSON", core_schema.no_info_before_validator_function(reject_other, without_ref(part)))
