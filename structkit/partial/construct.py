"""Instances of which a part is there: of the caller's class, made without validation; what is missing is absent."""

from __future__ import annotations

import dataclasses
from abc import ABCMeta
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from pydantic_core import PydanticUndefined

from structkit.values import JSON

Make: TypeAlias = Callable[[dict[str, Any]], Any]
"""An instance of these attributes; the dict becomes its own."""

put = object.__setattr__

MOST_CLASSES = 1_000
"""Classes that are remembered with what stands for them while they are incomplete."""


def model_maker(cls: Any) -> Make:
    """Makes instances of a pydantic model, as its `model_construct` does, but without defaults."""
    takes_extra = cls.model_config.get("extra") == "allow"
    private = cls.__private_attributes__
    partial = _without_computed(cls) if cls.__pydantic_computed_fields__ else cls

    def make(values: dict[str, Any]) -> Any:
        made = partial.__new__(partial)
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", {*values})
        put(made, "__pydantic_extra__", {} if takes_extra else None)
        put(made, "__pydantic_private__", _private(private) if private else None)
        return made

    return make


@lru_cache(maxsize=MOST_CLASSES)
def _without_computed(cls: Any) -> Any:
    """The model without its computed fields, which `repr` would compute of fields that are not there."""
    about = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return ABCMeta.__new__(type(cls), cls.__name__, (cls,), {**about, "__pydantic_computed_fields__": {}})


def fill(made: Any, values: dict[str, Any]) -> None:
    """Put values in for those that a complete record has."""
    if isinstance(made, dict):
        made.update(values)
    else:
        for name, value in values.items():
            put(made, name, value)


def root_maker(cls: Any) -> Callable[[Any], Any]:
    """Makes instances of a pydantic `RootModel` around a value."""

    def make(value: Any) -> Any:
        made = cls.__new__(cls)
        put(made, "__dict__", {"root": value})
        put(made, "__pydantic_fields_set__", {"root"})
        put(made, "__pydantic_private__", _private(cls.__private_attributes__) or None)
        return made

    return make


def _private(attributes: dict[str, Any]) -> JSON:
    """Private attributes as they are at first; one whose default needs the fields is missing."""
    return {
        name: default
        for name, attribute in attributes.items()
        if not attribute.default_factory_takes_validated_data
        and (default := attribute.get_default(call_default_factory=True)) is not PydanticUndefined
    }


def dataclass_maker(cls: Any) -> Make:
    """Makes instances of a dataclass."""
    partial = _incomplete(cls)

    def make(values: dict[str, Any]) -> Any:
        made = object.__new__(partial)
        for name, value in values.items():
            put(made, name, value)
        return made

    return make


@lru_cache(maxsize=MOST_CLASSES)
def _incomplete(cls: Any) -> Any:
    """The dataclass without what takes every field to be there: a default on the class, `repr`, `==`.

    A class that watches its subclasses is taken as it is.
    """
    if any("__init_subclass__" in vars(base) and base.__module__ != "typing" for base in cls.__mro__[:-1]):
        return cls
    names = [field.name for field in dataclasses.fields(cls)]

    def there(made: Any) -> JSON:
        return {name: getattr(made, name) for name in names if hasattr(made, name)}

    def show(made: Any) -> str:
        return f"{cls.__qualname__}({', '.join(f'{name}={value!r}' for name, value in there(made).items())})"

    def equal(made: Any, other: Any) -> Any:
        return there(made) == there(other) if type(made) is type(other) else NotImplemented

    hidden = {name: _Missing(cls.__name__, name) for name in names if _has_default(cls, name)}
    about = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "__slots__": ()}
    return type(cls)(cls.__name__, (cls,), {**about, **hidden, "__repr__": show, "__eq__": equal, "__hash__": None})


class _Missing:
    """Hides a default that stands on the class, where the instance has no value of its own."""

    def __init__(self, owner: str, name: str) -> None:
        self._told = f"{owner!r} object has no attribute {name!r} yet"

    def __get__(self, made: Any, owner: Any = None) -> Any:
        raise AttributeError(self._told)


def _has_default(cls: Any, name: str) -> bool:
    found = [vars(base)[name] for base in cls.__mro__ if name in vars(base)]
    return bool(found) and not hasattr(found[0], "__set__")  # what sets is a slot
