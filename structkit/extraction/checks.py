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
        items = flatten_outcome(check(value))
    except Exception as error:  # noqa: BLE001 (the caller's code; one bad record must not stop a job)
        return (check_failure(error),)
    return to_issues(items, check)


def check_failure(error: Exception) -> Issue:
    """Return the issue for a check that raised.

    >>> print(check_failure(KeyError("zip")))
    (root): a check of this value failed [KeyError('zip')]
    """
    return Issue((), "a check of this value failed", cause=repr(error))


def flatten_outcome(outcome: Any) -> list[Any]:
    """Return what a check has returned, without None and empty texts, and the items of what can be iterated.

    >>> flatten_outcome(None), flatten_outcome(iter(["a", ["b", ""]])), flatten_outcome(False)
    ([], ['a', 'b'], [False])
    """
    if inspect.iscoroutine(outcome):
        outcome.close()  # Python would warn about a coroutine that is never awaited
    if outcome is None or outcome == "":
        return []
    if isinstance(outcome, str | Issue | Mapping | bytes) or not isinstance(outcome, Iterable):
        return [outcome]
    return [item for each in outcome for item in flatten_outcome(each)]


def to_issues(items: Iterable[Any], check: ValueCheck) -> tuple[Issue, ...]:
    """Return the items of a check's outcome as issues.

    Raises:
        ConfigError: One is of another type, and the check is not soft: no reply can satisfy such a check.
    """
    return tuple(_to_issue(item, check) for item in items)


def _to_issue(item: Any, check: ValueCheck) -> Issue:
    if isinstance(item, Issue):
        path: Any = item.path  # callers without a type checker may give one step, or a list
        return replace(item, path=(path,) if isinstance(path, str | int) else tuple(path))
    if isinstance(item, str):
        return Issue((), item)
    inner = check.check if isinstance(check, soft) else check
    reason = f"the check {getattr(inner, '__name__', inner)} returned {type(item).__name__}; {CHECK_OUTCOMES}"
    if isinstance(check, soft):
        return Issue((), reason)
    raise ConfigError(reason)
