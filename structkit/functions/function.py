"""Decorated functions: called as declared; they also return their prompt, their full result, or a job."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, SupportsIndex, TypeVar, cast, overload

from typing_extensions import Concatenate, ParamSpec, Self, Unpack

from structkit.client import AsyncClient, Client
from structkit.client.arguments import CallOptions
from structkit.client.client_display import display_options
from structkit.client.option_signature import show_options
from structkit.client.plan import merge_options
from structkit.errors import StructkitError
from structkit.functions.declaration import Declaration
from structkit.functions.row_arguments import OpenFile, RowFunction, bind_files
from structkit.schema import ResponseFormat
from structkit.values import Prompt, Result
from structkit.values.display import format_fields, short_repr, to_html_table

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.batch.report import Report
    from structkit.batch.settings import LabelOptions
    from structkit.client.streams import AsyncStream, Stream
    from structkit.functions.concurrent_map import OnError
    from structkit.functions.frame_columns import DataFrame
    from structkit.partial import Partial
    from structkit.tables.columns import Column

P = ParamSpec("P")
Q = ParamSpec("Q")
S = TypeVar("S")
T = TypeVar("T")
F = TypeVar("F", bound="DataFrame")

CONNECTION_SETTINGS = frozenset({"client", "transport", "base_url", "api_key"})
"""Settings of a job that determine where its requests go."""


class Decorator(Protocol[T]):
    """The type of `prompt(T)`: the decorated function returns T, awaited if the function is async."""

    @overload
    def __call__(self, function: Callable[P, Awaitable[Prompt]], /) -> AsyncFunction[P, T]: ...
    @overload
    def __call__(self, function: Callable[P, Prompt], /) -> Function[P, T]: ...


class DocstringDecorator(Protocol):
    """The type of `prompt(...)` without a type: the function's annotation is the type of the values."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> AsyncFunction[P, T]: ...  # a coroutine function is a callable too: the first that fits is taken
    @overload
    def __call__(self, function: Callable[P, T], /) -> Function[P, T]: ...


class DecoratedFunction(Generic[P, T]):
    """What `Function` and `AsyncFunction` share."""

    def __init__(self, function: Callable[..., Any], declaration: Declaration[T]) -> None:
        """Wrap the function that returns the prompt."""
        functools.update_wrapper(cast("Any", self), inspect.unwrap(function))
        self._function = function
        self._declaration = declaration

    @property
    def response_format(self) -> ResponseFormat[T]:
        """The output type, compiled."""
        return self._declaration.response_format

    @property
    def declaration(self) -> Declaration[T]:
        """The arguments of the decorator."""
        return self._declaration

    @property
    def row_function(self) -> RowFunction:
        """The function that returns the prompt, called with a row: its columns are the arguments of the same names."""
        return RowFunction(self._function, self)

    def job(self, source: Any, output: Path | str | None = None, **settings: Unpack[LabelOptions]) -> Job:
        """Return a job that labels a table with this function; nothing is sent.

        Settings of the connection (`client`, `transport`, `base_url`, `api_key`) replace the function's client.
        """
        from structkit.batch.job import Job

        declaration, client = self._declaration, self._declaration.client
        endpoint: LabelOptions = {"model": declaration.model, "client": client}
        call: Any = declaration.call
        if client and not CONNECTION_SETTINGS.isdisjoint(settings):
            endpoint = {"model": declaration.model or client.model}
            call = merge_options(client.defaults, declaration.call)
        options: LabelOptions = {**endpoint, **settings}
        return Job(
            source=source,
            output=output,
            output_type=self.response_format,
            prompt=self.row_function,
            call=call,
            **options,
        )

    @show_options(CallOptions)
    def with_options(self, *, client: Client | AsyncClient | None = None, **options: Unpack[CallOptions]) -> Self:
        """Return the function with other options; its signature stays, and so does this function itself.

            read_invoice.with_options(model="gpt-4o-mini", temperature=0)(text)

        Args:
            client: Sends the requests, to its own model unless `model` names another one.
            **options: As for `Client.extract`; they replace those of the declaration, and None removes one.

        Raises:
            TypeError: There is no option of that name.
            ConfigError: An option is invalid.
        """
        function = object.__new__(type(self))
        function.__dict__ |= self.__dict__
        function.__dict__["_declaration"] = self._declaration.updated(client, options)
        return function

    def _request(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, CallOptions]:
        """Return what the function returns, and the options of the call."""
        args, kwargs = self._open_files(args, kwargs)
        options = self._call(args, kwargs)
        return self._function(*args, **kwargs), options

    def _open_files(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """Return the arguments; the path of a parameter that is annotated `File` or `Document` as what it is."""
        if not self._file_parameters:
            return args, kwargs
        bound = bind_files(self._function, self._file_parameters, *args, **kwargs)
        return bound.args, bound.kwargs

    def _call(self, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> CallOptions:
        """Return the options of a call; its values are looked for in its arguments, not in the text around them."""
        call = self._declaration.arguments
        defaults = self._client.defaults
        choice = call.get("evidence", defaults.get("evidence"))
        if not (choice or call.get("chunk", defaults.get("chunk"))):
            return call
        from structkit.functions.function_evidence import argument_evidence

        return cast(
            "CallOptions", {**call, "evidence": argument_evidence(choice or False, self._function, arguments, keywords)}
        )

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickle by name where it leads here, as functions are: another process imports its own, with its own client.

        Others, and those of a notebook, which no other process can import, are left to picklers such as that of
        cloudpickle, which takes functions apart.
        """
        qualified_name = cast("str", cast("Any", self).__qualname__)
        value: Any = sys.modules.get(self.__module__)
        is_importable = self.__module__ != "__main__" or hasattr(value, "__file__")
        for name in qualified_name.split("."):
            value = getattr(value, name, None)
        return qualified_name if is_importable and value is self else super().__reduce_ex__(protocol)

    @property
    def _client(self) -> Client | AsyncClient:
        return self._declaration.client_for(Client)

    @cached_property
    def _file_parameters(self) -> Mapping[str, OpenFile]:
        return self.row_function.file_parameters

    def __repr__(self) -> str:
        """The signature, the type and the options, without secrets."""
        return format_fields(type(self).__name__, self._call_text, **self._options)

    def _repr_html_(self) -> str:
        """The same as an HTML table, for notebooks."""
        return to_html_table(type(self).__name__, [("function", self._call_text), *self._options.items()])

    @property
    def _call_text(self) -> str:
        parameters = str(inspect.signature(cast("Any", self))).partition(" -> ")[0]
        output_type: Any = self.response_format.output_type
        type_name = output_type.__name__ if isinstance(output_type, type) else short_repr(output_type)
        return f"{getattr(self, '__name__', '')}{parameters} -> {type_name}"

    @property
    def _options(self) -> dict[str, str]:
        declaration = self._declaration
        settings: dict[str, Any] = {"client": declaration.client, "model": declaration.model, **declaration.call}
        return display_options(settings)

    def _bind(self, instance: Any) -> Any:
        bound = type(self)(functools.partial(self._function, instance), self._declaration)
        functools.update_wrapper(cast("Any", bound), cast("Any", self), updated=())
        bound.__dict__["_file_parameters"] = self._file_parameters
        parameters = [*inspect.signature(cast("Any", self)).parameters.values()]
        bound.__dict__["__signature__"] = inspect.signature(cast("Any", self)).replace(parameters=parameters[1:])
        return bound


class Function(DecoratedFunction[P, T]):
    """A decorated function.

    `f(...)` returns the value, `f.run(...)` the full `Result`, and `f.format(...)` the prompt without sending it.
    """

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value; raises as `Client.extract` does."""
        return self.run(*args, **kwargs).value

    def run(self, *args: P.args, **kwargs: P.kwargs) -> Result[T]:
        """Return the value with all attempts, as `Client.run` does."""
        prompt, options = self._request(args, kwargs)
        return self._client.run(self.response_format, prompt, **options)

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> Stream[Partial[T], T]:
        """Stream the value while it arrives, as `Client.stream` does."""
        prompt, options = self._request(args, kwargs)
        return self._client.stream(self.response_format, prompt, **options)

    def stream_items(self, *args: P.args, **kwargs: P.kwargs) -> Stream[Any, Any]:
        """Stream each item of the list as soon as it is complete, as `Client.stream_items` does."""
        prompt, options = self._request(args, kwargs)
        return self._client.stream_items(self.response_format, prompt, **options)

    def format(self, *args: P.args, **kwargs: P.kwargs) -> Prompt:
        """Return the prompt without sending it."""
        arguments, keywords = self._open_files(args, kwargs)
        return cast("Prompt", self._function(*arguments, **keywords))

    @overload
    def map(self, rows: F, *, concurrency: int = ..., on_error: OnError = ..., value_column: str = ...) -> F: ...
    @overload
    def map(self, rows: Iterable[Any], *, concurrency: int = ..., on_error: Literal["raise"] = ...) -> Iterator[T]: ...
    @overload
    def map(
        self, rows: Iterable[Any], *, concurrency: int = ..., on_error: Literal["return"]
    ) -> Iterator[T | StructkitError]: ...
    def map(self, rows: Any, *, concurrency: int = 16, on_error: OnError = "raise", value_column: str = "value") -> Any:
        """Return the value for each row, in the order of the rows; nothing is stored (`label` does that).

        Args:
            rows: Dicts, whose keys are the names of arguments, or single arguments; read as they are needed. Or a
                pandas or polars data frame or an Arrow table, which is returned with a column for each field of the
                values (`value` if the type has no fields). A column of a frame is an iterable of single arguments.
            concurrency: Calls at a time.
            on_error: What to do with a row that fails with a `StructkitError`: `raise` the error when its turn comes,
                which ends the iteration, or `return` it in the value's place. A data frame gets the columns `error`,
                with its class, and `message`; `error_run` and `message_run` if it has, or gets, others of these names.
            value_column: The column of a data frame for the values of a type that has no fields.

        Raises:
            ConfigError: An argument is invalid, or the data frame lacks the column of an argument, or already has one
                of such a name; nothing was sent.
        """
        from structkit.functions.concurrent_map import map_in_threads, return_errors, validate_map
        from structkit.functions.frame_columns import (
            frame_rows,
            is_frame,
            new_columns,
            reject_value_column,
            with_columns,
        )

        validate_map(rows, concurrency, on_error)
        call = return_errors(RowFunction(self)) if on_error == "return" else RowFunction(self)
        if not is_frame(rows):
            reject_value_column(value_column)
            return map_in_threads(call, rows, concurrency)
        columns = new_columns(
            rows, self.row_function.needs, self.response_format, value_column, has_errors=on_error == "return"
        )
        values = map_in_threads(call, frame_rows(rows), concurrency)
        return with_columns(rows, columns, values, self.response_format)

    def label(self, source: Any, output: Path | str | None = None, **settings: Unpack[LabelOptions]) -> Report:
        """Label a table, every row exactly once, as `structkit.Job(...).run()` does with these settings.

        The columns of the input are the arguments of the same names.

        Raises:
            JobError: The job does not match its journal, its files cannot be used, or another run has the folder.
            ConfigError: Another setting is invalid; nothing was sent.
            KeyboardInterrupt: The run was interrupted twice.
        """
        return self.job(source, output, **settings).run()

    @property
    def _client(self) -> Client:
        return self._declaration.client_for(Client)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Function[P, T]: ...
    @overload
    def __get__(self: Function[Concatenate[S, Q], T], instance: S, owner: type[Any]) -> Function[Q, T]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Bind the function to an instance, which becomes its first argument."""
        return self if instance is None else self._bind(instance)


class AsyncFunction(DecoratedFunction[P, T]):
    """A decorated `async def`: as `Function`, awaited."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Return the value."""
        return self._value(*args, **kwargs)

    async def _value(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return (await self.run(*args, **kwargs)).value

    async def run(self, *args: P.args, **kwargs: P.kwargs) -> Result[T]:
        """Like `Function.run`."""
        prompt, options = self._request(args, kwargs)
        return await self._client.run(self.response_format, await prompt, **options)

    def stream(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Partial[T], T]:
        """Like `Function.stream`, with `async with` and `async for`."""
        prompt, options = self._request(args, kwargs)
        return self._client.stream(self.response_format, prompt, **options)

    def stream_items(self, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Any, Any]:
        """Like `Function.stream_items`, with `async for`."""
        prompt, options = self._request(args, kwargs)
        return self._client.stream_items(self.response_format, prompt, **options)

    async def format(self, *args: P.args, **kwargs: P.kwargs) -> Prompt:
        """Like `Function.format`."""
        arguments, keywords = self._open_files(args, kwargs)
        return cast("Prompt", await self._function(*arguments, **keywords))

    @overload
    def map(
        self, rows: F, *, concurrency: int = ..., on_error: OnError = ..., value_column: str = ...
    ) -> Awaitable[F]: ...
    @overload
    def map(
        self,
        rows: Iterable[Any] | AsyncIterable[Any],
        *,
        concurrency: int = ...,
        on_error: Literal["raise"] = ...,
    ) -> AsyncIterator[T]: ...
    @overload
    def map(
        self, rows: Iterable[Any] | AsyncIterable[Any], *, concurrency: int = ..., on_error: Literal["return"]
    ) -> AsyncIterator[T | StructkitError]: ...
    def map(self, rows: Any, *, concurrency: int = 16, on_error: OnError = "raise", value_column: str = "value") -> Any:
        """Like `Function.map`, with `async for`; of a data frame, awaited."""
        from structkit.functions.concurrent_map import map_in_tasks, return_errors_async, validate_map
        from structkit.functions.frame_columns import is_frame, new_columns, reject_value_column

        validate_map(rows, concurrency, on_error)
        call = return_errors_async(RowFunction(self)) if on_error == "return" else RowFunction(self)
        if is_frame(rows):
            columns = new_columns(
                rows, self.row_function.needs, self.response_format, value_column, has_errors=on_error == "return"
            )
            return self._map_frame(rows, call, concurrency, columns)
        reject_value_column(value_column)
        return map_in_tasks(call, rows, concurrency)

    async def _map_frame(
        self, frame: F, call: Callable[[Any], Awaitable[Any]], concurrency: int, columns: tuple[Column, ...]
    ) -> F:
        from structkit.functions.concurrent_map import map_in_tasks
        from structkit.functions.frame_columns import frame_rows, with_columns

        values = [value async for value in map_in_tasks(call, frame_rows(frame), concurrency)]
        return with_columns(frame, columns, values, self.response_format)

    async def label(self, source: Any, output: Path | str | None = None, **settings: Unpack[LabelOptions]) -> Report:
        """Like `Function.label`, awaited."""
        return await self.job(source, output, **settings).run_async()

    @property
    def _client(self) -> AsyncClient:
        return self._declaration.client_for(AsyncClient)

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> AsyncFunction[P, T]: ...
    @overload
    def __get__(self: AsyncFunction[Concatenate[S, Q], T], instance: S, owner: type[Any]) -> AsyncFunction[Q, T]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Like `Function`."""
        return self if instance is None else self._bind(instance)
