"""`ItemReader`: the items of a list that arrives in chunks, each validated once, when it is complete."""

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
from structkit.partial.answer_start import AnswerFinder
from structkit.partial.pairing import root_place
from structkit.partial.place import TypePlace
from structkit.partial.place_json_schema import JSONSchemaPlace
from structkit.partial.place_pydantic import PydanticPlace
from structkit.partial.skipping import SkippingReceiver
from structkit.partial.text_buffer import TextBuffer
from structkit.schema.json_schema.raw_schema import RawSchema
from structkit.schema.natural import InvalidValue
from structkit.schema.nodes import ArrayNode, BoxedNode, Node, ObjectNode, UnionNode, WireError
from structkit.schema.nodes.node import Field
from structkit.schema.nodes.scalar import NULL
from structkit.schema.nodes.union import resolve_node
from structkit.schema.pydantic.json_validator import JSONValidator, compile_validator
from structkit.schema.response_format import ResponseFormat
from structkit.values import Issue, JSONPath, JSONValue
from structkit.values.exact_float import ExactFloat, read_float

T = TypeVar("T")

ITEM_DEPTH = 1
"""The depth of an item in the text buffer, which stores nothing around it."""

UNORDERED_TYPES = (set, frozenset)


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """A complete item of the list: a value, or the issues that make it invalid.

    Args:
        path: The path of the item in the value, in the names of the caller's type.
        value: The item; None if it is not valid.
        issues: The issues, with their paths in the value.
        draft: Of an invalid item, the natural JSON that was validated.
    """

    path: JSONPath
    value: T | None
    issues: tuple[Issue, ...] = ()
    draft: JSONValue = None

    @property
    def valid(self) -> bool:
        """Whether `value` is a valid item (which may be None)."""
        return not self.issues


@dataclass(frozen=True)
class ListLocation:
    """The location of the list in a reply, and its items."""

    wire_keys: tuple[str, ...]
    """The keys on the wire from the root to the list."""
    path: JSONPath
    """The path in the names of the caller's type."""
    attribute: str
    """The attribute or key of the list in a value; empty if the value is the list."""
    node: Node
    """The wire node of an item."""
    item_place: TypePlace
    is_order_preserved: bool
    """Whether the value has its items in the order of the reply."""


def _is_object(node: Node) -> bool:
    node = resolve_node(node)
    if isinstance(node, UnionNode):
        branches = [branch for branch in node.branches if branch is not NULL]
        return bool(branches) and all(_is_object(branch) for branch in branches)
    return isinstance(node, ObjectNode) and (not node.is_box or all(_is_object(field.node) for field in node.fields))


class ItemReader(Generic[T]):
    """Read the items of a reply's one list: the root, or the only list property of an object.

    Args:
        response_format: The expected type.
        context: What pydantic's validators get as `info.context`.

    Attributes:
        path: The path of the list in the value.

    Raises:
        SchemaError: The type has no list, or several.

    >>> items = ItemReader(ResponseFormat(list[int]))
    >>> for chunk in ('{"value": [1, 2', '3, "x"', "]}"):
    ...     print([item.value if item.valid else str(item.issues[0]) for item in items.feed(chunk)])
    [1]
    [23, '[2]: Input should be a valid integer, unable to parse string as an integer (got "x")']
    []
    """

    def __init__(self, response_format: ResponseFormat[Any], context: Any = None) -> None:
        """Start before the list."""
        self._location = location = _locate_list(response_format)
        self.path = location.path
        self._wire_keys = location.wire_keys
        self._load_item = _ItemLoader(location, context)
        self._finder = AnswerFinder(response_format.schema["properties"])
        self._parser = PushParser(self)
        self._skipping = SkippingReceiver(self._parser, self)
        self._text = TextBuffer()
        self._item_start = -1  # the offset of the open item in the buffer
        self._keys: list[str] = []  # the current key of each open object around the list
        self._is_in_list = False
        self._is_skipping = False
        self._is_over = False
        self._count = 0
        self._items: list[Item[T]] = []

    @property
    def has_object_items(self) -> bool:
        """Whether the items are objects, of one class or several, or null."""
        return _is_object(self._location.node)

    @property
    def is_order_preserved(self) -> bool:
        """Whether a value has its items in the order of the reply; sets and the caller's validators may change it."""
        return self._location.is_order_preserved

    def items_of(self, value: Any) -> Iterable[T]:
        """Return the items of a value of the type; none if it has no list."""
        name = self._location.attribute
        if name:
            return (value.get(name) if isinstance(value, dict) else getattr(value, name)) or ()
        return (value.root if isinstance(value, RootModel) else value) or ()

    def read_natural(self, item: JSONValue) -> T:
        """Return an item of the list from its natural JSON.

        Raises:
            InvalidValue: It is not valid.
        """
        value: T = self._load_item.validate(item)
        return value

    def feed(self, chunk: str) -> list[Item[T]]:
        """Add one more chunk of the text, and return the items that it completes, in order. Nothing is raised.

        If the text is not JSON, only the items before the error are returned.
        """
        answer = self._finder.feed(chunk)
        if answer is not None and not self._is_over:
            self._text.add(answer)
            try:
                self._parser.feed(answer)
            except NotJSON:
                self._is_over = True
            self._text.trim()
        items, self._items = self._items, []
        return items

    def begin(self, bracket: str, at: int) -> None:
        """Open the list, an item, an object around the list, or anything else, which is skipped."""
        keys = tuple(self._keys)
        if self._is_in_list:
            self._item_start = self._text.store_from(ITEM_DEPTH, self._text.offset(at))
            self._skipping.skip_container()
        elif bracket == "[" and keys == self._wire_keys:
            self._is_in_list = True
        elif bracket == "{" and len(keys) < len(self._wire_keys) and keys == self._wire_keys[: len(keys)]:
            self._keys.append("")
        else:
            self._is_skipping = True
            self._skipping.skip_container()

    def key(self, name: str) -> None:
        """Note a key of an object around the list."""
        self._keys[-1] = name

    def scalar(self, value: JSONValue) -> None:
        """Add an item that is a scalar; scalars outside of the list are ignored."""
        if self._is_in_list:
            self._add_item(value.text if isinstance(value, ExactFloat) else json.dumps(value))

    def end(self, at: int) -> None:
        """Close what `begin` has opened."""
        if self._item_start >= 0:
            text = self._text.read(self._item_start, at)
            self._text.close(ITEM_DEPTH, at)
            self._item_start = -1
            self._add_item(text)
        elif self._is_skipping:
            self._is_skipping = False
        elif self._is_in_list:
            self._is_in_list, self._wire_keys = False, ()
        else:
            self._keys.pop()

    def _add_item(self, text: str) -> None:
        self._items.append(self._load_item((*self.path, self._count), text))
        self._count += 1


class _ItemLoader:
    """Load and validate items from their wire texts."""

    def __init__(self, location: ListLocation, context: Any) -> None:
        self._node = location.node
        self._is_identity = location.node.is_identity  # walks all nodes, so it is stored
        self._context = context
        self._validate = _item_validator(location.item_place)

    def validate(self, natural: JSONValue) -> Any:
        """Return an item from its natural JSON; raises `InvalidValue` with the issues."""
        return self._validate(natural, None, self._context)

    def __call__(self, path: JSONPath, text: str) -> Item[Any]:
        try:
            natural = self._node.load(DECODE_ITEM(text))
        except WireError as error:
            return Item(path, None, (Issue((*path, *error.path), str(error)),))
        except RecursionError:
            return Item(path, None, (Issue(path, "nested too deep"),))
        try:
            return Item(path, self._validate(natural, text if self._is_identity else None, self._context))
        except InvalidValue as error:
            issues = tuple(replace(issue, path=(*path, *issue.path)) for issue in error.issues)
            return Item(path, None, issues, natural)


DECODE_ITEM = json.JSONDecoder(parse_float=read_float).decode
"""The parser of the stream has validated the text already."""

Validate: TypeAlias = Callable[[JSONValue, "str | None", Any], Any]


def _item_validator(place: TypePlace) -> Validate:
    """Return the validator of the items' part of a type or of a JSON Schema."""
    if isinstance(place, PydanticPlace):
        compile_item = partial(compile_validator, config=place.config)
        return JSONValidator(place.cores.complete(place.core), compile_item).validate
    assert isinstance(place, JSONSchemaPlace)  # noqa: S101 (there are only two kinds of places)
    return RawSchema(place.document).part(place.schema).validate


def _locate_list(response_format: ResponseFormat[Any]) -> ListLocation:
    """Return the location of the list of a type.

    Raises:
        SchemaError: The type has no list, or several.
    """
    place = root_place(response_format)
    root = resolve_node(response_format.compiled_schema.root)
    is_object = isinstance(root, ObjectNode)
    fields = root.fields if isinstance(root, ObjectNode) else [Field("", "", root)]
    locations = [location for field in fields if (location := _list_of(field, place, is_root=not is_object))]
    if len(locations) != 1:
        reason = "the type has no list" if not locations else "the type has more than one list"
        message = f"{reason} whose items could be streamed one by one; use stream() instead"
        raise SchemaError(message, output_type=response_format.output_type)
    return locations[0]


def _list_of(field: Field, place: TypePlace, *, is_root: bool) -> ListLocation | None:
    """Return the location of the list that is a property, or the root itself."""
    box_keys, node = _unboxed(field.node)
    if not isinstance(node, ArrayNode):
        return None
    fields = {field.name: ("", place)} if is_root else _without_functions(place).fields([field.name])
    attribute, list_place = fields.get(field.name, ("", None))
    item_place = _without_functions(list_place).member("items_schema") if list_place else None
    if list_place is None or item_place is None:
        return None
    wire_keys, path = ((), ()) if is_root else ((field.wire,), (field.name,))
    is_order_preserved = list_place.is_a("list") and list_place.wrap not in UNORDERED_TYPES
    return ListLocation((*wire_keys, *box_keys), path, attribute, node.items, item_place, is_order_preserved)


def _without_functions(place: TypePlace) -> TypePlace:
    return place.without_functions if isinstance(place, PydanticPlace) else place


def _unboxed(node: Node) -> tuple[tuple[str, ...], Node]:
    """Return the keys of a node's boxes, and the node inside."""
    inner = resolve_node(node)
    if isinstance(inner, UnionNode) and inner.single_branch:
        return _unboxed(inner.single_branch)
    if not isinstance(inner, BoxedNode):
        return (), inner
    keys, node = _unboxed(inner.node)
    return (inner.key, *keys), node
