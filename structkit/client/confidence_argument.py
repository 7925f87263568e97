"""What `confidence=` of a call is, and the request parameters that it needs."""

from __future__ import annotations

from typing import Any

from structkit.dialects import Route
from structkit.errors import ConfigError

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
