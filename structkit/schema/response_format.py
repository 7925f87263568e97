"""`ResponseFormat`: a type, its strict payload, and the exact way between values and the wire."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar, overload

from typing_extensions import TypeForm

from structkit.dialects import OPENAI
from structkit.errors import InvalidOutput, SchemaError
from structkit.parsing.exact import NotJSON, read_json
from structkit.schema.compiler import SchemaCompiler
from structkit.schema.explanation import Explanation, Note
from structkit.schema.naming import wire_name
from structkit.schema.natural import Invalid, natural_side
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.described import undescribed
from structkit.schema.nodes.node import Node, WireError
from structkit.schema.nodes.object import Object
from structkit.schema.share import flatten, share
from structkit.schema.words import short
from structkit.values import JSON, Answer, Dialect, Issue, JSONValue, Path

T = TypeVar("T")
Extras: TypeAlias = Literal["keep", "close"]


class ResponseFormat(Generic[T]):
    """A type as the endpoint takes it.

    Args:
        output_type: A pydantic model, any type pydantic validates, or a JSON Schema as a dict.
        name: What to call it on the wire; by default the type's name in snake case.
        dialect: What the vendor accepts; by default OpenAI's published subset.
        extras: For a JSON Schema: whether an object that says nothing of keys beyond the declared ones
            keeps a place for them, as JSON Schema has it ("keep"), or is closed ("close").

    Raises:
        SchemaError: The type has no strict form; the message names the place and what to write instead.

    >>> format = ResponseFormat(list[int])
    >>> format.schema["properties"]
    {'value': {'type': 'array', 'items': {'type': 'integer'}}}
    >>> format.dump([1, 2]), format.load({"value": [1, 2]}), format.parse('{"value": [3]}')
    ({'value': [1, 2]}, [1, 2], [3])
    """

    @overload
    def __init__(self, output_type: TypeForm[T], *, name: str | None = None, dialect: Dialect = ...) -> None: ...
    @overload
    def __init__(
        self: ResponseFormat[Any],
        output_type: JSON,
        *,
        name: str | None = None,
        dialect: Dialect = ...,
        extras: Extras = ...,
    ) -> None: ...
    def __init__(
        self, output_type: Any, *, name: str | None = None, dialect: Dialect = OPENAI, extras: Extras = "keep"
    ) -> None:
        """Compile the type."""
        self.dialect = dialect
        if extras not in {"keep", "close"}:
            raise SchemaError(f'extras is "keep" or "close", not {extras!r}', output_type=output_type)
        foreign = isinstance(output_type, dict)
        self._settings = (name, dialect, extras)
        try:
            self._natural = natural_side(output_type)
            compiler = SchemaCompiler(self._natural.schema, dialect, foreign=foreign, open=foreign and extras == "keep")
            root = compiler.root()
        except RecursionError:
            raise SchemaError("the schema is nested too deep", output_type=output_type) from None
        self.output_type = self._natural.schema if foreign else output_type  # the caller may change the document
        self.name = wire_name(name or self._natural.name)
        if not isinstance(undescribed(root), Object):
            compiler.note((), "rewritten", 'not an object: wrapped in {"value": ...}')
            root = Boxed(root)
        self._root: Node = root
        self._definitions = compiler.definitions
        self._notes: tuple[Note, ...] = tuple(compiler.notes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as what it was made from, and compiled again."""
        return _remade, (self.output_type, *self._settings)

    def __repr__(self) -> str:
        """The name on the wire."""
        return f"ResponseFormat({self.name!r})"

    @cached_property
    def schema(self) -> JSON:
        """The strict schema."""
        definitions = self._definitions.show()
        schema = {**self._root.show(), **({"$defs": definitions} if definitions else {})}
        if isinstance(self.output_type, dict):  # pydantic has named what it repeats
            schema = share(schema)
        return flatten(schema)

    @cached_property
    def payload(self) -> JSON:
        """The exact value of `response_format` in the request body."""
        return {"type": "json_schema", "json_schema": {"name": self.name, "schema": self.schema, "strict": True}}

    def dump(self, value: T) -> JSONValue:
        """A value of the type as wire JSON: what a right reply would say. `load(dump(value)) == value`.

        A value that breaks a rule of the type is written as it is, and `load` refuses it.

        Raises:
            SchemaError: It has no JSON form.
        """
        try:
            return self._root.dump(self.natural(value))
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

    def read(self, text: str) -> Answer[T]:
        """The reply's text as an answer: a value, or the issues; nothing is raised."""
        try:
            wire = read_json(text)
        except NotJSON as error:
            return Answer(0, text, None, (Issue((), str(error), short(text, 100)),))
        return self._read(wire, text, text)

    def _read(self, wire: JSONValue, document: str | None, text: str) -> Answer[T]:
        try:
            if self._plain:
                return Answer(0, text, self._natural.validate(wire, document))
            return Answer(0, text, self._natural.validate(self._root.load(wire)))
        except WireError as error:
            return Answer(0, text, None, (Issue(error.path, str(error)),))
        except RecursionError:
            return Answer(0, text, None, (Issue((), "nested too deep"),))
        except Invalid as error:
            return Answer(0, text, None, error.issues)

    def _accepted(self, answer: Answer[T]) -> T:
        if answer.issues:
            listed = "\n".join(f"  {issue}" for issue in answer.issues)
            raise InvalidOutput(
                f"the reply does not fit {self.name}:\n{listed}", issues=answer.issues, partial=answer.text or None
            )
        return answer.value  # type: ignore[return-value]

    def wire_path(self, path: Path) -> Path:
        """A path in the caller's names as the model knows it.

        >>> ResponseFormat(list[int]).wire_path((0,))
        ('value', 0)
        """
        return self._root.translate(path)

    def explain(self) -> Explanation:
        """Every rewrite and every rule enforced only here, by path."""
        return Explanation(self._notes)

    @cached_property
    def _plain(self) -> bool:
        return self._root.identity


def _remade(output_type: Any, name: str | None, dialect: Dialect, extras: Extras) -> ResponseFormat[Any]:
    return ResponseFormat(output_type, name=name, dialect=dialect, extras=extras)
