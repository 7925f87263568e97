"""Closed parts of a reply as values of the caller's type, each validated by the part of the type that stands there."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from pydantic_core import SchemaError, SchemaValidator, to_json

from structkit.schema.nodes.node import Node, WireError
from structkit.values import ABSENT, JSONValue


class Check(Protocol):
    """Makes a value of a closed part."""

    def read(self, text: str, context: Any) -> Any:
        """The value of a part's wire text; `ABSENT` where it is not valid."""
        ...

    def value(self, wire: JSONValue, context: Any) -> Any:
        """The value of a part's wire JSON; `ABSENT` where it is not valid."""
        ...


class Validated:
    """By a part of a type that pydantic validates."""

    def __init__(self, node: Node, build: Callable[[], SchemaValidator]) -> None:
        """For a wire node; the validator is built when it is first needed."""
        self._node = node
        self._build = build

    @cached_property
    def _validate(self) -> Callable[..., Any]:
        try:
            return self._build().validate_json
        except SchemaError:
            return _never

    @cached_property
    def _plain(self) -> bool:
        return self._node.is_identity

    def read(self, text: str, context: Any) -> Any:
        """The value of a text, if it is valid."""
        if not self._plain:
            return self.value(json.loads(text), context)
        try:
            return self._validate(text, by_alias=True, context=context)
        except Exception:  # noqa: BLE001 (validators are the caller's; the end result tells)
            return ABSENT

    def value(self, wire: JSONValue, context: Any) -> Any:
        """The value of wire JSON, if it is valid."""
        try:
            natural = wire if self._plain else self._node.load(wire)
            return self._validate(to_json(natural), by_alias=True, context=context)
        except Exception:  # noqa: BLE001 (as above)
            return ABSENT


def _never(*_: Any, **__: Any) -> Any:
    """A part that cannot be validated without what is around it shows when that is closed."""
    raise WireError("not by itself")


class Unchecked:
    """By nothing: the values of a JSON Schema are natural JSON, and only the whole is checked."""

    def __init__(self, node: Node) -> None:
        """For a wire node."""
        self._node = node

    def read(self, text: str, context: Any) -> Any:
        """The natural JSON of a text, if it has any."""
        return self.value(json.loads(text), context)

    def value(self, wire: JSONValue, context: Any) -> Any:  # noqa: ARG002 (no validator gets it)
        """The natural JSON of wire JSON, if it has any."""
        try:
            return self._node.load(wire)
        except (WireError, RecursionError):
            return ABSENT
