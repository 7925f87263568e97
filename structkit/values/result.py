"""What is read from replies: issues, attempts, answers and results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from structkit.values.json import JSON, JSONPath, JSONValue, format_path
from structkit.values.message import Message
from structkit.values.reply import Choice, Completion, Usage
from structkit.values.request import Request
from structkit.values.result_view import result_repr, result_to_dict, result_to_html
from structkit.values.tool_run import ToolRun

if TYPE_CHECKING:
    from structkit.html_pages import HTMLPage
    from structkit.values.confidence_map import ConfidenceMap
    from structkit.values.evidence_map import EvidenceMap

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem of a reply.

    Args:
        path: The invalid place, in the names of the caller's type.
        message: What is expected there.
        got: The value that is there instead, shortened; empty if there is none.
        cause: The exception behind the issue, such as that of a validator; for the caller, never for the model.
    """

    path: JSONPath
    message: str
    got: str = ""
    cause: str = field(default="", repr=False)

    def __str__(self) -> str:
        """`steps[0].output: Input should be a valid string (got 3)`."""
        got = f" (got {self.got})" if self.got else ""
        cause = f" [{self.cause}]" if self.cause else ""
        return f"{format_path(self.path)}: {self.message}{got}{cause}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ask of the model, its reply, and the issues of that reply.

    Args:
        number: Counted from 1.
        request: The request.
        completion: The reply, or None without a usable one.
        issues: The reasons for which the reply was not accepted; empty for the accepted one.
        repairs: What was repaired to read the reply.
        usage: The tokens that it used.
        raw: The unchanged body of the reply, usable or not.
        retries: Number of times the transport retried the request.
        mode: The mode in which the schema was sent.
        cost: What the reply cost, as the endpoint reports it, or by the prices of the client; None if that is unknown.
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
    cost: Decimal | None = None

    def __reduce__(self) -> tuple[type[Attempt], tuple[Any, ...]]:
        """Pickle without the credentials of the request: results and errors are passed on, and stored, as pickles."""
        return Attempt, (
            self.number,
            self.request.without_credentials(),
            *(getattr(self, each.name) for each in fields(self)[2:]),
        )


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """One choice of a reply, read and validated: its value, or the issues that make it invalid.

    Args:
        index: The index of the choice.
        text: The text that was read.
        value: The value of the caller's type; None if there are issues.
        issues: Why the choice is invalid; empty for a valid one.
        finish_reason: The choice's finish reason.
        repairs: What was repaired to read the text.
        draft: The JSON that was validated, in the natural form of the type; None if the text could not be read.
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
        """Whether `value` is a value of the caller's type (which may be None)."""
        return not self.issues

    def for_choice(self, choice: Choice) -> Answer[T]:
        """Return this answer with the index and the finish reason of a choice."""
        return Answer(choice.index, self.text, self.value, self.issues, choice.finish_reason, self.repairs, self.draft)


OriginKind: TypeAlias = Literal["direct", "repaired", "re-asked", "salvaged", "defaulted", "removed"]


@dataclass(frozen=True, slots=True)
class Origin:
    """How a place of a value was obtained.

    Args:
        how: As the model wrote it (`direct`), from a text that was repaired (`repaired`), re-asked separately
            (`re-asked`), read from a truncated reply (`salvaged`), omitted by the model and filled with the default of
            the type (`defaulted`), or null instead of a value that is not in the text (`removed`).
        attempt: The number of the attempt whose reply has the place, counted from 1.
        repairs: What was repaired.
    """

    how: OriginKind
    attempt: int
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Result(Generic[T]):
    """A value and how it was obtained.

    Args:
        value: The value of the first valid choice.
        choices: Every choice of the last reply, valid or not (more than one only when `n > 1`).
        attempts: Every ask, with request, raw reply, issues and usage; the last one is the accepted one.
        mode: The mode in which the schema was sent (`json_schema`, `tool` and so on).
        provenance: How each place of the value was obtained; see `Origin`.
        warnings: The issues that soft checks report for the value, and what was removed from it or left out.
        tool_calls: The calls of tools that the model made before it answered, in order, with their results.
        input_messages: The instructions, the prompt and the calls of tools; without examples and corrections.
        joined_text: The value as the model would write it, if several replies gave it together.
        evidence: Where each scalar of the value is in the text, as `evidence=` asks for it; None if it does not.
        confidence: How sure the model was of each scalar, as `confidence=` asks for it; None if it does not, or if
            nothing is known with `confidence="auto"`.
    """

    value: T
    choices: tuple[Answer[T], ...]
    attempts: tuple[Attempt, ...]
    mode: str
    provenance: Mapping[JSONPath, Origin] = field(default_factory=dict)
    warnings: tuple[Issue, ...] = ()
    tool_calls: tuple[ToolRun, ...] = ()
    input_messages: tuple[Message, ...] = ()
    joined_text: str = ""
    evidence: EvidenceMap | None = None
    confidence: ConfidenceMap | None = None

    @property
    def values(self) -> tuple[T, ...]:
        """The value of every valid choice, in order."""
        return tuple(choice.value for choice in self.choices if choice.valid)  # type: ignore[misc]

    @property
    def usage(self) -> Usage:
        """The tokens of all attempts together."""
        return sum_usage(self.attempts)

    @property
    def cost(self) -> Decimal | None:
        """What all attempts cost together; None if that of one is unknown: it is never counted as zero."""
        return sum_costs(attempt.cost for attempt in self.attempts)

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was repaired to read the accepted reply."""
        return self.attempts[-1].repairs

    @property
    def model(self) -> str:
        """The model that gave the value, under the name with which it was requested."""
        return self.attempts[-1].request.model

    @property
    def cached(self) -> bool:
        """Whether all replies come from the cache, so that the call sent nothing."""
        return all(attempt.completion is not None and attempt.completion.is_cached for attempt in self.attempts)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation with the accepted reply as its last message: pass it on with a message of your own.

        It has no examples and no corrections, and a client with the same instructions does not repeat them.

        client.extract(Summary, [*result.messages, structkit.Message("user", "Summarise it.")])
        """
        answer = next(choice for choice in self.choices if choice.valid)
        fields = self.completion.echoed_fields(answer.index) if self.completion else {}
        reply = {"role": "assistant", "content": self.joined_text or answer.text, **fields}
        return (*self.input_messages, Message.from_dict(reply))

    @property
    def completion(self) -> Completion | None:
        """The accepted reply."""
        return self.attempts[-1].completion

    def to_dict(self) -> JSON:
        """Return the result as JSON: the value, the model, the usage, and the attempts with their issues.

        Requests and raw replies are not part of it; they are in `attempts`. Secrets of the value are masked.

        Raises:
            ValueError: The value has a part without a JSON form.
        """
        return result_to_dict(self)

    def show(self, path: str | None = None, title: str = "") -> HTMLPage:
        """Return a page with the texts, in which the values are marked, beside the value; see `EvidenceMap.show`.

        Raises:
            ValueError: The call was without `evidence=`.
            OSError: The file cannot be written.
        """
        if self.evidence is None:
            raise ValueError("the result has no evidence to show: pass evidence=True to the call")
        return self.evidence.show(path, title)

    def __repr__(self) -> str:
        """The value and how it was obtained, on one screen, without requests and raw replies."""
        return result_repr(self)

    def _repr_html_(self) -> str:
        """The same as an HTML table, for notebooks."""
        return result_to_html(self)


def sum_usage(attempts: tuple[Attempt, ...]) -> Usage:
    """Return the tokens of several attempts together."""
    if len(attempts) == 1:
        return attempts[0].usage
    return sum((attempt.usage for attempt in attempts), Usage())


def sum_costs(costs: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the costs; None if one of them is unknown.

    >>> sum_costs([Decimal("0.1"), Decimal("0.2")]), sum_costs([Decimal("0.1"), None])
    (Decimal('0.3'), None)
    """
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
