"""Parts of a core schema compiled by themselves: what they write, and whether they read it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError, core_schema

from structkit.values import JSONValue, json_text

UNSAID = object()
"""What stands for a value that has no JSON form."""

Definitions = Callable[[], Iterable[Any]]
"""The parts of the whole schema that have a name; asked for only when a part is compiled."""


class Alone:
    """One part, compiled when it is first needed: few values ever ask."""

    def __init__(self, part: Any, definitions: Definitions, config: Any) -> None:
        """Keep the part, where its references lead, and the settings of the model around."""
        self._part, self._definitions, self._config = part, definitions, config

    def writes(self, value: Any) -> JSONValue:
        """The value as JSON, or UNSAID where the part cannot write it."""
        try:
            return to_natural(self._serializer, value)
        except Exception:  # noqa: BLE001 (a serialiser may be the caller's)
            return UNSAID

    def reads(self, found: JSONValue, value: Any) -> bool:
        """Whether the part reads JSON back as the value."""
        try:
            return bool(self._validator.validate_json(json_text(found), by_alias=True) == value)
        except Exception:  # noqa: BLE001 (a validator may be the caller's)
            return False

    def takes(self, found: JSONValue) -> bool:
        """Whether JSON is of the part's type, to the letter."""
        try:
            self._validator.validate_json(json_text(found), strict=True, by_alias=True)
        except ValidationError:
            return False
        return True

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(self._whole, self._config, _use_prebuilt=False)

    @cached_property
    def _serializer(self) -> SchemaSerializer:
        return SchemaSerializer(self._whole, self._config, _use_prebuilt=False)

    @cached_property
    def _whole(self) -> Any:
        return standing_alone(self._part, self._definitions())


def to_natural(serializer: SchemaSerializer, value: Any) -> JSONValue:
    """A value as natural JSON.

    Raises:
        ValueError, TypeError: It has no JSON form.
        Exception: What a serialiser of the caller's raises.
    """
    found = serializer.to_python(value, mode="json", by_alias=True, round_trip=True, warnings="error")
    json_text(found)
    return found


def standing_alone(part: Any, definitions: Iterable[Any]) -> Any:
    """A part as a whole schema, with everything that has a name beside it."""
    others = [each for each in definitions if each is not part and each["type"] != "definitions"]
    return core_schema.definitions_schema(without_ref(part), others)


def without_ref(part: Any) -> Any:
    """The part without its name: a name may stand only once."""
    return {key: value for key, value in part.items() if key != "ref"}
