"""The log of a conversation: repairs, re-asks and fallbacks, without content; content is at level DEBUG only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structkit.client.hooks import new_attempts
from structkit.extraction import Conversation, Extraction, SplitExtraction, ToolStep
from structkit.transport.logger import find_logger
from structkit.values import Attempt

if TYPE_CHECKING:
    from logging import Logger

DEBUG, INFO = 10, 20
"""The levels of `logging`, which is not imported here."""


def log_step(last: Conversation, step: Any) -> None:
    """Log what a step of a conversation showed, except what is only routine.

    Args:
        last: The step whose requests were sent.
        step: The next step: a conversation, a result or an error.
    """
    logger = find_logger()
    if logger is None:
        return
    if logger.isEnabledFor(INFO):
        for attempt in new_attempts(last.attempts, step.attempts):
            _log_attempt(logger, attempt, last.model)
    if isinstance(step, ToolStep):
        logger.info("%s: the model calls %s", last.model, ", ".join(call.name for call in step.calls))
    if not isinstance(step, Extraction | SplitExtraction):
        return
    if step.model != last.model:
        logger.warning("%s: falling back to the model %s", last.model, step.model)
    elif step.route is not last.route:
        _log_route(logger, last, step)


def _log_attempt(logger: Logger, attempt: Attempt, model: str) -> None:
    if attempt.repairs:
        names = ", ".join(repair.partition(" at ")[0] for repair in attempt.repairs)  # a path may have words of a reply
        logger.info("%s: attempt %d was repaired: %s", model, attempt.number, names)
    if attempt.issues:
        logger.info("%s: attempt %d was invalid: %d issue(s)", model, attempt.number, len(attempt.issues))
    if logger.isEnabledFor(DEBUG):
        logger.debug("%s: request %d: %s", model, attempt.number, attempt.request.body)
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
        logger.warning("%s: the endpoint rejects the parameter %s", last.model, ", ".join(sorted(parameters)))
    removed = before.dialect.keywords - after.dialect.keywords | before.dialect.formats - after.dialect.formats
    if removed:
        logger.warning("%s: the endpoint rejects %s in a schema; left out", last.model, ", ".join(sorted(removed)))
