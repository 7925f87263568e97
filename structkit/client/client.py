"""`Client`: extraction that blocks."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from typing_extensions import Self, TypeForm, Unpack

from structkit.client.arguments import (
    NOT_COPYABLE,
    CallOptions,
    DefaultOptions,
    validate_call,
    validate_connection_arguments,
    validate_sync_checks,
)
from structkit.client.client_display import client_rows, display_client
from structkit.client.endpoint_settings import EndpointSettings, find_endpoint
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.option_signature import show_options
from structkit.client.plan import make_plan, result_or_raise
from structkit.client.send_requests import Send, send_requests
from structkit.client.several_calls import find_several_calls, has_chunks
from structkit.client.tool_arguments import validate_sync_tools
from structkit.client.transports import http_transport, sdk_transport
from structkit.costs.attempt_cost import PriceList
from structkit.costs.price_list import Prices
from structkit.errors import TransportError
from structkit.extraction import UNFINISHED_STEPS, Conversation, Extraction, SplitExtraction, ToolStep
from structkit.extraction.loop_stop import stops_loops
from structkit.schema import ResponseFormat
from structkit.transport import Transport, TransportReply
from structkit.transport.transport import bind_models
from structkit.values import JSON, Prompt, Request, Result
from structkit.values.display import format_fields, to_html_table

if TYPE_CHECKING:
    import openai

    from structkit.client.probing import ProbeReport
    from structkit.client.reply_cache import CacheSource, ReplyCache
    from structkit.client.streams import Stream
    from structkit.extraction.stream_output import StreamOutput
    from structkit.partial import Partial

T = TypeVar("T")


class Client:
    """A model behind an OpenAI-compatible endpoint.

    Args:
        model: The model's name; `local` is the embedded model, `local:PATH.gguf` a model file of your own.
            By default `STRUCTKIT_MODEL`.
        base_url: The endpoint, with or without `/v1`; by default `OPENAI_BASE_URL`.
        api_key: The key; by default `OPENAI_API_KEY`. A server on this machine needs none.
        client: An `openai.OpenAI` or `AzureOpenAI` of your own, instead of an address and a key.
        transport: Any other way to send requests, instead of all of these.
        cache: The path of an SQLite file, or an object with `get` and `set`: a request that was sent before, in a call
            that succeeded, is answered from it.
        prices: What tokens cost, for `Result.cost` where the endpoint does not report it: by model, as in
            `{"gpt-4o": {"input": 2.50, "output": 10}}` per million tokens; a TOML or JSON file of that form; or
            `"genai-prices"` for the prices of that package (extra `prices`).
        **call: Defaults for every call: `policy`, `instructions`, `temperature` and so on.

    Raises:
        ConfigError: The model or the key is missing.

    Requests are sent without the OpenAI SDK, unless you pass a client of it; the HTTP library is imported with the
    first request.
    Proxies (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY) and certificates (SSL_CERT_FILE, SSL_CERT_DIR) come from
    the environment, and so do OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS.
    """

    @show_options(DefaultOptions)
    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: openai.OpenAI | None = None,
        transport: Transport | None = None,
        cache: CacheSource | None = None,
        prices: Prices | None = None,
        **call: Unpack[DefaultOptions],
    ) -> None:
        """Determine the endpoint; nothing is sent."""
        validate_call(call)
        validate_connection_arguments("Client", client=client, transport=transport, base_url=base_url, api_key=api_key)
        self._custom_transport = transport if client is None else sdk_transport(client)
        self._transport: Transport | None = None
        self._lock, self._open_blocks = threading.Lock(), 0
        endpoint = None
        if self._custom_transport is None:
            endpoint = self._endpoint = find_endpoint(model, base_url, api_key)
        self._plan = make_plan(model, call, endpoint, "" if client is None else str(client.base_url), cache, prices)

    @overload
    def extract(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    def extract(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    def extract(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Any: ...
    @show_options(CallOptions)
    def extract(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Any:
        """Return the value of *output_type* that the model extracts from *prompt*.

        Args:
            output_type: A pydantic model, any type pydantic validates, or a JSON Schema.
            prompt: The user message: text, a `Message`, or several.
            **call: `instructions`, `examples`, `policy`, and the endpoint's own parameters.

        Raises:
            ConfigError: An argument or a setting is invalid; nothing was sent.
            TransportError: The endpoint returned no usable completion.
            ExtractionError: The model answered, but without a valid value.
        """
        return self.run(output_type, prompt, **call).value

    @overload
    def run(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    def run(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    def run(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]: ...
    @show_options(CallOptions)
    def run(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]:
        """Return the value as `extract` does, with all attempts, the usage and every choice."""
        if run_several := find_several_calls(self._plan.call, call):
            result: Result[Any] = run_several(self.run, self._plan.call, output_type, prompt, call)
            return result
        return self.drive(self._start(output_type, prompt, call), self._plan.hooks(call))

    @overload
    def stream(
        self, output_type: TypeForm[T], prompt: Prompt, *, only_complete: bool = ..., **call: Unpack[CallOptions]
    ) -> Stream[Partial[T], T]: ...
    @overload
    def stream(
        self, output_type: ResponseFormat[T], prompt: Prompt, *, only_complete: bool = ..., **call: Unpack[CallOptions]
    ) -> Stream[Partial[T], T]: ...
    @overload
    def stream(
        self, output_type: JSON, prompt: Prompt, *, only_complete: bool = ..., **call: Unpack[CallOptions]
    ) -> Stream[Any, Any]: ...
    @show_options(CallOptions)
    def stream(
        self, output_type: Any, prompt: Prompt, *, only_complete: bool = False, **call: Unpack[CallOptions]
    ) -> Stream[Any, Any]:
        """Return a stream of snapshots of the value while the reply arrives; the last one is the validated value.

            with client.stream(Invoice, text) as stream:
                for partial in stream:
                    show(partial)
            invoice = stream.result().value

        Properties that have not arrived are absent from a `Partial`. If the reply has to be corrected, a snapshot may
        have less than the one before, because invalid values are removed.

        Args:
            output_type: As for `extract`.
            prompt: As for `extract`.
            only_complete: Whether a snapshot is yielded only after a part of the value is complete, and not while a
                text grows.
            **call: As for `extract`.

        Raises:
            ConfigError: An argument or a setting is invalid; nothing was sent. Other errors are raised while iterating.
        """
        from structkit.extraction.stream_output import Snapshots

        return self._stream(output_type, prompt, call, Snapshots(only_complete=only_complete))

    @overload
    def stream_items(
        self, output_type: TypeForm[list[T]], prompt: Prompt, **call: Unpack[CallOptions]
    ) -> Stream[T, list[T]]: ...
    @overload
    def stream_items(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Stream[Any, Any]: ...
    @show_options(CallOptions)
    def stream_items(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Stream[Any, Any]:
        """Return a stream of the items of a list, each as soon as it is complete and valid.

            for line in client.stream_items(list[Line], text):
                save(line)

        The issues of an invalid item are in `Stream.issues`; the item is re-asked separately and yielded last. With
        `chunk=`, items are yielded as the chunks of a long text finish, in the order of the text.

        Args:
            output_type: A list type; a type with one list of objects, whose items are yielded; or the type of an item.
            prompt: As for `extract`.
            **call: As for `extract`.

        Raises:
            ConfigError: An argument or a setting is invalid; nothing was sent. Other errors are raised while iterating.
        """
        from structkit.client.streams import list_format, reask_places
        from structkit.extraction.stream_output import ListItems

        output_format = list_format(output_type)
        if has_chunks(self._plan.call, call):
            from structkit.client.chunk_streams import stream_chunks

            return stream_chunks(self.run, self._plan.call, output_format, prompt, call)
        return self._stream(output_format, prompt, reask_places(call, self._plan.call), ListItems(output_format))

    def _stream(
        self, output_type: Any, prompt: Prompt, call: CallOptions, output: StreamOutput[Any]
    ) -> Stream[Any, Any]:
        from structkit.client.streams import Stream, StreamIO, StreamState, stream_values
        from structkit.transport.streaming import open_stream

        hooks = self._plan.hooks(call)
        io = StreamIO(
            send=lambda step: send_requests(self._cached_transport.send, step.requests, step.policy, hooks),
            stream=lambda step: open_stream(self._cached_transport, step.request, step.policy),
            next_step=lambda step, replies: self._next_step(step, replies, hooks),
            make_calls=lambda step: self._make_calls(step, hooks),
        )
        state = StreamState(output, hooks)
        return Stream(state, stream_values(state, io, self._start(output_type, prompt, call)))

    def _start(self, output_type: Any, prompt: Prompt, call: CallOptions) -> Conversation:
        conversation = self._plan.start_conversation(output_type, prompt, call)
        validate_sync_checks(conversation)
        validate_sync_tools(conversation)
        return conversation

    def _next_step(self, step: Conversation, replies: list[TransportReply], hooks: Hooks) -> Any:
        """Return the step after the replies to a step."""
        next_step = step.receive(*replies)
        self._plan.observe_step(step, next_step, replies)
        if (cache := self._plan.cache) is not None and isinstance(next_step, Result):
            cache.add(next_step.attempts)
        hooks.notify_attempts(step.attempts, next_step.attempts)
        return next_step

    def _make_calls(self, step: ToolStep, hooks: Hooks) -> Any:
        from structkit.client.tool_calls import make_calls

        return make_calls(step, hooks)

    def drive(self, extraction: Extraction[T] | SplitExtraction[T], hooks: Hooks = NO_HOOKS) -> Result[T]:
        """Send the requests of a conversation until it has a result.

        Raises:
            TransportError, ExtractionError: As `extract`.
        """
        step: Any = extraction
        while isinstance(step, UNFINISHED_STEPS):
            step = self._make_calls(step, hooks) if isinstance(step, ToolStep) else self._advance(step, hooks)
        return result_or_raise(step)

    def _advance(self, step: Conversation, hooks: Hooks) -> Any:
        """Send the requests of a step, and return the next one."""
        try:
            transport = self._cached_transport
            send = _send_with_loop_stops(transport, step) if stops_loops(step) else transport.send
            replies = send_requests(send, step.requests, step.policy, hooks)
            return self._next_step(step, replies, hooks)
        except BaseException as error:
            hooks.notify_abort(step.requests, error)
            raise

    def probe(self) -> ProbeReport:
        """Determine with at most 30 small requests what the route supports, and store it for later calls.

        Raises:
            TransportError: The endpoint does not answer a plain question.
        """
        from structkit.client.probing import advance, probe_route

        probe = probe_route(self._plan.model, self._plan.routes.of(self.model).route_to_probe)
        step: ProbeReport | TransportError | Request = advance(probe)
        while isinstance(step, Request):
            request, policy, hooks = self._plan.probe_call(step)
            [reply] = send_requests(self._cached_transport.send, (request,), policy, hooks)
            step = advance(probe, reply)
        return self._plan.routes.of(self._plan.model).store_probe(result_or_raise(step))

    def models(self) -> tuple[str, ...]:
        """Return the names of the endpoint's models, sorted.

        Raises:
            TransportError: The endpoint does not list them.
        """
        names: tuple[str, ...] = bind_models(self.transport, *self._plan.listing_settings)()
        self._plan.routes.identify_owners(names)
        return names

    def __repr__(self) -> str:
        """The model, the address and the default arguments, without secrets."""
        arguments, fields = display_client(self)
        return format_fields("Client", *arguments, **fields)

    def _repr_html_(self) -> str:
        """The same as an HTML table, for notebooks."""
        return to_html_table("Client", client_rows(self))

    def __reduce__(self) -> NoReturn:
        """Reject pickling and copying.

        Raises:
            TypeError: A client has open connections, and its key should not be written to a file.
        """
        raise TypeError(NOT_COPYABLE)

    @property
    def endpoint(self) -> EndpointSettings | None:
        """The address and key of the endpoint; None if the client or transport is the caller's."""
        return self._endpoint if self._custom_transport is None else None

    @property
    def model(self) -> str:
        """The model's name at the endpoint."""
        return self._plan.model

    @property
    def address(self) -> str:
        """The base URL that requests go to; empty for a transport of the caller's."""
        return self._plan.routes.base_url

    @property
    def prices(self) -> PriceList | None:
        """What tokens cost, as `prices` says; its `repr` names the version of a package. None if that is not known."""
        return self._plan.prices

    @property
    def cache(self) -> ReplyCache | None:
        """The replies of earlier calls, as `cache` says; None without a cache."""
        return self._plan.cache

    @property
    def defaults(self) -> DefaultOptions:
        """The default arguments of every call."""
        return self._plan.call

    @property
    def _cached_transport(self) -> Transport:
        """The transport, behind the cache of replies if there is one."""
        if (cache := self._plan.cache) is None:
            return self.transport
        from structkit.client.reply_cache import CachedTransport

        return CachedTransport(self.transport, cache)

    @property
    def transport(self) -> Transport:
        """The transport that sends the requests, opened when it is first used."""
        if self._custom_transport is not None:
            return self._custom_transport
        with self._lock:
            if self._transport is None:
                self._transport = http_transport(self._endpoint)
                weakref.finalize(self, self._transport.close)
            return self._transport

    def close(self) -> None:
        """Close the connections; a client or transport of the caller's stays open."""
        # The transport is kept, since it opens new connections: a thread that still uses it returns its own to it.
        if self._transport is not None:
            self._transport.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        with self._lock:
            self._open_blocks += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections at the end of the last `with` block, since threads may share the client."""
        with self._lock:
            self._open_blocks = max(0, self._open_blocks - 1)
            if not self._open_blocks:
                self.close()


def _send_with_loop_stops(transport: Transport, step: Conversation) -> Send:
    from structkit.client.loop_stops import LoopStops

    return LoopStops(transport, step).send
