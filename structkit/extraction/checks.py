"""The caller's checks: functions that take a value and return its issues."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from structkit.errors import ConfigError
from structkit.values import Answer, Issue
from structkit.values.callbacks import is_coroutine_function

CheckOutcome: TypeAlias = "str | Issue | Iterable[str | Issue] | None"
"""What a check may return: None, a message about the whole value, issues at their paths, or several of these."""

ValueCheck: TypeAlias = "Callable[[Any], CheckOutcome | Awaitable[CheckOutcome]]"

CHECK_OUTCOMES = "expected None, a text, an Issue, or several of these"


@dataclass(frozen=True)
class soft:  # noqa: N801 (used as a function)
    """A check that only warns: its issues are in `Result.warnings`, and nothing is re-asked.

    >>> warn_of_zero = soft(lambda value: "zero is unusual" if value == 0 else None)
    >>> warn_of_zero(0)
    'zero is unusual'
    """

    check: ValueCheck

    def __post_init__(self) -> None:
        """Validate the check.

        Raises:
            ConfigError: It is not a function.
        """
        if not callable(self.check):
            raise ConfigError(f"a soft check must be a function, not {self.check!r}")

    def __call__(self, value: Any) -> Any:
        """Return what the check returns."""
        return self.check(value)


def is_async_check(check: ValueCheck) -> bool:
    """Return whether a check has to be awaited."""
    inner = check.check if isinstance(check, soft) else check
    return is_coroutine_function(inner)


def apply_checks(answer: Answer[Any], checks: Iterable[ValueCheck]) -> Answer[Any]:
    """Return the answer with the issues of the checks, except those that have to be awaited or only warn."""
    if not answer.valid:
        return answer
    hard_checks = (check for check in checks if not isinstance(check, soft) and not is_async_check(check))
    issues = tuple(issue for check in hard_checks for issue in _run_check(check, answer.value))
    return replace(answer, value=None, issues=issues) if issues else answer


def collect_warnings(value: Any, checks: Iterable[ValueCheck]) -> tuple[Issue, ...]:
    """Return the issues of the soft checks, except those that have to be awaited."""
    soft_checks = (check for check in checks if isinstance(check, soft) and not is_async_check(check))
    return tuple(issue for check in soft_checks for issue in _run_check(check, value))


def _run_check(check: ValueCheck, value: Any) -> tuple[Issue, ...]:
    try:
        return to_issues(check(value))
    except Exception as error:  # noqa: BLE001 (the caller's code; one bad record must not stop a job)
        return (check_failure(error),)


def check_failure(error: Exception) -> Issue:
    """Return the issue for a check that raised.

    >>> print(check_failure(KeyError("zip")))
    (root): a check of this value failed [KeyError('zip')]
    """
    return Issue((), "a check of this value failed", cause=repr(error))


def to_issues(outcome: Any) -> tuple[Issue, ...]:
    """Return the outcome of a check as issues; an outcome of any other type becomes an issue itself.

    >>> to_issues("too old"), to_issues(None), to_issues("")
    ((Issue(path=(), message='too old', got=''),), (), ())
    >>> to_issues(False)[0].message
    'a check returned bool; expected None, a text, an Issue, or several of these'
    """
    if inspect.iscoroutine(outcome):
        outcome.close()  # Python would warn about a coroutine that is never awaited
    if outcome is None:
        return ()
    if isinstance(outcome, Mapping | bytes) or not isinstance(outcome, str | Issue | Iterable):
        return (Issue((), f"a check returned {type(outcome).__name__}; {CHECK_OUTCOMES}"),)
    if isinstance(outcome, Issue):
        path: Any = outcome.path  # callers without a type checker may give one step, or a list
        return (replace(outcome, path=(path,) if isinstance(path, str | int) else tuple(path)),)
    if isinstance(outcome, str):
        return (Issue((), outcome),) if outcome else ()
    return tuple(issue for item in outcome for issue in to_issues(item))
