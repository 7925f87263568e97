"""Partial instances of the caller's classes, created without validation; missing fields are absent attributes."""

from __future__ import annotations

import dataclasses
from abc import ABCMeta
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from pydantic_core import PydanticUndefined

from structkit.values import JSON

InstanceFactory: TypeAlias = Callable[[dict[str, Any]], Any]
"""Creates an instance from its attributes, and may keep the dict as its own."""

set_attribute = object.__setattr__  # works for frozen classes too

MAX_CACHED_CLASSES = 1_000
"""Classes whose variant for partial instances is cached."""


def model_factory(cls: Any) -> InstanceFactory:
    """Return a factory of instances of a pydantic model; like its `model_construct`, but without defaults."""
    allows_extra = cls.model_config.get("extra") == "allow"
    private = cls.__private_attributes__
    partial = _without_computed_fields(cls) if cls.__pydantic_computed_fields__ else cls
    make_empty, set_attribute = partial.__new__, object.__setattr__  # local names: it is called for each fragment

    def create(values: dict[str, Any]) -> Any:
        instance = make_empty(partial)
        set_attribute(instance, "__dict__", values)
        set_attribute(instance, "__pydantic_fields_set__", {*values})
        set_attribute(instance, "__pydantic_extra__", {} if allows_extra else None)
        set_attribute(instance, "__pydantic_private__", _private_defaults(private) if private else None)
        return instance

    return create


@lru_cache(maxsize=MAX_CACHED_CLASSES)
def _without_computed_fields(cls: Any) -> Any:
    """Return the model without its computed fields, because `repr` would compute them from missing fields."""
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    return ABCMeta.__new__(type(cls), cls.__name__, (cls,), {**names, "__pydantic_computed_fields__": {}})


def set_values(instance: Any, values: dict[str, Any]) -> None:
    """Replace values of a complete object."""
    if isinstance(instance, dict):
        instance.update(values)
    else:
        for name, value in values.items():
            set_attribute(instance, name, value)


def root_model_factory(cls: Any) -> Callable[[Any], Any]:
    """Return a factory of instances of a pydantic `RootModel` from their root value."""

    def create(value: Any) -> Any:
        instance = cls.__new__(cls)
        set_attribute(instance, "__dict__", {"root": value})
        set_attribute(instance, "__pydantic_fields_set__", {"root"})
        set_attribute(instance, "__pydantic_private__", _private_defaults(cls.__private_attributes__) or None)
        return instance

    return create


def _private_defaults(attributes: dict[str, Any]) -> JSON:
    """Return the defaults of private attributes, without those that are computed from the fields."""
    return {
        name: default
        for name, attribute in attributes.items()
        if not attribute.default_factory_takes_validated_data
        and (default := attribute.get_default(call_default_factory=True)) is not PydanticUndefined
    }


def dataclass_factory(cls: Any) -> InstanceFactory:
    """Return a factory of instances of a dataclass."""
    partial = _partial_dataclass(cls)

    def create(values: dict[str, Any]) -> Any:
        instance = object.__new__(partial)
        for name, value in values.items():
            set_attribute(instance, name, value)
        return instance

    return create


@lru_cache(maxsize=MAX_CACHED_CLASSES)
def _partial_dataclass(cls: Any) -> Any:
    """Return a subclass that works with missing fields: it hides defaults on the class, and has its own repr and `==`.

    A class with an `__init_subclass__` is returned as it is, because a subclass could have side effects.
    """
    if any("__init_subclass__" in vars(base) and base.__module__ != "typing" for base in cls.__mro__[:-1]):
        return cls
    names = [field.name for field in dataclasses.fields(cls)]

    def present(instance: Any) -> JSON:
        return {name: getattr(instance, name) for name in names if hasattr(instance, name)}

    def represent(instance: Any) -> str:
        return f"{cls.__qualname__}({', '.join(f'{name}={value!r}' for name, value in present(instance).items())})"

    def equal(instance: Any, operand: Any) -> Any:
        return present(instance) == present(operand) if type(instance) is type(operand) else NotImplemented

    hidden = {name: _MissingField(cls.__name__, name) for name in names if _has_default(cls, name)}
    identity = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "__slots__": ()}
    methods = {"__repr__": represent, "__eq__": equal, "__hash__": None}
    return type(cls)(cls.__name__, (cls,), {**identity, **hidden, **methods})


class _MissingField:
    """A descriptor that hides a default on the class, for instances without a value of their own."""

    def __init__(self, owner: str, name: str) -> None:
        self._message = f"{owner!r} object has no attribute {name!r} yet"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        raise AttributeError(self._message)


def _has_default(cls: Any, name: str) -> bool:
    attributes = [vars(base)[name] for base in cls.__mro__ if name in vars(base)]
    return bool(attributes) and not hasattr(attributes[0], "__set__")  # an attribute with `__set__` is a slot
