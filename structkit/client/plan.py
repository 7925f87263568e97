"""What both clients know before anything is sent: the model, the defaults, and how an extraction begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from structkit.client.arguments import CallOptions, example_to_json, validate_call, validate_mode
from structkit.client.endpoint_settings import EndpointSettings, model_name
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.routes import ClientRoute
from structkit.dialects import CORE, Dialect, Route, find_dialect, named_dialect
from structkit.errors import StructkitError
from structkit.extraction import (
    Conversation,
    Extraction,
    ValueCheck,
    split_if_too_large,
)
from structkit.prompts import conversation
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import Parameters, Policy, Prompt, Request

T = TypeVar("T")

DEFAULT_POLICY, DEFAULT_PARAMETERS = Policy(), Parameters()
"""Those of a call that names none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a client: the model's name there, and the defaults of every call."""

    model: str
    call: CallOptions
    dialect: Dialect = CORE

    def hooks(self, call: CallOptions) -> Hooks:
        """Those of the call, else the client's."""
        return call.get("hooks") or self.call.get("hooks") or NO_HOOKS

    def probe_policy(self, request: Request) -> Policy:
        """How hard to try for a request of a probe: a stream is no completion, and not to be asked for twice."""
        policy = self.call.get("policy") or Policy()
        return replace(policy, retries=0) if request.fields.get("stream") else policy

    def start_conversation(
        self, output_type: Any, prompt: Prompt, call: CallOptions, route: Route | None = None
    ) -> Conversation:
        """The extraction that a call asks for, over a route of which something may be known.

        Raises:
            SchemaError: The type has no strict form.
            PromptError: The input is no text or messages.
            ConfigError: There is no mode or dialect of that name.
            TypeError: An argument is misspelt.
        """
        validate_call(call)
        given = {name: value for name, value in {**self.call, **call}.items() if value is not None}
        given.pop("hooks", None)  # the driver's
        instructions, policy = given.pop("instructions", None), given.pop("policy", DEFAULT_POLICY)
        examples = cast("Sequence[tuple[str, Any]]", given.pop("examples", ()))
        route = route or Route(self.dialect)
        wanted = in_route_dialect(response_format(output_type), given.pop("dialect", route.dialect))
        own: Any = {name: given.pop(name) for name in ("mode", "context") if name in given}
        validate_mode(own.get("mode", "auto"))
        checks = tuple(cast("Sequence[ValueCheck]", given.pop("checks", ())))
        begun = Extraction(
            response_format=wanted,
            model=self.model,
            messages=conversation(prompt, cast("str | None", instructions)),
            examples=tuple((source, example_to_json(wanted, value)) for source, value in examples),
            parameters=Parameters(**cast("Any", given)) if given else DEFAULT_PARAMETERS,
            policy=cast("Policy", policy),
            route=route if route.dialect is wanted.dialect else replace(route, dialect=wanted.dialect),
            checks=checks,
            **own,
        )
        return split_if_too_large(begun)


def in_route_dialect(wanted: ResponseFormat[T], dialect: Any) -> ResponseFormat[T]:
    """The type in the route's dialect, unless the caller has fixed another.

    Raises:
        ConfigError: There is no dialect of that name.
    """
    if not wanted.is_translatable:
        return wanted
    return wanted.in_dialect(named_dialect(dialect) if isinstance(dialect, str) else dialect)


def make_plan(
    model: str | None, call: CallOptions, endpoint: EndpointSettings | None, address: str = ""
) -> tuple[Plan, ClientRoute]:
    """The settings of whoever sends requests, and what is known of the route.

    Args:
        model: The model's name, where no endpoint says it.
        call: The defaults of every call.
        endpoint: Where requests go; None where a client or transport of the caller's knows it.
        address: What such a client says of that.

    Raises:
        ConfigError: There is no model, or no dialect of the name that the endpoint gives.
    """
    model, named, address = (endpoint.model, endpoint.dialect, endpoint.address) if endpoint else (model, None, address)
    model = model_name(model)
    dialect = named_dialect(named) if named else find_dialect(model, address)
    return Plan(model, call, dialect), ClientRoute(address, model, dialect)


def result_or_raise(step: T | StructkitError) -> T:
    """What came of it; or the error, raised: the only place where the fold's errors are."""
    if isinstance(step, StructkitError):
        raise step
    return step
