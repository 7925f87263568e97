"""The parameters of an endpoint: their names, and the caller's own body fields, headers and query."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, TypeAlias, TypedDict

from typing_extensions import Unpack

from structkit.values.credentials import CREDENTIAL_NAME, REDACTED, hide_credentials, hide_query
from structkit.values.json import JSON

QueryValue: TypeAlias = "str | int | float | bool | Sequence[str | int | float | bool]"


class Options(TypedDict, total=False):
    """The parameters of the endpoint under the endpoint's names (the closed keyword set of every call).

    To add a parameter, add it here: all calls, jobs and the command line then accept it. The list is that of
    `openai.types.chat.CompletionCreateParams` in openai 3.57 (November 2026), without what a mode sets itself.

    Attributes:
        tools: Functions that the model may call before it answers (`structkit.Tool`), or tools in the endpoint's form,
            whose calls are not made here.
        stream_options: Sent with streamed requests only.
        extra_body: Fields of the body that have no name here, such as `{"enable_thinking": False}`.
        extra_headers: Headers of these requests, in addition to those of the client, or instead of them.
        extra_query: Parameters in the query of the URL.
    """

    temperature: float
    top_p: float
    n: int
    stop: str | list[str]
    max_tokens: int
    max_completion_tokens: int
    presence_penalty: float
    frequency_penalty: float
    logit_bias: Mapping[str, float]
    seed: int
    user: str
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | str  # noqa: PYI051 (names that an editor completes)
    verbosity: Literal["low", "medium", "high"]
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | str  # noqa: PYI051
    tools: Sequence[Callable[..., Any] | JSON]
    tool_choice: Literal["none", "auto", "required"] | JSON
    parallel_tool_calls: bool
    logprobs: bool
    top_logprobs: int
    metadata: Mapping[str, str]
    store: bool
    prompt_cache_key: str
    prompt_cache_options: JSON
    prompt_cache_retention: Literal["in_memory", "24h"]
    safety_identifier: str
    modalities: Sequence[Literal["text", "audio"]]
    audio: JSON
    prediction: JSON
    moderation: JSON
    web_search_options: JSON
    stream_options: JSON
    extra_body: Mapping[str, Any]
    extra_headers: Mapping[str, str]
    extra_query: Mapping[str, QueryValue]


OPTION_NAMES = tuple(Options.__annotations__)
"""The names of all options, in the order of the request body."""

EXTRA_OPTIONS = frozenset({"extra_body", "extra_headers", "extra_query"})
"""Options that carry what has no name of its own."""

NOT_IN_BODY = EXTRA_OPTIONS | {"stream_options"}
"""Options that are not fields of every request's body under their own name."""

MODE_FIELDS = frozenset({"model", "messages", "response_format", "stream"})
"""Fields of the body that structkit sets."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Parameters:
    """`Options` as a frozen value; an option that is None is not sent.

    Raises:
        ValueError: A number is NaN or infinite.
    """

    options: Options

    def __init__(self, **options: Unpack[Options]) -> None:
        """Validate that JSON can represent the numbers."""
        values: Any = {name: value for name in OPTION_NAMES if (value := options.get(name)) is not None}
        for name, value in values.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, not {value}")
        object.__setattr__(self, "options", values)

    def __repr__(self) -> str:
        """The options without credentials."""
        options = self.without_credentials().options
        return f"Parameters({', '.join(f'{name}={value!r}' for name, value in options.items())})"

    def without_credentials(self) -> Parameters:
        """Return the parameters without the values of headers and of the query, and without credentials of the body.

        >>> Parameters(seed=7, extra_headers={"X-Api-Key": "hunter2"}).without_credentials()
        Parameters(seed=7, extra_headers={'X-Api-Key': '[redacted]'})
        """
        hidden: Any = {
            "extra_body": hide_credentials(self.options.get("extra_body", {})),
            "extra_headers": dict.fromkeys(self.extra_headers, REDACTED),
            "extra_query": hide_query(self.extra_query),
        }
        changes = {name: value for name, value in hidden.items() if value}
        return self.updated(**changes) if changes else self

    def updated(self, **options: Unpack[Options]) -> Parameters:
        """Return the parameters with other values for these options."""
        values: Any = {**self.options, **options}
        return Parameters(**values)

    @property
    def body(self) -> JSON:
        """The parameters as fields of the request body, those of `extra_body` last.

        >>> Parameters(temperature=0, seed=7, extra_body={"top_k": 5}).body
        {'temperature': 0, 'seed': 7, 'top_k': 5}
        """
        fields = {name: value for name, value in self.options.items() if name not in NOT_IN_BODY}
        return {**fields, **self.options.get("extra_body", {})}

    @property
    def extra_headers(self) -> Mapping[str, str]:
        """The caller's own headers; spaces around a value are no part of it (RFC 9110, section 5.5)."""
        return {name: value.strip(" \t") for name, value in self.options.get("extra_headers", {}).items()}

    @property
    def extra_query(self) -> Mapping[str, QueryValue]:
        """The caller's own parameters in the query of the URL."""
        return self.options.get("extra_query", {})

    @property
    def token_cap(self) -> int | None:
        """The maximum number of tokens of a reply, under either of its names."""
        return self.options.get("max_completion_tokens") or self.options.get("max_tokens")

    @property
    def token_cap_name(self) -> str:
        """The name under which the token cap is set, or can be."""
        return "max_completion_tokens" if self.options.get("max_completion_tokens") else "max_tokens"

    @property
    def identity(self) -> JSON:
        """What makes two requests the same, as JSON without a secret: the body, and digests of the query and headers.

        >>> Parameters(seed=7, extra_headers={"X-Title": "tea", "X-Api-Key": "hunter2"}).identity
        {'seed': 7, 'extra_headers': {'x-api-key': '', 'x-title': 'a9f74d1ec36ebdeb'}}
        """
        return {**hide_credentials(self.body), **self.envelope_identity}

    @property
    def envelope_identity(self) -> JSON:
        """The part of `identity` that is not in the body."""
        parts: JSON = {
            "stream_options": self.options.get("stream_options"),
            "extra_query": dict(_query_digests(self.extra_query)),
            "extra_headers": dict(_header_digests(self.extra_headers)),
        }
        return {name: value for name, value in parts.items() if value}


def _header_digests(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each header with a digest of its value."""
    for name, value in sorted((name.lower(), value) for name, value in headers.items()):
        yield name, _digest(name, value)


def _query_digests(query: Mapping[str, QueryValue]) -> Iterator[tuple[str, QueryValue]]:
    """Yield the name of each parameter with a digest of its value; a version is public."""
    for name, value in sorted(query.items()):
        yield name, value if "version" in name else _digest(name.lower(), str(value))


def _digest(name: str, value: str) -> str:
    """Return a digest of the value of a header or of a query parameter; a credential may be renewed: an empty text."""
    return "" if CREDENTIAL_NAME.search(name) else sha256(value.encode()).hexdigest()[:16]


NO_PARAMETERS = Parameters()
