"""What a decorated function is: callable as declared, and able to show its prompt or its whole result."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast, overload

from typing_extensions import Concatenate, ParamSpec

from structkit.client import AsyncClient, Call, Client
from structkit.client.plan import check_call, response_format
from structkit.errors import ConfigError
from structkit.schema import ResponseFormat
from structkit.values import Prompt, Result

P = ParamSpec("P")
Q = ParamSpec("Q")
S = TypeVar("S")
T = TypeVar("T")
C = TypeVar("C", Client, AsyncClient)


class Decorator(Protocol[T]):
    """What `prompt(T)` is: it gives the function T for an answer, awaited where the function is."""

    @overload
    def __call__(self, function: Callable[P, Awaitable[Prompt]], /) -> AsyncFunction[P, T]: ...
    @overload
    def __call__(self, function: Callable[P, Prompt], /) -> Function[P, T]: ...


@dataclass
class Declaration(Generic[T]):
    """What the decorator was told; `client` is made from the environment when first asked for."""

    response_format: ResponseFormat[T]
    client: Client | AsyncClient | None
    model: str | None
    call: Call

    @classmethod
    def of(cls, output_type: Any, client: Any, model: str | None, call: Call) -> Declaration[Any]:
        """Compile the type and check the keywords, so that mistakes show where they are written."""
        check_call(call)
        if client is not None and model is not None:
            raise ConfigError("a client has its model already; leave out model=, or client=")
        return Declaration(response_format(output_type), client, model, call)

    def client_for(self, kind: type[C]) -> C:
        """The client, shared by all instances whose method this is."""
        self.client = self.client or kind(self.model)
        if not isinstance(self.client, kind):
            raise ConfigError(f"this function needs client={kind.__name__}(...), not {type(self.client).__name__}")
        return self.client


class Decorated(Generic[P, T]):
    """The part that both kinds of function share."""

    def __init__(self, function: Callable[..., Any], declaration: Declaration[T]) -> None:
        """Keep the function that makes the prompt, and look like it."""
        functools.update_wrapper(cast("Any", self), inspect.unwrap(function))
        self._function = function
        self._declaration = declaration

    @property
    def response_format(self) -> ResponseFormat[T]:
        """The type wanted, compiled."""
        return self._declaration.response_format

    @property
    def declaration(self) -> Declaration[T]:
        """What the decorator was told."""
        return self._declaration

    def _bound(self, instance: Any) -> Any:
        bound = type(self)(functools.partial(self._function, instance), self._declaration)
        functools.update_wrapper(cast("Any", bound), cast("Any", self), updated=())
        parameters = [*inspect.signature(cast("Any", self)).parameters.values()]
        bound.__dict__["__signature__"] = inspect.signature(cast("Any", self)).replace(parameters=parameters[1:])
        return bound


class Function(Decorated[P, T]):
    """A decorated function.

    `f(...)` is the value, `f.run(...)` the whole `Result`, `f.format(...)` the prompt, not sent.
    """

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the model; raises as `Client.extract` does."""
        return self.run(*args, **kwargs).value

    def run(self, *args: P.args, **kwargs: P.kwargs) -> Result[T]:
        """Ask the model, and tell everything that happened."""
        return self._client.run(self.response_format, self._function(*args, **kwargs), **self._declaration.call)

    def format(self, *args: P.args, **kwargs: P.kwargs) -> Prompt:
        """The prompt that would be sent."""
        return cast("Prompt", self._function(*args, **kwargs))

    @property
    def _client(self) -> Client:
        return self._declaration.client_for(Client)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Function[P, T]: ...
    @overload
    def __get__(self: Function[Concatenate[S, Q], T], instance: S, owner: type[Any]) -> Function[Q, T]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """As methods do: the instance becomes the first argument."""
        return self if instance is None else self._bound(instance)


class AsyncFunction(Decorated[P, T]):
    """A decorated `async def`: as `Function`, awaited."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Ask the model."""
        return self._value(*args, **kwargs)

    async def _value(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return (await self.run(*args, **kwargs)).value

    async def run(self, *args: P.args, **kwargs: P.kwargs) -> Result[T]:
        """As `Function.run`."""
        prompt = await self._function(*args, **kwargs)
        return await self._client.run(self.response_format, prompt, **self._declaration.call)

    async def format(self, *args: P.args, **kwargs: P.kwargs) -> Prompt:
        """As `Function.format`."""
        return cast("Prompt", await self._function(*args, **kwargs))

    @property
    def _client(self) -> AsyncClient:
        return self._declaration.client_for(AsyncClient)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> AsyncFunction[P, T]: ...
    @overload
    def __get__(self: AsyncFunction[Concatenate[S, Q], T], instance: S, owner: type[Any]) -> AsyncFunction[Q, T]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """As methods do."""
        return self if instance is None else self._bound(instance)
