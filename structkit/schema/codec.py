"""`Codec`: the natural side of a type and its wire side, and the exact way between values and the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any, Generic, TypeVar

from structkit.dialects import Dialect
from structkit.errors import InvalidOutput, SchemaError
from structkit.parsing import NotJSON, read_candidates, read_json, repair_numbers
from structkit.schema.natural import InvalidValue, Natural
from structkit.schema.nodes.described import undescribed
from structkit.schema.nodes.node import WireError
from structkit.schema.nodes.object import Object
from structkit.schema.paths import wire_path
from structkit.schema.strict.compiled import Wire
from structkit.schema.strict.split import restricted
from structkit.values import JSON, Answer, FrozenJSON, Issue, JSONPath, JSONValue
from structkit.values.text import shorten_json

T = TypeVar("T")

MOST_READINGS = 20
"""Ways of reading one text that are tried; a text with more is no answer to anything."""

MOST_NAMES = 5
"""Keys that are named where a reply has none of those wanted."""


class Codec(Generic[T]):
    """What is asked of the endpoint in one request, and how its reply is read.

    A whole type is one (`ResponseFormat`), and so is a part of it that is asked for alone.

    Attributes:
        name: What it is called on the wire.
    """

    def __init__(self, name: str, natural: Natural[T], wire: Wire) -> None:
        """Both sides together."""
        self.name = name
        self._natural = natural
        self._wire = wire

    def __repr__(self) -> str:
        """The name on the wire."""
        return f"{type(self).__name__}({self.name!r})"

    @property
    def schema(self) -> JSON:
        """The strict schema."""
        return self._wire.schema

    @cached_property
    def payload(self) -> JSON:
        """The exact value of `response_format` in the request body."""
        return FrozenJSON(type="json_schema", json_schema={"name": self.name, "schema": self.schema, "strict": True})

    def dump(self, value: T) -> JSONValue:
        """A value of the type as wire JSON: what a right reply would say. `load(dump(value)) == value`.

        A value that breaks a rule of the type is written as it is, and `load` refuses it.

        Raises:
            SchemaError: It has no JSON form, or breaks a rule and would be read as another value, which breaks none.
        """
        return self.wire(self.natural(value))

    def wire(self, natural: JSONValue) -> JSONValue:
        """Natural JSON as wire JSON; of a part, only what belongs to it.

        Raises:
            SchemaError: It is nested too deep.
        """
        try:
            return self._wire.root.dump(natural)
        except RecursionError:
            raise SchemaError("the value is nested too deep to be written") from None

    def natural(self, value: T) -> JSONValue:
        """A value as the JSON its own type writes: what to store, where `dump` is what the model says."""
        return self._natural.dump(value)

    def load(self, wire: JSONValue) -> T:
        """Wire JSON as a value of the type.

        Raises:
            InvalidOutput: With the issues.
        """
        return self._accepted(self._read(wire, None, ""))

    def parse(self, text: str) -> T:
        """The reply's text as a value of the type.

        Raises:
            InvalidOutput: With the issues.
        """
        return self._accepted(self.read(text))

    def read(self, text: str, *, repairs: bool = False, context: Any = None) -> Answer[T]:
        """The reply's text as an answer: a value, or the issues; nothing is raised.

        Args:
            text: What the model wrote.
            repairs: Whether a text that is no exact JSON, or JSON in a wrapper, may be mended.
            context: What pydantic's validators get as `info.context`.
        """
        try:
            answer = self._read(read_json(text), text, text, context)
        except NotJSON as error:
            answer = Answer(0, text, None, (Issue((), str(error), shorten_json(text, 100)),))
        return answer if answer.valid or not repairs else self._mended(answer, context)

    def _mended(self, exact: Answer[T], context: Any) -> Answer[T]:
        """The first mended reading that is valid; else the one with the fewest issues."""
        answers = [exact]
        for wire, repairs in islice(self._readings(exact.text), MOST_READINGS):
            answers.append(replace(self._read(wire, None, exact.text, context), repairs=repairs))
            if answers[-1].valid:
                return answers[-1]
        readable = [answer for answer in answers if answer.draft is not None] or answers
        return min(readable, key=lambda answer: len(answer.issues))

    def _readings(self, text: str) -> Iterator[tuple[JSONValue, tuple[str, ...]]]:
        """What a text may mean, with what has to be mended for that; the exact reading is known not to do."""
        properties = self.schema["properties"]
        for reading in read_candidates(text, name=self.name, properties=properties):
            if reading.repairs:
                yield reading.value, reading.repairs
            mended, numbers = repair_numbers(reading.value, self.schema)
            if numbers:
                yield mended, (*reading.repairs, *numbers)

    def _read(self, wire: JSONValue, document: str | None, text: str, context: Any = None) -> Answer[T]:
        try:
            natural = wire if self._plain else self._wire.root.load(wire)
        except WireError as error:
            return Answer(0, text, None, (Issue(error.path, str(error)),))
        except RecursionError:
            return Answer(0, text, None, (Issue((), "nested too deep"),))
        answer = self.validated(natural, document if self._plain else None, text, context)
        return self._foreign(wire, answer) if isinstance(wire, dict) and wire else answer

    def _foreign(self, wire: JSON, answer: Answer[T]) -> Answer[T]:
        """The answer; of an object that is none of the type's the hint, also where a map or defaults would take it."""
        shown = wire.get("properties")
        if isinstance(shown, dict) and self._is_shown(wire, shown):
            return replace(answer, value=None, issues=(Issue((), "this is the schema; wanted is a value of it"),))
        if not wire.keys().isdisjoint(self._names) or not self._names:
            return answer
        if getattr(answer.value, "model_fields_set", False):
            return answer
        wanted = self.schema["properties"]
        hint = Issue((), f"none of its keys is wanted; wanted are {', '.join(islice(wanted, MOST_NAMES))}")
        return replace(answer, value=None, issues=(*answer.issues, hint))

    def _is_shown(self, wire: JSON, properties: JSON) -> bool:
        """Whether an object is the schema that was sent."""
        wanted = self.schema["properties"]
        return "properties" not in wanted and properties.keys() == wanted.keys() and "type" in wire

    @cached_property
    def _names(self) -> frozenset[str]:
        """The properties by either name; none where other keys may be the value's own."""
        root = undescribed(self._wire.root)
        return root.names | root.by_wire.keys() if isinstance(root, Object) and root.rest is None else frozenset()

    def validated(
        self, natural: JSONValue, document: str | None = None, text: str = "", context: Any = None
    ) -> Answer[T]:
        """Natural JSON as an answer.

        Args:
            natural: The value.
            document: Its JSON text, where that is at hand.
            text: What the model said.
            context: What pydantic's validators get as `info.context`.
        """
        try:
            return Answer(0, text, self._natural.validate(natural, document, context), draft=natural)
        except RecursionError:
            return Answer(0, text, None, (Issue((), "nested too deep"),))
        except InvalidValue as error:
            return Answer(0, text, None, error.issues, draft=natural)

    def partial(self, wire: JSONValue) -> JSONValue:
        """Wire JSON that may lack parts as natural JSON, not validated; None where it has no natural form."""
        try:
            return self._wire.root.load(wire)
        except (WireError, RecursionError):
            return None

    def in_dialect(self, dialect: Dialect) -> Codec[T]:  # noqa: ARG002 (a part has no type of its own to compile)
        """The same type in another dialect, where that can be had."""
        return self

    @property
    def nodes(self) -> Wire:
        """The wire side: the nodes and what they show."""
        return self._wire

    def _accepted(self, answer: Answer[T]) -> T:
        if answer.issues:
            listed = "\n".join(f"  {issue}" for issue in answer.issues)
            raise InvalidOutput(
                f"the reply does not fit {self.name}:\n{listed}", issues=answer.issues, partial=answer.text or None
            )
        return answer.value  # type: ignore[return-value]

    def wire_path(self, path: JSONPath) -> JSONPath:
        """A path in the caller's names as the model knows it."""
        return wire_path(self._wire.root, path)

    @cached_property
    def _plain(self) -> bool:
        return self._wire.root.identity


class Part(Codec[JSONValue]):
    """A part of a type that is larger than the vendor takes; its values are natural JSON, valid or not."""

    def __init__(self, name: str, piece: Wire, whole: Wire) -> None:
        """One piece of the whole."""
        super().__init__(name, Unvalidated(), piece)
        self._whole = whole

    def wire(self, natural: JSONValue) -> JSONValue:
        """Of the whole's natural JSON, what belongs to the part, as wire JSON."""
        return super().wire(restricted(self._wire.root, self._whole.root, natural))


class Unvalidated:
    """The natural side of a part: any JSON, because only the whole can be validated."""

    name = "part"
    schema: JSON = {}  # noqa: RUF012 (never changed)

    def dump(self, value: JSONValue) -> JSONValue:
        """It is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> Any:  # noqa: ARG002
        """It is not known yet whether it fits."""
        return value
