"""Tools that a request forces the model to call, over a server that can constrain nothing but the content of a reply.

The content is constrained to the arguments of the tool, or to the name and the arguments of one of several.
`forced_call.py` reads it back.
"""

from __future__ import annotations

from typing import Any

from structkit.values import JSON

_TOOL_FIELDS = frozenset({"tools", "tool_choice", "parallel_tool_calls"})


class InvalidToolChoice(ValueError):
    """The request names a tool or a choice that there is not, or has no tools."""


def find_forced_tools(body: JSON) -> tuple[JSON, ...]:
    """Return the functions of which a request forces the model to call one; none if the model may answer with a text.

    Raises:
        InvalidToolChoice: The request names a tool that it does not have, or has no tools.

    >>> tools = [{"type": "function", "function": {"name": name}} for name in ("add", "divide")]
    >>> find_forced_tools({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "add"}}})
    ({'name': 'add'},)
    >>> len(find_forced_tools({"tools": tools, "tool_choice": "required"})), find_forced_tools({"tools": tools})
    (2, ())
    >>> find_forced_tools({"tools": tools, "tool_choice": "any"})
    Traceback (most recent call last):
    structkit.local.forced_tools.InvalidToolChoice: Invalid 'tool_choice' 'any': expected 'none', 'auto' or 'required'.
    """
    choice = body.get("tool_choice")
    if choice in {None, "auto", "none"} if not isinstance(choice, dict) else _is_optional(choice):
        return ()
    if not isinstance(choice, dict) and choice != "required":
        raise InvalidToolChoice(f"Invalid 'tool_choice' {choice!r}: expected 'none', 'auto' or 'required'.")
    functions = {each["function"]["name"]: each["function"] for each in body.get("tools") or () if _is_function(each)}
    names = [_name(tool) for tool in _allowed_tools(choice)] if isinstance(choice, dict) else [*functions]
    if not functions:
        raise InvalidToolChoice("'tool_choice' is only allowed when 'tools' are specified.")
    if unknown := [name for name in names if name not in functions]:
        raise InvalidToolChoice(f"Tool choice {unknown[0]!r} not found in 'tools' parameter.")
    return tuple(functions[name] for name in names)


def _is_optional(choice: JSON) -> bool:
    return choice.get("type") == "allowed_tools" and choice.get("allowed_tools", choice).get("mode") != "required"


def _allowed_tools(choice: JSON) -> list[Any]:
    return choice.get("allowed_tools", choice).get("tools") or [choice]


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("function"), dict) and "name" in tool["function"]


def _name(tool: Any) -> Any:
    return tool["function"]["name"] if _is_function(tool) else None


def constrain_content(body: JSON, functions: tuple[JSON, ...]) -> JSON:
    """Return the request with a schema of its content that is a call of one of the functions.

    A model does not see a schema: which functions there are is in a message, if it has to choose.

    >>> body = {"tools": [], "tool_choice": "required", "messages": []}
    >>> constrain_content(body, ({"name": "add", "parameters": {"type": "object"}},))["response_format"]
    {'type': 'json_schema', 'json_schema': {'name': 'call', 'schema': {'type': 'object', 'properties': {}}}}
    """
    fields = {name: value for name, value in body.items() if name not in _TOOL_FIELDS}
    schema = _parameters(functions[0]) if len(functions) == 1 else _call_schema(functions)
    if len(functions) > 1:
        fields["messages"] = [{"role": "system", "content": _describe(functions)}, *body["messages"]]
    return {**fields, "response_format": {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}}}


def _parameters(function: JSON) -> JSON:
    return {"type": "object", "properties": {}, **(function.get("parameters") or {})}


def _call_schema(functions: tuple[JSON, ...]) -> JSON:
    """Return the schema of an object with the name and the arguments of one of the functions."""
    definitions: JSON = {}
    calls = [_named_call(function, definitions) for function in functions]
    return {"anyOf": calls, "$defs": definitions}


def _named_call(function: JSON, definitions: JSON) -> JSON:
    """Return the schema of one call; the definitions of its parameters get names that no other function has."""
    parameters, prefix = _parameters(function), f"{function['name']}."
    definition_schemas = parameters.pop("$defs", None) or parameters.pop("definitions", None) or {}
    definitions |= {f"{prefix}{name}": _move_references(each, prefix) for name, each in definition_schemas.items()}
    properties = {"name": {"const": function["name"]}, "arguments": _move_references(parameters, prefix)}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _move_references(schema: Any, prefix: str) -> Any:
    """Return a schema that refers to the definitions under their new names."""
    if isinstance(schema, list):
        return [_move_references(each, prefix) for each in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {key: _move_references(value, prefix) for key, value in schema.items()}
    if isinstance(reference := schema.get("$ref"), str) and reference.startswith(("#/$defs/", "#/definitions/")):
        renamed["$ref"] = f"#/$defs/{prefix}{reference.split('/', 2)[2]}"
    return renamed


def _describe(functions: tuple[JSON, ...]) -> str:
    lines = (f"{each['name']}: {each.get('description') or 'no description'}" for each in functions)
    return "\n".join(["Call one of these functions:", *lines])
