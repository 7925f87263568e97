"""Makes the calls of a `ToolStep`, blocking and awaited; several calls at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from inspect import isawaitable
from typing import Any

from structkit.errors import ToolError
from structkit.extraction import ToolStep
from structkit.tools import PlannedCall
from structkit.transport.threads import await_in_thread
from structkit.values import ToolRun


def make_calls(step: ToolStep) -> Any:
    """Make the calls of a step, each in a thread of its own, and return the next step.

    The threads are daemons: a tool that never ends does not delay the end of the process.
    """
    timeout_s = step.policy.tool_timeout
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    futures = [_start_in_thread(partial(_run_blocking, call), call.name) for call in step.calls]
    return step.receive(
        *(_wait(future, call, deadline, timeout_s) for call, future in zip(step.calls, futures, strict=True))
    )


async def make_calls_async(step: ToolStep) -> Any:
    """Make the calls of a step, and return the next step; functions that block run in threads."""
    return step.receive(*await asyncio.gather(*(make_call(call, step.policy.tool_timeout) for call in step.calls)))


async def make_call(call: PlannedCall, timeout_s: float | None) -> ToolRun | ToolError:
    """Make one call; the error that it did not end in time is returned, not raised."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _run(call)
    except TimeoutError:  # not that of the tool, which is a part of its run
        return _timeout_error(call, timeout_s)


def _run_blocking(call: PlannedCall) -> ToolRun:
    started = time.monotonic()
    value, error = _evaluate(call.make)
    if error is None and isawaitable(value):
        error = TypeError("what it returned has to be awaited: use AsyncClient")
        if isinstance(value, Coroutine):
            value.close()  # Python would warn that it was never awaited
    return call.finish(value, time.monotonic() - started, error)


async def _run(call: PlannedCall) -> ToolRun:
    started = time.monotonic()
    evaluate = partial(_evaluate, call.make)
    value, error = evaluate() if call.is_async else await await_in_thread(evaluate)
    if error is None and isawaitable(value):
        try:
            value = await value
        except Exception as exception:  # noqa: BLE001 (as below)
            error = exception
    return call.finish(value, time.monotonic() - started, error)


def _evaluate(function: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Return what a function returns, or what it raises: an exception that ends an iterator cannot leave a future."""
    try:
        return function(), None
    except Exception as error:  # noqa: BLE001 (the caller's code: the policy decides)
        return None, error


def _start_in_thread(run: Callable[[], ToolRun], name: str) -> Future[ToolRun]:
    future: Future[ToolRun] = Future()

    def settle() -> None:
        try:
            future.set_result(run())
        except BaseException as error:  # noqa: BLE001 (raised again in the calling thread)
            future.set_exception(error)

    thread = threading.Thread(target=copy_context().run, args=(settle,), name=f"structkit-{name}", daemon=True)
    thread.start()
    return future


def _wait(
    future: Future[ToolRun], call: PlannedCall, deadline: float | None, timeout_s: float | None
) -> ToolRun | ToolError:
    try:
        return future.result(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return _timeout_error(call, timeout_s)


def _timeout_error(call: PlannedCall, timeout_s: float | None) -> ToolError:
    return ToolError(
        f"tool {call.name} has not ended within {timeout_s:g} seconds: give it a time limit of its own, or raise "
        "Policy(tool_timeout=...)"
    )
