"""What is expected of a reply's text before it is read: the keys that are never wrappers, and what may be a wrapper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from structkit.parsing import walk_branches
from structkit.parsing.member_names import NamesOfValues
from structkit.parsing.schema_branches import unboxed_objects
from structkit.values import JSON


@dataclass(frozen=True, slots=True)
class ExpectedForm:
    """The form of a value, as far as it matters for what is around it.

    Args:
        properties: The keys of the object, or of the objects that may be in the box of another type, with those of the
            branches of a union, which a model may write without their own boxes.
        wrapper_types: The types of containers that may be wrappers, because the value itself cannot have that type.
        box: The key of the box around a type that is not an object.
        is_list: Whether the value in the box is a list.
        has_rows: Whether it is a list of lists.
        names: The names that values have in the caller's code.
    """

    properties: frozenset[str]
    wrapper_types: tuple[type, ...] = (dict, list)
    box: str | None = None
    is_list: bool = False
    has_rows: bool = False
    names: NamesOfValues = field(default_factory=dict)


def expected_form(wire: JSON, natural: JSON, *, box: str | None, names: NamesOfValues) -> ExpectedForm:
    """Return the expected form of a type.

    A list is not a wrapper where the type allows lists: an invalid list has to be corrected, and its only item must not
    be read as another branch of a union. The same goes for an object where a map is one branch of several.

    Args:
        wire: The strict schema.
        natural: The natural schema.
        box: The key of the box around a type that is not an object.
        names: The names that values have in the caller's code.

    >>> number, text = {"type": "integer"}, {"type": "string"}
    >>> natural = {"anyOf": [{"type": "array", "items": number}, {"type": "object", "properties": {"n": number}}]}
    >>> form = expected_form({"properties": {"value": natural}}, natural, box="value", names={})
    >>> sorted(form.properties), form.wrapper_types
    (['n', 'value'], (<class 'dict'>,))
    """
    properties = frozenset(wire["properties"])
    if box is None:
        return ExpectedForm(properties, names=names)
    branches = [*walk_branches([natural], natural)]
    has_lists = any("array" in _types(branch) for branch in branches)
    has_maps = len(branches) > 1 and any(_is_map(branch) for branch in branches)
    types = (*(() if has_maps else (dict,)), *(() if has_lists else (list,)))
    is_list = all("array" in _types(branch) for branch in branches)
    has_rows = is_list and all(_has_lists(branch, natural) for branch in branches)
    _, unboxed = unboxed_objects(branches, natural)
    return ExpectedForm(properties.union(*map(_keys, [*branches, *unboxed])), types, box, is_list, has_rows, names)


def _has_lists(branch: JSON, natural: JSON) -> bool:
    """Whether the items of a list are lists, or lists and null."""
    items = branch.get("items")
    types = [_types(item) for item in walk_branches([items], natural)] if isinstance(items, dict) else []
    return any("array" in each for each in types) and all({*each} <= {"array", "null"} and each for each in types)


def _keys(branch: JSON) -> Iterator[str]:
    properties = branch.get("properties")
    return iter(properties if isinstance(properties, dict) else ())


def _types(branch: JSON) -> list[str]:
    type_ = branch.get("type", [])
    return type_ if isinstance(type_, list) else [type_]


def _is_map(branch: JSON) -> bool:
    return (
        "object" in _types(branch) and not branch.get("properties") and branch.get("additionalProperties") is not False
    )
