"""`SplitExtraction`: a type larger than the vendor takes, asked for in parts at once and validated as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Generic, TypeAlias, TypeVar, cast

from structkit.dialects import Route
from structkit.errors import StructkitError, TransportError
from structkit.extraction.checks import ValueCheck, apply_checks, collect_warnings
from structkit.extraction.extraction import Extraction
from structkit.extraction.failure import invalid_output
from structkit.schema import ResponseFormat
from structkit.values import Answer, Attempt, Completion, Issue, Message, Policy, Request, Result

T = TypeVar("T")

PartStep: TypeAlias = "Extraction[Any] | Result[Any] | StructkitError"
"""What comes of one part's reply; a part is not divided again."""


@dataclass(frozen=True)
class SplitExtraction(Generic[T]):
    """What to send next, for all parts that are still open.

    Args:
        response_format: The type wanted.
        begun: How the conversation about each part began.
        asks: Where each stands.
        checks: The caller's own checks of the whole.
    """

    response_format: ResponseFormat[T]
    begun: tuple[Extraction[Any], ...]
    asks: tuple[Extraction[Any] | Result[Any], ...]
    checks: tuple[ValueCheck, ...] = ()

    @property
    def route(self) -> Route:
        """What is known of the route, by the part that has found out most."""
        routes = [ask.route for ask in (*self.begun, *self.asks) if isinstance(ask, Extraction)]
        return max(routes, key=lambda route: len(route.refused | route.ignored))

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The asks so far, part by part."""
        return tuple(chain.from_iterable(ask.attempts for ask in self.asks))

    @property
    def policy(self) -> Policy:
        """As every part's."""
        return self.begun[0].policy

    def with_messages(self, messages: tuple[Message, ...]) -> SplitExtraction[T]:
        """The same conversation about another input, where nothing has been said yet."""
        begun = tuple(part.with_messages(messages) for part in self.begun)
        return replace(self, begun=begun, asks=begun)

    @property
    def requests(self) -> tuple[Request, ...]:
        """What to send next, all at once."""
        return tuple(ask.request for ask in self.asks if isinstance(ask, Extraction))

    def receive(self, *replies: Completion | TransportError) -> SplitExtraction[T] | Result[T] | StructkitError:
        """What comes of the replies, in the order of `requests`."""
        remaining_replies = iter(replies)
        steps = [
            cast("PartStep", ask.receive(next(remaining_replies))) if isinstance(ask, Extraction) else ask
            for ask in self.asks
        ]
        attempts = tuple(chain.from_iterable(step.attempts for step in steps))
        asks = tuple(step for step in steps if not isinstance(step, StructkitError))
        if len(asks) < len(steps):
            return next(step for step in steps if isinstance(step, StructkitError)).after(attempts)
        step = replace(self, begun=tuple(map(_knowing, self.begun, self.asks)), asks=asks)
        if any(isinstance(ask, Extraction) for ask in asks):
            return step
        return step._together([ask for ask in asks if isinstance(ask, Result)], attempts)  # noqa: SLF001 (its own class)

    def _together(
        self, parts: list[Result[Any]], attempts: tuple[Attempt, ...]
    ) -> SplitExtraction[T] | Result[T] | StructkitError:
        """The parts as one value; where that does not fit, its owners are asked again."""
        answer = apply_checks(self.response_format.join([part.value for part in parts]), self.checks)
        if answer.valid:
            value = cast("T", answer.value)
            return Result(value, (answer,), attempts, parts[0].mode, warnings=collect_warnings(value, self.checks))
        wrong = {owner for issue in answer.issues for owner in self.response_format.owners(issue.path)}
        if any(_answered(parts[number]) >= self.policy.attempts for number in wrong):
            return invalid_output(self.response_format, answer, self.policy.attempts).after(attempts)
        asks = [self._again(number, part, answer) if number in wrong else part for number, part in enumerate(parts)]
        return replace(self, asks=tuple(asks))

    def apply_async_issues(self, result: Result[T], issues: tuple[Issue, ...]) -> StructkitError:
        """What comes of a result that checks outside of the conversation object to: it is not asked for again."""
        wrong = replace(result.choices[0], value=None, issues=issues)
        return invalid_output(self.response_format, wrong, self.policy.attempts).after(result.attempts)

    def _again(self, number: int, part: Result[Any], answer: Answer[T]) -> Extraction[Any]:
        """The conversation about a part, going on with the issues that are its own."""
        issues = tuple(issue for issue in answer.issues if number in self.response_format.owners(issue.path))
        wrong = replace(part.choices[0], value=None, issues=issues)
        attempts = (*part.attempts[:-1], replace(part.attempts[-1], issues=issues))
        return replace(self.begun[number], attempts=attempts, asked=_answered(part), wrong=wrong)


def _knowing(begun: Extraction[Any], ask: Extraction[Any] | Result[Any]) -> Extraction[Any]:
    """How a conversation begins, should it have to begin again: what was refused is not asked twice."""
    return replace(begun, route=ask.route) if isinstance(ask, Extraction) else begun


def _answered(part: Result[Any]) -> int:
    """How many of a part's asks the model answered."""
    return sum(attempt.completion is not None for attempt in part.attempts)


def split_if_too_large(whole: Extraction[T]) -> Extraction[T] | SplitExtraction[T]:
    """The extraction itself; or, where its type is too large for one request, extractions of its parts."""
    wanted = whole.response_format
    if not isinstance(wanted, ResponseFormat) or len(wanted.parts) == 1:
        return whole
    first, *others = (replace(whole, response_format=part, checks=()) for part in wanted.parts)
    begun = (first, *(replace(other, attempts=()) for other in others))  # what came before counts once
    return SplitExtraction(wanted, begun, begun, whole.checks)
