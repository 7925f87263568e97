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

from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.errors import ToolError
from structkit.extraction import ToolStep
from structkit.tools import PlannedCall
from structkit.transport.threads import await_in_thread
from structkit.values import ToolRun


def make_calls(step: ToolStep, hooks: Hooks = NO_HOOKS) -> Any:
    """Make the calls of a step, each in a thread of its own, and return the next step.

    The threads are daemons: a tool that never ends does not delay the end of the process.
    """
    timeout_s = step.policy.tool_timeout
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    futures = [_start_in_thread(partial(_run_blocking, call, hooks), call.name) for call in step.calls]
    return step.receive(
        *(_wait(future, call, deadline, timeout_s, hooks) for call, future in zip(step.calls, futures, strict=True))
    )


async def make_calls_async(step: ToolStep, hooks: Hooks = NO_HOOKS) -> Any:
    """Make the calls of a step, and return the next step; functions that block run in threads."""
    timeout_s = step.policy.tool_timeout
    return step.receive(*await asyncio.gather(*(make_call(call, timeout_s, hooks) for call in step.calls)))


async def make_call(call: PlannedCall, timeout_s: float | None, hooks: Hooks = NO_HOOKS) -> ToolRun | ToolError:
    """Make one call; the error that it did not end in time is returned, not raised."""
    try:
        async with asyncio.timeout(timeout_s):
            run = await _run(call)
    except TimeoutError:  # not that of the tool, which is a part of its run
        return _report_timeout(call, timeout_s, hooks)
    hooks.notify_tool(run)
    return run


def _run_blocking(call: PlannedCall, hooks: Hooks) -> ToolRun:
    started = time.monotonic()
    value, error = _evaluate(call.make)
    if error is None and isawaitable(value):
        error = TypeError("what it returned has to be awaited: use AsyncClient")
        if isinstance(value, Coroutine):
            value.close()  # Python would warn that it was never awaited
    run = call.finish(value, time.monotonic() - started, error)
    hooks.notify_tool(run)
    return run


async def _run(call: PlannedCall) -> ToolRun:
    started = time.monotonic()
    evaluate = partial(_evaluate, call.make)
    value, error = evaluate() if call.is_async else await await_in_thread(evaluate)
    if error is None and isawaitable(value):
        try:
            value = await value
        except Exception as exception:  # noqa: BLE001 (as below)
            error = exception
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            error = RuntimeError("what it waits for was cancelled")  # by the tool: nobody has cancelled this call
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
    future: Future[ToolRun], call: PlannedCall, deadline: float | None, timeout_s: float | None, hooks: Hooks
) -> ToolRun | ToolError:
    try:
        return future.result(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return _report_timeout(call, timeout_s, hooks)


def _report_timeout(call: PlannedCall, timeout_s: float | None, hooks: Hooks) -> ToolError:
    error = ToolError(
        f"tool {call.name} has not ended within {timeout_s:g} seconds: give it a time limit of its own, or raise "
        "Policy(tool_timeout=...)"
    )
    hooks.notify_tool(call.finish(None, timeout_s or 0.0, error))
    return error
