"""Types without their aliases of classes: pydantic adapts an alias of a model that contains itself only once."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from typing_extensions import TypeAliasType


def without_class_aliases(output_type: Any) -> Any:
    """Return a type with each alias of a class replaced by the class; the same object where there is none.

    >>> Names = TypeAliasType("Names", dict)
    >>> without_class_aliases(list[Names]), without_class_aliases(Union[Names, None])
    (list[dict], typing.Optional[dict])
    """
    if isinstance(output_type, TypeAliasType):
        return _aliased_class(output_type)
    arguments = () if get_origin(output_type) is Literal else get_args(output_type)
    inner = tuple(map(without_class_aliases, arguments))
    is_same = all(one is other for one, other in zip(inner, arguments, strict=True))
    return output_type if is_same else _with_arguments(output_type, inner)


def _aliased_class(alias: Any) -> Any:
    inner = alias
    while isinstance(inner, TypeAliasType) and not inner.__type_params__:
        inner = inner.__value__
    return inner if isinstance(inner, type) else alias


def _with_arguments(output_type: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a generic type with other arguments."""
    origin: Any = get_origin(output_type)
    if origin is Annotated:
        return Annotated[arguments]
    if origin in {Union, types.UnionType}:
        return Union[arguments]
    return output_type.copy_with(arguments) if hasattr(output_type, "copy_with") else origin[arguments]
