"""`Tool`: a typed Python function that the model may call, as a schema for the model and a reader of its arguments."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from structkit.dialects import OPENAI, Dialect
from structkit.errors import ConfigError, SchemaError
from structkit.schema import ResponseFormat
from structkit.tools.docstring import read_docstring
from structkit.tools.planned_call import PlannedCall
from structkit.tools.signature import arguments_type, bind_arguments, docstring_of, function_name, innermost, is_async
from structkit.values import JSON, REPAIRS, Issue, Policy, ToolCall
from structkit.values.argument_hints import explain_arguments

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""OpenAI: `function.name` is a-z A-Z 0-9 _ -, at most 64 (openai-openapi, FunctionObject.name)."""

NO_PARAMETERS: JSON = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

MAX_ISSUES = 20
"""Issues of one call that a tool message lists."""


OTHER_NAMES: dict[str, str] = dict.fromkeys(
    ("parameters", "schema", "arguments"), "annotate the parameters of the function, which are the schema"
)
"""What other libraries call an argument, and what to do here."""


@explain_arguments(OTHER_NAMES)
@dataclass(frozen=True)
class Tool:
    """A Python function that the model may call before it answers.

    A plain function in `tools=` is the same as `Tool(function)`.

    Args:
        function: A function, sync or async, with an annotation for each parameter. A bound method, a `partial` and an
            object with `__call__` are functions, too.
        name: The name on the wire; by default that of the function.
        description: What the tool does, for the model; by default the docstring without the descriptions of parameters,
            which are part of the schema.

    Raises:
        ConfigError: A parameter has no annotation, or the API does not take the name.
        SchemaError: A parameter has a type without a strict form.

    >>> def lookup(city: str) -> float:
    ...     '''Return the temperature of a city in degrees Celsius.'''
    ...     return 21.5
    >>> function = Tool(lookup).payload()["function"]
    >>> function["parameters"].get("properties")
    {'city': {'type': 'string'}}
    """

    function: Callable[..., Any]
    name: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Read the signature and the docstring, and compile the schema."""
        function: Any = self.function  # callers without a type checker may pass anything
        if not callable(function) or isinstance(function, type):
            raise ConfigError(f"a tool must be a function, not {_kind(function)}; see structkit.Tool")
        for text in ("name", "description"):
            if not isinstance(value := getattr(self, text), str):
                raise ConfigError(f"the {text} of a tool must be a text, not {value!r}")
        name = self.name or function_name(self.function)
        if not TOOL_NAME.fullmatch(name):
            raise ConfigError(
                f"the API takes no tool of the name {name!r}: use 1 to 64 of a-z, A-Z, 0-9, _ and -; "
                "structkit.Tool(function, name=...) gives it another one"
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "description", self.description or read_docstring(docstring_of(self.function))[0])
        object.__setattr__(self, "_format", _arguments_format(self.function, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        """Whether the result has to be awaited."""
        return is_async(self.function)

    @property
    def source(self) -> Any:
        """The function without partials and decorators, of which `inspect` returns the source."""
        return innermost(self.function)

    def schema(self, dialect: Dialect) -> JSON:
        """Return the strict schema of the arguments.

        Raises:
            SchemaError: The dialect cannot express it, or not in one request.
        """
        if self._arguments_format is None:
            return NO_PARAMETERS
        output_format = self._arguments_format.in_dialect(dialect)
        if len(output_format.parts) > 1:
            raise SchemaError(f"tool {self.name}: its parameters are more than the model accepts; leave some out")
        return output_format.schema

    def payload(self, dialect: Dialect = OPENAI) -> JSON:
        """Return the tool as it is sent."""
        description = {"description": self.description} if self.description else {}
        function = {"name": self.name, **description, "parameters": self.schema(dialect), "strict": True}
        return {"type": "function", "function": function}

    def plan(self, call: ToolCall, policy: Policy, dialect: Dialect = OPENAI, context: Any = None) -> PlannedCall:
        """Return a call with its arguments read and validated, or with what is wrong with them."""
        output_format = self._arguments_format
        if output_format is None:
            return PlannedCall(call, {}, partial(self.function), self.is_async)
        output_format = output_format.in_dialect(dialect)
        answer = output_format.read(call.arguments.strip() or "{}", repairs=_allowed_repairs(policy), context=context)
        if answer.issues or answer.value is None:
            arguments = call.arguments if answer.draft is None else answer.draft
            issues = tuple(
                dataclasses.replace(each, path=output_format.wire_path(each.path, answer.draft))
                for each in answer.issues
            )
            return PlannedCall(
                call, arguments, error=self._invalid(issues), issues=issues, wire_text=_object_text(call)
            )
        values = {each.name: getattr(answer.value, each.name) for each in dataclasses.fields(answer.value)}
        function = bind_arguments(self.function, values)
        wire_text = _object_text(call, lambda: json.dumps(output_format.wire(answer.draft), ensure_ascii=False))
        return PlannedCall(call, answer.draft, function, self.is_async, repairs=answer.repairs, wire_text=wire_text)

    def _invalid(self, issues: tuple[Issue, ...]) -> str:
        """Return the tool message for invalid arguments."""
        lines = [str(dataclasses.replace(each, cause="")) for each in issues[:MAX_ISSUES]]
        return "\n".join([f"The arguments of {self.name} are invalid:", *lines, "Call it again with valid arguments."])

    @property
    def _arguments_format(self) -> ResponseFormat[Any] | None:
        output_format: ResponseFormat[Any] | None = self.__dict__["_format"]
        return output_format


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"an object of type {type(value).__name__}"


def _allowed_repairs(policy: Policy) -> frozenset[str] | bool:
    """Return the repairs of arguments: of several, which may be those of parallel calls, none is left out."""
    if isinstance(policy.repairs, bool):
        return policy.repairs and REPAIRS - {"several answers"}
    return frozenset(policy.repairs) - {"several answers"}


def _object_text(call: ToolCall, corrected_text: Callable[[], str] = lambda: "{}") -> str:
    """Return the arguments as they were written if they are a JSON object: endpoints decode the calls of a history."""
    try:
        is_object = isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        is_object = False
    return call.arguments if is_object else corrected_text()


_formats: WeakKeyDictionary[Any, dict[tuple[str, bool], ResponseFormat[Any] | None]] = WeakKeyDictionary()
"""The types of arguments, by function, name and whether it is bound: a function is compiled once for all calls."""


def _arguments_format(function: Callable[..., Any], name: str) -> ResponseFormat[Any] | None:
    """Return the compiled type of a function's arguments; None if it has no parameters."""
    try:
        formats = _formats.setdefault(getattr(function, "__func__", function), {})
    except TypeError:  # an object that cannot be hashed, or not be referenced weakly
        formats = {}
    key = name, hasattr(function, "__self__")
    if key not in formats:
        formats[key] = _compile(function, name)
    return formats[key]


def _compile(function: Callable[..., Any], name: str) -> ResponseFormat[Any] | None:
    kind = arguments_type(function, name)
    if not dataclasses.fields(kind):
        return None
    try:
        return ResponseFormat.translatable(kind, OPENAI)
    except SchemaError as error:
        raise SchemaError(f"tool {name}: {error}", output_type=error.output_type) from error
