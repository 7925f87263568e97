"""`ItemReader`: the items of a list that arrives in pieces, each validated once, when it is closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import RootModel

from structkit.errors import SchemaError
from structkit.parsing.exact import NotJSON
from structkit.parsing.push import PushParser
from structkit.partial.answer_start import Start
from structkit.partial.pairing import documented, typed
from structkit.partial.place import Side
from structkit.partial.place_json_schema import Documented
from structkit.partial.place_pydantic import Typed
from structkit.partial.skipping import Unseen
from structkit.partial.text_buffer import KeptText
from structkit.schema.json_schema.raw_schema import RawSchema
from structkit.schema.natural import InvalidValue
from structkit.schema.nodes import ArrayNode, BoxedNode, Node, ObjectNode, UnionNode, WireError
from structkit.schema.nodes.node import Field
from structkit.schema.nodes.union import bare
from structkit.schema.pydantic.pydantic_type import validate_json
from structkit.schema.response_format import ResponseFormat
from structkit.values import Issue, JSONPath, JSONValue

T = TypeVar("T")

DEPTH = 1
"""How deep an item stands, as the text's keeper counts: nothing around it is wanted."""

UNORDERED = (set, frozenset)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """An item of the list, complete: a value, or the issues that kept it from being one.

    Args:
        path: Where it stands in the value, in the names of the caller's type.
        value: The item; None where it is not valid.
        issues: What is wrong with it, each at its place in the whole value.
        draft: Of an item that is not valid, the JSON that was validated, in the type's own form.
    """

    path: JSONPath
    value: T | None
    issues: tuple[Issue, ...] = ()
    draft: JSONValue = None

    @property
    def valid(self) -> bool:
        """Whether `value` is an item (which may itself be None)."""
        return not self.issues


@dataclass(frozen=True)
class Place:
    """Where the list stands, and what its items are."""

    route: tuple[str, ...]
    """The keys that lead there on the wire."""
    path: JSONPath
    """The same in the caller's names."""
    attribute: str
    """Where an instance of the caller's type has it; empty where the list is all."""
    node: Node
    side: Side
    is_as_written: bool
    """Whether the value has the items at the places where the reply has them."""


class ItemReader(Generic[T]):
    """The items of a reply's one list: the root's, or that of an object's only list property.

    Args:
        response_format: The type that is wanted.
        context: What pydantic's validators get as `info.context`.

    Attributes:
        path: Where the list stands in the value.

    Raises:
        SchemaError: The type has no list, or several.

    >>> items = ItemReader(ResponseFormat(list[int]))
    >>> for piece in ('{"value": [1, 2', '3, "x"', "]}"):
    ...     print([item.value if item.valid else str(item.issues[0]) for item in items.feed(piece)])
    [1]
    [23, '[2]: Input should be a valid integer, unable to parse string as an integer (got "x")']
    []
    """

    def __init__(self, response_format: ResponseFormat[Any], context: Any = None) -> None:
        """With none yet."""
        self._place = place = _place(response_format)
        self.path = place.path
        self._route = place.route
        self._read = _Reader(place, context)
        self._start = Start(response_format.schema["properties"])
        self._parser = PushParser(self)
        self._unseen = Unseen(self._parser, self)
        self._text = KeptText()
        self._begun = -1  # where the text of the open item begins
        self._keys: list[str] = []  # on the way to the list, one for each open object
        self._inside = False
        self._aside = False
        self._is_over = False
        self._count = 0
        self._found: list[Item[T]] = []

    @property
    def has_object_items(self) -> bool:
        """Whether the items are objects."""
        return isinstance(bare(self._place.node), ObjectNode)

    @property
    def is_order_preserved(self) -> bool:
        """Whether a value has its items where the reply has them; a set has not, nor what the caller's code makes."""
        return self._place.is_as_written

    def items_of(self, value: Any) -> Iterable[T]:
        """The items of a value of the type; none where it has no list."""
        name = self._place.attribute
        if name:
            return (value.get(name) if isinstance(value, dict) else getattr(value, name)) or ()
        return (value.root if isinstance(value, RootModel) else value) or ()

    def feed(self, piece: str) -> list[Item[T]]:
        """Read one more piece of the text; the items that it completes, in order. Nothing is raised.

        Of a text that is no JSON, those come that are complete before it breaks.
        """
        answer = self._start.feed(piece)
        if answer is not None and not self._is_over:
            self._text.add(answer)
            try:
                self._parser.feed(answer)
            except NotJSON:
                self._is_over = True
            self._text.trim()
        found, self._found = self._found, []
        return found

    def begin(self, bracket: str, at: int) -> None:
        """Told by the parser: the list opens, an item, an object on the way to the list, or something else."""
        keys = tuple(self._keys)
        if self._inside:
            self._begun = self._text.want(DEPTH, self._text.place(at))
            self._unseen.watch()
        elif bracket == "[" and keys == self._route:
            self._inside = True
        elif bracket == "{" and len(keys) < len(self._route) and keys == self._route[: len(keys)]:
            self._keys.append("")
        else:
            self._aside = True
            self._unseen.watch()

    def key(self, name: str) -> None:
        """Told by the parser: a key on the way to the list."""
        self._keys[-1] = name

    def scalar(self, value: JSONValue) -> None:
        """Told by the parser: an item that is a scalar, or something beside the list."""
        if self._inside:
            self._add(json.dumps(value))

    def end(self, at: int) -> None:
        """Told by the parser: one of these is closed."""
        if self._begun >= 0:
            text = self._text.read(self._begun, at)
            self._text.closed(DEPTH, at)
            self._begun = -1
            self._add(text)
        elif self._aside:
            self._aside = False
        elif self._inside:
            self._inside, self._route = False, ()
        else:
            self._keys.pop()

    def _add(self, text: str) -> None:
        self._found.append(self._read((*self.path, self._count), text))
        self._count += 1


class _Reader:
    """Makes items of their texts."""

    def __init__(self, place: Place, context: Any) -> None:
        self._place = place
        self._context = context
        self._is_plain = place.node.is_identity
        side = place.side
        self._validate = _by_type(side) if isinstance(side, Typed) else _by_schema(side)

    def __call__(self, path: JSONPath, text: str) -> Item[Any]:
        try:
            natural = self._place.node.load(json.loads(text))
        except WireError as error:
            return Item(path, None, (Issue((*path, *error.path), str(error)),))
        except RecursionError:
            return Item(path, None, (Issue(path, "nested too deep"),))
        try:
            return Item(path, self._validate(natural, text if self._is_plain else None, self._context))
        except InvalidValue as error:
            issues = tuple(replace(issue, path=(*path, *issue.path)) for issue in error.issues)
            return Item(path, None, issues, natural)


Validate: TypeAlias = Callable[[JSONValue, "str | None", Any], Any]


def _by_type(side: Typed) -> Validate:
    """By the items' part of a type that pydantic validates."""
    validator = side.cores.validator(side.core, side.config)
    return partial(validate_json, validator)


def _by_schema(side: Side) -> Validate:
    """By the items' part of a JSON Schema."""
    assert isinstance(side, Documented)  # noqa: S101 (there are two)
    return RawSchema(side.document).part(side.schema).validate


def _place(response_format: ResponseFormat[Any]) -> Place:
    """Where the list of a type stands.

    Raises:
        SchemaError: It has none, or several.
    """
    given = response_format.output_type
    side = documented(given) if isinstance(given, dict) else typed(given)
    root = bare(response_format.compiled_schema.root)
    fields = root.fields if isinstance(root, ObjectNode) else [Field("", "", root)]
    places = [place for field in fields if (place := _list_of(field, side, is_root=not isinstance(root, ObjectNode)))]
    if len(places) != 1:
        reason = "the type has no list" if not places else "the type has more than one list"
        raise SchemaError(f"{reason} whose items could come one by one", output_type=given)
    return places[0]


def _list_of(field: Field, side: Side, *, is_root: bool) -> Place | None:
    """The list that a property is, or the root itself."""
    keys, node = _unboxed(field.node)
    under = _underneath(side)
    attribute, known = ("", side) if is_root else under.fields([field.name]).get(field.name, ("", None))
    within = _underneath(known).inside("items_schema") if known and isinstance(node, ArrayNode) else None
    if known is None or within is None or not isinstance(node, ArrayNode):
        return None
    route, path = ((), ()) if is_root else ((field.wire,), (field.name,))
    is_as_written = known.is_a("list") and known.dress not in UNORDERED
    return Place((*route, *keys), path, attribute, node.items, within, is_as_written)


def _underneath(side: Side) -> Side:
    return side.underneath if isinstance(side, Typed) else side


def _unboxed(node: Node) -> tuple[tuple[str, ...], Node]:
    """What is in a node's boxes, and their keys."""
    inner = bare(node)
    if isinstance(inner, UnionNode) and inner.only:
        return _unboxed(inner.only)
    if not isinstance(inner, BoxedNode):
        return (), inner
    keys, found = _unboxed(inner.node)
    return (inner.key, *keys), found
