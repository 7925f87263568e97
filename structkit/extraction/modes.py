"""Modes: how a schema is put to an endpoint, and where its answer stands in the reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from structkit.schema import Codec
from structkit.values import JSON, Choice


class Mode(Protocol):
    """Two pure functions and a name."""

    @property
    def name(self) -> str:
        """What `Result.mode` says."""
        ...

    def encode(self, response_format: Codec[Any]) -> JSON:
        """The request fields that ask for the schema."""
        ...

    def decode(self, choice: Choice) -> str | None:
        """The text of the answer, or None where the choice has none."""
        ...


@dataclass(frozen=True, slots=True)
class JSONSchemaMode:
    """`response_format` of type `json_schema`, strict: the endpoint constrains the decoding."""

    name: str = "json_schema"

    def encode(self, response_format: Codec[Any]) -> JSON:
        """The payload as `response_format`."""
        return {"response_format": response_format.payload}

    def decode(self, choice: Choice) -> str | None:
        """The message's content."""
        return choice.content


JSON_SCHEMA = JSONSchemaMode()
