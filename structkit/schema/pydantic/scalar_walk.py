"""A walk over a core schema that rewrites its scalars, each as its place requires: JSON, a text, a union."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, NamedTuple, TypeAlias, cast

from pydantic_core import PydanticKnownError, core_schema

from structkit.schema.pydantic.json_form import INSTANCES
from structkit.schema.pydantic.part import NOT_SCHEMAS, is_schema, walk_parts, without_ref
from structkit.schema.pydantic.sqlmodel_classes import is_table, with_pydantic_constructor, with_validated_fields
from structkit.values import JSON

CONVERTERS = frozenset({"function-before", "function-wrap"})
"""Functions of the caller's that may return an infinity for another value."""

TIMES = {"datetime": "datetime_type", "date": "date_type", "time": "time_type", "timedelta": "time_delta_type"}
"""Core schemas of times, each with pydantic's error for a value of another type."""

JSON_KINDS = TIMES.keys() | {"bytes", "decimal", "enum", "uuid", "complex", "fraction"}
JSON_KINDS |= {"tuple", "named-tuple", "deque", "ordered-dict", "counter"}
"""Core schemas whose values JSON writes as a text, a list or a map, which a function of the caller's gets as such.

Strict mode reads these from JSON, and rejects them from a function.
"""

IN_PYTHON, IN_KEYS = "-in-python", "-in-keys"
"""The ends of the `ref` of a definition that reads Python values, and of one in a text, as the keys of a map are."""

WRAPPERS = CONVERTERS | {"nullable", "default", "function-after"}
"""Parts that pass on the value of the part inside them."""

UNIONS = frozenset({"union", "tagged-union"})

UNCHANGED = NOT_SCHEMAS | {"serialization"}
"""Keys whose values are not schemas of what is read."""

Check: TypeAlias = Callable[[Any], Any]
"""Returns a value, and raises pydantic's error for one that pydantic would read as another one."""

_input: ContextVar[Any] = ContextVar("input")
"""What the function of the caller's was called with whose result is validated."""


def _refs_with(definitions: Sequence[JSON], matches: Callable[[JSON], bool]) -> frozenset[str]:
    """Return the `ref` of each definition that has a part that matches, or refers to one that has."""
    refs = frozenset[str]()
    count = -1
    while count < len(refs):
        count = len(refs)
        refs |= {
            each["ref"]
            for each in definitions
            if any(matches(part) or part.get("schema_ref") in refs for part in walk_parts(each))
        }
    return refs


def _is_strict(part: JSON) -> bool:
    return bool(part.get("strict") or (part.get("config") or {}).get("strict"))


def _with_variants(definitions: Sequence[JSON], rewritten: JSON, context: Context) -> JSON:
    """Return a core schema with each definition once more that means something else in some of its places."""
    originals = {each["ref"]: each for each in definitions}
    all_definitions, done = [*rewritten["definitions"]], set[Variant]()
    while pending := context.variants - done:
        for variant in sorted(pending):
            original = {**originals[variant.ref], "ref": variant.own_ref}
            inside = replace(context, is_python=variant.is_python, is_key=variant.is_key)
            all_definitions.append(_rewrite(original, inside))
        done |= pending
    return {**rewritten, "definitions": all_definitions}


class Variant(NamedTuple):
    """A definition in a place where it means something else.

    Attributes:
        ref: The `ref` of the definition.
        is_python: Whether it is behind a function of the caller's: it reads Python values there, of which strict mode
            reads other ones than of JSON.
        is_key: Whether it is in a text, as the keys of a map are, which may have infinities.
    """

    ref: str
    is_python: bool
    is_key: bool

    @property
    def own_ref(self) -> str:
        """The `ref` of the definition in this place."""
        return f"{self.ref}{IN_PYTHON * self.is_python}{IN_KEYS * self.is_key}"


@dataclass(frozen=True)
class Context:
    """What surrounds a part of a core schema.

    Args:
        rewriters: What rewrites scalars, by the type of their core schema.
        config: The settings of the model that contains it.
        may_be_made: Whether a function or a default of the caller's may be any value of the part.
        is_converted: Whether a function of the caller's has seen the value before the part.
        is_python: Whether one has seen the value, or one that contains it: the part then reads Python values, not JSON.
        is_key: Whether the part is in the keys of a map, which are texts on the wire.
        is_branch: Whether the part is in a branch of a union, and not in a field of it.
        strict_refs: The definitions that have a strict part.
        float_refs: The definitions that have a float.
        variants: What is referred to in a place where it means something else.
    """

    rewriters: Mapping[str, ScalarRewriter]
    config: JSON = field(default_factory=dict)
    may_be_made: bool = False
    is_converted: bool = False
    is_python: bool = False
    is_key: bool = False
    is_branch: bool = False
    strict_refs: Collection[str] = ()
    float_refs: Collection[str] = ()
    variants: set[Variant] = field(default_factory=set)

    def is_strict(self, part: JSON) -> bool:
        """Return whether pydantic validates a scalar in strict mode."""
        return bool(part.get("strict", self.config.get("strict")))

    def guarded(self, part: JSON, check: Check, **metadata: Any) -> JSON:
        """Return a part with a check of its values; of those only that no function of the caller's has made."""

        def check_unchanged(value: Any) -> Any:
            return check(value) if _is_unchanged(value) else value

        merged = {**part.get("metadata", {}), **metadata} if metadata else None
        schema = core_schema.no_info_before_validator_function(
            check_unchanged if self.is_converted else check, without_ref(part), ref=part.get("ref"), metadata=merged
        )
        return cast("JSON", schema)


ScalarRewriter: TypeAlias = Callable[[JSON, Context], JSON]
"""Returns the core schema of a scalar; the same object where nothing in it changes."""


def rewrite_scalars(core: Any, rewriters: Mapping[str, ScalarRewriter]) -> Any:
    """Return a core schema with other schemas of its scalars, except where a function of the caller's makes them.

    Args:
        core: The core schema.
        rewriters: What rewrites scalars, by the type of their core schema.
    """
    return _rewrite(core, Context(rewriters))


def rewrite_by_place(core: Any, rewriters: Mapping[str, ScalarRewriter], config: JSON) -> Any:
    """Return a core schema with other schemas of its scalars, and of a definition one for each of its meanings.

    Args:
        core: The core schema.
        rewriters: What rewrites scalars, by the type of their core schema.
        config: The settings of the model that contains it.
    """
    definitions = core["definitions"] if core["type"] == "definitions" else ()
    context = Context(
        rewriters,
        config,
        strict_refs=_refs_with(definitions, _is_strict),
        float_refs=_refs_with(definitions, lambda part: part.get("type") == "float"),
    )
    rewritten = _rewrite(core, context)
    return _with_variants(definitions, rewritten, context) if context.variants else rewritten


def _rewrite(part: Any, context: Context) -> Any:
    """Return a part; the same object where nothing in it changes."""
    if isinstance(part, list | tuple):
        items = [_rewrite(item, context) for item in part]
        return type(part)(items) if _are_other(items, part) else part
    if not isinstance(part, dict):
        return part
    if not is_schema(part):
        return _rewrite_values(part, context, frozenset())
    if is_table(part):
        return with_validated_fields(part, _rewrite(part["schema"], _context_in(part, context)))
    part = with_pydantic_constructor(part)
    return part if part.get("custom_init") else _rewrite_part(part, context)


def _rewrite_part(part: JSON, context: Context) -> JSON:
    kind = part["type"]
    if kind == "definition-ref":
        return _refer(part, context)
    if kind == "json":  # a text may contain infinities, and so may the definitions that it refers to
        in_text = Context({}, is_key=True, float_refs=context.float_refs, variants=context.variants)
        return _rewrite_values(part, in_text, UNCHANGED)
    if context.is_python and kind in JSON_KINDS and context.is_strict(part):
        part = _readable_in_python(part, context)
    if rewriter := context.rewriters.get(kind):
        return part if context.may_be_made else rewriter(part, context)
    is_converter = _is_outer_converter(part, context)
    return _rewrite_values(part, _context_in(part, context), UNCHANGED, is_converter=is_converter)


def _refer(part: JSON, context: Context) -> JSON:
    """Return a reference to a definition as it is in this place."""
    ref = part["schema_ref"]
    is_python, is_key = context.is_python and ref in context.strict_refs, context.is_key and ref in context.float_refs
    if not is_python and not is_key:
        return part
    variant = Variant(ref, is_python, is_key)
    context.variants.add(variant)
    return {**part, "schema_ref": variant.own_ref}


def _readable_in_python(part: JSON, context: Context) -> JSON:
    """Return a strict part that reads from Python what it reads from JSON."""
    lax = {**part, "strict": False}
    return context.guarded(lax, reject_number) if part["type"] == "complex" else lax


def _is_outer_converter(part: JSON, context: Context) -> bool:
    """Return whether a part is the first function of the caller's that sees a value."""
    return part["type"] in CONVERTERS and not context.is_converted and not context.may_be_made


def _context_in(part: JSON, context: Context) -> Context:
    """Return what surrounds the inside of a part."""
    passes_on = part["type"] in WRAPPERS
    return replace(
        context,
        config=part.get("config") or context.config,
        may_be_made=_may_be_made(part) or (context.may_be_made and passes_on),
        is_converted=part["type"] in CONVERTERS or (context.is_converted and passes_on),
        is_python=part["type"] in CONVERTERS or context.is_python,
        is_branch=part["type"] in UNIONS or (context.is_branch and part["type"] not in INSTANCES),
    )


def _is_unchanged(value: Any) -> bool:
    """Return whether the caller's function returned what it was called with, but for space around a text."""
    original = _input.get(None)
    if isinstance(value, str) and isinstance(original, str):
        return value.strip() == original.strip()
    return type(value) is type(original) and bool(value == original)


def _with_input(function: JSON) -> JSON:
    """Return a function that stores what it was called with."""
    original = function["function"]

    @wraps(original)
    def call(value: Any, *arguments: Any) -> Any:
        _input.set(value)
        return original(value, *arguments)

    return {**function, "function": call}


def _rewrite_values(part: JSON, context: Context, unchanged: Collection[str], *, is_converter: bool = False) -> JSON:
    of_keys = replace(context, is_key=True)
    values = [
        value if key in unchanged else _rewrite(value, of_keys if key == "keys_schema" else context)
        for key, value in part.items()
    ]
    if not _are_other(values, part.values()):
        return part
    rewritten = dict(zip(part, values, strict=True))
    return {**rewritten, "function": _with_input(part["function"])} if is_converter else rewritten


def reject_number(value: Any) -> Any:
    """Return a value that is not a number; of a number, raise pydantic's error that a text is required."""
    if isinstance(value, int | float):
        raise PydanticKnownError("string_type")
    return value


def _may_be_made(part: JSON) -> bool:
    """Return whether a function that says what it reads, or a default that is validated, may be any value."""
    default = part.get("default") if part["type"] == "default" else None
    is_infinite = isinstance(default, float) and not math.isfinite(default)
    return is_infinite or (part["type"] in CONVERTERS and "json_schema_input_schema" in part)


def _are_other(values: Iterable[Any], originals: Iterable[Any]) -> bool:
    return any(value is not original for value, original in zip(values, originals, strict=True))
