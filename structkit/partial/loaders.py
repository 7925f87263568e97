"""Loaders: they turn a complete part of a reply into a value of the caller's type, and validate it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from pydantic_core import SchemaError, SchemaValidator, to_json

from structkit.schema.nodes.node import Node, WireError
from structkit.values import ABSENT, JSONValue


class ValueLoader(Protocol):
    """Loads the values of one place of the caller's type."""

    def load_text(self, text: str, context: Any) -> Any:
        """Return the value of a wire text; `ABSENT` if it is not valid."""
        ...

    def load(self, wire: JSONValue, context: Any) -> Any:
        """Return the value of wire JSON; `ABSENT` if it is not valid."""
        ...


class PydanticLoader:
    """Loads and validates values with the pydantic validator of one part of a type."""

    def __init__(self, node: Node, build_validator: Callable[[], SchemaValidator]) -> None:
        """Load with *node*; the validator is built when it is first needed."""
        self._node = node
        self._build_validator = build_validator

    @cached_property
    def _validate(self) -> Callable[..., Any]:
        try:
            return self._build_validator().validate_json
        except SchemaError:
            return _reject

    @cached_property
    def _is_identity(self) -> bool:
        return self._node.is_identity

    def load_text(self, text: str, context: Any) -> Any:
        """Return the value of a text, if it is valid."""
        if not self._is_identity:
            return self.load(json.loads(text), context)
        try:
            return self._validate(text, by_alias=True, context=context)
        except Exception:  # noqa: BLE001 (validators are the caller's code; the final result has the error)
            return ABSENT

    def load(self, wire: JSONValue, context: Any) -> Any:
        """Return the value of wire JSON, if it is valid."""
        try:
            natural = wire if self._is_identity else self._node.load(wire)
            return self._validate(to_json(natural), by_alias=True, context=context)
        except Exception:  # noqa: BLE001 (as above)
            return ABSENT


def _reject(*_: Any, **__: Any) -> Any:
    """Reject any value of a part that cannot be validated by itself; the container around it is validated later."""
    raise WireError("this part cannot be validated on its own")


class JSONSchemaLoader:
    """Loads the values of a JSON Schema, which are natural JSON, without validation; only the root is validated."""

    def __init__(self, node: Node) -> None:
        """Load with *node*."""
        self._node = node

    def load_text(self, text: str, context: Any) -> Any:
        """Return the natural JSON of a wire text, or `ABSENT` if it is not valid."""
        return self.load(json.loads(text), context)

    def load(self, wire: JSONValue, context: Any) -> Any:  # noqa: ARG002 (there are no validators)
        """Return the natural JSON of wire JSON, or `ABSENT` if it is not valid."""
        try:
            return self._node.load(wire)
        except (WireError, RecursionError):
            return ABSENT
