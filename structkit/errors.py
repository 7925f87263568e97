"""The error tree, by whose move is next: yours, the endpoint's, the model's, your budget's.

    StructkitError
    ├── ConfigError        you: nothing was sent                exit 2
    │   ├── SchemaError
    │   ├── PromptError
    │   └── JobError
    ├── TransportError     the endpoint: no usable completion   exit 3
    │   ├── ConnectionFailed
    │   ├── RequestTimeout
    │   ├── StatusError
    │   └── MalformedReply
    ├── ExtractionError    the model: it answered, no value     exit 4
    │   ├── Refusal
    │   ├── Truncated
    │   ├── Filtered
    │   └── InvalidOutput
    └── BudgetExceeded     the cap you set                      exit 5

Every argument but the message has a default: an exception must survive pickling.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self, TypeVar

from structkit.values import Attempt, Issue, JSONPath, JSONValue, RateLimit, Usage, format_path, sum_usage

DISTRIBUTION = "structkit-llm"
"""The name on the package index, where `structkit` is another project."""

E = TypeVar("E", bound="StructkitError")


def install_hint(extra: str) -> str:
    """Return the command that installs an extra of this distribution.

    >>> install_hint("local")
    "pip install 'structkit-llm[local]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"


class StructkitError(Exception):
    """Anything structkit raises on purpose.

    Attributes:
        attempts: Every ask of the model so far, with request, raw reply and usage.
    """

    exit_code: ClassVar[int] = 1
    attempts: tuple[Attempt, ...] = ()

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return sum_usage(self.attempts)

    def after(self, attempts: tuple[Attempt, ...]) -> Self:
        """The same error, knowing the attempts that led to it."""
        error = copy.copy(self)
        error.attempts = attempts
        return error


class ConfigError(StructkitError):
    """Your move: something in the code, the settings or the files is wrong, and nothing was sent."""

    exit_code = 2


class SchemaError(ConfigError):
    """A type or JSON Schema has no strict form."""

    def __init__(self, message: str, *, output_type: Any = None, path: JSONPath = ()) -> None:
        """Say what is wrong with *output_type* at *path*."""
        super().__init__(f"{format_path(path)}: {message}" if path else message)
        self.output_type = output_type
        self.path = path


class PromptError(ConfigError):
    """A prompt template and its arguments do not fit each other."""


class JobError(ConfigError):
    """A batch job and its journal or files do not fit each other."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        """Say what is wrong in *file* at *line*."""
        super().__init__(message)
        self.file = file
        self.line = line


class TransportError(StructkitError):
    """The endpoint's move: it gave no usable completion.

    Attributes:
        retryable: Whether sending the same request again may help.
        retry_after: Seconds the endpoint asked to wait, if it did.
        request_id: The endpoint's name for the request, for its support.
        body: The reply as it came: parsed JSON, or text.
        retries: How often the request had been sent again.
        usage_of_reply: What the lost reply may have cost; unreported where it may have been billed.
        limits: What the reply's headers told of rate limits.
        partial: What there was of a streamed reply that broke off, explicitly not a value: the last snapshot, the items
            that were complete, or its text. `body` has all that came.
    """

    exit_code = 3
    retries: int = 0
    usage_of_reply: Usage = Usage()
    limits: tuple[RateLimit, ...] = ()
    partial: Any = None

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: str | None = None,
        body: JSONValue = None,
    ) -> None:
        """Say what came instead of a completion."""
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id
        self.body = body


class ConnectionFailed(TransportError):
    """No connection, which costs nothing; or it broke before the reply was whole, which may."""


class RequestTimeout(TransportError):
    """The endpoint did not answer in time; it may have done, and billed, the work."""

    usage_of_reply = Usage(unreported=1)


class StatusError(TransportError):
    """The endpoint answered with an HTTP error."""

    status_code: int = 0


class MalformedReply(TransportError):
    """A reply, but no chat completion: an HTML page, an error object, empty choices, more bytes than allowed."""

    usage_of_reply = Usage(unreported=1)


class ExtractionError(StructkitError):
    """The model's move: it answered, but not with a value of the type.

    Attributes:
        partial: What could be kept of the last reply: text, explicitly not a value.
    """

    exit_code = 4

    def __init__(self, message: str, *, partial: str | None = None) -> None:
        """Say how the answer fell short."""
        super().__init__(message)
        self.partial = partial


class Refusal(ExtractionError):
    """The model declined to answer; asking again costs and seldom helps, so it is not done."""


class Truncated(ExtractionError):
    """The reply was cut at the token limit; cut text is never mended into a value."""


class Filtered(ExtractionError):
    """The endpoint's content filter held back the reply."""


class InvalidOutput(ExtractionError):
    """The reply does not fit the type.

    Attributes:
        issues: What is wrong, by path.
    """

    def __init__(self, message: str, *, issues: tuple[Issue, ...] = (), partial: str | None = None) -> None:
        """List what is wrong with the reply."""
        super().__init__(message, partial=partial)
        self.issues = issues


class BudgetExceeded(StructkitError):
    """The cap you set is reached."""

    exit_code = 5
