"""A function's signature as the type of its arguments: a dataclass with a field for each parameter."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from structkit.errors import ConfigError
from structkit.tools.docstring import read_docstring

VARIABLE = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def arguments_type(function: Callable[..., Any], name: str) -> type[Any]:
    """Return the type of a function's arguments: a dataclass whose fields have the names of the parameters.

    An argument that a `partial` has bound already is not among them: it may be a secret.

    Raises:
        ConfigError: A parameter has no annotation, or one that cannot be resolved; or there is `*args` or `**kwargs`.

    >>> def lookup(city: str, unit: str = "celsius") -> float: ...
    >>> arguments_type(lookup, "lookup")(city="Paris")
    lookup(city='Paris', unit='celsius')
    """
    hints, bound = _annotations(function, name), _bound_names(function)
    _, descriptions = read_docstring(docstring_of(function))
    fields: list[Any] = [
        (each.name, _described(_annotation(each, hints, name), descriptions.get(each.name)), _field(each))
        for each in _signature(function, name).parameters.values()
        if each.name not in bound
    ]
    return dataclasses.make_dataclass(name, fields)


def bind_arguments(function: Callable[..., Any], values: Mapping[str, Any]) -> partial[Any]:
    """Return the call of a function with these arguments by name, also where it takes them by position only."""
    parameters = inspect.signature(function).parameters
    positional = [name for name, each in parameters.items() if each.kind is each.POSITIONAL_ONLY and name in values]
    keywords = {name: value for name, value in values.items() if name not in positional}
    return partial(function, *(values[name] for name in positional), **keywords)


def docstring_of(function: Callable[..., Any]) -> str:
    """Return the docstring of a function, or of the `__call__` of an object; not that of an object's class."""
    inner = innermost(function)
    return inspect.getdoc(inner) or "" if hasattr(inner, "__code__") else ""


def innermost(function: Callable[..., Any]) -> Any:
    """Return the function that partials, decorators and objects with `__call__` lead to."""
    inner: Any = function
    while isinstance(inner, partial):
        inner = inner.func
    inner = inspect.unwrap(inner)
    is_object = not inspect.isroutine(inner) and hasattr(type(inner), "__call__")  # noqa: B004 (the method is used)
    return type(inner).__call__ if is_object else inner


def function_name(function: Any) -> str:
    """Return the name of a function, of that inside a partial, or of an object's class."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def is_async(function: Callable[..., Any]) -> bool:
    """Return whether the result of a function has to be awaited."""
    return inspect.iscoroutinefunction(innermost(function))


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise ConfigError(f"tool {name}: it has no signature; wrap it in a function with annotations") from None
    for each in signature.parameters.values():
        if each.kind in VARIABLE:
            prefix = VARIABLE[each.kind]
            raise ConfigError(f"tool {name}: the model cannot fill {prefix}{each.name}; name each parameter")
    return signature


def _annotations(function: Callable[..., Any], name: str) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(innermost(function), include_extras=True)
    except NameError as error:
        raise ConfigError(f"tool {name} has an annotation that cannot be resolved here: {error}") from None
    except TypeError:  # a function in C has none
        return {}


def _annotation(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> Any:
    if parameter.name not in hints:
        hint = "pass a bound method" if parameter.name in {"self", "cls"} else f"write {parameter.name}: TYPE"
        raise ConfigError(f"tool {name}: parameter {parameter.name!r} has no annotation; {hint}")
    return hints[parameter.name]


def _described(annotation: Any, description: str | None) -> Any:
    """Return an annotation with the description of the docstring, unless it has one of its own."""
    if not description or any(getattr(each, "description", None) for each in getattr(annotation, "__metadata__", ())):
        return annotation
    from pydantic import Field

    return Annotated[annotation, Field(description=description)]


def _field(parameter: inspect.Parameter) -> Any:
    """Return the field of a parameter; a default that is not hashable, such as a list, needs a factory."""
    default = parameter.default
    if default is parameter.empty:
        return dataclasses.field(kw_only=True)
    if type(default).__hash__ is None:
        return dataclasses.field(default_factory=lambda: default, kw_only=True)
    return dataclasses.field(default=default, kw_only=True)


def _bound_names(function: Any) -> set[str]:
    """Return the parameters that partials have bound by name; those bound by position are not in the signature."""
    names = set[str]()
    while isinstance(function, partial):
        names |= function.keywords.keys()
        function = function.func
    return names
