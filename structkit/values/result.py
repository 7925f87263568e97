"""What comes of replies: issues, attempts, answers, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from structkit.values.json import JSONValue, Path, show_path
from structkit.values.reply import Choice, Completion, Usage
from structkit.values.request import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a reply.

    Args:
        path: Where, in the names of the caller's type.
        message: What is wanted there.
        got: What stood there instead, cut short; empty where nothing did.
    """

    path: Path
    message: str
    got: str = ""

    def __str__(self) -> str:
        """`steps[0].output: Input should be a valid string (got 3)`."""
        got = f" (got {self.got})" if self.got else ""
        return f"{show_path(self.path)}: {self.message}{got}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ask of the model and what came of it.

    Args:
        number: Counted from 1.
        request: What was sent.
        completion: The reply, or None where no usable one came.
        issues: Why the reply was not accepted; empty for the accepted one.
        repairs: What had to be mended to read it.
        usage: The tokens it cost.
        raw: The reply's body as it came, usable or not.
        retries: How often the transport sent the same request again.
        mode: How the schema was put to the endpoint.
    """

    number: int
    request: Request
    completion: Completion | None = None
    issues: tuple[Issue, ...] = ()
    repairs: tuple[str, ...] = ()
    usage: Usage = Usage()
    raw: JSONValue = None
    retries: int = 0
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one choice of a reply came to: a value, or the issues that kept it from being one.

    `repairs` says what had to be mended to read it, and `draft` is the JSON that was validated, in the type's own
    form; None where the text could not be read.
    """

    index: int
    text: str
    value: T | None
    issues: tuple[Issue, ...] = ()
    finish_reason: str | None = None
    repairs: tuple[str, ...] = ()
    draft: JSONValue = None

    @property
    def valid(self) -> bool:
        """Whether `value` is the caller's type (which may itself take None)."""
        return not self.issues

    def of(self, choice: Choice) -> Answer[T]:
        """The answer of a choice."""
        return Answer(choice.index, self.text, self.value, self.issues, choice.finish_reason, self.repairs, self.draft)


How: TypeAlias = Literal["direct", "repaired", "re-asked", "salvaged", "defaulted"]


@dataclass(frozen=True, slots=True)
class Origin:
    """How a place of a value came about.

    Args:
        how: As the model wrote it (`direct`), from a text that had to be mended (`repaired`), asked for again alone
            (`re-asked`), kept from a reply that was cut (`salvaged`), or left out by the model (`defaulted`).
        attempt: The attempt it came with, counted from 1.
        repairs: What was mended.
    """

    how: How
    attempt: int
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """A value and how it was come by.

    Args:
        value: The first valid choice.
        choices: Every choice of the last reply, valid or not (more than one only when `n > 1`).
        attempts: Every ask, with request, raw reply, issues and usage; the last is the accepted one.
        mode: How the schema was put to the endpoint (`json_schema`, `tool` and so on).
        provenance: How each place of the value came about; see `Origin`.
        warnings: What soft checks had to say of the value.
    """

    value: T
    choices: tuple[Answer[T], ...]
    attempts: tuple[Attempt, ...]
    mode: str
    provenance: Mapping[Path, Origin] = field(default_factory=dict)
    warnings: tuple[Issue, ...] = ()

    @property
    def values(self) -> tuple[T, ...]:
        """The value of every valid choice, in order."""
        return tuple(choice.value for choice in self.choices if choice.valid)  # type: ignore[misc]

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return sum_usage(self.attempts)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What had to be mended to read the accepted reply."""
        return self.attempts[-1].repairs

    @property
    def completion(self) -> Completion | None:
        """The accepted reply."""
        return self.attempts[-1].completion


def sum_usage(attempts: tuple[Attempt, ...]) -> Usage:
    """The tokens of several attempts together."""
    return sum((attempt.usage for attempt in attempts), Usage())
