"""The log of a conversation: repairs, re-asks and fallbacks, without content; content is at level DEBUG only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from structkit.client.hooks import new_attempts
from structkit.dialects import Route
from structkit.dialects.finish_reasons import finish_kind_of
from structkit.dialects.parameter_rejections import TOKEN_CAPS
from structkit.errors import TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction, ToolStep
from structkit.extraction.tool_extraction import REQUIRED_CHOICE
from structkit.transport import TransportReply
from structkit.transport.logger import find_logger
from structkit.transport.retry_events import error_label
from structkit.values import Attempt, Result
from structkit.values.credentials import hide_credentials

if TYPE_CHECKING:
    from logging import Logger

DEBUG, INFO = 10, 20
"""The levels of `logging`, which is not imported here."""


def log_step(last: Conversation, step: Any, replies: Sequence[TransportReply]) -> None:
    """Log what a step of a conversation showed, except what is only routine.

    Args:
        last: The step whose requests were sent.
        step: The next step: a conversation, a result or an error.
        replies: The replies in between.
    """
    logger = find_logger()
    if logger is None or (isinstance(step, Result) and not logger.isEnabledFor(INFO)):
        return
    if logger.isEnabledFor(INFO):
        for attempt in new_attempts(last.attempts, step.attempts):
            _log_attempt(logger, attempt, last.model)
    if isinstance(step, ToolStep):
        logger.info("%s: the model calls %s", last.model, ", ".join(call.name for call in step.calls))
    if not isinstance(step, Extraction | SplitExtraction):
        return
    if step.model != last.model:
        logger.warning("%s: %s; falling back to the model %s", last.model, failure_label(replies), step.model)
    elif step.route is not last.route:
        _log_route(logger, last, step)


def failure_label(replies: Sequence[TransportReply]) -> str:
    """Return why a model did not answer, in words without content."""
    for reply in replies:
        if isinstance(reply, TransportError):
            return error_label(reply)
        for kind in map(finish_kind_of, reply.choices):
            if kind != "complete":
                return f"the reply was {kind}" if kind != "failed" else "the reply has an error"
    return "no valid reply"


def describe_change(route: Route, name: str) -> str:
    """Return what is done with a parameter that the endpoint rejects, or with a value of it.

    >>> route = Route(rejected_parameters=frozenset({"max_tokens", "seed"}))
    >>> describe_change(route, "max_tokens"), describe_change(route, "seed")
    ('sent as max_completion_tokens', 'left out')
    """
    if name == REQUIRED_CHOICE:
        return "sent as auto"
    return f"sent as {TOKEN_CAPS[name]}" if name in TOKEN_CAPS and not route.accepts_cap(name) else "left out"


def _log_attempt(logger: Logger, attempt: Attempt, model: str) -> None:
    if attempt.repairs:
        names = ", ".join(repair.partition(" at ")[0] for repair in attempt.repairs)  # a path may have words of a reply
        logger.info("%s: attempt %d was repaired: %s", model, attempt.number, names)
    if attempt.issues:
        logger.info("%s: attempt %d was invalid: %d issue(s)", model, attempt.number, len(attempt.issues))
    if logger.isEnabledFor(DEBUG):
        logger.debug("%s: request %d: %s", model, attempt.number, hide_credentials(attempt.request.body))
        logger.debug("%s: reply %d: %s", model, attempt.number, attempt.raw)
        for issue in attempt.issues:
            logger.debug("%s: issue of attempt %d: %s", model, attempt.number, issue)


def _log_route(logger: Logger, last: Conversation, step: Conversation) -> None:
    before, after = last.route, step.route
    for verdict, modes in (("rejected", after.rejected - before.rejected), ("ignored", after.ignored - before.ignored)):
        if modes:
            names = ", ".join(sorted(modes))
            logger.warning("%s: the endpoint %s mode %s; falling back to %s", last.model, verdict, names, after.mode)
    if parameters := after.rejected_parameters - before.rejected_parameters:
        changes = ", ".join(f"{name} ({describe_change(after, name)})" for name in sorted(parameters))
        logger.warning("%s: the endpoint rejects the parameter %s", last.model, changes)
    if parts := after.rejected_parts - before.rejected_parts:
        names = ", ".join(sorted(parts))
        logger.warning("%s: the endpoint rejects %s; the document is sent in another form", last.model, names)
    removed = before.dialect.keywords - after.dialect.keywords | before.dialect.formats - after.dialect.formats
    if removed:
        logger.warning("%s: the endpoint rejects %s in a schema; left out", last.model, ", ".join(sorted(removed)))
