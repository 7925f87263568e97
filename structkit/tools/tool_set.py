"""The argument `tools=`: functions that structkit calls, and dicts in the form of the endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from structkit.errors import ConfigError
from structkit.tools.tool import Tool
from structkit.values import JSON


def read_tools(tools: Any) -> tuple[Tool, ...]:
    """Return the functions of `tools=`, compiled; tools in the endpoint's form are not among them.

    Raises:
        ConfigError: One is neither a function nor a dict, two have the same name, or there are functions beside dicts
            of functions, whose calls nobody would make.
        SchemaError: A parameter has a type without a strict form.

    >>> def lookup(city: str) -> float: ...
    >>> [tool.name for tool in read_tools([lookup, {"type": "web_search"}])]
    ['lookup']
    """
    functions, dicts = divide_tools(tools)
    compiled = tuple(each if isinstance(each, Tool) else Tool(each) for each in functions)
    names = Counter(tool.name for tool in compiled)
    if duplicates := [name for name, count in names.items() if count > 1]:
        raise ConfigError(
            f"two tools have the name {duplicates[0]!r}; structkit.Tool(function, name=...) gives one another name"
        )
    if compiled and (function_dicts := [each for each in dicts if "function" in each]):
        raise ConfigError(
            f"tools has functions and {len(function_dicts)} in the endpoint's form, whose calls nobody would make: "
            "pass functions for these, too"
        )
    return compiled


def divide_tools(tools: Any) -> tuple[list[Callable[..., Any]], list[JSON]]:
    """Return the functions of `tools=`, and its tools in the endpoint's form.

    Raises:
        ConfigError: It is not a list, or one is neither.
    """
    if isinstance(tools, str | Mapping) or not isinstance(tools, Sequence):
        raise ConfigError(f"tools must be a list of functions, not of type {type(tools).__name__}")
    dicts = [dict(each) for each in tools if isinstance(each, Mapping)]
    functions = [each for each in tools if not isinstance(each, Mapping)]
    if invalid := [each for each in functions if not callable(each)]:
        raise ConfigError(f"a tool must be a function, or a dict in the endpoint's form, not {invalid[0]!r}")
    return functions, dicts
