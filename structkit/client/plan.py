"""What both clients know before anything is sent: the model, the defaults, and how an extraction begins."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from structkit.errors import ConfigError, InvalidOutput, PromptError, StructkitError
from structkit.extraction import Extraction
from structkit.prompts import conversation
from structkit.schema import ResponseFormat
from structkit.values import Options, Parameters, Policy, Prompt, Result

T = TypeVar("T")


class Call(Options, total=False):
    """What may be given to one call: the endpoint's parameters, and structkit's own.

    Attributes:
        instructions: The system message.
        examples: Pairs of an input and the value it should give, shown to the model in the wire form.
        policy: How hard to try.
    """

    instructions: str
    examples: Sequence[tuple[str, Any]]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a client: the model's name there, and the defaults of every call."""

    model: str
    call: Call

    def begin(self, output_type: Any, prompt: Prompt, call: Call) -> Extraction[Any]:
        """The extraction that a call asks for.

        Raises:
            SchemaError: The type has no strict form.
            PromptError: The input is no text or messages.
            TypeError: An argument is misspelt.
        """
        check_call(call)
        given = {name: value for name, value in {**self.call, **call}.items() if value is not None}
        instructions, policy = given.pop("instructions", None), given.pop("policy", Policy())
        examples = cast("Sequence[tuple[str, Any]]", given.pop("examples", ()))
        wanted = response_format(output_type)
        shown = [(source, _shown(wanted, value)) for source, value in examples]
        return Extraction(
            response_format=wanted,
            model=self.model,
            messages=conversation(prompt, cast("str | None", instructions), shown),
            parameters=Parameters(**cast("Any", given)),
            policy=cast("Policy", policy),
        )


def _shown(wanted: ResponseFormat[T], value: T) -> str:
    """An example's value as the model would have to write it; one that it must not write is refused.

    Raises:
        PromptError: It is no value of the type.
    """
    wire = wanted.dump(value)
    try:
        wanted.load(wire)
    except InvalidOutput as error:
        raise PromptError(f"an example would not be accepted as a reply: {error}") from None
    return json.dumps(wire, ensure_ascii=False)


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
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"
        raise TypeError(f"unexpected keyword argument {name!r}; {hint}")


def response_format(output_type: Any) -> ResponseFormat[Any]:
    """The compiled type, kept for the next call where the type can be a key."""
    if isinstance(output_type, ResponseFormat):
        return output_type
    try:
        hash(output_type)
    except TypeError:  # a JSON Schema, or Annotated with a list in it
        return ResponseFormat(output_type)
    return _compiled(output_type, repr(output_type))


@lru_cache(maxsize=256)
def _compiled(output_type: Any, _spelling: str) -> ResponseFormat[Any]:
    """`int | str` equals `str | int`, but the order of branches is part of the payload."""
    return ResponseFormat(output_type)


def refuse_both(**given: Any) -> None:
    """Refuse a client or transport of the caller's beside an address or key that it would not use.

    Raises:
        ConfigError: Both are given.
    """
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1 and {"client", "transport"} & {*names}:
        raise ConfigError(f"{names[0]}= says already where requests go; leave out {', '.join(names[1:])}")


def conclude(step: Result[T] | StructkitError) -> Result[T]:
    """The result; or the error, raised: the only place where the fold's errors are."""
    if isinstance(step, StructkitError):
        raise step
    return step
