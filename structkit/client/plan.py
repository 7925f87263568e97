"""What both clients share: the model, the default arguments, and how a conversation is started from a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from structkit.client.arguments import (
    CallOptions,
    DefaultOptions,
    example_to_json,
    validate_call,
    validate_mode,
)
from structkit.client.confidence_argument import add_escalation, take_confidence
from structkit.client.endpoint_settings import EndpointSettings, model_name
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.routes import ClientRoutes
from structkit.client.step_log import log_step
from structkit.client.tool_arguments import take_tools, with_tools
from structkit.costs.attempt_cost import PriceList
from structkit.costs.price_list import Prices, open_prices
from structkit.dialects import Route, get_dialect
from structkit.dialects.parameter_rejections import TOKEN_CAPS
from structkit.errors import ConfigError, StructkitError
from structkit.extraction import Conversation, Extraction, split_if_too_large
from structkit.prompts import build_messages
from structkit.schema.cache import response_format
from structkit.transport import TransportReply, normalise_base_url
from structkit.values import Parameters, Policy, Prompt, Request
from structkit.values.parameters import EXTRA_OPTIONS
from structkit.values.policy import DEFAULT_POLICY

if TYPE_CHECKING:
    from structkit.client.reply_cache import CacheSource, ReplyCache
    from structkit.extraction.grounding import Grounding

T = TypeVar("T")

DEFAULT_PARAMETERS = Parameters()
"""Shared by all calls without their own."""

PROBE_OPTIONS = ("extra_body", "extra_headers", "extra_query", "reasoning_effort", "service_tier")
"""Arguments of a client that its probes send too; a probe sets the others itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a client.

    Args:
        model: The model's name at the endpoint.
        call: The default arguments of every call.
        routes: What is known about the models that its calls name.
        cache: The replies of earlier calls.
        prices: What tokens cost; None if that is not known.
    """

    model: str
    call: DefaultOptions
    routes: ClientRoutes
    cache: ReplyCache | None = None
    prices: PriceList | None = None

    @property
    def route(self) -> Route:
        """What is known about the client's own model."""
        return self.routes.of(self.model).route

    def hooks(self, call: CallOptions) -> Hooks:
        """Return the hooks of the call, or else the client's."""
        return call.get("hooks") or self.call.get("hooks") or NO_HOOKS

    @property
    def access_parameters(self) -> Parameters:
        """The client's headers, query and body fields without which a gateway or model may reject any request."""
        extras: Any = {name: value for name in PROBE_OPTIONS if (value := self.call.get(name))}
        return Parameters(**extras)

    @property
    def listing_settings(self) -> tuple[Parameters, Policy]:
        """The parameters and the limits of the request that lists the models."""
        return self.access_parameters, self.call.get("policy") or DEFAULT_POLICY

    def probe_call(self, request: Request) -> tuple[Request, Policy, Hooks]:
        """Return a request of a probe with the client's headers, query and body fields; its policy, and the hooks.

        A probe reads a streamed reply as a malformed completion, which must not be retried.
        """
        extras = self.access_parameters.options
        policy = self.call.get("policy") or DEFAULT_POLICY
        return (
            replace(request, parameters=request.parameters.updated(**extras)) if extras else request,
            replace(policy, retries=0) if request.fields.get("stream") else policy,
            self.hooks({}),
        )

    def observe_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Store what a step of a conversation showed about the route, and log it.

        Args:
            last: The step whose requests were sent.
            step: The next step: a conversation, a result or an error.
            replies: The replies in between.
        """
        self.routes.update_from_step(last, step, replies)
        log_step(last, step, replies)

    def start_conversation(self, output_type: Any, prompt: Prompt, call: CallOptions) -> Conversation:
        """Return the conversation of a call, before its first request.

        Raises:
            SchemaError: The type has no strict form.
            PromptError: The prompt is neither text nor messages.
            ConfigError: There is no mode or dialect of that name.
            TypeError: There is no argument of that name.
        """
        validate_call(call)
        arguments = merge_options(self.call, call)
        arguments.pop("hooks", None)  # used by the driver
        if "chunk" in arguments:
            raise ConfigError(
                "chunk= (--chunk) is an argument of extract, run, stream_items and jobs; snapshots are of a text as a "
                "whole: use stream_items, or pass chunk=None where a client or a function has it"
            )
        if "escalate" in arguments or "below" in arguments:
            arguments = add_escalation(arguments)
        models = arguments.pop("fallback", ())
        other = {**arguments, "confidence": "auto"} if arguments.get("confidence") == "logprobs" else arguments
        alternatives = tuple(self._start(output_type, prompt, {**other, "model": model}) for model in models)
        return self._start(output_type, prompt, arguments, alternatives)

    def _start(
        self, output_type: Any, prompt: Prompt, arguments: dict[str, Any], fallback: tuple[Conversation, ...] = ()
    ) -> Conversation:
        instructions, policy = arguments.pop("instructions", None), arguments.pop("policy", DEFAULT_POLICY)
        examples = arguments.pop("examples", ())
        model = arguments.pop("model", self.model)
        route = self.routes.of(model).route
        dialect = arguments.pop("dialect", route.dialect)
        output_format = response_format(output_type, get_dialect(dialect) if isinstance(dialect, str) else dialect)
        mode, context = arguments.pop("mode", "auto"), arguments.pop("context", None)
        validate_mode(mode)
        checks = tuple(arguments.pop("checks", ()))
        tools = take_tools(arguments) if "tools" in arguments else ()
        evidence = arguments.pop("evidence", None)
        confidence = take_confidence(arguments, route) if "confidence" in arguments else None
        extraction: Extraction[Any] = Extraction(
            response_format=output_format,
            model=model,
            messages=build_messages(prompt, instructions),
            examples=tuple((source, example_to_json(output_format, value, context)) for source, value in examples),
            mode=mode,
            context=context,
            parameters=Parameters(**arguments) if arguments else DEFAULT_PARAMETERS,
            policy=policy,
            route=route if route.dialect is output_format.dialect else replace(route, dialect=output_format.dialect),
            checks=checks,
            fallback=fallback,
            prices=self.prices,
            grounding=_start_grounding(evidence, prompt, confidence) if evidence or confidence else None,
        )
        return split_if_too_large(with_tools(extraction, tools) if tools else extraction)


def _start_grounding(evidence: Any, prompt: Prompt, confidence: Any) -> Grounding:
    from structkit.extraction.grounding import Grounding, start_grounding

    return start_grounding(evidence, prompt, confidence) if evidence else Grounding(confidence=confidence)


def merge_options(defaults: Mapping[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call with the client's defaults; extra fields, headers and queries are joined.

    >>> merge_options({"seed": 7, "extra_body": {"a": 1}}, {"seed": None, "extra_body": {"b": 2}})
    {'extra_body': {'a': 1, 'b': 2}}
    """
    return {name: value for name, value in join_options(defaults, call).items() if value is not None}


def join_options(defaults: Mapping[str, Any], call: Mapping[str, Any]) -> Any:
    """Return two sets of arguments together; None, which removes a default, stays.

    >>> join_options({"max_tokens": 5, "seed": 7}, {"max_completion_tokens": 9})
    {'seed': 7, 'max_completion_tokens': 9}
    """
    joined = {**defaults, **call}
    if not call:
        return joined
    for name in call.keys() & TOKEN_CAPS.keys():
        if call[name] is not None and (other := TOKEN_CAPS[name]) not in call:
            joined.pop(other, None)
    for name in joined.keys() & EXTRA_OPTIONS:
        joined[name] = {**(defaults.get(name) or {}), **(call.get(name) or {})}
    return joined


def make_plan(
    model: str | None,
    call: DefaultOptions,
    endpoint: EndpointSettings | None,
    address: str = "",
    cache: CacheSource | None = None,
    prices: Prices | None = None,
) -> Plan:
    """Return the settings of a client.

    Args:
        model: The model's name, used if there is no endpoint.
        call: The default arguments of every call.
        endpoint: The endpoint; None if the client or transport is the caller's.
        address: The address of the caller's client or transport, as far as it has one.
        cache: The path or the store of a cache of replies.
        prices: What tokens cost.

    Raises:
        ConfigError: The cache cannot be used, there is no model, or no dialect of the name that the endpoint has.
    """
    dialect_name = None
    if endpoint is not None:
        model, dialect_name = endpoint.model, endpoint.dialect
        address = normalise_base_url(endpoint.address)
    routes = ClientRoutes(address, dialect_name)
    plan = Plan(model_name(model), call, routes, _open_cache(cache, address), open_prices(prices, address))
    plan.routes.of(plan.model)  # raises here if the name of the dialect is invalid
    return plan


def _open_cache(source: CacheSource | None, address: str) -> ReplyCache | None:
    if source is None:
        return None
    from structkit.client.reply_cache import ReplyCache, open_store

    return ReplyCache(open_store(source), address)


def result_or_raise(step: T | StructkitError) -> T:
    """Return the result of a conversation, or raise its error; nothing else raises what a conversation returns.

    Raises:
        StructkitError: The step is an error.
    """
    if isinstance(step, StructkitError):
        raise step
    return step
