"""The arguments of a client and of its calls: their names, and what is validated before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar

from structkit.client.argument_names import OTHER_NAMES
from structkit.client.confidence_argument import validate_below, validate_confidence
from structkit.client.endpoint_settings import validate_model
from structkit.client.extras import validate_body_options, validate_extras, validate_json
from structkit.client.hooks import Hooks
from structkit.dialects import MODES, Dialect
from structkit.dialects.parameter_rejections import TOKEN_CAPS
from structkit.errors import ConfigError, PromptError, SchemaError
from structkit.extraction import Conversation, ModeChoice, ValueCheck, is_async_check
from structkit.schema import ResponseFormat
from structkit.transport import is_awaited, validate_transport
from structkit.values import JSONValue, Options, Policy, Prompt
from structkit.values.parameters import EXTRA_OPTIONS
from structkit.values.text import suggest_name

T = TypeVar("T")


NOT_COPYABLE = (
    "a client has open connections, and cannot be pickled or copied: share it between threads or tasks, and create one "
    "in each process, for instance structkit.Client(...) in the initializer of its pool"
)


class DefaultOptions(Options, total=False):
    """The keyword arguments that a client has for all its calls: the endpoint's parameters, and structkit's own.

    Attributes:
        instructions: The system message.
        examples: Pairs of an input and the expected value, shown to the model in the wire form.
        policy: The limits on attempts, retries, time and size.
        mode: The mode in which the schema is sent; `auto` uses the best one that the route supports, and falls back to
            the next one if the route rejects it.
        checks: Functions that take a value and return its issues: None, a message, or issues at their paths.
        fallback: The models of the same endpoint that are asked in turn if the first cannot answer.
        hooks: Functions that are called while the call proceeds.
        context: What pydantic's validators receive as `info.context`.
        dialect: What the vendor accepts, or the name of a dialect (`structkit.dialects.DIALECTS`); by default
            chosen by the endpoint's host and the model's name.
        evidence: Whether `Result.evidence` has the places of the value in the text. With `null`, what the text does not
            have becomes null where the type allows it; with `require`, it is re-asked once before.
        confidence: Whether `Result.confidence` has how sure the model was of each scalar, from 0 to 1: by the log
            probabilities of its tokens (`logprobs`; `auto` where the endpoint returns them), or by how many of that
            number of replies agree.
        escalate: A stronger model of the same endpoint, which is asked for values whose confidence is low, and after
            failures.
        below: The confidence below which it is asked.
        chunk: Characters of the chunks in which a long text is asked for the items of a list or the fields of a
            record, or `auto`.
            `stream` does not have it.
    """

    instructions: str
    examples: Sequence[tuple[Prompt, Any]]
    policy: Policy
    dialect: Dialect | str
    mode: ModeChoice
    checks: Sequence[ValueCheck]
    context: Any
    fallback: Sequence[str]
    hooks: Hooks
    evidence: bool | Literal["null", "require"]
    confidence: int | Literal["logprobs", "auto"]
    escalate: str
    below: float
    chunk: int | Literal["auto"]


class CallOptions(DefaultOptions, total=False):
    """The keyword arguments of a call.

    Attributes:
        model: Another model of the same endpoint, for this call.
    """

    model: str


PAIR = 2


def validate_call(call: Mapping[str, Any]) -> None:
    """Validate the names of keyword arguments, and the caller's own body fields and headers.

    Raises:
        TypeError: No call has an argument of that name; with the name that was probably meant.
        ConfigError: A parameter, body field or header cannot be sent, a tool is neither a typed function nor a dict, a
            model has no name, or the token limit is set under both of its names.

    >>> validate_call({"temprature": 0})
    Traceback (most recent call last):
    TypeError: unexpected keyword argument 'temprature'; did you mean 'temperature'?
    """
    if not call:
        return
    for name in call.keys() - CallOptions.__optional_keys__:
        hint = f"use {OTHER_NAMES[name]}" if name in OTHER_NAMES else _suggest_argument(str(name))
        raise TypeError(f"unexpected keyword argument {name!r}; {hint}")
    if call.keys() >= TOKEN_CAPS.keys() and all(call[name] is not None for name in TOKEN_CAPS):
        raise ConfigError("max_tokens and max_completion_tokens are two names of one limit: leave one out")
    if not call.keys().isdisjoint(EXTRA_OPTIONS):
        validate_extras(call.get("extra_body"), call.get("extra_headers"), call.get("extra_query"))
    validate_body_options(call)
    for name in call.keys() & VALIDATORS.keys():
        if call[name] is not None:
            VALIDATORS[name](call[name])


def _suggest_argument(name: str) -> str:
    other = f"a parameter that only this endpoint has goes into extra_body={{{name!r}: ...}}"
    return suggest_name(name, sorted(CallOptions.__optional_keys__)) or other


def validate_mode(name: str) -> None:
    """Validate the name of a mode.

    Raises:
        ConfigError: There is no mode of that name; with the name that was probably meant.

    >>> validate_mode("json_shema")
    Traceback (most recent call last):
    structkit.errors.ConfigError: unknown mode 'json_shema'; did you mean 'json_schema'?
    """
    names = ("auto", *MODES)
    if name not in names:
        raise ConfigError(f"unknown mode {name!r}; {suggest_name(str(name), names, 'expected one of: ')}")


def validate_evidence(evidence: Any) -> None:
    """Validate what `evidence=` is.

    Raises:
        ConfigError: It is none of its values.

    >>> validate_evidence("required")
    Traceback (most recent call last):
    structkit.errors.ConfigError: evidence must be True, False, 'null' or 'require', not 'required'
    """
    if isinstance(evidence, bool) or evidence in ("null", "require"):
        return
    from structkit.extraction.grounding import ArgumentEvidence

    if isinstance(evidence, ArgumentEvidence):
        validate_evidence(evidence.choice)
    else:
        raise ConfigError(f"evidence must be True, False, 'null' or 'require', not {evidence!r}")


def validate_chunk(chunk: Any) -> None:
    """Validate what `chunk=` is.

    Raises:
        ConfigError: It is neither `auto` nor a number of characters, or too few.

    >>> validate_chunk(20)
    Traceback (most recent call last):
    structkit.errors.ConfigError: chunk= (--chunk) must be 'auto' or at least 100 characters, not 20
    """
    from structkit.extraction.text_chunks import MIN_CHUNK_CHARS

    if chunk == "auto" or (isinstance(chunk, int) and not isinstance(chunk, bool) and chunk >= MIN_CHUNK_CHARS):
        return
    raise ConfigError(f"chunk= (--chunk) must be 'auto' or at least {MIN_CHUNK_CHARS} characters, not {chunk!r}")


def validate_models(models: Any) -> None:
    """Validate the names of the models of `fallback=`.

    Raises:
        ConfigError: They are not a list of texts.
    """
    is_list = isinstance(models, Sequence) and not isinstance(models, str)
    if not is_list or not all(isinstance(each, str) and each.strip() for each in models):
        raise ConfigError(f"fallback must be a list of models' names, not {models!r}")


def validate_tools(tools: Any) -> None:
    """Validate the value of `tools=`.

    Raises:
        ConfigError: A tool is neither a typed function nor a dict, or a dict cannot be sent as JSON.
    """
    from structkit.tools import divide_tools, read_tools

    read_tools(tools)
    validate_json("tools", divide_tools(tools)[1])


def validate_policy(policy: Any) -> None:
    """Validate the type of `policy=`.

    Raises:
        ConfigError: It is another object.
    """
    if not isinstance(policy, Policy):
        raise ConfigError(f"policy must be a structkit.Policy, not {policy!r}")


def validate_hooks(hooks: Any) -> None:
    """Validate the type of `hooks=`.

    Raises:
        ConfigError: It is another object.
    """
    if not callable(getattr(hooks, "notify_request", None)):
        raise ConfigError(f"hooks must be structkit.Hooks(...), not {hooks!r}")


def validate_dialect(dialect: Any) -> None:
    """Validate the type of `dialect=`; its name is looked up later.

    Raises:
        ConfigError: It is neither a name nor a dialect.
    """
    if not isinstance(dialect, str | Dialect):
        raise ConfigError(f"dialect must be the name of a dialect, not {dialect!r}")


def validate_checks(checks: Any) -> None:
    """Validate that `checks=` has functions.

    Raises:
        ConfigError: It has anything else.
    """
    if not isinstance(checks, Collection) or not all(map(callable, checks)):
        raise ConfigError(f"checks must be a list of functions, not {checks!r}")


def validate_examples(examples: Any) -> None:
    """Validate that `examples=` has pairs.

    Raises:
        ConfigError: It has anything else.
    """
    is_list = isinstance(examples, Collection) and not isinstance(examples, str | bytes)
    if not is_list or not all(isinstance(pair, list | tuple) and len(pair) == PAIR for pair in examples):
        raise ConfigError("examples must be a list of pairs, each of an input and its expected value")


def validate_stream_options(options: Any) -> None:
    """Validate the value of `stream_options=`.

    Raises:
        ConfigError: It is not a mapping.
    """
    if not isinstance(options, Mapping):
        raise ConfigError(f"stream_options must be a mapping, such as {{'include_usage': True}}, not {options!r}")


VALIDATORS: dict[str, Callable[[Any], None]] = {
    "model": validate_model,
    "fallback": validate_models,
    "evidence": validate_evidence,
    "confidence": validate_confidence,
    "escalate": validate_model,
    "below": validate_below,
    "tools": validate_tools,
    "chunk": validate_chunk,
    "policy": validate_policy,
    "hooks": validate_hooks,
    "dialect": validate_dialect,
    "checks": validate_checks,
    "examples": validate_examples,
    "stream_options": validate_stream_options,
}
"""What validates the values of arguments that are not parameters of the endpoint, or may be functions."""


def validate_connection_arguments(
    user: str, *, client: Any, transport: Any, base_url: str | None, api_key: str | None
) -> None:
    """Validate a client or transport of the caller's: its kind, and that no address or key is set that it ignores.

    Args:
        user: The class that uses them, `Client` or `AsyncClient`.
        client: The SDK client.
        transport: The transport.
        base_url: The address.
        api_key: The key.

    Raises:
        ConfigError: Both are set, or one is of the wrong kind.
    """
    arguments = {"client": client, "transport": transport, "base_url": base_url, "api_key": api_key}
    names = [name for name, value in arguments.items() if value is not None]
    if len(names) > 1 and {"client", "transport"} & {*names}:
        raise ConfigError(f"{names[0]}= already determines where requests go; leave out {', '.join(names[1:])}")
    if client is not None:
        _validate_sdk_client(client, user)
    if transport is not None:
        validate_transport(transport, needs_await=user == "AsyncClient", consumer=f"structkit.{user}")


def _validate_sdk_client(client: Any, user: str) -> None:
    needs_await = user == "AsyncClient"
    expected, name = "openai.AsyncOpenAI" if needs_await else "openai.OpenAI", type(client).__name__
    if isinstance(client, type) or not (hasattr(client, "with_options") and hasattr(client, "post")):
        text = f"the class {client.__name__}" if isinstance(client, type) else f"an object of type {name}"
        raise ConfigError(f"client= of structkit.{user} must be an {expected}(...), not {text}")
    if is_awaited(client, "post") != needs_await:
        other, hint = ("Client", "blocks") if needs_await else ("AsyncClient", "is awaited")
        raise ConfigError(
            f"client= is of type {name}, which {hint}: use structkit.{other}(..., client=...), "
            f"or give structkit.{user} an {expected}(...)"
        )


def validate_sync_checks(conversation: Conversation) -> None:
    """Validate that no check has to be awaited, for a client that blocks.

    Raises:
        ConfigError: A check is a coroutine function.
    """
    if conversation.checks and any(map(is_async_check, conversation.checks)):
        raise ConfigError("a check is a coroutine function: use AsyncClient, or make it a plain function")


def example_to_json(output_format: ResponseFormat[T], value: T, context: Any = None) -> JSONValue:
    """Return an example's value as natural JSON.

    Raises:
        PromptError: The model would not be allowed to write that value.
    """
    natural = output_format.natural(value)
    answer = output_format.read_natural(natural, context=context)
    if answer.issues:
        issues = "; ".join(map(str, answer.issues))
        raise PromptError(f"an example would not be accepted as a reply: {issues}")
    if isinstance(output_format.output_type, dict):
        try:
            output_format.dump(value)
        except SchemaError as error:
            raise PromptError(f"an example that the model could not write: {error}") from None
    return natural
