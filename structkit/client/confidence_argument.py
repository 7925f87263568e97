"""What `confidence=`, `escalate=` and `below=` of a call are, and what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structkit.dialects import Route
from structkit.errors import ConfigError
from structkit.values import Policy

MIN_REPLIES, MAX_REPLIES = 2, 100
"""The numbers of replies that can be compared."""


def validate_confidence(confidence: Any) -> None:
    """Validate what `confidence=` is.

    Raises:
        ConfigError: It is none of its values.

    >>> validate_confidence(1)
    Traceback (most recent call last):
    structkit.errors.ConfigError: confidence must be 'logprobs', 'auto' or a number of replies from 2 to 100, not 1
    """
    is_number = isinstance(confidence, int) and not isinstance(confidence, bool)
    if confidence in ("logprobs", "auto") or (is_number and MIN_REPLIES <= confidence <= MAX_REPLIES):
        return
    raise ConfigError(
        f"confidence must be 'logprobs', 'auto' or a number of replies from {MIN_REPLIES} to {MAX_REPLIES}, "
        f"not {confidence!r}"
    )


def take_confidence(arguments: dict[str, Any], route: Route) -> Any:
    """Take `confidence` out of the arguments of a call, and ask for log probabilities where the route has them.

    Raises:
        ConfigError: The route is known to have none, and they are required; or a number of replies is to be compared,
            which only `extract` and `run` do.
    """
    confidence = arguments.pop("confidence")
    if confidence not in ("logprobs", "auto"):
        raise ConfigError(
            "a number of replies as confidence= is an argument of extract and run: streams and jobs take "
            "confidence='logprobs' or 'auto'"
        )
    if not route.rejects("logprobs", True):  # noqa: FBT003 (the value of the parameter)
        arguments["logprobs"] = True
    elif confidence == "logprobs":
        from structkit.extraction.token_confidence import NO_LOGPROBS

        raise ConfigError(NO_LOGPROBS)
    return confidence


def validate_below(below: Any) -> None:
    """Validate what `below=` is.

    Raises:
        ConfigError: It is not a number from 0 to 1.
    """
    if isinstance(below, bool) or not isinstance(below, int | float) or not 0 < below <= 1:
        raise ConfigError(f"below must be a number from 0 to 1, not {below!r}")


def add_escalation(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call in which the stronger model is the last one of `fallback`.

    It is asked after a failure, too, like each model of `fallback`.

    Raises:
        ConfigError: `escalate` is set without `below`, or the other way round.

    >>> options = add_escalation({"escalate": "large", "below": 0.8})
    >>> options["fallback"], options["policy"].escalate_below, options["confidence"]
    (['large'], 0.8, 'logprobs')
    """
    options = {**arguments}
    model, below = options.pop("escalate", None), options.pop("below", None)
    if model is None or below is None:
        raise ConfigError(
            "escalate= (--escalate) names a stronger model for values whose confidence is below= (--below): pass both"
        )
    options["fallback"] = [*(options.get("fallback") or ()), model]
    options["policy"] = replace(options.get("policy") or Policy(), escalate_below=below)
    options.setdefault("confidence", "logprobs")
    return options
