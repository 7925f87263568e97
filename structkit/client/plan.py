"""What both clients know before anything is sent: the model, the defaults, and how an extraction begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from structkit.client.endpoint import Endpoint, model_name
from structkit.client.hooks import SILENT, Hooks
from structkit.client.routes import KnownRoute
from structkit.dialects import CORE, MODES, Dialect, Route, find_dialect, named_dialect
from structkit.errors import ConfigError, PromptError, StructkitError
from structkit.extraction import (
    Asking,
    Check,
    Conversation,
    Extraction,
    check_failure,
    divided,
    is_awaited,
    objections,
    soft,
)
from structkit.prompts import conversation
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format
from structkit.values import Issue, JSONValue, Options, Parameters, Policy, Prompt, Request

T = TypeVar("T")

PATIENT, PLAIN = Policy(), Parameters()
"""Those of a call that names none."""


class Call(Options, total=False):
    """What may be given to one call: the endpoint's parameters, and structkit's own.

    Attributes:
        instructions: The system message.
        examples: Pairs of an input and the value it should give, shown to the model in the wire form.
        policy: How hard to try.
        mode: How the schema is put to the endpoint: `auto` is the best way it takes, and steps down where it has to.
        checks: Functions of a value that say what is wrong with it: None, a message, or issues at their paths.
        hooks: Functions that are told what the call does.
        context: What pydantic's validators get as `info.context`.
        dialect: What the vendor accepts, or the name of a known one (`structkit.dialects.DIALECTS`); by default
            found by the endpoint's host and the model's name.
    """

    instructions: str
    examples: Sequence[tuple[str, Any]]
    policy: Policy
    dialect: Dialect | str
    mode: Asking
    checks: Sequence[Check]
    context: Any
    hooks: Hooks


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a client: the model's name there, and the defaults of every call."""

    model: str
    call: Call
    dialect: Dialect = CORE

    def hooks(self, call: Call) -> Hooks:
        """Those of the call, else the client's."""
        return call.get("hooks") or self.call.get("hooks") or SILENT

    def patience(self, request: Request) -> Policy:
        """How hard to try for a request of a probe: a stream is no completion, and not to be asked for twice."""
        policy = self.call.get("policy") or Policy()
        return replace(policy, retries=0) if request.fields.get("stream") else policy

    def begin(self, output_type: Any, prompt: Prompt, call: Call, route: Route | None = None) -> Conversation:
        """The extraction that a call asks for, over a route of which something may be known.

        Raises:
            SchemaError: The type has no strict form.
            PromptError: The input is no text or messages.
            ConfigError: There is no mode or dialect of that name.
            TypeError: An argument is misspelt.
        """
        check_call(call)
        given = {name: value for name, value in {**self.call, **call}.items() if value is not None}
        given.pop("hooks", None)  # the driver's
        instructions, policy = given.pop("instructions", None), given.pop("policy", PATIENT)
        examples = cast("Sequence[tuple[str, Any]]", given.pop("examples", ()))
        route = route or Route(self.dialect)
        wanted = spoken(response_format(output_type), given.pop("dialect", route.dialect))
        own: Any = {name: given.pop(name) for name in ("mode", "context") if name in given}
        check_mode(own.get("mode", "auto"))
        checks = tuple(cast("Sequence[Check]", given.pop("checks", ())))
        begun = Extraction(
            response_format=wanted,
            model=self.model,
            messages=conversation(prompt, cast("str | None", instructions)),
            examples=tuple((source, checked_example(wanted, value)) for source, value in examples),
            parameters=Parameters(**cast("Any", given)) if given else PLAIN,
            policy=cast("Policy", policy),
            route=route if route.dialect is wanted.dialect else replace(route, dialect=wanted.dialect),
            checks=checks,
            **own,
        )
        return divided(begun)


def spoken(wanted: ResponseFormat[T], dialect: Any) -> ResponseFormat[T]:
    """The type in the route's dialect, unless the caller has fixed another.

    Raises:
        ConfigError: There is no dialect of that name.
    """
    if not wanted.is_translatable:
        return wanted
    return wanted.in_dialect(named_dialect(dialect) if isinstance(dialect, str) else dialect)


def checked_example(wanted: ResponseFormat[T], value: T) -> JSONValue:
    """An example's value as JSON; one that the model must not write is refused.

    Raises:
        PromptError: It is no value of the type.
    """
    natural = wanted.natural(value)
    answer = wanted.validated(natural)
    if answer.issues:
        listed = "; ".join(map(str, answer.issues))
        raise PromptError(f"an example would not be accepted as a reply: {listed}")
    return natural


def check_call(call: Mapping[str, Any]) -> None:
    """Refuse keywords that no call takes.

    Raises:
        TypeError: With the name that was probably meant.

    >>> check_call({"temprature": 0})
    Traceback (most recent call last):
    TypeError: unexpected keyword argument 'temprature'; did you mean 'temperature'?
    """
    known = Call.__optional_keys__
    for name in call.keys() - known:
        raise TypeError(f"unexpected keyword argument {name!r}; {_hint(name, sorted(known), 'known are ')}")


def check_mode(name: str) -> None:
    """Refuse a mode that there is not.

    Raises:
        ConfigError: With the name that was probably meant.

    >>> check_mode("json_shema")
    Traceback (most recent call last):
    structkit.errors.ConfigError: unknown mode 'json_shema'; did you mean 'json_schema'?
    """
    known = ("auto", *MODES)
    if name not in known:
        raise ConfigError(f"unknown mode {name!r}; {_hint(name, known)}")


def _hint(name: Any, known: Sequence[str], otherwise: str = "") -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(name), known, 1)
    return f"did you mean {close[0]!r}?" if close else otherwise + ", ".join(known)


def planned(model: str | None, call: Call, endpoint: Endpoint | None, address: str = "") -> tuple[Plan, KnownRoute]:
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
    return Plan(model, call, dialect), KnownRoute(address, model, dialect)


def refuse_awaited(extraction: Conversation) -> None:
    """Refuse checks that would have to be awaited, where nothing can be.

    Raises:
        ConfigError: There is one.
    """
    if any(map(is_awaited, extraction.checks)):
        raise ConfigError("a check is a coroutine function: use AsyncClient, or make it a plain function")


async def awaited_issues(value: Any, checks: Iterable[Check]) -> tuple[tuple[Issue, ...], tuple[Issue, ...]]:
    """What the checks that have to be awaited say of a value: what is wrong, and what is only to be warned of."""
    wrong: list[Issue] = []
    odd: list[Issue] = []
    for check in checks:
        if is_awaited(check):
            (odd if isinstance(check, soft) else wrong).extend(await _awaited(check, value))
    return tuple(wrong), tuple(odd)


async def _awaited(check: Check, value: Any) -> tuple[Issue, ...]:
    try:
        return objections(await cast("Any", check)(value))
    except Exception as error:  # noqa: BLE001 (the caller's code; one bad record must not stop a job)
        return (check_failure(error),)


def refuse_both(**given: Any) -> None:
    """Refuse a client or transport of the caller's beside an address or key that it would not use.

    Raises:
        ConfigError: Both are given.
    """
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1 and {"client", "transport"} & {*names}:
        raise ConfigError(f"{names[0]}= says already where requests go; leave out {', '.join(names[1:])}")


def conclude(step: T | StructkitError) -> T:
    """What came of it; or the error, raised: the only place where the fold's errors are."""
    if isinstance(step, StructkitError):
        raise step
    return step
