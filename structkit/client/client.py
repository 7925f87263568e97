"""`Client`: extraction that blocks."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from typing_extensions import Self, TypeForm, Unpack

from structkit.client.arguments import CallOptions, validate_call, validate_connection_arguments, validate_sync_checks
from structkit.client.endpoint_settings import EndpointSettings, find_endpoint, report_environment_errors
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.plan import make_plan, result_or_raise
from structkit.dialects import Route
from structkit.errors import TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction
from structkit.schema import ResponseFormat
from structkit.transport import Transport, TransportReply
from structkit.values import JSON, Policy, Prompt, Request, Result

if TYPE_CHECKING:
    import openai

    from structkit.client.probing import ProbeReport
    from structkit.client.streams import Stream
    from structkit.extraction.stream_output import StreamOutput
    from structkit.partial import Partial

T = TypeVar("T")


class Client:
    """A model behind an OpenAI-compatible endpoint.

    Args:
        model: The model's name; `local` is the embedded one, `local:PATH.gguf` another of that kind.
            Without a name, `STRUCTKIT_MODEL` is read.
        base_url: The endpoint, with or without `/v1`; by default `OPENAI_BASE_URL`.
        api_key: The key; by default `OPENAI_API_KEY`. Servers on this machine need none.
        client: An `openai.OpenAI` or `AzureOpenAI` of your own, instead of URL and key.
        transport: Any other way to send requests, instead of all of these.
        **call: Defaults for every call: `policy`, `instructions`, `temperature` and so on.

    Raises:
        ConfigError: The model or the key is missing.

    Requests go out without the SDK, unless you bring a client of its: an HTTP library is loaded with the first.
    Proxies (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY) and certificates (SSL_CERT_FILE, SSL_CERT_DIR) come from
    the environment, and so do OPENAI_ORG_ID, OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: openai.OpenAI | None = None,
        transport: Transport | None = None,
        **call: Unpack[CallOptions],
    ) -> None:
        """Find the endpoint; nothing is sent."""
        validate_call(call)
        validate_connection_arguments(client=client, transport=transport, base_url=base_url, api_key=api_key)
        self._given = _over(client) if client else transport
        self._made: Transport | None = None
        self._lock = threading.Lock()
        endpoint = None
        if self._given is None:
            endpoint = self._endpoint = find_endpoint(model, base_url, api_key)
        self._plan, self._route = make_plan(model, call, endpoint, str(client.base_url) if client else "")

    @overload
    def extract(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    def extract(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> T: ...
    @overload
    def extract(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Any: ...
    def extract(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Any:
        """The value of *output_type* that the model reads from *prompt*.

        Args:
            output_type: A pydantic model, any type pydantic validates, or a JSON Schema.
            prompt: The user message: text, a `Message`, or several.
            **call: `instructions`, `examples`, `policy`, and the endpoint's own parameters.

        Raises:
            ConfigError: Something is wrong on this side; nothing was sent.
            TransportError: The endpoint gave no usable completion.
            ExtractionError: The model answered, but not with such a value.
        """
        return self.run(output_type, prompt, **call).value

    @overload
    def run(self, output_type: TypeForm[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    def run(self, output_type: ResponseFormat[T], prompt: Prompt, **call: Unpack[CallOptions]) -> Result[T]: ...
    @overload
    def run(self, output_type: JSON, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]: ...
    def run(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Result[Any]:
        """As `extract`, with everything that happened: attempts, usage, every choice."""
        return self.drive(self._begin(output_type, prompt, call), self._plan.hooks(call))

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
    def stream(
        self, output_type: Any, prompt: Prompt, *, only_complete: bool = False, **call: Unpack[CallOptions]
    ) -> Stream[Any, Any]:
        """As `run`, while the reply arrives: snapshots of the value, and the whole as the last of them.

            with client.stream(Invoice, text) as stream:
                for partial in stream:
                    show(partial)
            invoice = stream.result().value

        What has not come yet is absent from a `Partial`. Where the reply has to be put right, a snapshot may have less
        than the one before: what was wrong has gone.

        Args:
            output_type: As for `extract`.
            prompt: As for `extract`.
            only_complete: Whether a text that grows is nothing new, and only a part that is complete is.
            **call: As for `extract`.

        Raises:
            ConfigError: Something is wrong on this side; nothing was sent. Other errors are raised while iterating.
        """
        from structkit.extraction.stream_output import Snapshots

        return self._stream(output_type, prompt, call, Snapshots(only_complete=only_complete))

    @overload
    def stream_items(
        self, output_type: TypeForm[list[T]], prompt: Prompt, **call: Unpack[CallOptions]
    ) -> Stream[T, list[T]]: ...
    @overload
    def stream_items(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Stream[Any, Any]: ...
    def stream_items(self, output_type: Any, prompt: Prompt, **call: Unpack[CallOptions]) -> Stream[Any, Any]:
        """The items of a list, each as soon as it is complete and valid.

            for line in client.stream_items(list[Line], text):
                save(line)

        An item that is not valid is told in `Stream.issues`, asked for again alone, and given at the end.

        Args:
            output_type: A list type; a type with one list of objects, whose items are given; or the type of an item.
            prompt: As for `extract`.
            **call: As for `extract`.

        Raises:
            ConfigError: Something is wrong on this side; nothing was sent. Other errors are raised while iterating.
        """
        from structkit.client.streams import itemwise, list_type
        from structkit.extraction.stream_output import ListItems

        wanted = list_type(output_type)
        return self._stream(wanted, prompt, itemwise(call, self._plan.call), ListItems(wanted))

    def _stream(
        self, output_type: Any, prompt: Prompt, call: CallOptions, shown: StreamOutput[Any]
    ) -> Stream[Any, Any]:
        from structkit.client.streams import Stream, Way
        from structkit.transport.streaming import open_stream

        hooks = self._plan.hooks(call)
        way = Way(
            ask=lambda step: self._send(step.requests, step.policy, hooks),
            stream=lambda step: open_stream(self.transport, step.request, step.policy),
            after=lambda step, replies: self._after(step, replies, hooks),
        )
        return Stream(self._begin(output_type, prompt, call), shown, hooks, way)

    def _begin(self, output_type: Any, prompt: Prompt, call: CallOptions) -> Conversation:
        begun = self._plan.start_conversation(output_type, prompt, call, self._route.route)
        validate_sync_checks(begun)
        return begun

    def _after(self, step: Conversation, replies: list[TransportReply], hooks: Hooks) -> Any:
        """What comes of a step's replies."""
        after = step.receive(*replies)
        self._route.update_from_step(step, after, replies)
        hooks.notify_attempts(step.attempts, after.attempts)
        return after

    def drive(self, extraction: Extraction[T] | SplitExtraction[T], hooks: Hooks = NO_HOOKS) -> Result[T]:
        """Send what an extraction asks for until it is done."""
        step: Any = extraction
        while isinstance(step, Extraction | SplitExtraction):
            with hooks.report_aborts(step.requests):
                step = self._after(step, self._send(step.requests, step.policy, hooks), hooks)
        return result_or_raise(step)

    def _send(self, requests: tuple[Request, ...], policy: Policy, hooks: Hooks) -> list[TransportReply]:
        """The replies, in order; several requests go out at once."""

        def send(request: Request) -> TransportReply:
            hooks.notify_request(request)
            reply = self.transport.send(request, policy)
            hooks.notify_reply(request, reply)
            return reply

        if len(requests) == 1:
            return [send(requests[0])]
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

        contexts = [copy_context() for _ in requests]  # what the caller has set holds in the threads too
        with ThreadPoolExecutor(len(requests)) as pool:
            return [*pool.map(lambda context, request: context.run(send, request), contexts, requests)]

    def probe(self) -> ProbeReport:
        """What the route honours, found out with at most 30 small requests, and remembered.

        Raises:
            TransportError: The endpoint does not answer a plain question.
        """
        from structkit.client.probing import advance, probe_route

        asking = probe_route(self._plan.model, Route(self._plan.dialect))
        step: ProbeReport | TransportError | Request = advance(asking)
        while isinstance(step, Request):
            [reply] = self._send((step,), self._plan.probe_policy(step), self._plan.hooks({}))
            step = advance(asking, reply)
        return self._route.store_probe(result_or_raise(step))

    def models(self) -> tuple[str, ...]:
        """The names of the endpoint's models, sorted.

        Raises:
            TransportError: The endpoint does not say.
        """
        return self.transport.models()

    @property
    def endpoint(self) -> EndpointSettings | None:
        """Where requests go; None where a client or transport of the caller's knows it."""
        return self._endpoint if self._given is None else None

    @property
    def model(self) -> str:
        """The model's name there."""
        return self._plan.model

    @property
    def defaults(self) -> CallOptions:
        """The arguments of every call, where the call does not give its own."""
        return self._plan.call

    @property
    def transport(self) -> Transport:
        """The way requests are sent, made when first needed."""
        if self._given is not None:
            return self._given
        with self._lock:
            if self._made is None:
                self._made = _lean(self._endpoint)
                weakref.finalize(self, self._made.close)
            return self._made

    def close(self) -> None:
        """Let go of the connections; a client or transport of the caller's stays open."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _lean(endpoint: EndpointSettings) -> Transport:
    from structkit.transport.direct import HTTPTransport

    with report_environment_errors():
        return HTTPTransport(endpoint.address, endpoint.api_key)


def _over(client: openai.OpenAI) -> Transport:
    from structkit.transport.openai_sdk import OpenAITransport

    return OpenAITransport(client)
