"""`Codec`: a type and its strict schema, and the exact way between values and the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from typing import Any, Generic, TypeVar

from structkit.dialects import Dialect
from structkit.errors import ConfigError, InvalidOutput, SchemaError
from structkit.parsing import NotJSON, read_json
from structkit.parsing.limits import MAX_REPAIRED_CHARS
from structkit.parsing.member_names import NamesOfValues
from structkit.schema.expected_form import ExpectedForm, expected_form
from structkit.schema.expected_values import MISSING, OTHER_FORM
from structkit.schema.explanation import Note
from structkit.schema.find_node import find_description, find_node, find_outer_node, may_be_null
from structkit.schema.forms import form_of
from structkit.schema.json_schema.match_time import shared_match_time
from structkit.schema.memo import shared_results
from structkit.schema.missing_tags import add_tags
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue, NaturalType
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import without_description
from structkit.schema.nodes.node import Node, WireError, reject_ambiguous
from structkit.schema.nodes.union import constant_of
from structkit.schema.paths import wire_path
from structkit.schema.repaired_answer import MAX_READINGS, RepairedReading, choose_answer, repaired_readings
from structkit.schema.strict.compiled import CompiledSchema
from structkit.schema.strict.conformance import conforms
from structkit.schema.strict.split import select_part
from structkit.schema.unrelated import UnrelatedReplies, reject_unrelated, unrelated_issues, unrelated_replies
from structkit.values import ABSENT, JSON, Answer, FrozenJSON, Issue, JSONPath, JSONValue, value_at
from structkit.values.repair import are_allowed
from structkit.values.text import list_lines, shorten_json

T = TypeVar("T")

MAX_ITEMS = re.compile(r'"maxItems": (\d{1,9})\b')

MIN_EXCERPT_CHARS = 30
"""Characters of a text that is not JSON which an issue quotes."""

MAX_EXPLAINED_ISSUES = 100
"""Issues that are explained by the form that is expected; no model reads more of them."""


NO_VALUE = re.compile(
    r"\W{0,9}(?:(?:n\W{0,3}a|nil|none|null|nan|empty|nothing|unknown|undefined|unspecified|missing|tbd"
    r"|not(?: \w{1,20}){1,3})\W{0,9})?",
    re.IGNORECASE,
)
"""Texts that may say that there is no value."""


class Codec(Generic[T]):
    """What one request asks the endpoint for, and how its reply is read.

    A whole type is a codec (`ResponseFormat`), and so is a part of a type that is asked for separately.

    Attributes:
        name: The name on the wire.
    """

    def __init__(self, name: str, natural: NaturalType[T], compiled_schema: CompiledSchema) -> None:
        """Combine the natural side and the wire side."""
        self.name = name
        self._natural = natural
        self._compiled_schema = compiled_schema

    def __repr__(self) -> str:
        """The class, and the name on the wire."""
        return f"{type(self).__name__}({self.name!r})"

    @property
    def schema(self) -> JSON:
        """The strict schema."""
        return self._compiled_schema.schema

    @property
    def natural_schema(self) -> JSON:
        """The JSON Schema of what `natural` returns."""
        return self._natural.schema

    @property
    def compiled_schema(self) -> CompiledSchema:
        """The wire side: the nodes, and the strict schema made from them."""
        return self._compiled_schema

    @property
    def form(self) -> str:
        """The form of a reply, with the values left out: `{"name": ..., "age": ...}`."""
        return form_of(self._root)

    @cached_property
    def payload(self) -> JSON:
        """The exact value of `response_format` in the request body."""
        return FrozenJSON(type="json_schema", json_schema={"name": self.name, "schema": self.schema, "strict": True})

    def dump(self, value: T) -> JSONValue:
        """Return a value of the type as wire JSON, as a correct reply would have it: `load(dump(value)) == value`.

        A value that breaks a rule is written unchanged, and `load` rejects it; a subclass's own fields are left out.

        Raises:
            SchemaError: The value has no JSON form; or it breaks a rule, and would be read as another, valid value.
        """
        return self.wire(self.natural(value))

    def wire(self, natural: JSONValue) -> JSONValue:
        """Return natural JSON as wire JSON; of a part's codec, only what belongs to the part.

        Raises:
            SchemaError: The value is nested too deep.
        """
        try:
            return self._compiled_schema.root.dump(natural)
        except RecursionError:
            raise SchemaError("the value is nested too deep to be written") from None

    def natural(self, value: T, *, for_reader: bool = False) -> JSONValue:
        """Return a value as the JSON that its type writes: the form to store; for a reader, with the defaults in it."""
        return self._natural.dump(value, for_reader=for_reader)

    def load(self, wire: JSONValue) -> T:
        """Return wire JSON as a value of the type.

        Raises:
            InvalidOutput: With the issues.
        """
        return self._value_of(self._read_wire(wire, None, ""))

    def parse(self, text: str) -> T:
        """Return the text of a reply as a value of the type.

        Raises:
            InvalidOutput: With the issues.
        """
        return self._value_of(self.read(text))

    def read(self, text: str, *, repairs: bool | Collection[str] = False, context: Any = None) -> Answer[T]:
        """Return the text of a reply as an answer: a value, or the issues. No reply makes it raise.

        Args:
            text: The model's reply.
            repairs: Whether to repair a text that is not exact JSON of the type; or the names of the allowed repairs.
            context: What pydantic's validators get as `info.context`.

        Raises:
            ConfigError: The reply is not a text.
        """
        if not isinstance(text, str):
            raise ConfigError(f"a reply must be a text, not {type(text).__name__}; load reads JSON values")
        if not self._has_patterns:
            return self._read(text, repairs, context)
        with shared_match_time():
            return self._read(text, repairs, context)

    def _read(self, text: str, repairs: bool | Collection[str], context: Any) -> Answer[T]:
        try:
            answer = self._read_wire(read_json(text), text, text, context)
        except NotJSON as error:
            answer = Answer(0, text, None, (Issue((), str(error), _excerpt(text, error.at)),))
        may_repair = repairs and len(text) <= MAX_REPAIRED_CHARS
        return self._repair(answer, repairs, context) if may_repair and not answer.valid else answer

    @cached_property
    def _has_patterns(self) -> bool:
        return '"pattern' in json.dumps(self._natural.schema)  # the keyword `patternProperties` as well

    @cached_property
    def list_bounds(self) -> frozenset[int]:
        """The lengths that the type's lists may have at most, each of some list."""
        return frozenset(map(int, MAX_ITEMS.findall(json.dumps(self._natural.schema))))

    def _repair(self, exact: Answer[T], repairs: bool | Collection[str], context: Any) -> Answer[T]:
        def validate(wire: JSONValue) -> Answer[T]:
            return self._read_wire(wire, None, exact.text, context)

        return choose_answer(exact, self.repaired_readings(exact.text, repairs, context), validate, repairs)

    def repaired_readings(
        self, text: str, repairs: bool | Collection[str], context: Any = None
    ) -> Iterator[RepairedReading]:
        """Yield the wire values that a text may mean with the allowed repairs, most likely first."""
        add_names = partial(self._add_names, text=text, context=context)
        readings = repaired_readings(text, self.name, self.schema, self._expected_form, add_names)
        return (reading for reading in islice(readings, MAX_READINGS) if are_allowed(reading.repairs, repairs))

    def _add_names(self, wire: JSONValue, text: str, context: Any) -> tuple[JSONValue, tuple[str, ...]]:
        """Return a wire value with the missing tags of unions, and the repairs."""
        return add_tags(self._root, wire, lambda tagged: self._read_wire(tagged, None, text, context).issues)

    @cached_property
    def member_names(self) -> NamesOfValues:
        """The names that values have in the caller's code, which a model may write."""
        return self._natural.member_names()

    @cached_property
    def _expected_form(self) -> ExpectedForm:
        box = self._root.key if isinstance(self._root, BoxedNode) else None
        return expected_form(self.schema, self._natural.schema, box=box, names=self.member_names)

    @cached_property
    def _root(self) -> Node:
        return without_description(self._compiled_schema.root)

    def _read_wire(self, wire: JSONValue, document: str | None, text: str, context: Any = None) -> Answer[T]:
        try:
            natural = wire if self._is_identity else self._compiled_schema.root.load(wire)
            if natural is wire and isinstance(wire, dict | list) and isinstance(self._root, BoxedNode):
                reject_ambiguous(self._root.node, wire)
        except WireError as error:
            return Answer(0, text, None, (Issue(error.path, str(error)),))
        except RecursionError:
            return Answer(0, text, None, (Issue((), "nested too deep"),))
        answer = self.read_natural(natural, document if self._is_identity else None, text, context)
        is_container = wire and isinstance(wire, dict | list)
        return reject_unrelated(answer, wire, self._unrelated_replies) if is_container else answer

    def unrelated_issues(self, wire: JSONValue) -> tuple[Issue, ...]:
        """Return the issues of objects in a part of a wire value that the type would accept by accident."""
        return unrelated_issues(wire, self._unrelated_replies)

    @cached_property
    def _unrelated_replies(self) -> UnrelatedReplies:
        return unrelated_replies(self._root)

    def read_natural(
        self, natural: JSONValue, document: str | None = None, text: str = "", context: Any = None
    ) -> Answer[T]:
        """Return natural JSON as an answer: a value, or the issues. It raises nothing.

        Args:
            natural: The natural JSON.
            document: Its JSON text, where that is available.
            text: The model's reply.
            context: What pydantic's validators get as `info.context`.
        """
        try:
            return Answer(0, text, self._natural.validate(natural, document, context), draft=natural)
        except RecursionError:
            return Answer(0, text, None, (Issue((), "nested too deep"),))
        except InvalidValue as error:
            with shared_results():  # most issues are of the items of one list
                first = [self._with_form(issue, natural) for issue in error.issues[:MAX_EXPLAINED_ISSUES]]
            issues = (*first, *error.issues[MAX_EXPLAINED_ISSUES:])
            return Answer(0, text, None, issues, draft=natural)

    def _with_form(self, issue: Issue, natural: JSONValue) -> Issue:
        """Return an issue with the forms that are expected at its place, or the constant that is missing there."""
        if issue.message not in {OTHER_FORM, MISSING}:
            return issue
        node = find_node(self._compiled_schema.root, issue.path, natural)
        if node is None:
            return issue
        if issue.message == OTHER_FORM:
            return self._with_expected_form(issue, node, natural)
        constant = constant_of(node)
        return issue if constant is None else replace(issue, message=f"{MISSING}: write {shorten_json(constant)}")

    def _with_expected_form(self, issue: Issue, node: Node, natural: JSONValue) -> Issue:
        """Return an issue with the form that is expected; of a text, which is not JSON of the type, as described."""
        value = value_at(natural, issue.path)
        is_listed = isinstance(value, str) and node.schema.keys() & {"enum", "const"}
        if is_listed or (isinstance(value, list) and node.kind == "array"):  # other branches may be meant as well
            outer = find_outer_node(self._compiled_schema.root, issue.path, natural) or node
            return replace(issue, message=f"Input should be {form_of(outer)}")
        if not isinstance(value, str) or node.kind != "string":
            return replace(issue, message=f"Input should be {form_of(node)}")
        description = find_description(self._compiled_schema.root, issue.path, natural)
        message = f"Input should be another text{f': {description}' if description else ''}"
        return replace(issue, message=message, got=shorten_json(value, MAX_QUOTED_CHARS))

    def hint_at_null(self, issue: Issue, draft: JSONValue) -> Issue:
        """Return an issue for the model: where it has written that there is no value, null is allowed, if it is."""
        value = value_at(draft, issue.path)
        has_none = value in ([], {}) or (isinstance(value, str) and NO_VALUE.fullmatch(value) is not None)
        if not has_none or "null" in issue.message or not may_be_null(self._compiled_schema.root, issue.path, draft):
            return issue
        return replace(issue, message=f"{issue.message}; null is allowed")

    def load_partial(self, wire: JSONValue) -> JSONValue:
        """Return incomplete wire JSON as natural JSON, not validated; None where it has no natural form."""
        try:
            return self._compiled_schema.root.load(wire)
        except (WireError, RecursionError):
            return None

    def in_dialect(self, dialect: Dialect) -> Codec[T]:  # noqa: ARG002 (a part has no type of its own to compile)
        """Return the same type in another dialect, where there is a type to compile."""
        return self

    def wire_path(self, path: JSONPath, draft: JSONValue = ABSENT) -> JSONPath:
        """Return a path in the caller's names as a path in the names that the model knows.

        It is unchanged for a place that is nested deeper than the stack allows.

        Args:
            path: The path in the natural value.
            draft: The natural value, valid or not; without it, keys of maps and boxes of branches are not known.
        """
        try:
            return wire_path(self._compiled_schema.root, path, draft)
        except RecursionError:
            return path

    def _value_of(self, answer: Answer[T]) -> T:
        if answer.issues:
            message = f"the reply does not fit {self.name}:\n{list_lines(answer.issues)}"
            raise InvalidOutput(message, issues=answer.issues, partial=answer.text or None)
        return answer.value  # type: ignore[return-value]

    @cached_property
    def _is_identity(self) -> bool:
        """Whether wire JSON is natural JSON already, so that the reply's text can be validated as it is."""
        return self._compiled_schema.root.is_identity


def _excerpt(text: str, at: int) -> str:
    """Return the text from a position as JSON; a few characters before it, if it is the end of the text."""
    start = min(at, max(0, len(text.rstrip()) - MIN_EXCERPT_CHARS))
    return shorten_json(text[start:], MAX_QUOTED_CHARS)


class UnvalidatedCodec(Codec[JSONValue]):
    """A codec whose values are natural JSON that is not validated: parts of a type, and of a value that is corrected.

    Since any value is valid, a reply is repaired where its structure is not that of the schema.
    """

    def __init__(self, name: str, compiled: CompiledSchema, member_names: NamesOfValues) -> None:
        """Create the codec of a schema, with the names of the values of the whole type."""
        super().__init__(name, UnvalidatedJSON(member_names), compiled)

    def _read(self, text: str, repairs: bool | Collection[str], context: Any) -> Answer[JSONValue]:
        answer = super()._read(text, repairs, context)
        if not repairs or not answer.valid or self._has_structure(answer):
            return answer
        return next(filter(self._has_structure, self._repaired_answers(answer, repairs, context)), answer)

    def _repaired_answers(
        self, answer: Answer[JSONValue], repairs: bool | Collection[str], context: Any
    ) -> Iterator[Answer[JSONValue]]:
        for reading in self.repaired_readings(answer.text, repairs, context):
            repaired = self._read_wire(reading.wire, None, answer.text, context)
            yield replace(repaired, text=answer.text, repairs=reading.repairs)

    def _has_structure(self, answer: Answer[JSONValue]) -> bool:
        try:
            return answer.valid and conforms(self._compiled_schema.root.dump(answer.draft), self.schema)
        except RecursionError:
            return True


class PartCodec(UnvalidatedCodec):
    """One part of a type that is too large for one request; its values are natural JSON that is not validated."""

    def __init__(
        self, name: str, part: CompiledSchema, whole_type: CompiledSchema, member_names: NamesOfValues
    ) -> None:
        """Create the codec of *part*, one of the parts of *whole_type*."""
        super().__init__(name, part, member_names)
        self._whole_type = whole_type

    def wire(self, natural: JSONValue) -> JSONValue:
        """Return what belongs to the part, of the whole type's natural JSON, as wire JSON."""
        return super().wire(select_part(self._compiled_schema.root, self._whole_type.root, natural))


class UnvalidatedJSON:
    """The natural side of a part: any JSON, because only the whole value can be validated."""

    name = "part"
    schema: JSON = {}  # noqa: RUF012 (never changed)

    def __init__(self, member_names: NamesOfValues) -> None:
        """Take the names of the values of the whole type."""
        self._member_names = member_names

    def explain(self) -> tuple[Note, ...]:
        """Return no notes."""
        return ()

    def member_names(self) -> NamesOfValues:
        """Return the names of the values of the whole type."""
        return self._member_names

    def dump(self, value: JSONValue, *, for_reader: bool = False) -> JSONValue:  # noqa: ARG002
        """Return the value, which is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> Any:  # noqa: ARG002
        """Return the value unchanged."""
        return value
