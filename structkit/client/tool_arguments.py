"""The argument `tools=` of a call: functions make a conversation with tools, dicts are parameters of its requests."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from structkit.errors import ConfigError
from structkit.extraction import Conversation, Extraction, ToolExtraction
from structkit.tools import Tool, divide_tools, read_tools


def take_tools(arguments: dict[str, Any]) -> tuple[Tool, ...]:
    """Remove the functions from `tools` in the arguments of a call, and return them compiled; dicts are left there.

    Raises:
        ConfigError: A tool is invalid, or another argument cannot be combined with functions.
    """
    if not arguments.get("tools"):
        return ()
    functions = read_tools(arguments["tools"])
    if not functions:
        return ()
    if (arguments.get("n") or 1) > 1:
        raise ConfigError("n cannot be more than 1 with functions in tools: each choice could call other functions")
    if dicts := divide_tools(arguments.pop("tools"))[1]:
        arguments["tools"] = dicts
    return functions


def with_tools(extraction: Extraction[Any], tools: tuple[Tool, ...]) -> ToolExtraction[Any]:
    """Return a conversation in which the model may call these functions.

    Raises:
        ConfigError: A tool has the name of the answer, which is a tool too in some modes.
        SchemaError: The dialect cannot express the parameters of a tool.
    """
    answer_name = extraction.response_format.name
    for tool in tools:
        tool.schema(extraction.route.dialect)
        if tool.name == answer_name or tool.name.startswith(f"{answer_name}_part"):
            raise ConfigError(
                f"the answer and a tool are both named {tool.name!r}; "
                "structkit.Tool(function, name=...) gives the tool another name"
            )
    return ToolExtraction(**{each.name: getattr(extraction, each.name) for each in fields(extraction)}, tools=tools)


def validate_sync_tools(conversation: Conversation) -> None:
    """Validate that no tool has to be awaited, for a client that blocks.

    Raises:
        ConfigError: A tool is a coroutine function.
    """
    first = conversation if isinstance(conversation, Extraction) else conversation.initial_parts[0]
    for tool in first.tools if isinstance(first, ToolExtraction) else ():
        if tool.is_async:
            raise ConfigError(f"the tool {tool.name} is a coroutine function: use AsyncClient, or a plain function")
