"""What both clients share: the model, the default arguments, and how a conversation is started from a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from structkit.client.arguments import CallOptions, example_to_json, validate_call, validate_mode
from structkit.client.endpoint_settings import EndpointSettings, model_name
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.routes import ClientRoute
from structkit.dialects import CORE, Dialect, Route, find_dialect, get_dialect
from structkit.errors import StructkitError
from structkit.extraction import Conversation, Extraction, split_if_too_large
from structkit.prompts import build_messages
from structkit.schema.cache import response_format
from structkit.transport import normalise_base_url
from structkit.values import Parameters, Policy, Prompt, Request

T = TypeVar("T")

DEFAULT_POLICY, DEFAULT_PARAMETERS = Policy(), Parameters()
"""Shared by all calls without their own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a client.

    Args:
        model: The model's name at the endpoint.
        call: The default arguments of every call.
        dialect: The dialect of the endpoint and model.
    """

    model: str
    call: CallOptions
    dialect: Dialect = CORE

    def hooks(self, call: CallOptions) -> Hooks:
        """Return the hooks of the call, or else the client's."""
        return call.get("hooks") or self.call.get("hooks") or NO_HOOKS

    def probe_policy(self, request: Request) -> Policy:
        """Return the policy for a request of a probe.

        A probe reads a streamed reply as a malformed completion, which must not be retried.
        """
        policy = self.call.get("policy") or Policy()
        return replace(policy, retries=0) if request.fields.get("stream") else policy

    def start_conversation(
        self, output_type: Any, prompt: Prompt, call: CallOptions, route: Route | None = None
    ) -> Conversation:
        """Return the conversation of a call; without a route, from the client's dialect alone.

        Raises:
            SchemaError: The type has no strict form.
            PromptError: The prompt is neither text nor messages.
            ConfigError: There is no mode or dialect of that name.
            TypeError: There is no argument of that name.
        """
        validate_call(call)
        arguments: dict[str, Any] = {name: value for name, value in {**self.call, **call}.items() if value is not None}
        arguments.pop("hooks", None)  # used by the driver
        instructions, policy = arguments.pop("instructions", None), arguments.pop("policy", DEFAULT_POLICY)
        examples = arguments.pop("examples", ())
        route = route or Route(self.dialect)
        dialect = arguments.pop("dialect", route.dialect)
        output_format = response_format(output_type, get_dialect(dialect) if isinstance(dialect, str) else dialect)
        settings = {name: arguments.pop(name) for name in ("mode", "context") if name in arguments}
        validate_mode(settings.get("mode", "auto"))
        context = settings.get("context")
        checks = tuple(arguments.pop("checks", ()))
        extraction: Extraction[Any] = Extraction(
            response_format=output_format,
            model=self.model,
            messages=build_messages(prompt, instructions),
            examples=tuple((source, example_to_json(output_format, value, context)) for source, value in examples),
            parameters=Parameters(**arguments) if arguments else DEFAULT_PARAMETERS,
            policy=policy,
            route=route if route.dialect is output_format.dialect else replace(route, dialect=output_format.dialect),
            checks=checks,
            **settings,
        )
        return split_if_too_large(extraction)


def make_plan(
    model: str | None, call: CallOptions, endpoint: EndpointSettings | None, address: str = ""
) -> tuple[Plan, ClientRoute]:
    """Return the settings of a client, and its route.

    Args:
        model: The model's name, used if there is no endpoint.
        call: The default arguments of every call.
        endpoint: The endpoint; None if the client or transport is the caller's.
        address: The address of the caller's client or transport, as far as it has one.

    Raises:
        ConfigError: There is no model, or no dialect of the name that the endpoint has.
    """
    dialect_name = None
    if endpoint is not None:
        model, dialect_name = endpoint.model, endpoint.dialect
        address = normalise_base_url(endpoint.address)
    model = model_name(model)
    dialect = get_dialect(dialect_name) if dialect_name else find_dialect(model, address)
    return Plan(model, call, dialect), ClientRoute(address, model, dialect)


def result_or_raise(step: T | StructkitError) -> T:
    """Return the result of a conversation, or raise its error; nothing else raises what a conversation returns.

    Raises:
        StructkitError: The step is an error.
    """
    if isinstance(step, StructkitError):
        raise step
    return step
