"""`structkit.prompt`: a signature becomes a prompt and a typed answer."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, overload

from typing_extensions import ParamSpec, TypeForm, Unpack

from structkit.client import AsyncClient, Client, DefaultOptions
from structkit.client.arguments import validate_call
from structkit.client.option_signature import show_options
from structkit.errors import PromptError
from structkit.functions.declaration import Declaration
from structkit.functions.function import AsyncFunction, Decorator, DocstringDecorator, Function
from structkit.functions.row_arguments import VARIABLE
from structkit.prompts import fill_template, template_names, validate_template
from structkit.schema import ResponseFormat
from structkit.values import ABSENT, JSON, Prompt

T = TypeVar("T")
P = ParamSpec("P")


@overload
def prompt(  # type: ignore[overload-overlap]  # a class is a callable too: the first overload takes it
    output_type: TypeForm[T],
    /,
    *,
    client: Client | AsyncClient | None = None,
    model: str | None = None,
    **call: Unpack[DefaultOptions],
) -> Decorator[T]: ...
@overload
def prompt(
    output_type: ResponseFormat[T],
    /,
    *,
    client: Client | AsyncClient | None = None,
    model: str | None = None,
    **call: Unpack[DefaultOptions],
) -> Decorator[T]: ...
@overload
def prompt(
    output_type: JSON,
    /,
    *,
    client: Client | AsyncClient | None = None,
    model: str | None = None,
    **call: Unpack[DefaultOptions],
) -> Decorator[Any]: ...
@overload
def prompt(
    *,
    client: Client | AsyncClient | None = None,
    model: str | None = None,
    **call: Unpack[DefaultOptions],
) -> DocstringDecorator: ...
@overload
def prompt(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
    function: Callable[P, Coroutine[Any, Any, T]], /
) -> AsyncFunction[P, T]: ...  # a coroutine function is a callable too: the first that fits is taken
@overload
def prompt(function: Callable[P, T], /) -> Function[P, T]: ...
@show_options(DefaultOptions)
def prompt(
    output_type: Any = ABSENT,
    /,
    *,
    client: Client | AsyncClient | None = None,
    model: str | None = None,
    **call: Unpack[DefaultOptions],
) -> Any:
    r"""Turn a function that returns a prompt into one that returns a value from a model.

    The function's body returns the prompt (text, a `Message` or several); calling the decorated
    function sends it and returns a value of *output_type*. Works on `async def` and on methods.

        @structkit.prompt(Invoice)
        def read_invoice(text: str) -> str:
            return f"Read the invoice:\n{text}"

    Without a type, the return annotation is the type and the docstring is the template, in which `{name}` is the
    argument of that name: `@structkit.prompt`, or with options `@structkit.prompt(model="gpt-4o")`. For an
    `async def`, the annotation is the awaited type.

    Args:
        output_type: As for `Client.extract`.
        client: Sends the requests; by default a client from the environment, created at the first call.
        model: The model's name; by default that of the client, or of the environment.
        **call: As for `Client.extract`.

    Raises:
        SchemaError: The type has no strict form; raised at the declaration, before anything is sent.
        PromptError: The type is missing and the function has no return annotation or no docstring, or its docstring
            leaves out a parameter.
    """

    def decorate_bare(function: Callable[..., Any]) -> Any:
        return_type, template = _bare_parts(function)
        return _declare(return_type, client, model, call)(_with_template(function, template))

    if output_type is ABSENT:
        validate_call(call)
        return decorate_bare
    return decorate_bare(output_type) if inspect.isfunction(output_type) else _declare(output_type, client, model, call)


def _declare(
    output_type: Any, client: Any, model: str | None, call: DefaultOptions
) -> Callable[[Callable[..., Any]], Any]:
    declaration = Declaration.of(output_type, client, model, call)

    def decorate(function: Callable[..., Any]) -> Function[..., Any] | AsyncFunction[..., Any]:
        _validate_callable(function)
        kind = AsyncFunction if inspect.iscoroutinefunction(function) else Function
        return kind(function, declaration)

    return decorate


def _validate_callable(function: Any) -> None:
    if not callable(function):
        name = type(function).__name__
        raise PromptError(f"@structkit.prompt takes a function, not a {name}: write @{name} above it")


def _bare_parts(function: Callable[..., Any]) -> tuple[Any, str]:
    _validate_callable(function)
    name, template = function.__qualname__, inspect.getdoc(function)
    try:
        return_type = typing.get_type_hints(function, include_extras=True).get("return")
    except NameError as error:
        raise PromptError(f"{name} has an annotation that cannot be resolved here: {error}") from None
    if return_type is None or return_type is type(None):
        raise PromptError(f"{name} has no return annotation: it is the output type; or write @structkit.prompt(Type)")
    if not template:
        raise PromptError(f"{name} has no docstring: it is the prompt; or write @structkit.prompt(Type)")
    return return_type, template


def _validate_docstring(name: str, template: str, parameters: Mapping[str, inspect.Parameter]) -> None:
    """Validate, at the declaration, that the docstring has a field for every parameter, and no other field.

    A parameter whose name starts with an underscore may be missing, and so may a method's instance.

    Raises:
        PromptError: It does not.
    """
    optional = {each.name for each in parameters.values() if each.kind in VARIABLE or each.name.startswith("_")}
    optional |= {"self", "cls"}
    validate_template(template, [each for each in parameters if each not in {"self", "cls"}])
    unused = parameters.keys() - template_names(template, parameters) - optional
    if unused:
        names = ", ".join(f"{{{each}}}" for each in parameters if each in unused)
        raise PromptError(
            f"the docstring of {name} has no {names}, so the argument would never be sent: write it there"
        )


def _with_template(function: Callable[..., Any], template: str) -> Callable[..., Any]:
    """Return a function of the same signature that returns its docstring, filled in."""
    signature = inspect.signature(function)
    _validate_docstring(function.__qualname__, template, signature.parameters)

    def build_prompt(*args: Any, **kwargs: Any) -> Prompt:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return fill_template(template, bound.arguments)

    async def build_prompt_async(*args: Any, **kwargs: Any) -> Prompt:
        return build_prompt(*args, **kwargs)

    wrapper = build_prompt_async if inspect.iscoroutinefunction(function) else build_prompt
    wrapper.__dict__.update(__wrapped__=function, template=template)
    return wrapper
