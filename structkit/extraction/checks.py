"""Checks of the caller's own: functions of a value that say what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from structkit.values import Answer, Issue

CheckOutcome: TypeAlias = "str | Issue | Iterable[str | Issue] | None"
"""What a check may say: nothing, a message about the whole value, issues at their paths, or several of these."""

ValueCheck: TypeAlias = "Callable[[Any], CheckOutcome | Awaitable[CheckOutcome]]"


@dataclass(frozen=True)
class soft:  # noqa: N801 (used as a function)
    """A check that only warns: what it says stands in `Result.warnings`, and nothing is asked again.

    >>> warn_of_zero = soft(lambda value: "zero is unusual" if value == 0 else None)
    >>> warn_of_zero(0)
    'zero is unusual'
    """

    check: ValueCheck

    def __call__(self, value: Any) -> Any:
        """What the check says."""
        return self.check(value)


def is_async_check(check: ValueCheck) -> bool:
    """Whether a check has to be awaited."""
    inner = check.check if isinstance(check, soft) else check
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(type(inner), "__call__", None))  # noqa: B004


def apply_checks(answer: Answer[Any], checks: Iterable[ValueCheck]) -> Answer[Any]:
    """The answer with what the checks say of its value; those that have to be awaited, or only warn, are left out."""
    if not answer.valid:
        return answer
    hard = (check for check in checks if not isinstance(check, soft) and not is_async_check(check))
    issues = tuple(issue for check in hard for issue in _run_check(check, answer.value))
    return replace(answer, value=None, issues=issues) if issues else answer


def collect_warnings(value: Any, checks: Iterable[ValueCheck]) -> tuple[Issue, ...]:
    """What the soft checks say of a value."""
    return tuple(
        issue
        for check in checks
        if isinstance(check, soft) and not is_async_check(check)
        for issue in _run_check(check, value)
    )


def _run_check(check: ValueCheck, value: Any) -> tuple[Issue, ...]:
    try:
        return to_issues(check(value))
    except Exception as error:  # noqa: BLE001 (the caller's code; one bad record must not stop a job)
        return (check_failure(error),)


def check_failure(error: Exception) -> Issue:
    """That a check raised, as an issue.

    >>> check_failure(KeyError("zip")).message
    "a check failed: KeyError('zip')"
    """
    return Issue((), f"a check failed: {error!r}")


def to_issues(said: Any) -> tuple[Issue, ...]:
    """What a check said, as issues; what no check may say is one too.

    >>> to_issues("too old"), to_issues(None), to_issues("")
    ((Issue(path=(), message='too old', got=''),), (), ())
    >>> to_issues(False)[0].message
    'a check gave bool; it says nothing (None), a text, an Issue, or several of these'
    """
    if inspect.iscoroutine(said):
        said.close()  # Python would warn that nobody awaits it
    if said is None:
        return ()
    if isinstance(said, Mapping | bytes) or not isinstance(said, str | Issue | Iterable):
        return (Issue((), f"a check gave {type(said).__name__}; {CHECK_OUTCOMES}"),)
    if isinstance(said, Issue):
        path: Any = said.path  # callers without a type checker may give one step, or a list
        return (replace(said, path=(path,) if isinstance(path, str | int) else tuple(path)),)
    if isinstance(said, str):
        return (Issue((), said),) if said else ()
    return tuple(issue for one in said for issue in to_issues(one))


CHECK_OUTCOMES = "it says nothing (None), a text, an Issue, or several of these"
