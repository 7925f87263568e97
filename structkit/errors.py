"""The error tree, by who has to act next: you, the endpoint, the model, or whoever set the budget.

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
    │   ├── InvalidOutput
    │   └── ToolError
    └── BudgetExceeded     the cap you set                      exit 5

Every argument but the message has a default: an exception must survive pickling.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar, Self

from structkit.values import Attempt, Issue, JSONPath, JSONValue, RateLimit, ToolRun, Usage, format_path, sum_usage
from structkit.values.chunk_result import ChunkResult
from structkit.values.error_reading import ErrorReading
from structkit.values.text import escape_controls

DISTRIBUTION = "structkit-llm"
"""The name on the package index, where `structkit` is another project."""


def install_hint(extra: str) -> str:
    """Return the command that installs an extra of this distribution.

    >>> install_hint("local")
    "pip install 'structkit-llm[local]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"


class StructkitError(Exception):
    """Anything structkit raises on purpose.

    Attributes:
        attempts: Every attempt so far, with request, raw reply and usage.
        chunks: Of a text that was asked in chunks (`chunk=`), the results of those that have one.
    """

    exit_code: ClassVar[int] = 1
    attempts: tuple[Attempt, ...] = ()
    chunks: tuple[ChunkResult, ...] = ()

    def __str__(self) -> str:
        """The message, in which control characters of an endpoint, a model or a file's name are escaped."""
        return escape_controls(super().__str__())

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return sum_usage(self.attempts)

    def with_attempts(self, attempts: tuple[Attempt, ...]) -> Self:
        """Return a copy of the error with the attempts that led to it."""
        error = copy.copy(self)
        error.attempts = attempts
        error.__cause__ = self.__cause__  # a copy does not have it
        return error

    def with_prefix(self, prefix: str, attempts: tuple[Attempt, ...]) -> Self:
        """Return a copy of the error with words before its message, and the attempts that led to it."""
        error = self.with_attempts(attempts)
        error.args = (f"{prefix}{Exception.__str__(self)}", *self.args[1:])
        return error

    def with_chunks(self, failed: str, attempts: tuple[Attempt, ...], chunks: tuple[ChunkResult, ...]) -> Self:
        """Return a copy of the error that names what failed of a text, and has the results of its other chunks."""
        error = self.with_prefix(f"{failed}: ", attempts)
        error.chunks = chunks
        return error


class ConfigError(StructkitError):
    """You have to act: something in the code, the settings or the files is wrong, and nothing was sent."""

    exit_code = 2


class SchemaError(ConfigError):
    """A type or JSON Schema has no strict form."""

    def __init__(self, message: str, *, output_type: Any = None, path: JSONPath = ()) -> None:
        """Say what is wrong with *output_type* at *path*."""
        super().__init__(f"{format_path(path)}: {message}" if path else message)
        self.output_type = output_type
        self.path = path


class PromptError(ConfigError):
    """A prompt template and its arguments do not match, or the prompt is empty or cannot be sent."""


class JobError(ConfigError):
    """A batch job does not match its journal or its files."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        """Say what is wrong in *file* at *line*."""
        super().__init__(message)
        self.file = file
        self.line = line


class TransportError(StructkitError):
    """The endpoint returned no usable completion.

    Attributes:
        retryable: Whether a retry of the same request may help.
        retry_after: Seconds that the endpoint asked to wait; None if it did not.
        request_id: The endpoint's id of the request, for its support.
        body: The reply: parsed JSON, or text.
        retries: How often the request was retried.
        usage_of_reply: The tokens of the failed requests; `unreported` counts those that may have been billed.
        limits: The rate limits in the reply's headers.
        partial: Of a streamed reply that was interrupted: the last snapshot, the complete items, or its text. It is not
            a value of the type. `body` has the whole reply so far.
    """

    exit_code = 3
    retries: int = 0
    usage_of_reply: Usage = Usage()
    limits: tuple[RateLimit, ...] = ()
    partial: Any = None
    reading: ErrorReading | None = None  # see `dialects.error_bodies.read_error`

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: str | None = None,
        body: JSONValue = None,
    ) -> None:
        """Say what was received instead of a completion."""
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id
        self.body = body


class ConnectionFailed(TransportError):
    """No connection, which costs nothing; or it was lost before the reply was complete, which may be billed."""


class RequestTimeout(TransportError):
    """The endpoint did not answer in time; it may still have processed and billed the request."""

    usage_of_reply = Usage(unreported=1)


class StatusError(TransportError):
    """The endpoint answered with an HTTP error."""

    status_code: int = 0


class MalformedReply(TransportError):
    """A reply that is not a chat completion: an HTML page, an error object, empty choices, more bytes than allowed."""

    usage_of_reply = Usage(unreported=1)


class ExtractionError(StructkitError):
    """The model answered, but not with a value of the type.

    Attributes:
        partial: The text of the last reply. It is not a value of the type.
    """

    exit_code = 4

    def __init__(self, message: str, *, partial: str | None = None) -> None:
        """Say why the answer is not a value."""
        super().__init__(message)
        self.partial = partial


class Refusal(ExtractionError):
    """The model declined to answer. It is not re-asked, because that costs tokens and seldom helps."""


class Truncated(ExtractionError):
    """The reply was truncated at the token limit. Truncated text is never repaired into a value."""


class Filtered(ExtractionError):
    """The endpoint's content filter withheld the reply."""


class InvalidOutput(ExtractionError):
    """The reply does not fit the type.

    Attributes:
        issues: What is wrong, and at which path.
    """

    def __init__(self, message: str, *, issues: tuple[Issue, ...] = (), partial: str | None = None) -> None:
        """List what is wrong with the reply."""
        super().__init__(message, partial=partial)
        self.issues = issues


class ToolError(ExtractionError):
    """A tool failed or did not end in time, or the model called tools without ever answering.

    The exception of a tool is the `__cause__`.

    Attributes:
        tool_calls: The calls so far, the failed ones among them.
    """

    def __init__(self, message: str, *, tool_calls: tuple[ToolRun, ...] = (), partial: str | None = None) -> None:
        """Say which tool failed, and how."""
        super().__init__(message, partial=partial)
        self.tool_calls = tool_calls


class BudgetExceeded(StructkitError):
    """The cap you set is reached."""

    exit_code = 5
